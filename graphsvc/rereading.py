"""Reading anew: what today's extractors and models say of products, and of the texts about them, that were read before.

First the difference is worked out and nothing is written; then the claims of those products and texts alone of which
another thing is said go into a batch, which one entry of the log names. Knows tables; does not know who reads, nor why.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from extractors import Document
from graphsvc.errors import NotFoundError, StorageError
from graphsvc.history import History
from graphsvc.knowledge import PIECE, Extraction, claims_table, documents_of, refusals_of, texts_in, view_claims
from graphsvc.language_model import LANGUAGE_MODEL
from graphsvc.warehouse.schemas import CLAIMS, READINGS, TABLES
from graphsvc.warehouse.tables import SQL, Warehouse, new_batch, storage_errors

KINDS = ("new", "lost", "changed")
SAMPLES = 1_000  # of each kind that are kept to be shown
Progress = Callable[[str, int, int], None]
Read = Callable[[Sequence[Document]], Extraction]
ReadTexts = Callable[[Sequence[Document], Sequence[str]], Extraction]  # of texts and the products that they are about
Ask = Callable[[pa.RecordBatch], Extraction]


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that is said of a product, with the words that prove it; `document` is the text that says so, or ""."""

    product: str
    title: str
    document: str
    predicate: str
    qualifier: str
    object: str
    quote: str
    extractor: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reading changes: statements by kind, how many of each predicate, and some of each kind.

    Of `read` products it changes `products`, of `texts_read` texts `texts`.
    """

    read: int = 0
    products: int = 0
    texts_read: int = 0
    texts: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    predicates: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    samples: Mapping[str, Sequence[Statement]] = field(default_factory=dict)


class Rereading:
    """One reading, to be used in a `with`: `compare`, then `write` if that is wanted. The caller holds the lock.

    Of `sources` alone products are read, if any are named. What a language model said stands of the products that
    `unasked` has after the reading, of all when that is None, and of texts. Raises NotFoundError for a source without
    products, StorageError when the disk fails; nothing has changed then.
    """

    def __init__(
        self, warehouse: Warehouse, history: History, read: Read, read_texts: ReadTexts, sources: Sequence[str] = (),
        unasked: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        self._warehouse, self._history, self._read, self._read_texts = warehouse, history, read, read_texts
        self._sources, self._unasked = list(sources), unasked
        self._batch = new_batch()
        self._folder = warehouse.spill / self._batch
        self._refused: dict[tuple[str, str | None], list[dict[str, Any]]] = defaultdict(list)
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
        """Read every product and text and say what would change."""
        connection = self._opened
        with storage_errors(self._warehouse.folder):
            self._history.view(self._warehouse, connection, "products")
            view_claims(self._warehouse, self._history, connection)
            connection.execute("SET VARIABLE sources = $sources", {"sources": self._sources})
            connection.execute(f"CREATE OR REPLACE VIEW scope AS {_sql('reread_scope')}")
            self._check_sources(connection)
            counts = self._read_all(connection, progress)
            connection.read_parquet(str(self._folder / "claims.parquet")).create_view("said", replace=True)
            self._view_unasked(connection)
            connection.execute("SET VARIABLE language_model = $name", {"name": LANGUAGE_MODEL})
            connection.execute(f"CREATE OR REPLACE TABLE standing AS {_sql('reread_standing')}")
            connection.execute(f"CREATE OR REPLACE VIEW reread AS {_sql('reread')}")
            connection.execute(f"CREATE OR REPLACE TABLE changed AS {_sql('reread_products')}")
            connection.execute(f"CREATE OR REPLACE TABLE difference AS {_sql('reread_difference')}")
            return _difference(connection, *counts)

    def write(self) -> Mapping[str, Any] | None:
        """Write the claims of what changes; returns what the log entry must say, None when all stays."""
        connection, batch = self._opened, self._batch
        changed = connection.table("changed").to_arrow_table()
        if not changed.num_rows:
            return None
        try:
            claims = connection.sql(_sql("reread_claims"))
            written = {
                "claims": self._warehouse.append("claims", _as(claims.to_arrow_table(), CLAIMS, batch), batch),
                "readings": self._warehouse.append("readings", _as(changed, READINGS, batch), batch),
            }
            keys = zip(changed["product_id"].to_pylist(), changed["document"].to_pylist(), strict=True)
            refused = [row for key in keys for row in self._refused.get(key, ())]
            if refused:
                table = pa.Table.from_pylist([{**row, "batch": batch} for row in refused], TABLES["quarantine"])
                written["quarantine"] = self._warehouse.append("quarantine", table, batch)
        except BaseException:
            with suppress(StorageError):  # the next start sweeps what no entry names
                self._warehouse.drop_batch(batch)
            raise
        counts = dict(connection.sql("SELECT what, count(*) FROM difference GROUP BY what").fetchall())
        about = _changed(connection)
        return {"batch": batch, "tables": written, "asset": "claims", "counts": counts, **about}

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

    def _read_all(self, connection: duckdb.DuckDBPyConnection, progress: Progress) -> tuple[int, int]:
        """Write what the readers say into a file; returns how many products and how many texts there are."""
        with pq.ParquetWriter(self._folder / "claims.parquet", CLAIMS, compression="zstd") as claims:
            products = self._read_part(
                connection.table("scope"), "product_id", lambda part: self._read(documents_of(part)), claims,
                partial(progress, "reading anew"),
            )  # fmt: skip
            self._history.view(self._warehouse, connection, "reviews")
            texts = self._read_part(
                connection.sql(_sql("reread_texts")), "document_id", lambda part: self._read_texts(*texts_in(part)),
                claims, partial(progress, "reading texts anew"),
            )  # fmt: skip
        return products, texts

    def _read_part(
        self, rows: duckdb.DuckDBPyRelation, key: str, ask: Ask, claims: pq.ParquetWriter,
        progress: Callable[[int, int], None],
    ) -> int:  # fmt: skip
        """Ask about rows, some thousand at once; returns how many there are."""
        total = int(rows.count("*").fetchall()[0][0])
        done = 0
        for part in rows.to_arrow_reader(PIECE):
            found = ask(part)
            for row in refusals_of(found.refused, part, key=key):
                said = orjson.loads(row["row"])
                self._refused[said["subject"], said["document"]].append(row)
            claims.write_table(claims_table(found.claims, ""))
            done += part.num_rows
            progress(done, total)
        return done


def _difference(connection: duckdb.DuckDBPyConnection, read: int, texts_read: int) -> Difference:
    predicates: dict[str, dict[str, int]] = {}
    for what, name, count in connection.sql(_sql("reread_counts")).fetchall():
        predicates.setdefault(what, {})[name] = count
    samples = {
        kind: [
            Statement(*row)
            for row in connection.execute(
                "SELECT product_id, title, document, predicate, qualifier, object, quote, extractor, confidence"
                " FROM difference WHERE what = $what LIMIT $most",
                {"what": kind, "most": SAMPLES},
            ).fetchall()
        ]
        for kind in KINDS
    }
    counts = {kind: sum(predicates.get(kind, {}).values()) for kind in KINDS}
    changed = _changed(connection)
    return Difference(read, changed["products"], texts_read, changed["texts"], counts, predicates, samples)


def _changed(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Of how many products and how many texts another thing is said."""
    texts, every = connection.sql("SELECT count(document), count(*) FROM changed").fetchall()[0]
    return {"products": every - texts, "texts": texts}


def _as(table: pa.Table, schema: pa.Schema, batch: str) -> pa.Table:
    """A table in the columns of a schema, as rows of a batch."""
    plain = table.select([name for name in schema.names if name != "batch"])
    named = plain.append_column("batch", pa.array([batch] * table.num_rows, pa.string()))
    return named.select(schema.names).cast(schema)


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text("utf-8")
