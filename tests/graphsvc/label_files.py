"""Small files of labels, and the real ones where the environment names their folder."""

import gzip
import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from extractors.types import LabelledPair, LabelledText, Mention
from graphsvc.labels import read_labels
from graphsvc.labels.items import Item

BIO = "红 B-COLOR\r\n色 I-COLOR\r\n锅 B-ITEM\r\n\r\n杯 O\r\n\r\n"


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def read(folder: Path, content: str, format: str | None = None, *, skip: bool = False) -> list[Item]:
    """The items of a file that holds this."""
    return list(read_labels(write(folder / "file.txt", content), format, skip=skip).items)


def rows(*values: object) -> str:
    """Values as JSONL."""
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def marked(item: Item) -> list[tuple[str, str]]:
    """What a text mentions, as words with their labels."""
    assert isinstance(item, LabelledText)
    return [(item.text[m.start : m.end], m.label) for m in item.mentions]


def related(item: Item) -> tuple[str, str, str]:
    assert isinstance(item, LabelledPair)
    return words(item.text, item.head), words(item.text, item.tail), item.relation


def words(text: str, mention: Mention) -> str:
    return text[mention.start : mention.end]


def texts(*values: str) -> list[Item]:
    return [LabelledText(value) for value in values]


def without_origin(items: Iterable[Item]) -> list[Item]:
    return [
        LabelledText(item.text, item.mentions)
        if isinstance(item, LabelledText)
        else LabelledPair(item.text, item.head, item.tail, item.relation)
        for item in items
    ]


def real(name: str) -> Path:
    """A real file, or the test is skipped with a clear word."""
    if "GRAPHSVC_DATA" not in os.environ:
        pytest.skip("GRAPHSVC_DATA names no folder of data")
    path = Path(os.environ["GRAPHSVC_DATA"]) / name
    if not path.exists():
        pytest.skip(f"GRAPHSVC_DATA has no {name}")
    return path
