"""JSON or JSONL of texts with spans, as many tools write it; relations between spans, if any.

Knows {"text", "spans": [{"start", "end", "label"}], "relations": [{"head", "tail", "label"}]}, the same as "entities"
or as lists, and doccano's "label", "start_offset" and "from_id". Offsets count characters, the end is exclusive.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from extractors.types import Mention
from graphsvc.errors import LabelError
from graphsvc.labels.items import Item, Problem, each, sound_mention, sound_text
from graphsvc.labels.rows import json_list, json_object, json_rows
from graphsvc.labels.sheets import Sheet, items_of, sheets_of

KEYS = ("spans", "entities", "label")
PAIRS = "pairs"  # the "kind" of a row whose spans are no more than the ends of its relations


def read(content: str, file: str) -> Iterator[Item | Problem]:
    """Read texts with their mentions, and pairs where relations stand between them."""
    return each(json_rows(content), file, _items)


def write(items: Iterable[Item]) -> Iterator[str]:
    """Write a row for each text with the pairs that follow it. Origins are left out."""
    for sheet in sheets_of(items):
        row: dict[str, Any] = {"text": sheet.text, "spans": [span_of(mention) for mention in sheet.mentions]}
        if sheet.links:
            row["relations"] = [{"head": head, "tail": tail, "label": name} for head, tail, name in sheet.links]
        if not sheet.whole:
            row["kind"] = PAIRS
        yield json.dumps(row, ensure_ascii=False) + "\n"


def span_of(mention: Mention) -> dict[str, Any]:
    """A mention as a JSON object; that it is sure goes without saying."""
    found = {"start": mention.start, "end": mention.end, "label": mention.label}
    return found if mention.confidence == 1 else {**found, "confidence": mention.confidence}


def mention_of(text: str, span: object) -> Mention:
    """A mention from a JSON object or a list of start, end and label. Raises LabelError."""
    if isinstance(span, list):
        return sound_mention(text, *span) if len(span) == 3 else _no_span(span)
    found = json_object(span)
    start, end = found.get("start", found.get("start_offset")), found.get("end", found.get("end_offset"))
    return sound_mention(text, start, end, found.get("label"), found.get("confidence", 1.0))


def _no_span(span: object) -> Mention:
    raise LabelError(f"{str(span)[:60]} is no span.", "Give start, end and label.")


def _items(value: object, origin: str) -> Iterator[Item]:
    row = json_object(value)
    text = sound_text(row.get("text"))
    key = next((key for key in KEYS if key in row), None)
    if key is None:
        raise LabelError("The text has no spans.", "Give spans, an empty list where there is nothing to mark.")
    spans = json_list(row[key])
    ids = {str(span["id"]): at for at, span in enumerate(spans) if isinstance(span, dict) and "id" in span}
    links = [_link(json_object(relation), ids) for relation in json_list(row.get("relations") or [])]
    mentions = [mention_of(text, span) for span in spans]
    yield from items_of(Sheet(text, mentions, links, row.get("kind") != PAIRS), origin)


def _link(relation: Mapping[str, Any], ids: Mapping[str, int]) -> tuple[Any, Any, Any]:
    """Head, tail and name, as they stand there: whoever makes items of them judges them."""
    if "from_id" not in relation:
        return relation.get("head"), relation.get("tail"), relation.get("label")
    head, tail = (ids.get(str(relation.get(key)), -1) for key in ("from_id", "to_id"))
    return head, tail, relation.get("type")
