"""Parquet: columns of any type as text, nested ones by path, batch by batch.

Knows Arrow's types; does not know what a column means.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from graphsvc.errors import SourceError
from graphsvc.sources.nesting import JOINT, OPEN, text_of
from graphsvc.sources.rows import Reading, Refusals, column_names
from graphsvc.sources.streams import reading

ROWS = 8_192
Column = Any  # a pa.Array; the stubs of pyarrow cannot tell its type
pc: Any = pyarrow.compute


def open_parquet(path: str) -> Reading:
    """A Parquet file. Raises SourceError when it is damaged, its batches when a column is no text. `_line` counts."""
    name = Path(path).name
    with _reading(name), pq.ParquetFile(path):
        pass
    return Reading(name, partial(_read, path, name))


def _read(path: str, name: str, refused: Refusals) -> Iterator[pa.RecordBatch]:
    line = 1
    with _reading(name), pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(ROWS):
            columns = [
                pair for field, column in zip(batch.schema, batch.columns, strict=True)
                for pair in _flat(field.name, column)
            ]  # fmt: skip
            names = column_names([path for path, _ in columns], name)
            lines = pa.array(np.arange(line, line + batch.num_rows))
            line += batch.num_rows
            yield pa.RecordBatch.from_arrays([*(text for _, text in columns), lines], names=[*names, "_line"])


@contextmanager
def _reading(name: str) -> Iterator[None]:
    with reading(name):
        try:
            yield
        except pa.ArrowException as error:
            raise SourceError(f"{name} is no Parquet that can be read: {error}.", "Write it anew.") from error


def _flat(path: str, column: Column) -> Iterator[tuple[str, Column]]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _flat(path, column.dictionary_decode())
    elif pa.types.is_struct(kind) and path.rpartition(".")[2].lower() not in OPEN:
        for field, inner in zip(kind, column.flatten(), strict=True):
            yield from _flat(f"{path}.{field.name}", inner)
    else:
        try:
            yield path, _text(column)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SourceError(f"The column {path!r} cannot be read as text.", "Leave it out of the file.") from error


def _text(column: Column) -> Column:
    kind = column.type
    if not pa.types.is_nested(kind):
        return column.cast(pa.string())
    if pa.types.is_list(kind) and not pa.types.is_nested(kind.value_type) and not column.flatten().null_count:
        return pc.binary_join(column.cast(pa.list_(pa.string())), JOINT)
    return pa.array([text_of(value) for value in column.to_pylist(maps_as_pydicts="strict")], pa.string())
