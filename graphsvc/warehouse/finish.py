"""The second half of an import: what needs all rows at once, and what is left to write. One list of SQL per asset.

Knows which named SQL makes which table; does not know how rows were read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from graphsvc.errors import SafetyStop
from graphsvc.warehouse.contracts import Contract
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.stage import run_script
from graphsvc.warehouse.tables import ROWS, SQL

SAFE_SHARE = 0.2  # of a source's products that a --sync may retire unasked


@dataclass(frozen=True, slots=True)
class Finish:
    """How one asset ends: scripts in order, the table it fills, the field that names a row in the record of changes."""

    table: str
    scripts: tuple[str, ...]
    key: str


FINISHES: dict[str, Finish] = {
    "products": Finish("products", ("duplicates", "ids_products", "not_published", "duplicate_keys"), "key"),
    "orders": Finish(
        "events",
        (
            "duplicates",
            "resolve",
            "derive_products",
            "unresolved",
            "orders_zero",
            "ids_orders",
            "duplicate_keys",
            "orders_lines",
            "orders_outliers",
            "cancelled_changes",
        ),
        "basket",
    ),
    "events": Finish(
        "events", ("duplicates", "resolve", "unresolved", "ids_events", "ids_of_rows", "duplicate_keys"), "event_id"
    ),
    "customers": Finish("customers", ("duplicates", "ids_customers", "duplicate_keys"), "shopper"),
    "reviews": Finish(
        "reviews", ("duplicates", "resolve", "unresolved", "ids_reviews", "ids_of_rows", "duplicate_keys"), "key"
    ),
    "campaigns": Finish("campaigns", ("duplicates", "ids_campaigns", "duplicate_keys"), "key"),
    "coupons": Finish("coupons", ("duplicates", "resolve", "unresolved", "ids_coupons", "duplicate_keys"), "key"),
    "redemptions": Finish("redemptions", ("duplicates", "ids_redemptions", "duplicate_keys"), "shopper"),
}


def judge_all(connection: duckdb.DuckDBPyConnection, asset: str, name: str, contract: Contract, *, retry: bool) -> None:
    """Run the asset's scripts: every refusal that only all rows together show."""
    factor = contract.threshold("quantity_outlier", "factor", 100.0)
    for script in FINISHES[asset].scripts:
        run_script(connection, script, name=name, factor=factor, retry=retry)
    key = FINISHES[asset].key
    connection.execute(f'CREATE VIEW stage_keys AS SELECT seq, file, line, "{key}" AS key FROM stage')


def retire_missing(connection: duckdb.DuckDBPyConnection, name: str) -> SafetyStop | None:
    """Retire the products of a source that its whole catalogue lacks; returns why somebody should be asked first."""
    gone = connection.execute((SQL / "missing_products.sql").read_text("utf-8"), {"name": name}).fetchall()[0][0]
    had, lost = connection.execute(
        "SELECT (SELECT count(*) FROM mine),"
        " (SELECT count(*) FROM rejects) + (SELECT count(*) FROM stage WHERE key IS NULL)"
    ).fetchall()[0]
    if gone and lost:
        return SafetyStop(
            f"This would retire {gone:,} products of {name}, and {lost:,} rows of the file do not say which products"
            " they are.",
            "Correct these rows, which a --dry-run counts by rule; if the products are gone, import with --yes.",
        )
    if gone > SAFE_SHARE * had:
        return SafetyStop(
            f"This would retire {gone:,} of the {had:,} products of {name}.",
            "Check the file; if it is right, import it again with --yes.",
        )
    return None


def rows_of(
    connection: duckdb.DuckDBPyConnection, script: str, table: str, **params: object
) -> Iterator[pa.RecordBatch]:
    """The rows that `sql/SCRIPT.sql` gives, in the table's columns; columns it leaves out are null."""
    text = (SQL / f"{script}.sql").read_text("utf-8")
    used = {key: value for key, value in params.items() if f"${key}" in text}
    schema = TABLES[table]
    for batch in connection.sql(text, params=used or None).to_arrow_reader(ROWS):
        columns = [
            batch.column(field.name).cast(field.type)
            if field.name in batch.schema.names
            else pa.nulls(batch.num_rows, field.type)
            for field in schema
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
