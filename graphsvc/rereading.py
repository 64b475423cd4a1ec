"""Reading the catalogue anew: what today's extractors and models say of products that were read before.

First the difference is worked out and nothing is written; then the claims of those products alone of which another
thing is said go into a batch, which one entry of the log names. Texts about products are not read anew: what they say
stands. Knows tables; does not know who reads, nor why.
"""

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from extractors import Document
from graphsvc.errors import NotFoundError, StorageError
from graphsvc.history import History
from graphsvc.knowledge import PIECE, Extraction, claims_table, documents_of, refusals_of, view_claims
from graphsvc.language_model import LANGUAGE_MODEL
from graphsvc.warehouse.schemas import CLAIMS, READINGS, TABLES
from graphsvc.warehouse.tables import SQL, Warehouse, new_batch, storage_errors

KINDS = ("new", "lost", "changed")
SAMPLES = 1_000  # of each kind that are kept to be shown
Progress = Callable[[str, int, int], None]
Read = Callable[[Sequence[Document]], Extraction]


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that is said of a product, with the words that prove it."""

    product: str
    title: str
    predicate: str
    qualifier: str
    object: str
    quote: str
    extractor: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reading changes: products, statements by kind, how many of each predicate, and some of each kind."""

    read: int = 0
    products: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    predicates: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    samples: Mapping[str, Sequence[Statement]] = field(default_factory=dict)


class Rereading:
    """One reading, to be used in a `with`: `compare`, then `write` if that is wanted. The caller holds the lock.

    Of `sources` alone products are read, if any are named. What a language model said stands of the products that
    `unasked` has after the reading, of all when that is None. Raises NotFoundError for a source without products,
    StorageError when the disk fails; nothing has changed then.
    """

    def __init__(
        self, warehouse: Warehouse, history: History, read: Read, sources: Sequence[str] = (),
        unasked: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        self._warehouse, self._history, self._ask = warehouse, history, read
        self._sources, self._unasked = list(sources), unasked
        self._batch = new_batch()
        self._folder = warehouse.spill / self._batch
        self._refused: dict[str, list[dict[str, Any]]] = {}
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> "Rereading":
        with storage_errors(self._warehouse.folder):
            self._connection = self._warehouse.connection()
            self._folder.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def compare(self, progress: Progress = lambda step, done, of: None) -> Difference:
        """Read every product and say what would change."""
        connection = self._opened
        with storage_errors(self._warehouse.folder):
            self._history.view(self._warehouse, connection, "products")
            view_claims(self._warehouse, self._history, connection, texts=False)
            connection.execute("SET VARIABLE sources = $sources", {"sources": self._sources})
            connection.execute(f"CREATE OR REPLACE VIEW scope AS {_sql('reread_scope')}")
            self._check_sources(connection)
            read = self._read(connection, progress)
            connection.read_parquet(str(self._folder / "claims.parquet")).create_view("said", replace=True)
            self._view_unasked(connection)
            connection.execute("SET VARIABLE language_model = $name", {"name": LANGUAGE_MODEL})
            connection.execute(f"CREATE OR REPLACE VIEW reread AS {_sql('reread')}")
            connection.execute(f"CREATE OR REPLACE TABLE changed AS {_sql('reread_products')}")
            connection.execute(f"CREATE OR REPLACE TABLE difference AS {_sql('reread_difference')}")
            return _difference(connection, read)

    def write(self) -> Mapping[str, Any] | None:
        """Write the claims of the changed products; returns what the log entry must say, None when all stays."""
        connection, batch = self._opened, self._batch
        changed = connection.table("changed").to_arrow_table()
        if not changed.num_rows:
            return None
        try:
            claims = connection.sql("SELECT * FROM reread WHERE subject IN (SELECT product_id FROM changed)")
            written = {
                "claims": self._warehouse.append("claims", _as(claims.to_arrow_table(), CLAIMS, batch), batch),
                "readings": self._warehouse.append("readings", _as(changed, READINGS, batch), batch),
            }
            refused = [row for name in changed["product_id"].to_pylist() for row in self._refused.get(name, ())]
            if refused:
                table = pa.Table.from_pylist([{**row, "batch": batch} for row in refused], TABLES["quarantine"])
                written["quarantine"] = self._warehouse.append("quarantine", table, batch)
        except BaseException:
            with suppress(StorageError):  # the next start sweeps what no entry names
                self._warehouse.drop_batch(batch)
            raise
        counts = dict(connection.sql("SELECT what, count(*) FROM difference GROUP BY what").fetchall())
        return {"batch": batch, "tables": written, "asset": "claims", "products": changed.num_rows, "counts": counts}

    @property
    def _opened(self) -> duckdb.DuckDBPyConnection:
        assert self._connection is not None, "use it in a with"
        return self._connection

    def _view_unasked(self, connection: duckdb.DuckDBPyConnection) -> None:
        """The products read of which a language model was asked nothing."""
        found = connection.table("scope").select("product_id")
        if self._unasked is not None:
            ids = pa.array(sorted(self._unasked), pa.string())
            connection.register("unanswered", pa.table({"product_id": ids}))
            found = found.join(connection.table("unanswered"), "product_id", how="semi")
        found.create_view("unasked", replace=True)

    def _check_sources(self, connection: duckdb.DuckDBPyConnection) -> None:
        rows = connection.sql("SELECT DISTINCT source FROM current_products ORDER BY 1").fetchall()
        known = [str(name) for (name,) in rows]
        unknown = sorted(set(self._sources) - set(known))
        if unknown:
            raise NotFoundError(f"There are no products of {unknown[0]!r}.", f"There are of {', '.join(known)}.")

    def _read(self, connection: duckdb.DuckDBPyConnection, progress: Progress) -> int:
        """Write what the reader says of every product into a file; returns how many there are."""
        total = connection.sql("SELECT count(*) FROM scope").fetchall()[0][0]
        done = 0
        with pq.ParquetWriter(self._folder / "claims.parquet", CLAIMS, compression="zstd") as writer:
            for part in connection.table("scope").to_arrow_reader(PIECE):
                found = self._ask(documents_of(part))
                for row in refusals_of(found.refused, part):
                    self._refused.setdefault(_subject(row), []).append(row)
                writer.write_table(claims_table(found.claims, ""))
                done += part.num_rows
                progress("reading anew", done, total)
        return done


def _difference(connection: duckdb.DuckDBPyConnection, read: int) -> Difference:
    predicates: dict[str, dict[str, int]] = {}
    for what, name, count in connection.sql(_sql("reread_counts")).fetchall():
        predicates.setdefault(what, {})[name] = count
    samples = {
        kind: [
            Statement(*row)
            for row in connection.execute(
                "SELECT product_id, title, predicate, qualifier, object, quote, extractor, confidence"
                " FROM difference WHERE what = $what LIMIT $most",
                {"what": kind, "most": SAMPLES},
            ).fetchall()
        ]
        for kind in KINDS
    }
    products = connection.sql("SELECT count(*) FROM changed").fetchall()[0][0]
    counts = {kind: sum(predicates.get(kind, {}).values()) for kind in KINDS}
    return Difference(read, products, counts, predicates, samples)


def _subject(row: Mapping[str, Any]) -> str:
    return str(orjson.loads(row["row"])["subject"])


def _as(table: pa.Table, schema: pa.Schema, batch: str) -> pa.Table:
    """A table in the columns of a schema, as rows of a batch."""
    plain = table.select([name for name in schema.names if name != "batch"])
    named = plain.append_column("batch", pa.array([batch] * table.num_rows, pa.string()))
    return named.select(schema.names).cast(schema)


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text("utf-8")
