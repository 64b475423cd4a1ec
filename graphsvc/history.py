"""What the write log says up to an offset, as the shop's tables: batches in the warehouse, and rows in the log itself.

Small changes stand in the log whole, large ones as the name of a batch; a reader of the tables sees no difference.
Knows which entry holds what; does not know what a row means.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import duckdb
import pyarrow as pa

from graphsvc.log import Entry, WriteLog
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.tables import Warehouse

IMPORT, PRODUCTS, EVENTS = "import", "products", "events"  # kinds of entries
LABELS, MODELS, READINGS, DOCUMENTS = "labels", "models", "readings", "documents"
ENTITIES = "entities"
PIECE = 20_000  # entries read at a time
Held = tuple[Entry, Sequence[Mapping[str, Any]]]  # an entry and rows that stand in it
CURRENT = ("products", "events", "customers", "reviews", "campaigns", "coupons", "redemptions")


@dataclass(frozen=True, slots=True)
class History:
    """The tables of a shop up to one offset.

    `order` has the batches in log order: of imports, and "l17" for the rows that stand in entry 17 itself. `imports`
    has the payloads of imports. `rows` maps a table's name to the rows that stand in the log, `places` batches to
    offsets. `labels` has the payloads of imports of labelled data, which are none of the catalogue's; `readings` those
    of products and texts that were read anew; `entities` has the decisions about nodes.
    """

    offset: int = 0
    order: tuple[str, ...] = ()
    imports: tuple[Mapping[str, Any], ...] = ()
    rows: Mapping[str, pa.Table] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)
    labels: tuple[Mapping[str, Any], ...] = ()
    readings: tuple[Mapping[str, Any], ...] = ()
    entities: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of_imports(cls, payloads: Sequence[Mapping[str, Any]]) -> "History":
        """A history of imports alone."""
        order = tuple(str(payload["batch"]) for payload in payloads if payload.get("batch"))
        return cls(len(payloads), order, tuple(payloads), {}, {batch: at + 1 for at, batch in enumerate(order)})

    @property
    def batches(self) -> set[str]:
        """The batches of the warehouse that are real."""
        return {str(payload["batch"]) for payload in self.named if payload.get("batch")}

    @property
    def named(self) -> tuple[Mapping[str, Any], ...]:
        """The payloads of entries that name a batch of the warehouse."""
        return self.imports + self.labels + self.readings

    def rewritten_since(self, offset: int) -> bool:
        """Whether an entry after an offset changed products by the batch: an import, or a reading."""
        return any(self.places[str(payload["batch"])] > offset for payload in self.imports + self.readings)

    def since(self, offset: int) -> tuple[str, ...]:
        """The batches after an offset, in log order."""
        return tuple(batch for batch in self.order if self.places[batch] > offset)

    def view(self, warehouse: Warehouse, connection: duckdb.DuckDBPyConnection, *tables: str) -> None:
        """Make tables readable in `connection` under their names, and the current rows as `current_TABLE`."""
        for table in tables:
            if table in CURRENT:
                warehouse.view_current(connection, table, self.order, self.rows.get(table))
            else:
                warehouse.view(connection, table, self.order, self.rows.get(table))

    def current_products(self, warehouse: Warehouse) -> pa.Table:
        """The products that exist, in the columns of the table."""
        return warehouse.current_products(self.order, self.rows.get("products"))


def read_history(log: WriteLog, upto: int | None = None, before: History | None = None) -> History:
    """Read the log up to an offset, or to its head; `before` is a history to go on from."""
    known = before or History()
    last = log.head() if upto is None else upto
    while known.offset < last:
        entries = list(islice(log.read(known.offset, last), PIECE))
        known = _further(known, entries, last if len(entries) < PIECE else entries[-1].offset)
    return known


def _further(known: History, entries: Sequence[Entry], upto: int) -> History:
    """A history with the entries that follow it. A piece at a time: their rows weigh much more as Python values."""
    order: list[str] = []
    batches: dict[str, list[Mapping[str, Any]]] = {IMPORT: [], LABELS: [], READINGS: []}
    fresh: dict[str, list[Held]] = defaultdict(list)
    decisions = [entry.json() for entry in entries if entry.kind == ENTITIES]
    for entry in entries:
        payload = entry.json()
        if entry.kind in batches:
            batches[entry.kind].append(payload)
            order.append(str(payload["batch"]))
            continue
        order.append(batch_of(entry))
        for table in payload.keys() & TABLES.keys():
            fresh[table].append((entry, payload[table]))
    tables = {table: log_rows(table, held) for table, held in fresh.items()}
    places = dict(zip(order, (entry.offset for entry in entries), strict=True))
    found = _with(known, upto, tuple(order), tuple(batches[IMPORT]), tables, places)
    return replace(
        found, labels=known.labels + tuple(batches[LABELS]), readings=known.readings + tuple(batches[READINGS]),
        entities=known.entities + tuple(decisions),
    )  # fmt: skip


def batch_of(entry: Entry) -> str:
    """The batch name of the rows that stand in an entry."""
    return f"l{entry.offset}"


def log_rows(table: str, held: Sequence[Held]) -> pa.Table:
    """Rows that stand in entries, in the columns of their table. Times stand in the log as microseconds."""
    schema = TABLES[table]
    rows = [row for _, found in held for row in found]
    columns = []
    for column in schema:
        if column.name == "batch":
            values: Any = pa.array([batch_of(entry) for entry, found in held for _ in found], pa.string())
        elif column.name == "source" and table == "events":
            values = pa.array([entry.source for entry, found in held for _ in found], pa.string())
        elif pa.types.is_timestamp(column.type):
            values = pa.array([row.get(column.name) for row in rows], pa.int64()).cast(column.type)
        else:
            values = pa.array([row.get(column.name) for row in rows], column.type)
        columns.append(values)
    return pa.Table.from_arrays(columns, schema=schema)


def _with(
    known: History,
    offset: int,
    order: tuple[str, ...],
    imports: tuple[Mapping[str, Any], ...],
    fresh: Mapping[str, pa.Table],
    places: Mapping[str, int],
) -> History:
    rows = dict(known.rows)
    for table, found in fresh.items():
        rows[table] = pa.concat_tables([rows[table], found]) if table in rows else found
    return History(offset, known.order + order, known.imports + imports, rows, {**known.places, **places})
