"""Small changes of the catalogue, as GraphQL sends them: an absent field stays, null clears.

A change goes through the same cleaning, contract and extractors as an import, and is refused whole with every reason.
Knows one call's products; what it makes is written to the log by the service.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from graphsvc.errors import InputError, NotFoundError
from graphsvc.given import NESTED, Cells, Refusal
from graphsvc.history import History
from graphsvc.ingest import check_name
from graphsvc.knowledge import Reader, claim_row, documents_of, refusals_of
from graphsvc.vault import Vault
from graphsvc.warehouse import contracts
from graphsvc.warehouse.clean import clean_batch
from graphsvc.warehouse.contracts import Contract
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.standardise import NOTHING
from graphsvc.warehouse.tables import Warehouse

MOST = 1_000  # products in one call
SOURCE = "api"  # of a product whose id names none
FIELDS = (
    "title", "description", "brand", "manufacturer", "category", "price", "currency", "stock", "gtin", "url", "image",
    "attributes", *NESTED,
)  # fmt: skip
UNREAD = {
    "currency": "is no currency: write its three letters, as EUR",
    "gtin": "is no GTIN: its check digit is wrong",
    "url": "is no address of the web: begin it with https://",
    "image": "is no address of the web: begin it with https://",
}
Row = dict[str, Any]


class Upserter:
    """Turns changes of products into the payload of a log entry.

    Raises InputError with every reason when a contract refuses a row, NotFoundError for a product to retire that is
    not there.
    """

    def __init__(self, warehouse: Warehouse, vault: Vault, contract_of: Mapping[str, Contract]) -> None:
        self._warehouse, self._vault, self._contract_of = warehouse, vault, contract_of

    def upsert(self, changes: Sequence[Mapping[str, Any]], history: History, reader: Reader) -> Mapping[str, Any]:
        """Merge changes into the current rows. Each has an `id` ("source:key") and any of FIELDS."""
        merged = self._merged(changes)
        current = {row["product_id"]: row for row in self._rows(list(merged), history)}
        rows, reasons = [], []
        for source in dict.fromkeys(name.partition(":")[0] for name in merged):
            mine = {name: change for name, change in merged.items() if name.partition(":")[0] == source}
            made, refused = self._apply(source, mine, current)
            rows += made
            reasons += refused
        if reasons:
            raise InputError(
                "; ".join(reasons[:20]) + ".", "Correct these and send the call again; nothing of it was written."
            )
        table = _table(rows)
        found = reader.read(documents_of(table))
        payload: dict[str, Any] = {"products": rows, "claims": [claim_row(claim) for claim in found.claims]}
        doubtful = list(refusals_of(found.refused, table))
        return payload | {"quarantine": doubtful} if doubtful else payload

    def retire(self, ids: Sequence[str], history: History) -> Mapping[str, Any]:
        """Rows that say that these products are gone."""
        _check_count(ids)
        names = list(dict.fromkeys(map(self._named, ids)))
        rows = self._rows(names, history)
        missing = sorted(set(names) - {row["product_id"] for row in rows})
        if missing:
            raise NotFoundError(f"There is no product {missing[0]!r}.", "Nothing was retired; leave it out.")
        return {"products": [{**row, "retired": True} for row in rows]}

    def row(self, product_id: str, history: History) -> Mapping[str, Any] | None:
        """The current row of a product, None when there is none."""
        return next(iter(self._rows([product_id], history)), None)

    def _rows(self, ids: Sequence[str], history: History) -> list[Row]:
        rows = history.rows.get("products")
        found = self._warehouse.run("product_rows", history.order, rows={"products": rows}, ids=list(ids))
        return [row | {"batch": ""} for row in found.select(TABLES["products"].names).to_pylist()]

    def _apply(
        self, source: str, changes: Mapping[str, Mapping[str, Any]], current: Mapping[str, Row]
    ) -> tuple[list[Row], list[str]]:
        """The rows of one source, and with their product's id the reasons why some may not be written."""
        contract = self._contract_of.get(source) or contracts.propose(source, "products", {}, {}, {})
        cells = Cells(contract, self._vault)
        names = list(changes)
        given = [{field: change[field] for field in FIELDS if field in change} for change in changes.values()]
        keys = [name.partition(":")[2] for name in names]
        clean = cells.read(
            [{**one, "key": key, "category": _path(one.get("category"))} for key, one in zip(keys, given, strict=True)]
        )
        values = {field: clean.columns[field].to_pylist() for field in FIELDS if field not in NESTED}
        rows = [
            _row(name, one, {field: column[at] for field, column in values.items()}, current.get(name))
            for at, (name, one) in enumerate(zip(names, given, strict=True))
        ]
        refused = _judge(rows, given, clean.texts, cells) + _unread(given, values)
        for field in NESTED:
            kept, more = cells.read_nested(field, [one.get(field) for one in given])
            refused += more
            for row, one, value in zip(rows, given, kept, strict=True):
                row[field] = value if field in one else row[field]
        for row, language in zip(rows, _languages(rows, contract), strict=True):
            row["language"] = language
            row["row_hash"] = md5(orjson.dumps(row, default=str), usedforsecurity=False).hexdigest()
        return rows, [f"{names[one.row]}: {one.reason}" for one in sorted(refused, key=lambda one: one.row)]

    def _named(self, given: object) -> str:
        """The id of a product, masked as an import masks a key."""
        source, colon, key = str(given or "").strip().partition(":")
        if not source and not colon:
            raise InputError("A product has no id.", 'Give each an id, "source:key".')
        source, key = (self._vault.mask(part) for part in ((source, key) if colon else (SOURCE, source)))
        check_name(source)
        return f"{source}:{key}"

    def _merged(self, changes: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        """Changes by product id; a product named twice takes the later word on each field."""
        _check_count(changes)
        merged: dict[str, Mapping[str, Any]] = {}
        for change in changes:
            name = self._named(change.get("id"))
            merged[name] = {**merged.get(name, {}), **change}
        return merged


class ContractsOf(Mapping[str, Contract]):
    """The contracts of a shop's product sources, read from their folder when asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> Contract:
        found = contracts.load(self._folder, name, "products")
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (path.name.removesuffix(".products.yaml") for path in self._folder.glob("*.products.yaml"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _check_count(items: Sequence[object]) -> None:
    if len(items) > MOST:
        raise InputError(f"{len(items):,} products in one call are too many.", f"Send {MOST:,} at a time.")


def _table(rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TABLES["products"])


def _path(given: Any) -> str | None:
    return " > ".join(map(str, given)) if isinstance(given, list | tuple) else given


def _row(name: str, given: Mapping[str, Any], values: Mapping[str, Any], current: Row | None) -> Row:
    """A product's row: what it was, and over it the values of the fields that were given."""
    source, _, key = name.partition(":")
    row: Row = {**dict.fromkeys(TABLES["products"].names), **(current or {})}
    row |= {field: value for field, value in values.items() if field in given}
    row |= {"product_id": name, "key": key, "source": source, "retired": False, "line": 1, "file": SOURCE}
    if "title" in given or not current:
        row["title_derived"] = False
    if "price" in given and "currency" not in given:
        row["currency"] = values["currency"] or row["currency"]
    return row


def _judge(
    rows: Sequence[Row], given: Sequence[Mapping[str, Any]], texts: Mapping[str, Any], cells: Cells
) -> list[Refusal]:
    """What the contract says of what was given; and of title and key, which a row may not be without."""
    table = _table(rows)
    shown = {
        field: pa.array(
            [read if field in one else _shown(row[field]) for read, one, row in zip(column, given, rows, strict=True)],
            pa.string(),
        )
        for field, column in {name: texts[name].to_pylist() for name in texts if name in table.column_names}.items()
    }
    found = cells.refusals(table.select(list(shown)), shown)
    return [one for one in found if one.field in given[one.row] or one.field in ("title", "key")]


def _unread(given: Sequence[Mapping[str, Any]], values: Mapping[str, Sequence[Any]]) -> list[Refusal]:
    """What was given and would be lost: an import notes the change, a caller can still be told."""
    return [
        Refusal(at, field, f"{field} {str(one[field])[:80]!r} {reason}.")
        for field, reason in UNREAD.items()
        for at, one in enumerate(given)
        if one.get(field) not in (None, "") and values[field][at] is None
    ] + [
        Refusal(at, field, f"{field} {one[field]!r} stands for nothing: give null to clear it.")
        for at, one in enumerate(given)
        for field in ("title", "description", "brand", "manufacturer")
        if one.get(field) in NOTHING
    ]


def _shown(value: object) -> str | None:
    return None if value is None else str(value)


def _languages(rows: Sequence[Row], contract: Contract) -> list[str | None]:
    whole = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in ("title", "description")})
    found: list[str | None] = clean_batch(whole, "products", contract).columns["language"].to_pylist()
    return found
