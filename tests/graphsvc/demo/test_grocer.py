"""The grocer's files and what the import makes of them, on every line of some of its products."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphsvc.demo import grocer
from graphsvc.errors import StorageError
from graphsvc.history import History
from graphsvc.ingest import Importer, PreparedBatch, Request
from graphsvc.vault import Vault
from graphsvc.warehouse.tables import Warehouse

FUEL = 6534178  # 11,582 lines of up to 89,638 thousandths of a gallon
UNKNOWN = 5978656  # 2,932 lines, and nobody describes it
UNTYPED = 26081
UNSOLD = 18316298
COLUMNS = {
    "products": "key title title_derived brand manufacturer category price currency attributes.size",
    "orders": "basket product quantity value time shopper",
    "customers": "shopper attributes.age attributes.income attributes.campaigns",
    "campaigns": "key name start end",
    "coupons": "key campaign product",
    "redemptions": "shopper coupon campaign time",
}
Imported = tuple[dict[str, PreparedBatch], dict[str, list[dict[str, Any]]]]  # what each file gave; rows by table


@dataclass(frozen=True)
class AsCalled:
    columns: Mapping[str, str]
    fingerprint: str = "as they are called"

    def column_of(self, name: str) -> str | None:
        return self.columns.get(name)

    def apply(self, batch: pa.RecordBatch) -> pa.Table:
        return pa.table({field: batch.column(column) for field, column in self.columns.items()})


@dataclass
class Rows:
    path: str
    rejects: list[Any] = field(default_factory=list)

    @property
    def name(self) -> str:
        return Path(self.path).name

    def batches(self) -> Iterator[pa.RecordBatch]:
        at = 1
        for batch in pq.ParquetFile(self.path).iter_batches(20_000):
            columns = {name: batch.column(name).cast(pa.string()) for name in batch.schema.names}
            lines = pa.array(np.arange(at, at + batch.num_rows))
            yield pa.RecordBatch.from_pydict({**columns, "_line": lines})
            at += batch.num_rows


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    """One product in forty, every fuel, and what belongs to them."""
    full = {name: table.to_pandas() for name, table in grocer.load().items()}
    assert "promotions" not in full
    kept = full["products"].query("product_id % 40 == 3 or product_id in (@FUEL, @UNTYPED, @UNSOLD)")
    wanted = {*kept["product_id"], UNKNOWN}
    sampled = {"products": kept}
    for name in ("transactions", "coupons"):
        sampled[name] = full[name][full[name]["product_id"].isin(wanted)]
    return {**full, **sampled}


@pytest.fixture(scope="module")
def prepared(tables: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, grocer.Prepared]:
    return {file.asset: file for file in grocer.write(tmp_path_factory.mktemp("grocer"), tables)}


@pytest.fixture(scope="module")
def imported(prepared: dict[str, grocer.Prepared], tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """Every file through the real import; what each gave, and the rows of the tables."""
    home = tmp_path_factory.mktemp("shop")
    warehouse = Warehouse(home / "warehouse")
    vault = Vault(home / "vault.db", b"k" * 32)
    payloads: list[Mapping[str, Any]] = []
    done = {}
    for asset, file in prepared.items():
        columns = {name: name.removeprefix("attributes.") for name in COLUMNS[asset].split()}
        importer = Importer(warehouse, vault, home / "contracts", Rows, lambda sample, asset, c=columns: AsCalled(c))  # type: ignore[misc]
        done[asset] = importer.prepare(Request([str(file.path)], asset, "grocer", History.of_imports(payloads)))
        payloads.append(done[asset].payload)
    batches = [payload["batch"] for payload in payloads]
    rows = {}
    with warehouse.connection() as connection:
        for table in ("products", "events", "customers", "coupons"):
            warehouse.view(connection, table, batches)
            rows[table] = connection.sql(f"SELECT * FROM {table}").to_arrow_table().to_pylist()
    return done, rows


def test_the_same_tables_give_the_same_bytes(
    tables: dict[str, Any], prepared: dict[str, grocer.Prepared], tmp_path: Path
) -> None:
    again = grocer.write(tmp_path, tables)
    assert [digest(file.path) for file in again] == [digest(file.path) for file in prepared.values()]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_lines_that_cannot_be_are_refused_with_their_reason_and_no_other(
    tables: dict[str, Any], imported: Imported
) -> None:
    orders = tables["transactions"]
    unknown = orders["product_id"] == UNKNOWN
    empty = orders["quantity"] == 0
    done = imported[0]["orders"]
    assert done.quarantined == {"quantity_zero": empty.sum(), "unknown_product": unknown.sum()}
    assert done.counts.quarantined == (empty | unknown).sum()
    assert done.counts.accepted == len(orders) - (empty | unknown).sum()
    assert imported[0]["products"].counts.quarantined == 0


def test_fuel_comes_out_in_gallons(imported: Imported) -> None:
    rows = imported[1]
    fuel = next(row for row in rows["products"] if row["key"] == str(FUEL))
    assert 1.5 < fuel["price"] < 3.5
    assert fuel["title"] == "Gasoline, regular unleaded, private label"
    sold = [event for event in rows["events"] if event["product_id"] == f"grocer:{FUEL}"]
    assert len(sold) > 11_000
    assert max(event["quantity"] for event in sold) == pytest.approx(89.638)


def test_what_the_data_lacks_stays_unknown(
    imported: Imported,
) -> None:
    products = {row["key"]: row for row in imported[1]["products"]}
    assert products[str(UNTYPED)]["title"] == "Miscellaneous"
    assert products[str(UNSOLD)]["price"] is None
    assert products[str(UNSOLD)]["currency"] is None
    assert all(
        row["title_derived"] and row["stock"] is None and row["description"] is None for row in products.values()
    )
    assert {row["brand"] for row in products.values()} == {"National", "Private"}


def test_a_price_is_the_median_paid_for_one(tables: dict[str, Any], imported: Imported) -> None:
    kinds = tables["products"].set_index("product_id")["product_type"]
    fuels = set(kinds[kinds == "GASOLINE-REG UNLEADED"].index)
    sold = tables["transactions"].query("quantity > 0 and sales_value > 0")
    sold = sold[~sold["product_id"].isin(fuels)]
    medians = (sold["sales_value"] / sold["quantity"]).groupby(sold["product_id"]).median()
    prices = {int(row["key"]): row["price"] for row in imported[1]["products"]}
    for product, median in medians.items():
        if product in prices and product != UNKNOWN:
            assert prices[product] == pytest.approx(median, abs=0.00501)


def test_every_household_is_a_customer_once(tables: dict[str, Any], imported: Imported) -> None:
    customers = imported[1]["customers"]
    known = [tables[name]["household_id"] for name in ("transactions", "demographics", "campaigns")]
    assert len({row["shopper"] for row in customers}) == len(customers) == len(set().union(*known))
    assert sum(any(a["name"] == "age" for a in row["attributes"]) for row in customers) == 801


def test_files_that_stand_there_are_not_written_again(
    tables: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grocer, "load", lambda: tables)
    heard: list[str] = []
    first = grocer.prepare(tmp_path, lambda name, rows: heard.append(name))
    assert len(heard) == len(grocer.ASSETS)
    assert grocer.prepare(tmp_path, lambda name, rows: heard.append(name)) == first
    assert len(heard) == len(grocer.ASSETS)
    (tmp_path / "orders.parquet").unlink()
    assert grocer.prepare(tmp_path) == first
    assert (tmp_path / "orders.parquet").exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        grocer.prepare(tmp_path / "file" / "below")


def test_the_files_name_the_fields_of_the_import(prepared: dict[str, grocer.Prepared]) -> None:
    for asset, file in prepared.items():
        names = duckdb.sql(f"SELECT * FROM '{file.path}' LIMIT 0").columns
        assert set(names) >= {name.removeprefix("attributes.") for name in COLUMNS[asset].split()}
