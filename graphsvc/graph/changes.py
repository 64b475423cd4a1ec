"""What differs between two states of the graph, and what may have been touched in between.

The database holds the older tables, plus what small changes touched since; what is upserted and deleted here leads it
to the newer ones from any state between, so that it may be broken off and begun again. Knows tables, not Neo4j.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from graphsvc.graph.tables import SHARED, SQL, GraphTables, Part
from graphsvc.warehouse.instance import PLAIN

TOUCHED = pa.schema([("part", pa.string()), ("id", pa.string()), ("end", pa.string())])
WHOLE = SHARED | {Part.of("Category.CHILD_OF.Category")}  # small changes prune these: they are always upserted whole
BATCH = 5_000
Row = dict[str, Any]
Touch = tuple[str, str, str | None]  # part, id or start, end


class TouchedIds:
    """A file of what small changes touched since the tables were made. Written before the change itself."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, touches: Iterable[Touch]) -> None:
        """Append durably."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.writelines(orjson.dumps(touch) + b"\n" for touch in touches)
            file.flush()
            os.fsync(file.fileno())

    def table(self) -> pa.Table:
        """Everything touched, in the columns of TOUCHED. A line cut short by a crash stands for no change."""
        rows = []
        if self._path.exists():
            for line in self._path.read_bytes().split(b"\n"):
                try:
                    rows.append(dict(zip(TOUCHED.names, orjson.loads(line), strict=True)))
                except ValueError:
                    continue
        return pa.Table.from_pylist(rows, schema=TOUCHED)

    def clear(self) -> None:
        """Forget, once newer tables stand."""
        self._path.unlink(missing_ok=True)


class Changes:
    """The way from older tables to newer ones."""

    def __init__(self, old: GraphTables, new: GraphTables, touched: pa.Table) -> None:
        self._old, self._new = old, new
        self._connection = PLAIN.connection()
        self._connection.register("touched", touched)

    def count(self) -> int:
        """Rows to upsert or delete in all."""
        return sum(_count(self._changed(part)) + _count(self._gone(part)) for part in self._new.parts())

    def changed(self, part: Part) -> Iterator[list[Row]]:
        """Rows to upsert, in batches."""
        return batches(self._changed(part))

    def gone(self, part: Part) -> Iterator[list[Row]]:
        """Keys of rows to delete, in batches."""
        return batches(self._gone(part))

    def close(self) -> None:
        """Free what is held."""
        self._connection.close()

    def _changed(self, part: Part) -> duckdb.DuckDBPyRelation:
        kind = "all_rows" if part in WHOLE else "changed_relationships" if part.kind else "changed_nodes"
        return self._run(part, kind)

    def _gone(self, part: Part) -> duckdb.DuckDBPyRelation:
        return self._run(part, "gone_relationships" if part.kind else "gone_nodes")

    def _run(self, part: Part, name: str) -> duckdb.DuckDBPyRelation:
        connection = self._connection
        connection.execute("SET VARIABLE part = ?", [part.name])
        new = connection.read_parquet(str(self._new.path(part)))
        had = self._old.path(part).exists()
        old = connection.read_parquet(str(self._old.path(part))) if had else new.filter("false")
        if old.columns != new.columns:  # an older version of the model: everything has changed, the keys have not
            old = old.select(*part.keys) if name.startswith("gone") else new.filter("false")
        new.create_view("new_rows", replace=True)
        old.create_view("old_rows", replace=True)
        return connection.sql((SQL / "changes" / f"{name}.sql").read_text("utf-8"))


def rows_of(tables: GraphTables, part: Part) -> Iterator[list[Row]]:
    """Every row of a part, in batches."""
    with PLAIN.connection() as connection:
        yield from batches(connection.read_parquet(str(tables.path(part))))


def strays(tables: GraphTables, part: Part, found: Iterable[Row]) -> Iterator[list[Row]]:
    """Of the keys that a database holds, those that a part does not have, in batches."""
    schema = pa.schema([(name, pa.string()) for name in part.keys])
    with PLAIN.connection() as connection:
        connection.register("found", pa.Table.from_pylist(list(found), schema=schema))
        connection.read_parquet(str(tables.path(part))).create_view("new_rows")
        name = "stray_relationships" if part.kind else "stray_nodes"
        yield from batches(connection.sql((SQL / "changes" / f"{name}.sql").read_text("utf-8")))


def batches(relation: duckdb.DuckDBPyRelation) -> Iterator[list[Row]]:
    """Rows as the driver takes them, BATCH at a time. Times bear a fixed offset, as an offline import gives them."""
    for batch in relation.to_arrow_reader(BATCH):
        if batch.num_rows:
            yield plain_rows(pa.Table.from_batches([batch]))


def plain_rows(table: pa.Table) -> list[Row]:
    """Rows as the driver takes them, all at once."""
    for at, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            table = table.set_column(at, column.name, table.column(at).cast(pa.timestamp("us", "+00:00")))
    rows: list[Row] = table.to_pylist()
    return rows


def _count(relation: duckdb.DuckDBPyRelation) -> int:
    return int(relation.count("*").fetchall()[0][0])
