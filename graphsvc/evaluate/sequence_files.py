"""Files of recommendation data sets: who took what in which order, and what is known of the items.

Sequences: a line a user, "user item item …" in order of time; or a line an interaction, "user item [value [time]]",
known by a header or by users that come back (without a time, the order of the lines is the order). Attributes: JSON,
item → list of values; or triples "head relation tail", with a file of "item entity" beside it where items and entities
are numbered apart. Knows formats; knows no model.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from graphsvc.errors import SourceError

FIX = "Give one line a user: user item item …, in order of time (evaluate recommend --help shows the formats)."
COLUMNS = {
    "user": ("user", "user_id", "userid", "uid", "visitorid", "customer_id", "shopper"),
    "item": ("item", "item_id", "itemid", "artistid", "movieid", "isbn", "product_id", "iid"),
    "time": ("time", "timestamp", "date"),
}
LINKS = ("item_index2entity_id*.txt", "*.link")  # which entity an item is, as KGCN and RecBole write it

Lists = dict[str, list[str]]


def read_sequences(path: str) -> Lists:
    """Each user's items, oldest first. Raises SourceError with the line that cannot be read."""
    rows = list(_rows(path))
    if not rows:
        raise SourceError(f"{Path(path).name} holds no line.", FIX)
    header = [cell.split(":")[0].strip('"').lower() for cell in rows[0][1]]
    if _column(header, "user") is not None and _column(header, "item") is not None:
        return _interactions(rows[1:], header, path)
    users = {cells[0] for _, cells in rows}
    if len(users) < len(rows) and len({len(cells) for _, cells in rows}) == 1 and 2 <= len(rows[0][1]) <= 4:
        return _interactions(rows, ["user", "item", "value", "time"][: len(rows[0][1])], path)
    return _lines(rows, path)


def read_attributes(path: str) -> Lists:
    """What is known of each item, as words. Raises SourceError."""
    if Path(path).name.removesuffix(".gz").endswith(".json"):
        return _json_attributes(path)
    return _triples(path)


def _lines(rows: Sequence[tuple[int, list[str]]], path: str) -> Lists:
    found: Lists = {}
    numeric = all(cell.isdigit() for cell in rows[0][1])
    for line, cells in rows:
        if len(cells) < 2:
            raise _wrong(path, line, f"user {cells[0]!r} has no item")
        if numeric and not all(cell.isdigit() for cell in cells):
            odd = next(cell for cell in cells if not cell.isdigit())
            raise _wrong(path, line, f"{odd[:40]!r} is no number, though the lines before hold numbers only")
        if cells[0] in found:
            raise _wrong(path, line, f"user {cells[0]!r} had a line before")
        found[cells[0]] = cells[1:]
    return found


def _interactions(rows: Sequence[tuple[int, list[str]]], header: Sequence[str], path: str) -> Lists:
    user, item, time = (_column(header, name) for name in COLUMNS)
    assert user is not None
    assert item is not None
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for line, cells in rows:
        if len(cells) != len(header):
            raise _wrong(path, line, f"{len(cells)} columns where the first line has {len(header)}")
        try:
            moment = 0.0 if time is None else float(cells[time])
        except ValueError:
            raise _wrong(path, line, f"the time {cells[time or 0][:40]!r} is no number") from None
        found[cells[user]].append((moment, cells[item]))
    if not found:
        raise SourceError(f"{Path(path).name} holds a header and no line.", FIX)
    return {name: [item for _, item in sorted(rows, key=lambda row: row[0])] for name, rows in found.items()}


def _json_attributes(path: str) -> Lists:
    with _reading(path) as file:
        text = file.read()
    try:
        found: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise _wrong(path, error.lineno, f"not JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{Path(path).name} is not UTF-8 text.", "Give a JSON file.") from error
    if not isinstance(found, Mapping):
        raise SourceError(f"{Path(path).name} is not an object of item → values.", 'Write {"item": ["value", …], …}.')
    return {str(item): _words(values) for item, values in found.items()}


def _words(values: Any) -> list[str]:
    if isinstance(values, Mapping):
        return [f"{name}={word}" for name, value in values.items() for word in _words(value)]
    if isinstance(values, list):
        return [word for value in values for word in _words(value)]
    return [] if values is None else [str(values)]


def _triples(path: str) -> Lists:
    """Both ends of a triple tell something of the item at the other end."""
    items = _links(Path(path))
    found: Lists = defaultdict(list)
    for line, cells in _rows(path):
        if ":token" in cells[0]:
            continue
        if len(cells) != 3:
            raise _wrong(path, line, f"{len(cells)} columns; a triple has head, relation and tail")
        head, relation, tail = cells
        for item in items.get(head, ()) if items else (head,):
            found[item].append(f"{relation}>{tail}")
        for item in items.get(tail, ()) if items else (tail,):
            found[item].append(f"{relation}<{head}")
    return found


def _links(triples: Path) -> Lists:
    """Entity → items, from the file beside the triples."""
    found: Lists = defaultdict(list)
    for path in (path for pattern in LINKS for path in sorted(triples.parent.glob(pattern))):
        for line, cells in _rows(str(path)):
            if ":token" in cells[0]:
                continue
            if len(cells) != 2:
                raise _wrong(str(path), line, f"{len(cells)} columns; a link has item and entity")
            found[cells[1]].append(cells[0])
        break
    return found


def _rows(path: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not empty, with its number."""
    with _reading(path) as file:
        for number, raw in enumerate(file, 1):
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise _wrong(path, number, "not UTF-8 text") from error
            if "\0" in text:
                raise _wrong(path, number, "not text")
            cells = text.replace("\t", " ").replace(",", " ").replace(";", " ").split()
            if cells:
                yield number, cells


@contextmanager
def _reading(path: str) -> Iterator[IO[bytes]]:
    """A file, unpacked; what the disk or gzip says becomes a SourceError, also in the middle."""
    name = Path(path).name
    try:
        with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
            yield file  # type: ignore[misc]
    except (OSError, EOFError) as error:
        raise SourceError(f"{name} cannot be read: {error}.", "Give a file that is there and whole.") from error


def _column(header: Sequence[str], name: str) -> int | None:
    return next((at for at, cell in enumerate(header) if cell in COLUMNS[name]), None)


def _wrong(path: str, line: int, what: str) -> SourceError:
    return SourceError(f"{Path(path).name}, line {line}: {what}.", FIX)
