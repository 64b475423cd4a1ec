"""JSON: one object a line, an array of objects, an object with such an array in it, or objects one after the other.

Reads piece by piece: no document is ever held whole. A line that is broken is refused; a broken array is an error,
for nobody can tell where its next object begins.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from graphsvc.errors import SourceError
from graphsvc.sources.nesting import TooDeep, flatten
from graphsvc.sources.rows import LINE_CHARS, Reading, Refusals, record_batches, refuse_marks
from graphsvc.sources.text import Text, open_text

BLANK = "\ufeff \t\r\n"
SPACE = re.compile(rf"[{BLANK}]*")
# An object whose first list of objects is what it is about: {"count": 2, "products": [{...}, ...]}.
SCALAR = r'"[^"\\]*"\s*:\s*(?:"[^"\\]*"|-?[\d.eE+-]+|null|true|false)\s*,\s*'
WRAPPED = re.compile(
    rf'\s*\{{\s*(?:{SCALAR})*"(?:products|items|data|results|rows|records|entries|docs|nodes|orders|customers|events'
    r'|reviews|list|商品|商品列表|数据)"\s*:\s*(?=\[\s*[{\]])'
)
MARKED = re.compile("[\ud800-\udfff]")
Records = Iterator[tuple[int, dict[str, str | None]]]


def open_json(path: str) -> Reading:
    """A JSON document or JSON lines, whichever the file holds. Raises SourceError."""
    return _open(path, as_lines=_looks_like_lines(path))


def open_json_lines(path: str) -> Reading:
    """JSON lines: each line is judged by itself."""
    return _open(path, as_lines=True)


def _open(path: str, *, as_lines: bool) -> Reading:
    text, name = open_text(path), Path(path).name
    read = _lines if as_lines else _document

    def batches(refused: Refusals) -> Iterator[pa.RecordBatch]:
        return record_batches(read(text, name, refused), refused, name)

    return Reading(name, batches)


def _looks_like_lines(path: str) -> bool:
    """Whether one of the first two lines is an object by itself, and the file no object around a list."""
    first = next((block for block in open_text(path).blocks() if block.strip(BLANK)), "").strip(BLANK)
    if WRAPPED.match(first) or first.startswith("["):
        return False
    lines = [line for line in first.splitlines() if line.strip()][:2]
    return len(lines) == 1 or any(map(_is_object, lines))


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _lines(text: Text, name: str, refused: Refusals) -> Records:
    for number, line in enumerate(text.lines(), 1):
        if not line.strip(BLANK):
            continue
        if not line.isascii() and (marks := set(MARKED.findall(line))):
            refuse_marks(number, marks, line, refused)
            continue
        try:
            value, why = _decode(line), ""
        except ValueError as error:
            why = f"it is not JSON: {error}"
        except RecursionError:
            why = "it is nested too deep"
        if why:
            refused.add(number, "broken_json", why, "Correct the line; each holds one whole object.", line.rstrip())
        else:
            yield from _record(number, value, refused)


def _decode(line: str) -> Any:
    return json.loads(line, object_pairs_hook=_object, strict=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return found


def _record(line: int, value: Any, refused: Refusals) -> Records:
    if not isinstance(value, dict):
        refused.add(line, "no_object", "it is no object", 'Write each row as {"name": value, ...}.', str(value))
        return
    try:
        flat = flatten(value)
    except TooDeep as error:
        refused.add(line, "too_deep", str(error), "Flatten it.", next(iter(value), ""))
        return
    if flat:
        yield line, flat
    else:
        refused.add(line, "no_object", "the object is empty", "Take it out.", "{}")


def _document(text: Text, name: str, refused: Refusals) -> Records:
    window = _Window(text.blocks(), name)
    opening = WRAPPED.match(window.ahead())
    if opening:
        window.move(opening.end())
    if window.peek() != "[":
        while window.peek():
            yield from _record(*window.value(), refused)
        return
    window.move(1)
    while window.peek() != "]":
        yield from _record(*window.value(), refused)
        if window.peek() not in ("]", ","):
            raise window.broken("a comma or ] is missing")
        if window.peek() == ",":
            window.move(1)
    if opening is None:
        window.move(1)
        if window.peek():
            raise window.broken("something follows the array")


class _Window:
    """The part of a text under way: reads on when a value is cut, and lets go of what was read."""

    def __init__(self, blocks: Iterator[str], name: str) -> None:
        self._blocks, self._name = blocks, name
        self._text, self._at, self._line = "", 0, 1
        self._decoder = json.JSONDecoder(object_pairs_hook=_object, strict=False)

    def ahead(self) -> str:
        if not self._text:
            self._more()
        return self._text

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            if space := SPACE.match(self._text, self._at):
                self.move(space.end() - self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def move(self, characters: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + characters)
        self._at += characters

    def value(self) -> tuple[int, Any]:
        """The line of the next value, and the value."""
        if not self.peek():
            raise self.broken("the file ends in the middle")
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                line = self._line
                self.move(end - self._at)
                return line, value
            except json.JSONDecodeError as error:
                if len(self._text) - self._at > LINE_CHARS:
                    raise self.broken(f"{error.msg}, or a value of more than {LINE_CHARS:,} characters") from error
                if not self._more():
                    raise self.broken(error.msg) from error
            except ValueError as error:
                raise self.broken(str(error)) from error
            except RecursionError as error:
                raise self.broken("a value is nested too deep") from error

    def broken(self, why: str) -> SourceError:
        return SourceError(
            f"{self._name} is no whole JSON: {why}, in the value that begins on line {self._line}.",
            "Correct it; a file of JSON lines would lose that row alone.",
        )

    def _more(self) -> bool:
        for block in self._blocks:
            if block:
                self._text, self._at = self._text[self._at :] + block, 0
                return True
        return False
