"""The Delta tables of one shop, and DuckDB over them.

A table version is real only when the write log names its batch; whatever no entry names is swept. Knows files, batches
and named SQL; does not know what a column means.
"""

import errno
import os
import re
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from graphsvc.errors import InputError, StorageError
from graphsvc.warehouse.instance import Instance
from graphsvc.warehouse.schemas import TABLES

SQL = Path(__file__).parent / "sql"
ROWS = 32_768  # rows in one Arrow batch: bounds what a write holds
DAMAGE = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InvalidInputException)
BACKTRACE = re.compile(r"\n\s*(?:0: |[\w ]*backtrace)", re.IGNORECASE)  # delta's own, of no use to anyone here
BATCH_ID = re.compile(r"b[0-9a-f]{16,32}")  # begins with a letter, or a folder's name would be read as a number


class Warehouse:
    """The tables under one folder. One process writes, any number may read.

    Raises StorageError when the disk is full or read-only or a table is damaged; nothing is half-named then.
    """

    def __init__(self, folder: Path, *, memory_mb: int = 250, threads: int = 2) -> None:
        self.folder = folder
        self._instance = Instance({
            "memory_limit": f"{memory_mb}MB", "threads": threads, "temp_directory": str(self.spill),
            "preserve_insertion_order": False,
        })  # fmt: skip

    @property
    def spill(self) -> Path:
        """Folder of unfinished work; empty after a sweep."""
        return self.folder / ".spill"

    def append(self, table: str, data: pa.Table | Iterable[pa.RecordBatch], batch: str) -> int:
        """Write rows of a batch and return the table's new version, once they are durable.

        `data` has the columns of the table's schema; `batch` is the same for every row. Raises InputError for a batch
        id that could not be a folder's name.
        """
        from deltalake import DeltaTable  # late: 150 ms that a serving process need not pay

        if not BATCH_ID.fullmatch(batch):
            raise InputError(f"{batch!r} is no batch id.", "Use new_batch().")
        batches = data.to_batches(ROWS) if isinstance(data, pa.Table) else data
        path = self.folder / table
        with storage_errors(path):
            (path / f"batch={batch}").mkdir(parents=True, exist_ok=True)
            file = path / f"batch={batch}" / f"part-{os.urandom(8).hex()}.zstd.parquet"
            rows = _write_parquet(file, TABLES[table], batches)
            _commit(path, TABLES[table], file, batch, rows)
            for folder in (file.parent, path / "_delta_log", path, self.folder, self.folder.parent):
                sync(folder)
            return int(DeltaTable(path).version())

    def files(self, table: str, batches: Collection[str]) -> list[str]:
        """Paths of the table's Parquet files that belong to the given batches."""
        from deltalake import DeltaTable

        path = self.folder / table
        if not batches or not (path / "_delta_log").exists():
            return []
        with storage_errors(path):
            found = DeltaTable(path).file_uris()
        wanted = {f"batch={batch}" for batch in batches}
        return [uri for uri in found if Path(uri).parent.name in wanted]

    def batches(self, table: str) -> set[str]:
        """Every batch that the table holds, named or not."""
        from deltalake import DeltaTable

        path = self.folder / table
        if not (path / "_delta_log").exists():
            return set()
        with storage_errors(path):
            return {Path(uri).parent.name.removeprefix("batch=") for uri in DeltaTable(path).file_uris()}

    def connection(self) -> duckdb.DuckDBPyConnection:
        """An empty catalog in a DuckDB with bounded memory, which spills into the data folder. The caller closes it."""
        with storage_errors(self.folder):
            self.spill.mkdir(parents=True, exist_ok=True)
        return self._instance.connection()

    def view(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        batches: Collection[str],
        rows: pa.Table | None = None,
    ) -> None:
        """Make the rows of the given batches readable in `connection` under the table's name; none is an empty view.

        `rows` are further rows of the table that stand elsewhere.
        """
        schema = TABLES[table]
        files = self.files(table, batches)
        if not files:
            connection.register(table, schema.empty_table() if rows is None else rows)
            return
        columns = ", ".join(f'"{name}"' for name in schema.names)
        with storage_errors(self.folder / table):
            relation = connection.read_parquet(files, hive_partitioning=True, union_by_name=True)
        held = set(relation.columns)  # a column that is younger than all files is null
        relation = relation.project(
            ", ".join(f'"{name}"' if name in held else f'NULL::VARCHAR AS "{name}"' for name in schema.names)
        )
        if rows is not None:
            relation = relation.union(connection.from_arrow(rows).project(columns))
            connection.register(f"{table}_in_log", rows)  # held as long as the view that reads it
        relation.create_view(table, replace=True)

    def run(
        self,
        name: str,
        batches: Sequence[str] = (),
        inputs: Mapping[str, pa.Table] | None = None,
        rows: Mapping[str, pa.Table | None] | None = None,
        **params: object,
    ) -> pa.Table:
        """Run `sql/NAME.sql` and return its rows.

        The header declares what it reads (Delta tables, seen through `batches` in log order; `batch_order`, the
        position of each; or names of `inputs`) and its parameters, which are bound. `rows` are further rows of tables.
        """
        connection = self.connection()
        try:
            text = (SQL / f"{name}.sql").read_text("utf-8")
            self._register(connection, text, batches, inputs or {}, rows or {})
            declared = _header(text, "params")
            if set(declared) != set(params):
                raise InputError(f"{name}.sql takes {declared}, not {sorted(params)}.", "Pass exactly these.")
            with storage_errors(self.folder):
                result: pa.Table = connection.sql(text, params=params or None).to_arrow_table()
            return result
        finally:
            connection.close()

    def _register(
        self,
        connection: duckdb.DuckDBPyConnection,
        text: str,
        batches: Sequence[str],
        inputs: Mapping[str, pa.Table],
        rows: Mapping[str, pa.Table | None],
    ) -> None:
        for table in _header(text, "reads"):
            if table in inputs:
                connection.register(table, inputs[table])
            elif table == "batch_order":
                connection.register(table, batch_order(batches))
            else:
                self.view(connection, table, batches, rows.get(table))

    def current_products(self, batches: Sequence[str], rows: pa.Table | None = None) -> pa.Table:
        """The products that exist: of each product_id the last row in log order, unless that row retires it."""
        connection = self.connection()
        try:
            self.view_current(connection, "products", batches, rows)
            with storage_errors(self.folder):
                found: pa.Table = connection.table("current_products").to_arrow_table()
            return found.select(TABLES["products"].names).cast(TABLES["products"])
        finally:
            connection.close()

    def view_current(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        batches: Sequence[str],
        rows: pa.Table | None = None,
    ) -> None:
        """Make the current rows of a clean table readable as `current_TABLE`: the last word on each id, in log order.

        A view and no Arrow table, so that a reader of a year of events takes the columns it needs and no more.
        """
        self.view(connection, table, batches, rows)
        connection.register("batch_order", batch_order(batches))
        text = (SQL / f"current_{table}.sql").read_text("utf-8")
        connection.execute(f"CREATE OR REPLACE VIEW current_{table} AS {text}")

    def drop_batch(self, batch: str) -> None:
        """Remove a batch from every table, with its bytes."""
        self._remove({batch})

    def sweep(self, named: Collection[str]) -> set[str]:
        """Remove every batch that no log entry names, with its bytes and all unfinished work; return their ids."""
        keep = set(named)
        gone = {batch for table in TABLES for batch in self.batches(table)} - keep
        with storage_errors(self.folder):
            shutil.rmtree(self.spill, ignore_errors=True)
            self._remove(gone)
        return gone

    def damaged(self, table: str, batches: Collection[str]) -> list[str]:
        """Files of the given batches that are missing or do not match their checksums. Reads them whole."""
        bad = []
        for path in map(Path, self.files(table, batches)):
            try:
                with pq.ParquetFile(path, page_checksum_verification=True) as file:
                    for _ in file.iter_batches(ROWS):
                        pass
            except (OSError, pa.ArrowException):
                bad.append(f"{table}/{path.parent.name}/{path.name}")
        return bad

    def _remove(self, batches: set[str]) -> None:
        from deltalake import DeltaTable

        for table in TABLES:
            path = self.folder / table
            if not path.exists():
                continue
            if not (path / "_delta_log").exists() or not any((path / "_delta_log").glob("*.json")):
                shutil.rmtree(path)  # the writer died before its first version
                continue
            with storage_errors(path):
                delta = DeltaTable(path)
                for batch in sorted(batches & self.batches(table)):
                    delta.delete(f"batch = '{batch}'")
                if batches or _strays(path, delta.file_uris()):
                    delta.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
                for folder in path.glob("batch=*"):
                    if not any(folder.iterdir()):
                        folder.rmdir()
                for folder in (path / "_delta_log", path):
                    sync(folder)


