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

CLUENER = {"text": "浙商银行的叶老桂", "label": {"company": {"浙商银行": [[0, 3]]}, "name": {"叶老桂": [[5, 7]]}}}
SEMEVAL = (
    '1\t"The <e1>child</e1> said "no" in the <e2>cradle</e2>."\nMember-Collection(e2,e1)\nComment: one\n\n'
    '2\t"A <e2>ridge</e2> over the <e1>surge</e1>"\nOther\nComment:\n\n'
)
FINRE = "东方航空\t上航\t合并\t东方航空将与上航合并\n\n上航\t东方航空\tunknown\t东方航空将与上航合并\n\n"
OAMINE = {"input": "Red Pan, red", "category": "Home", "target_scores": {"Color": {"Red": 1}, "Item": {"Pan": 1}}}
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
