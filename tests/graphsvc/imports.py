"""A shop as the importer alone sees it, and the smallest files of products and orders."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from graphsvc.history import History
from graphsvc.ingest import Importer, PreparedBatch, Request
from graphsvc.vault import Vault
from graphsvc.warehouse.tables import Warehouse


@dataclass
class Renaming:
    """The smallest mapping: field → raw column."""

    columns: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        return repr(sorted(self.columns.items()))

    def column_of(self, name: str) -> str | None:
        return self.columns.get(name)

    def apply(self, batch: pa.RecordBatch) -> pa.Table:
        names = batch.schema.names
        return pa.table({f: batch.column(c) for f, c in self.columns.items() if c in names})


@dataclass
class Refused:
    line: int
    text: str
    rule: str = "ragged"
    reason: str = "the row has another number of cells"
    fix: str = "Correct the row."


@dataclass
class Rows:
    """A CSV file read in small batches, as the readers of `sources` do."""

    path: str
    rejects: list[Refused] = field(default_factory=list)

    @property
    def name(self) -> str:
        return Path(self.path).name

    def batches(self) -> Iterator[pa.RecordBatch]:
        with open(self.path, newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            header = next(reader)
            for number, row in enumerate(reader, 2):
                if len(row) != len(header):
                    self.rejects.append(Refused(number, ",".join(row)))
                    continue
                cells: dict[str, Any] = {
                    name: pa.array([cell], pa.string()) for name, cell in zip(header, row, strict=True)
                }
                yield pa.RecordBatch.from_pydict({**cells, "_line": pa.array([number], pa.int64())})


class Shop:
    """A warehouse with the history that a write log would hold."""

    def __init__(self, home: Path) -> None:
        home.mkdir(exist_ok=True)
        self.home = home
        self.warehouse = Warehouse(home / "warehouse")
        self.vault = Vault(home / "vault.db", b"k" * 32)
        self.history: list[Mapping[str, Any]] = []
        self.source: Any = None

    def prepare(
        self, path: Path, asset: str, columns: Mapping[str, str], name: str = "shop", **options: Any
    ) -> PreparedBatch:
        def guess(sample: pa.Table, asset: str) -> Renaming:
            return Renaming(columns)

        opener = (lambda _: self.source) if self.source else Rows
        importer = Importer(self.warehouse, self.vault, self.home / "contracts", opener, guess)
        done = importer.prepare(Request([str(path)], asset, name, History.of_imports(self.history), **options))
        assert done.counts.read == done.counts.accepted + done.counts.unchanged + done.counts.quarantined
        return done

    def ingest(self, *args: Any, **options: Any) -> PreparedBatch:
        done = self.prepare(*args, **options)
        if done.payload:
            self.history.append(done.payload)
        return done

    @property
    def named(self) -> list[str]:
        return [payload["batch"] for payload in self.history]

    def products(self) -> dict[str, dict[str, Any]]:
        return {row["key"]: row for row in self.warehouse.current_products(self.named).to_pylist()}

    def rows(self, table: str) -> list[dict[str, Any]]:
        connection = self.warehouse.connection()
        self.warehouse.view(connection, table, self.named)
        found = connection.sql(f"SELECT * FROM {table}").to_arrow_table().to_pylist()
        connection.close()
        return list(found)

    def current(self, table: str) -> list[dict[str, Any]]:
        with closing(self.warehouse.connection()) as connection:
            self.warehouse.view_current(connection, table, self.named)
            return list(connection.sql(f"SELECT * FROM current_{table} ORDER BY 1").to_arrow_table().to_pylist())

    def current_events(self) -> list[dict[str, Any]]:
        return self.current("events")


PRODUCTS = {
    "key": "id",
    "title": "name",
    "price": "price",
    "description": "text",
    "gtin": "ean",
    "attributes.colour": "colour",
}
HEADER = ["id", "name", "price", "text", "ean", "colour"]


def write(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def catalogue(path: Path, count: int = 10, price: str = "5") -> Path:
    return write(path, [[str(n), f"Mug {n}", price if n == 1 else "3.50", "", "", ""] for n in range(1, count + 1)])


ORDERS = {"basket": "order", "product": "item", "quantity": "qty", "price": "price", "time": "when", "shopper": "who"}
ORDER_HEADER = ["order", "item", "qty", "price", "when", "who"]


def order(basket: str, item: str, quantity: str, when: str = "2024-01-02", who: str = "c1") -> list[str]:
    return [basket, item, quantity, "2", when, who]
