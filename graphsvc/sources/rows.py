"""What every reader gives: batches of string columns with the line of each row, and the rows that it could not read.

Knows Arrow and the bounds of one batch; does not know any format.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from graphsvc.errors import SourceError

BATCH_ROWS = 16_384
BATCH_CHARS = 16_000_000  # what one batch may hold, however long its rows are
LINE_CHARS = 10_000_000  # the longest line or record that is read
SHOWN_CHARS = 2_000  # of a refused row
MOST_COLUMNS = 2_000
MOST_REFUSED = 100_000  # then the file is refused, not its rows: they are held in memory until all are read
RESERVED = ("_line", "_file", "_row_hash")
# Marks that the text layer leaves where a character cannot be: lone surrogates, which no valid text holds.
NUL, LONG = "\udc00", "\udfff"


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that its reader could not take apart: where, why, and what would let it pass."""

    line: int
    rule: str
    reason: str
    fix: str
    text: str


class Refusals(list[Refused]):
    """The refused rows of one reading. Raises SourceError when there are too many to hold."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def add(self, line: int, rule: str, reason: str, fix: str, text: str) -> None:
        """Refuse one row. `text` is what stood there; its unreadable characters become "?"."""
        shown = text[:SHOWN_CHARS].encode("utf-8", "replace").decode()
        self.append(Refused(line, rule, reason, fix, shown))
        if len(self) > MOST_REFUSED:
            first = self[0]
            raise SourceError(
                f"More than {MOST_REFUSED:,} rows of {self._name} cannot be read; the first is line {first.line}: "
                f"{first.reason}.", f"Nothing was imported. {first.fix}",
            )  # fmt: skip


class Reading:
    """A source: its name without folders or secrets, and a function that reads it from the start."""

    def __init__(self, name: str, read: Callable[[Refusals], Iterator[pa.RecordBatch]]) -> None:
        self._name = name
        self._read = read
        self._refused = Refusals(name)

    @property
    def name(self) -> str:
        """What reports call the source."""
        return self._name

    @property
    def rejects(self) -> Sequence[Refused]:
        """The rows refused so far by the latest reading; complete when its batches are at an end."""
        return self._refused

    def batches(self) -> Iterator[pa.RecordBatch]:
        """String columns and the int64 column `_line`; each call reads anew. Raises SourceError."""
        self._refused = Refusals(self._name)
        return self._read(self._refused)


def column_names(names: Iterable[str], name: str) -> list[str]:
    """Names fit for columns: one line each, none empty. Raises SourceError when two are one."""
    plain = [" ".join(given.split()) or f"column_{n}" for n, given in enumerate(names, 1)]
    seen: dict[str, str] = {}
    for given in plain:
        if any("\udc00" <= c <= "\udfff" for c in given):
            raise SourceError(
                f"The header of {name} holds bytes that are no text in its encoding, or that fill a line of more than "
                f"{LINE_CHARS:,} characters.", "Save the file as UTF-8.",
            )  # fmt: skip
        if given.casefold() in RESERVED:
            raise SourceError(f"A column of {name} is called {given!r}, which is our own word.", "Rename the column.")
        if given.casefold() in seen:
            raise SourceError(
                f"{name} has two columns called {given!r}.", "Give each its own name, or take one of the two out."
            )
        seen[given.casefold()] = given
    _check_count(len(plain), name)
    return plain


def table_batches(
    names: Sequence[str], rows: Iterable[tuple[int, Sequence[str], int]], refused: Refusals
) -> Iterator[pa.RecordBatch]:
    """Batches of rows that all have the same columns. `rows`: line, cells, characters."""
    lines: list[int] = []
    cells: list[Sequence[str]] = []
    held = 0
    for line, row, size in rows:
        lines.append(line)
        cells.append(row)
        held += size
        if len(lines) == BATCH_ROWS or held > BATCH_CHARS:
            yield from _batch(names, lines, cells, refused)
            lines, cells, held = [], [], 0
    if lines:
        yield from _batch(names, lines, cells, refused)


def record_batches(
    records: Iterable[tuple[int, Mapping[str, str | None]]], refused: Refusals, name: str
) -> Iterator[pa.RecordBatch]:
    """Batches of records with columns of their own: a batch has all columns met so far, in the order of their names.

    Sorted, so that a row does not come out otherwise because another one was written first.
    """
    lines: list[int] = []
    held: list[Mapping[str, str | None]] = []
    columns: set[str] = set()
    size = 0
    for line, record in records:
        if not record.keys() <= columns:
            if _refuse_marked(line, list(record), refused):
                continue
            columns |= record.keys()
            _check_count(len(columns), name)
        lines.append(line)
        held.append(record)
        size += sum(map(len, filter(None, record.values()))) + len(columns)
        if len(lines) == BATCH_ROWS or size > BATCH_CHARS:
            yield from _records(columns, lines, held, refused)
            lines, held, size = [], [], 0
    if lines:
        yield from _records(columns, lines, held, refused)


def _records(
    columns: set[str], lines: list[int], records: list[Mapping[str, str | None]], refused: Refusals
) -> Iterator[pa.RecordBatch]:
    names = sorted(columns)
    return _batch(names, lines, [[record.get(name) for name in names] for record in records], refused)


def _batch(
    names: Sequence[str], lines: list[int], rows: Sequence[Sequence[str | None]], refused: Refusals
) -> Iterator[pa.RecordBatch]:
    try:
        arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    except UnicodeEncodeError:  # a mark, or half of a surrogate pair: find the rows that have one
        kept = [(line, row) for line, row in zip(lines, rows, strict=True) if not _refuse_marked(line, row, refused)]
        if not kept:
            return
        lines, rows = [line for line, _ in kept], [row for _, row in kept]
        arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    yield pa.RecordBatch.from_arrays([*arrays, pa.array(lines, pa.int64())], names=[*names, "_line"])


def _refuse_marked(line: int, row: Sequence[str | None], refused: Refusals) -> bool:
    text = ",".join(cell or "" for cell in row)
    if text.isascii() or not (marks := {c for c in text if "\ud800" <= c <= "\udfff"}):
        return False
    refuse_marks(line, marks, text, refused)
    return True


def refuse_marks(line: int, marks: set[str], text: str, refused: Refusals) -> None:
    """Refuse a row for what the text layer marked in it."""
    if LONG in marks:
        refused.add(line, "line_too_long", f"the line has more than {LINE_CHARS:,} characters",
                    "Look for a missing line break or quote.", text)  # fmt: skip
    elif NUL in marks:
        refused.add(line, "nul", "the row holds a NUL byte", "Take the byte out; the file may be damaged.", text)
    else:
        refused.add(line, "encoding", "the row holds bytes that are no text in the encoding of the file",
                    "Save the file as UTF-8.", text)  # fmt: skip


def _check_count(columns: int, name: str) -> None:
    if columns > MOST_COLUMNS:
        raise SourceError(
            f"{name} has more than {MOST_COLUMNS:,} columns.",
            'Put open-ended properties into one column of JSON called "attributes".',
        )