def new_batch() -> str:
    """A fresh batch id."""
    return "b" + os.urandom(12).hex()


def batch_order(batches: Sequence[str]) -> pa.Table:
    """Batches with their position in the log."""
    return pa.table({"batch": pa.array(batches, pa.string()), "position": pa.array(range(len(batches)), pa.int64())})


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what the disk, Delta and DuckDB raise into a StorageError with its next step."""
    from deltalake.exceptions import DeltaError

    try:
        yield
    except (OSError, DeltaError, duckdb.Error) as error:
        if isinstance(error, duckdb.Error) and not (isinstance(error, DAMAGE) or type(error) is duckdb.Error):
            raise  # a mistake in a statement is ours
        reason = str(error)
        if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in reason or "disk full" in reason.lower():
            raise StorageError("The disk is full.", "Free space on it and try again; nothing is lost.") from error
        if isinstance(error, duckdb.OutOfMemoryException):
            raise StorageError(
                "The tables' engine needs more memory than it may take.", "Raise GRAPHSVC_MEMORY_MB and try again."
            ) from error
        if isinstance(error, PermissionError) or "ermission denied" in reason or "ead-only" in reason:
            raise StorageError(
                f"{path.name} cannot be written.", "Make the data folder writable for this user."
            ) from error
        said = " ".join(BACKTRACE.split(reason)[0].split())[:300].rstrip(".")
        raise StorageError(
            f"{path.name} cannot be used: {said}.", "Run doctor; restore the data folder if it says damaged."
        ) from error


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's names, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write a durable file of small row groups, and return its rows. Delta's own writer held 600 MB for 1.5M rows."""
    plain = pa.schema([field for field in schema if field.name != "batch"])  # the folder's name says the batch
    rows = 0
    with pq.ParquetWriter(path, plain, compression="zstd", compression_level=1, write_page_checksum=True) as writer:
        for part in batches:
            columns = [part.column(field.name).cast(field.type) for field in plain]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=plain))
            rows += part.num_rows
    sync(path)
    return rows


