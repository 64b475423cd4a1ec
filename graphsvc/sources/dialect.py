"""How a table of text is written: its delimiter and its quotes, judged by what makes the rows of a sample even.

Also takes lines apart into records with the physical line of each; one that is broken does not take others along.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graphsvc.sources.rows import LINE_CHARS

csv.field_size_limit(LINE_CHARS)
DELIMITERS = (",", "\t", ";", "|", "\x01")
SAMPLE_RECORDS = 200
EVEN = 0.02  # share of rows by which another way of quoting must be better


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way to write tables. `quote` is "" where nothing is quoted, `escape` stands before a quote in a cell."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""

    def reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """Python's own reader, strict: what it would have to guess at is an error."""
        if not self.quote:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=True)
        if self.escape:
            return csv.reader(
                lines, delimiter=self.delimiter, quotechar=self.quote, escapechar=self.escape, doublequote=False,
                strict=True,
            )  # fmt: skip
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, strict=True)


@dataclass(slots=True)
class Record:
    """One record: cells, or why there are none; `lines` are the physical lines it stands on, valid until the next."""

    line: int
    cells: list[str]
    lines: list[str]
    error: str = ""


def records(lines: Iterator[str], dialect: Dialect) -> Iterator[Record]:
    """Take lines apart. A broken record is its first line alone: reading goes on with the line after it."""
    held: list[str] = []
    again: deque[str] = deque()

    def feed() -> Iterator[str]:
        while again:
            line = again.popleft()
            held.append(line)
            yield line
        for line in lines:
            held.append(line)
            yield line

    start, reading = 1, True
    while reading:
        reading = False
        try:
            for cells in dialect.reader(feed()):
                yield Record(start, cells, held)
                start += len(held)
                held.clear()
        except csv.Error as error:
            yield Record(start, [], held[:1], _word(error))
            again.extendleft(reversed(held[1:]))
            start, reading = start + 1, True
            held.clear()


def detect_dialect(sample: str, whole: bool) -> Dialect:
    """The dialect under which most rows of a sample have as many cells as the first. `whole`: nothing follows it."""
    lines = [line for line in sample.splitlines(keepends=True) if line.strip()]
    if lines and lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) == 5:
        return Dialect(lines[0].strip()[4])
    if not whole and len(lines) > 1:
        lines.pop()  # it may be cut
    delimiter = max(DELIMITERS, key=lambda mark: _evenness(lines, Dialect(mark)))
    best = Dialect(delimiter)
    for other in _others(delimiter, lines):
        if _evenness(lines, other)[1] > _evenness(lines, best)[1] + EVEN:
            best = other
    return best


def _others(delimiter: str, lines: list[str]) -> Iterator[Dialect]:
    if any('\\"' in line for line in lines):
        yield Dialect(delimiter, '"', "\\")
    cells = [cell.strip() for line in lines for cell in line.split(delimiter)]
    if any(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells):
        yield Dialect(delimiter, "'")
    if delimiter not in ",;" and not any(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells):
        yield Dialect(delimiter, "")


def _evenness(lines: Iterable[str], dialect: Dialect) -> tuple[bool, float, int]:
    """Whether there is more than one column, the share of even rows, the number of columns."""
    width = even = count = 0
    for record in records(iter(lines), dialect):
        if not record.cells and not record.error:
            continue
        width = width or len(record.cells)
        even += len(record.cells) == width and not record.error
        count += 1
        if count == SAMPLE_RECORDS:
            break
    return width > 1, even / count if count else 0.0, width


def _word(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text:
        return "a quote is opened and never closed"
    if "limit" in text:
        return f"a quote is opened and not closed within {LINE_CHARS:,} characters"
    if "expected after" in text:
        return "a quote stands inside a quoted cell and is not doubled"
    return text
