"""What a training has to learn from and is judged by: sets of a shop, its products, or files.

Knows labels and texts; does not know tasks.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Generic

from extractors.types import Document
from graphsvc.errors import InputError, SourceError
from graphsvc.history import History
from graphsvc.knowledge import documents_in
from graphsvc.labels import kept_parts, part_of, read_labels
from graphsvc.labels.items import Item
from graphsvc.labels.lessons import Kind, lessons_of, own_split
from graphsvc.labels.own import labels_of_item
from graphsvc.models import DataPart
from graphsvc.sources.streams import chunks
from graphsvc.warehouse.standardise import vocabulary
from graphsvc.warehouse.tables import Warehouse

TRAIN = "train"
TESTS = ("test", "dev", "valid")  # parts that a training is judged by, the first that a set has


@dataclass(frozen=True, slots=True)
class Lessons(Generic[Kind]):
    """Lessons with where they come from."""

    items: list[Kind]
    part: DataPart


@dataclass(frozen=True, slots=True)
class Material(Generic[Kind]):
    """What is learnt from and what is judged by."""

    train: Lessons[Kind]
    test: Lessons[Kind]


def from_file(path: Path, format: str | None, kind: type[Kind], part: str = TRAIN) -> Lessons[Kind]:
    """The lessons of a file. Raises LabelError naming the row that cannot be read."""
    items = lessons_of(read_labels(path, format).items, kind, path.name)
    return Lessons(items, _data(path.name, part, items))


def from_shop(warehouse: Warehouse, history: History, asked: str, kind: type[Kind], part: str = TRAIN) -> Lessons[Kind]:
    """The lessons of "NAME" or "NAME:part". Raises NotFoundError."""
    name, _, named = asked.partition(":")
    found = part_of(warehouse, history, name, named or part)
    items = lessons_of(found.items, kind, f"{name} {found.name}")
    return Lessons(items, _data(name, found.name, items, found.licence, found.source))


def test_part(history: History, asked: str) -> str | None:
    """The part of the same set that a training is judged by, None when the set has none."""
    name, _, named = asked.partition(":")
    there = {part for _, part in kept_parts(history, name)} - {named or TRAIN}
    return next((f"{name}:{part}" for part in TESTS if part in there), None)


def parted(lessons: Lessons[Kind]) -> Material[Kind]:
    """Lessons that are judged by a part of their own: 20 %, by the digest of each text."""
    train, test = own_split(lessons.items)
    said = lessons.part
    return Material(
        Lessons(train, _data(said.name, f"80 % of {said.part}", train, said.licence, said.source)),
        Lessons(test, _data(said.name, f"20 % of {said.part}", test, said.licence, said.source)),
    )


def digest_of(items: Iterable[Item]) -> str:
    """A name for what lessons say, wherever they are kept."""
    digest = blake2b(digest_size=16)
    for item in items:
        digest.update(json.dumps([item.text, labels_of_item(item)], ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()


def documents_of(warehouse: Warehouse, history: History) -> list[Document]:
    """The current products of a shop as documents."""
    with closing(warehouse.connection()) as connection:
        warehouse.view_current(connection, "products", history.order, history.rows.get("products"))
        return list(documents_in(connection, "current_products"))


def texts_of(documents: Iterable[Document]) -> list[str]:
    """Titles and descriptions, each once."""
    return list(dict.fromkeys(text for one in documents for text in (one.title, one.text) if text.strip()))


def lines_of(path: Path) -> list[str]:
    """The lines of a file of texts, gzipped or not, each once. Raises SourceError."""
    try:
        lines = b"".join(chunks(str(path))).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SourceError(f"{path.name} is not UTF-8.", "Convert the file: iconv -f GB18030 -t UTF-8 FILE.") from error
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


def synonyms() -> Mapping[str, tuple[str, ...]]:
    """Words and phrases that the shop's vocabulary takes for the same."""
    groups: dict[tuple[str, str], list[str]] = {}
    for attribute, words in vocabulary().items():
        for spelling, word in words.items():
            groups.setdefault((attribute, word), []).append(spelling)
    found: dict[str, set[str]] = {}
    for group in groups.values():
        for spelling in group:
            found.setdefault(spelling, set()).update(other for other in group if other != spelling)
    return {spelling: tuple(sorted(others)) for spelling, others in found.items() if others}


def _data(name: str, part: str, items: list[Kind], licence: str = "", source: str = "") -> DataPart:
    if not items:
        raise InputError(f"{name} {part} is empty.", "Give labelled texts.")
    return DataPart(name, part, digest_of(items), len(items), licence, source)