def _commit(path: Path, schema: pa.Schema, file: Path, batch: str, rows: int) -> None:
    """Add a file to the Delta table, which is made when it is not there."""
    from deltalake import DeltaTable, Schema
    from deltalake.transaction import AddAction, create_table_with_add_actions

    action = AddAction(
        path=f"{file.parent.name}/{file.name}",
        size=file.stat().st_size,
        partition_values={"batch": batch},
        modification_time=time.time_ns() // 1_000_000,
        data_change=True,
        stats=f'{{"numRecords": {rows}}}',  # no minima and maxima: they would copy values into the table's log
    )
    if DeltaTable.is_deltatable(str(path)):
        table = DeltaTable(path)
        table.create_write_transaction([action], "append", table.schema(), ["batch"])
    else:
        create_table_with_add_actions(
            str(path),
            Schema.from_arrow(schema),
            [action],
            partition_by=["batch"],
            configuration={"delta.dataSkippingNumIndexedCols": "0"},
        )
    for entry in sorted((path / "_delta_log").glob("*.json"))[-2:]:  # those before were synced when they were new
        sync(entry)


def _strays(path: Path, uris: Iterable[str]) -> bool:
    known = {Path(uri).name for uri in uris}
    return any(file.name not in known for file in path.glob("batch=*/*"))


def _header(text: str, word: str) -> list[str]:
    """The names that a line "-- WORD: a, b" declares."""
    found = re.search(rf"^-- {word}:(.*)$", text, re.MULTILINE)
    return [name.strip() for name in found[1].split(",") if name.strip()] if found else []
