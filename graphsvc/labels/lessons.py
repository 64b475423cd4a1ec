"""Labelled data as lessons: what is learnt from, what is judged by, and only so many of them.

Knows items; does not know what learns from them.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from extractors.types import LabelledPair, LabelledText
from graphsvc.errors import LabelError
from graphsvc.labels.items import Item
from graphsvc.labels.split import TEST, split, text_id

Kind = TypeVar("Kind", LabelledText, LabelledPair)
WORDS = {LabelledText: "texts with mentions", LabelledPair: "pairs with relations"}


def lessons_of(items: Iterable[Item], kind: type[Kind], name: str) -> list[Kind]:
    """The items as lessons of one kind. Raises LabelError naming the first that is of another."""
    found = []
    for item in items:
        if not isinstance(item, kind):
            raise LabelError(
                f"{name} holds {WORDS[type(item)]}, not {WORDS[kind]}: {item.origin or item.text[:40]}.",
                "Give another file, or another task.",
            )
        found.append(item)
    return found


def own_split(lessons: Sequence[Kind], percent: int = TEST) -> tuple[list[Kind], list[Kind]]:
    """Training and test, by a digest of each text. Raises LabelError when one of them would be empty."""
    parts = split(lessons, percent)
    if not parts["train"] or not parts["test"]:
        raise LabelError(f"{len(lessons):,} lessons are too few to split.", "Give more, or a test of its own.")
    kind = type(lessons[0])
    return lessons_of(parts["train"], kind, "train"), lessons_of(parts["test"], kind, "test")


def few(lessons: Sequence[Kind], count: int, seed: int) -> tuple[list[Kind], list[Kind]]:
    """So many lessons, drawn by a digest of seed and text, and the others that have no text of theirs.

    Raises LabelError when there are not more than so many.
    """
    if not 0 < count < len(lessons):
        raise LabelError(f"{count:,} of {len(lessons):,} lessons cannot be drawn.", "Give a smaller number.")
    drawn = sorted(lessons, key=lambda one: text_id(f"{seed} {one.text}"))
    known = {one.text for one in drawn[:count]}
    return drawn[:count], [one for one in drawn[count:] if one.text not in known]
