"""Our own format: JSONL, one item a line, nothing left out. Also how the labels of one item stand in the warehouse."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from extractors.types import LabelledPair, LabelledText
from graphsvc.errors import LabelError
from graphsvc.labels.items import Item, Problem, each, lesson, sound_text
from graphsvc.labels.rows import json_list, json_object, json_rows
from graphsvc.labels.spans import mention_of, span_of


def read(content: str, file: str) -> Iterator[Item | Problem]:
    """Read what `write` wrote; a row that says no origin comes from this file."""
    return each(json_rows(content), file, _item)


def write(items: Iterable[Item]) -> Iterator[str]:
    """Write a line for each item."""
    for item in items:
        row = {"text": item.text, **labels_of_item(item), "origin": item.origin}
        yield json.dumps(row, ensure_ascii=False) + "\n"


def labels_of_item(item: Item) -> dict[str, Any]:
    """What is said of a text."""
    if isinstance(item, LabelledText):
        context = {"context": item.context} if item.context else {}
        return {"mentions": [span_of(mention) for mention in item.mentions], **context}
    return {"head": span_of(item.head), "tail": span_of(item.tail), "relation": item.relation}


def item_of(text: str, labels: Mapping[str, Any], origin: str) -> Item:
    """The item of a text and what is said of it. Raises LabelError."""
    if "mentions" in labels:
        mentions = [mention_of(text, span) for span in json_list(labels["mentions"])]
        return lesson(text, mentions, origin, labels.get("context"))
    relation = labels.get("relation")
    if not isinstance(relation, str):
        raise LabelError("The text has neither mentions nor a relation.", "Give mentions; or head, tail and relation.")
    return LabelledPair(
        text, mention_of(text, labels.get("head")), mention_of(text, labels.get("tail")), relation, origin
    )


def _item(value: object, origin: str) -> Iterator[Item]:
    row = json_object(value)
    said = row.get("origin")
    yield item_of(sound_text(row.get("text")), row, PurePath(said).name if isinstance(said, str) and said else origin)
