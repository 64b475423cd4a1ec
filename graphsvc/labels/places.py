"""Where a value stands in a text, when only the value is said."""

import unicodedata
from collections.abc import Iterable

from graphsvc.errors import LabelError

Place = tuple[int, int]  # start, end


def places_of(text: str, value: str) -> list[Place]:
    """Every place of a value, also those that overlap. Raises LabelError when there is none."""
    found, start = [], text.find(value) if value else -1
    while start >= 0:
        found.append((start, start + len(value)))
        start = text.find(value, start + 1)
    if not found:
        raise LabelError(f"“{value}” does not stand in the text.", "Write it as the text does, or take it out.")
    return found


def cuts_word(text: str, place: Place) -> bool:
    """Whether a place begins or ends within a word. Chinese and Japanese have no edges to cut."""
    return any(0 < at < len(text) and _in_word(text[at - 1]) and _in_word(text[at]) for at in place)


def overlaps(place: Place, others: Iterable[Place]) -> bool:
    """Whether a place shares a character with one of others."""
    return any(place[0] < end and start < place[1] for start, end in others)


def _in_word(one: str) -> bool:
    return one.isalnum() and unicodedata.east_asian_width(one) not in "WF"
