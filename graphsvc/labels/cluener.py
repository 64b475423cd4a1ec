"""CLUENER's JSON: {"text", "label": {label: {value: [[start, end], ...]}}}, an object a line or over many lines.

Its ends are the last character of a mention, not the first after it.
"""

from collections.abc import Iterator

from graphsvc.errors import LabelError
from graphsvc.labels.items import Item, Problem, each, lesson, sound_mention, sound_text
from graphsvc.labels.rows import json_list, json_object, json_rows


def read(content: str, file: str) -> Iterator[Item | Problem]:
    """Read texts with their mentions; a value that does not stand where it is said to stand is a problem."""
    return each(json_rows(content), file, _item)


def _item(value: object, origin: str) -> Iterator[Item]:
    row = json_object(value)
    text = sound_text(row.get("text"))
    if "label" not in row:
        raise LabelError("The text has no labels.", "Give them; this looks like a part that is kept for a contest.")
    mentions = []
    for label, values in json_object(row["label"]).items():
        for said, places in json_object(values).items():
            for place in json_list(places):
                start, last = place if isinstance(place, list) and len(place) == 2 else (None, None)
                mention = sound_mention(text, start, last + 1 if type(last) is int else last, label)
                if text[mention.start : mention.end] != said:
                    raise LabelError(
                        f"“{said}” should stand at {start} to {last}, where “{text[mention.start : mention.end]}” is.",
                        "Correct the offsets: the end is the last character of the value.",
                    )
                mentions.append(mention)
    yield lesson(text, mentions, origin)
