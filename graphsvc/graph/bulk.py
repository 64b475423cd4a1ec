"""The tables of the graph as CSV files for Neo4j's offline import.

Knows what that import reads: a header apart, an id per label, lists joined by U+001F, times in ISO 8601. Texts may hold
anything: every field is quoted, a missing one is not.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from graphsvc.graph.tables import GraphTables, Part
from graphsvc.warehouse.instance import PLAIN

SEPARATOR = "chr(31)"


@dataclass(slots=True)
class ImportFiles:
    """Names of files in `folder`, by label and by type; the first of each group is the header.

    `longest` is the bytes of the longest field, `multiline` whether any holds a line break.
    """

    folder: Path
    nodes: dict[str, list[str]] = field(default_factory=dict)
    relationships: dict[str, list[list[str]]] = field(default_factory=dict)
    multiline: bool = False
    longest: int = 0


def write_files(
    tables: GraphTables, folder: Path, marker: Mapping[str, str | int], progress: Callable[[int, int], None]
) -> ImportFiles:
    """Write every part, and the marker node that says what the tables are: data and watermark arrive as one."""
    folder.mkdir(parents=True)
    files = ImportFiles(folder)
    parts = tables.parts()
    with PLAIN.connection() as connection:
        for done, part in enumerate(parts):
            progress(done, len(parts))
            _write_part(connection, tables, part, files)
    names = ",".join(name if isinstance(value, str) else f"{name}:long" for name, value in marker.items())
    (folder / "Graphsvc.header.csv").write_text(f"{names}\n", "utf-8")
    (folder / "Graphsvc.csv").write_text(",".join(f'"{value}"' for value in marker.values()) + "\n", "utf-8")
    files.nodes["Graphsvc"] = ["Graphsvc.header.csv", "Graphsvc.csv"]
    progress(len(parts), len(parts))
    return files


def _write_part(connection: duckdb.DuckDBPyConnection, tables: GraphTables, part: Part, files: ImportFiles) -> None:
    schema = pq.read_schema(tables.path(part))
    relation = connection.read_parquet(str(tables.path(part)))
    header, data = f"{part.name}.header.csv", f"{part.name}.csv"
    (files.folder / header).write_text(",".join(_title(part, column) for column in schema) + "\n", "utf-8")
    relation.project(", ".join(map(_expression, schema))).write_csv(
        str(files.folder / data), header=False, quoting=csv.QUOTE_ALL, na_rep=""
    )
    if part.kind:
        files.relationships.setdefault(part.kind, []).append([header, data])
    else:
        files.nodes[part.label] = [header, data]
    _measure(relation, [f'"{column.name}"' for column in schema if pa.types.is_string(column.type)], files)


def _measure(relation: duckdb.DuckDBPyRelation, texts: list[str], files: ImportFiles) -> None:
    """What the import must be told of the texts beforehand."""
    breaks = " OR ".join(f"contains({name}, chr(10)) OR contains({name}, chr(13))" for name in texts)
    longest = ", ".join(f"coalesce(max(strlen({name})), 0)" for name in texts)
    broken, size = relation.aggregate(f"coalesce(bool_or({breaks}), false), greatest(0, {longest})").fetchall()[0]
    files.multiline |= bool(broken)
    files.longest = max(files.longest, int(size))


def _title(part: Part, column: "pa.Field[Any]") -> str:
    if column.name in part.keys:
        if not part.kind:
            return f"id:ID({part.label})"
        return f":START_ID({part.label})" if column.name == "start" else f":END_ID({part.end})"
    return f"{column.name}:{_type(column.type)}"


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"{_type(kind.value_type)}[]"
    if pa.types.is_timestamp(kind):
        return "datetime"
    if pa.types.is_integer(kind):
        return "long"
    if pa.types.is_floating(kind):
        return "double"
    return "boolean" if pa.types.is_boolean(kind) else "string"


def _expression(column: "pa.Field[Any]") -> str:
    """A column of ours in the words of the import. Names come from our own SQL files."""
    name = f'"{column.name}"'
    if pa.types.is_list(column.type):
        return f"array_to_string({name}, {SEPARATOR}) AS {name}"
    if pa.types.is_timestamp(column.type):
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ') AS {name}"
    return name
