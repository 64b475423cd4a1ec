"""Texts of a file, taken in one by one. What is refused stands in a file beside, which can be mended and loaded.

A text that is loaded again replaces itself, so a broken-off load is simply given once more. Knows rows and columns;
does not know who takes texts in.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from graphsvc.errors import InputError, SourceError
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

    `kind` is that of rows that do not say theirs. Raises InputError, and what `take` raises but for refused texts.
    """
    if refused.exists() and Path(path).exists() and refused.samefile(path):
        raise InputError(f"{path} cannot be read and written at once.", "Name another file by --refused.")
    source, taken, offset = open_source(path), 0, 0
    with RefusedRows(refused) as rows:
        for line, row in _rows(source.batches(), columns, source.name):
            try:
                offset, taken = take(_given(row, columns, kind)), taken + 1
            except InputError as error:
                rows.add(row, line, error.code, error.message, error.next_step)
            progress("texts", taken + rows.count, 0)
        for reject in source.rejects:
            rows.add({columns.text: reject.text}, reject.line, reject.rule, reject.reason, reject.fix)
        return Loaded(taken, rows.count, offset)


class RefusedRows:
    """A file of JSON lines, made with the first refused row: its own columns, then line, rule, reason and fix."""

    def __init__(self, path: Path) -> None:
        self._path, self.count = path, 0
        self._file: IO[str] | None = None

    def __enter__(self) -> "RefusedRows":
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: Row, line: int, rule: str, reason: str, fix: str) -> None:
        """Write one row. Raises SourceError when the file cannot be written."""
        whole = {**row, "_line": line, "_rule": rule, "_reason": reason, "_fix": fix}
        try:
            if self._file is None:
                self._file = self._path.open("w", encoding="utf-8")
            self._file.write(json.dumps(whole, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as error:
            raise SourceError(
                f"{self._path} cannot be written: {error.strerror}.", "Name another file by --refused."
            ) from error
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
