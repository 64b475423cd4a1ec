"""Google Merchant feeds: RSS or Atom of any size, item by item, and the same in TSV.

Knows the feed's elements; entities, DTDs and anything fetched from elsewhere are refused. What the items say together
stands in `offerings.py`.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import pyarrow as pa
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from graphsvc.errors import SourceError
from graphsvc.sources.delimited import Table, open_table
from graphsvc.sources.nesting import JOINT
from graphsvc.sources.offerings import DETAIL, GROUP, Item, group_sizes, offerings
from graphsvc.sources.rows import LINE_CHARS, Reading, Refusals, record_batches
from graphsvc.sources.text import Text, open_text

NAMESPACE = "{http://base.google.com/ns/1.0}"
ITEMS = ("item", "entry")
PIECE = 1 << 16
Items = Iterator[tuple[int, Item]]
TSV_NAMES = {"id", "title", "link"}
TSV_HINTS = {"image_link", "availability", "google_product_category", "condition", "gtin", "mpn", "product_type"}


def open_merchant_xml(path: str) -> Reading:
    """A feed in RSS 2.0 or Atom. `_line` is the line of the item."""
    text, name = open_text(path), Path(path).name
    return Reading(name, partial(_batches, lambda refused: _items(text, name), lambda: _mentions(text, GROUP), name))


def open_merchant_tsv(path: str) -> Reading:
    """A feed in TSV; its names may be written "g:image_link" or "image link"."""
    table = open_table(path, plain_name)
    return Reading(table.name, partial(_batches, partial(_rows, table), lambda: GROUP in table.names, table.name))


def plain_name(name: str) -> str:
    """The feed's own name of a column."""
    return "_".join(name.strip().lower().removeprefix("g:").split())


def is_merchant(names: list[str]) -> bool:
    """Whether a header is that of a feed."""
    plain = {plain_name(name) for name in names}
    return plain >= TSV_NAMES and bool(plain & TSV_HINTS)


def _batches(
    read: Callable[[Refusals], Items], grouped: Callable[[], bool], name: str, refused: Refusals
) -> Iterator[pa.RecordBatch]:
    """A feed with groups is read twice: how many items each has says when it is whole."""
    sizes = group_sizes(read(Refusals(name)) if grouped() else ())
    return record_batches(offerings(read(refused), sizes, refused, name), refused, name)


def _mentions(text: Text, word: str) -> bool:
    end = ""
    for block in text.blocks():
        if word in end + block:
            return True
        end = block[-len(word) :]
    return False


def _rows(table: Table, refused: Refusals) -> Items:
    for line, cells, _ in table.rows(refused):
        yield line, {name: cell or None for name, cell in zip(table.names, cells, strict=True)}


def _items(text: Text, name: str) -> Items:
    target = _Target(name)
    parser = DefusedXMLParser(target=target, encoding="utf-8", forbid_dtd=True)
    target.parser = parser.parser
    quiet = 0
    try:
        for block in text.blocks():
            for start in range(0, len(block), PIECE):
                piece = block[start : start + PIECE]
                before = target.heard
                parser.feed(piece.encode())
                quiet = 0 if target.heard > before else quiet + len(piece)
                if quiet > LINE_CHARS:
                    raise _too_long(name)
                yield from target.taken()
        parser.close()
        yield from target.taken()
    except ParseError as error:
        raise SourceError(f"{name} is no whole XML: {error}.", "Get the feed anew; nothing was imported.") from error
    except DefusedXmlException as error:
        raise SourceError(
            f"{name} declares entities or a document type, which can do harm.", "Take the declaration out."
        ) from error
    except UnicodeEncodeError as error:
        raise SourceError(
            f"{name} holds bytes that are no text in its encoding, or NUL bytes.", "Save the feed as UTF-8."
        ) from error


def _too_long(name: str) -> SourceError:
    return SourceError(f"An item of {name} has more than {LINE_CHARS:,} characters.", "Look for an unclosed element.")


class _Target:
    """Hears the parser and puts items together; holds one item and those that nobody has taken yet."""

    def __init__(self, name: str) -> None:
        self.parser: Any = None
        self.heard = 0
        self._name = name
        self._done: list[tuple[int, Item]] = []
        self._path: list[str] | None = None  # inside an item: the elements that are open
        self._line = self._size = 0
        self._found: list[tuple[str, bool, str]] = []  # path, whether it is Google's own, text
        self._text: list[str] = []

    def taken(self) -> list[tuple[int, Item]]:
        """The items that have ended since."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.heard += 1
        local = tag.rpartition("}")[2]
        if self._path is None:
            if local in ITEMS:
                self._path, self._found, self._size = [], [], 0
                self._line = self.parser.CurrentLineNumber
            return
        self._path.append(local)
        self._text = []
        if local == "link" and attributes.get("href"):
            self._text.append(attributes["href"])

    def data(self, text: str) -> None:
        self.heard += 1
        if self._path is not None:
            self._size += len(text)
            self._text.append(text)
            if self._size > LINE_CHARS:
                raise _too_long(self._name)

    def end(self, tag: str) -> None:
        self.heard += 1
        if self._path is None:
            return
        if not self._path:
            self._done.append((self._line, _record(self._found)))
            self._path = None
            return
        text = "".join(self._text).strip()
        if text:
            self._found.append((".".join(self._path), tag.startswith(NAMESPACE), text))
        self._text = []
        self._path.pop()

    def close(self) -> None:
        """The parser asks for it."""


def _record(found: list[tuple[str, bool, str]]) -> Item:
    """Google's own element before a plain one of the same name; what stands several times is joined."""
    own = {path for path, google, _ in found if google}
    values: dict[str, list[str]] = {}
    for path, google, text in found:
        if google or path not in own:
            values.setdefault(path, []).append(text)
    details = dict(
        zip(values.pop(f"{DETAIL}.attribute_name", []), values.pop(f"{DETAIL}.attribute_value", []), strict=False)
    )
    values.pop(f"{DETAIL}.section_name", None)
    record: Item = {path: JOINT.join(texts) for path, texts in values.items()}
    if details:
        record[DETAIL] = json.dumps(details, ensure_ascii=False)
    return record
