"""OA-Mine's JSONL: {"input", "category", "target_scores": {label: {value: 1}}}: values without their places.

A long value takes its place before a short one; a place on the edges of words comes before one within a word, a free
one before one that is taken, then the first. What a product's title says twice is marked once.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from extractors.types import Mention
from graphsvc.labels.items import Item, Problem, each, lesson, sound_mention, sound_text
from graphsvc.labels.places import Place, cuts_word, overlaps, places_of
from graphsvc.labels.rows import json_object, json_rows


def read(content: str, file: str) -> Iterator[Item | Problem]:
    """Read texts with their mentions; a value that does not stand in its text is a problem."""
    return each(json_rows(content), file, _item)


def _item(value: object, origin: str) -> Iterator[Item]:
    row = json_object(value)
    text = sound_text(row.get("input"))
    yield lesson(text, _mentions(text, json_object(row.get("target_scores"))), origin, row.get("category"))


def _mentions(text: str, scores: Mapping[str, Any]) -> list[Mention]:
    values = [(value, label) for label, said in scores.items() for value, score in json_object(said).items() if score]
    taken: list[Place] = []
    found = []
    for value, label in sorted(values, key=lambda pair: -len(pair[0])):
        place = min(places_of(text, value), key=lambda one: (cuts_word(text, one), overlaps(one, taken), one))
        taken.append(place)
        found.append(sound_mention(text, *place, label))
    return found
