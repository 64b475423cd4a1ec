"""CSV and TSV: rows of cells under a header, in any common delimiter, quoting and encoding.

Knows tables of text; what their columns mean is the mapping's business.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from graphsvc.errors import SourceError
from graphsvc.sources.dialect import Dialect, Record, detect_dialect, records
from graphsvc.sources.rows import Reading, Refusals, column_names, table_batches
from graphsvc.sources.text import Text, open_text

SAMPLE_CHARS = 1 << 18


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text whose header has been read. `first` is the line after the header."""

    text: Text
    dialect: Dialect
    names: list[str]
    first: int

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(self.text.path).name

    def rows(self, refused: Refusals) -> Iterator[tuple[int, Sequence[str], int]]:
        """Line, cells and characters of each row; what is no row of this table is refused."""
        width = len(self.names)
        for record in records(self.text.lines(), self.dialect):
            cells = record.cells
            if record.line < self.first:
                continue
            if len(cells) == width:
                yield record.line, cells, sum(map(len, record.lines))
            elif cells or record.error:
                fitting = _without_empty_end(cells, width)
                if fitting:
                    yield record.line, fitting, sum(map(len, record.lines))
                else:
                    _refuse(record, width, refused)


def open_delimited(path: str) -> Reading:
    """A CSV or TSV file. Raises SourceError when it has no header that can be used."""
    table = open_table(path)
    return Reading(table.name, partial(_read, table))


def open_table(path: str, rename: Callable[[str], str] = str) -> Table:
    """Judge encoding, delimiter and quoting, and read the header; `rename` is asked for each of its names."""
    text, name = open_text(path), Path(path).name
    sample, whole = _sample(text)
    dialect = detect_dialect(sample, whole)
    for record in records(text.lines(), dialect):
        if record.error:
            raise SourceError(f"The header of {name} cannot be read: {record.error}.", "Correct its quotes.")
        if any(cell.strip() for cell in record.cells) and not record.cells[0].lower().startswith("sep="):
            names = column_names([rename(cell) for cell in record.cells], name)
            return Table(text, dialect, names, record.line + len(record.lines))
    raise SourceError(f"{name} is empty.", "Give a file with a header and rows.")


def _read(table: Table, refused: Refusals) -> Iterator[pa.RecordBatch]:
    return table_batches(table.names, table.rows(refused), refused)


def _sample(text: Text) -> tuple[str, bool]:
    sample = ""
    for block in text.blocks():
        sample += block
        if len(sample) > SAMPLE_CHARS:
            return sample[:SAMPLE_CHARS], False
    return sample, True


def _without_empty_end(cells: list[str], width: int) -> list[str]:
    """The row, when all that it has too much is empty cells at its end."""
    return cells[:width] if len(cells) > width and not any(cells[width:]) else []


def _refuse(record: Record, width: int, refused: Refusals) -> None:
    text = "".join(record.lines).rstrip("\r\n")
    if record.error:
        refused.add(record.line, "quotes", record.error, "Close the quote, and double each quote inside a cell.", text)
        return
    found = len(record.cells)
    fix = "Quote the cell that holds the delimiter." if found > width else "Add the cells that are missing."
    refused.add(record.line, "ragged", f"the row has {found} cells, the header {width}", fix, text)
