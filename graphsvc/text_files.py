"""Texts of a file, taken in one by one. What is refused stands in a file beside, which can be mended and loaded.

A text that is loaded again replaces itself, so a broken-off load is simply given once more. Knows rows and columns;
does not know who takes texts in.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from graphsvc.errors import GraphsvcError, InputError, SourceError
from graphsvc.sources import open_source
from graphsvc.texts import GivenText

Row = Mapping[str, Any]
Take = Callable[[GivenText], int]  # → its offset in the log. Raises InputError for a text that is refused
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file. Only `text` must be there. `source` stands before ids of products that name none."""

    text: str = "text"
    product: str = "product_id"
    name: str = "id"
    kind: str = "kind"
    source: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many texts were taken in and refused, and the offset of the last."""

    taken: int
    refused: int
    offset: int


def load_texts(
    path: str,
    columns: Columns,
    kind: str,
    take: Take,
    refused: Path,
    progress: Progress = lambda step, done, of: None,
) -> Loaded:
    """Take in each row of a file that `open_source` reads, and write the refused ones to `refused`, if there are any.

    `kind` is that of rows that do not say theirs. Raises SourceError, UnavailableError where texts cannot be taken in.
    """
    source, taken, offset = open_source(path), 0, 0
    with ExitStack() as stack:
        file = Refused(refused, stack)
        for line, row in _rows(source.batches(), columns, source.name):
            try:
                offset, taken = take(_given(row, columns, kind)), taken + 1
            except InputError as error:
                file.add(line, error, row)
            progress("texts", taken + file.count, 0)
        for reject in source.rejects:
            file.add(reject.line, InputError(reject.reason, reject.fix), {columns.text: reject.text}, reject.rule)
    return Loaded(taken, file.count, offset)


class Refused:
    """A file of JSON lines, made with the first refused row: its own columns, then line, rule, reason and fix."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._path, self._stack, self.count = path, stack, 0
        self._file: IO[str] | None = None

    def add(self, line: int, error: GraphsvcError, row: Row, rule: str = "") -> None:
        """Write one row."""
        why = {"_line": line, "_rule": rule or error.code, "_reason": error.message, "_fix": error.next_step}
        try:
            if self._file is None:
                self._file = self._stack.enter_context(self._path.open("w", encoding="utf-8"))
            self._file.write(json.dumps({**row, **why}, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as trouble:
            raise SourceError(
                f"{self._path} cannot be written: {trouble.strerror}.", "Name another file by --refused."
            ) from trouble
        self.count += 1


def _rows(batches: Iterator[Any], columns: Columns, name: str) -> Iterator[tuple[int, Row]]:
    for batch in batches:
        if columns.text not in batch.schema.names:
            there = ", ".join(one for one in batch.schema.names if not one.startswith("_"))
            raise SourceError(f"{name} has no column {columns.text!r}.", f"Name one by --text: there are {there}.")
        for row in batch.to_pylist():
            yield row["_line"], {key: value for key, value in row.items() if not key.startswith("_")}


def _given(row: Row, columns: Columns, kind: str) -> GivenText:
    text, product, name, own = (
        (row.get(column) or "").strip() for column in (columns.text, columns.product, columns.name, columns.kind)
    )
    if product and columns.source and ":" not in product:
        product = f"{columns.source}:{product}"
    return GivenText(text, product or None, name or None, own or kind)
