"""Lessons that are kept back, so that confidences can be made true on texts that the model did not learn from."""

from collections.abc import Sequence
from typing import TypeVar

from extractors.types import LabelledPair, LabelledText
from graphsvc.labels.split import is_test

PERCENT = 5
ENOUGH = 1_000  # lessons: of fewer none is kept back
Lesson = TypeVar("Lesson", LabelledText, LabelledPair)


def keep_back(lessons: Sequence[Lesson], enough: int = ENOUGH) -> tuple[list[Lesson], list[Lesson]]:
    """Lessons to learn from and lessons kept back, by a digest of the text; equal texts stay together."""
    if len(lessons) < enough:
        return list(lessons), []
    back = [is_test(f"kept back {lesson.text}", PERCENT) for lesson in lessons]
    parts: tuple[list[Lesson], list[Lesson]] = ([], [])
    for lesson, is_back in zip(lessons, back, strict=True):
        parts[is_back].append(lesson)
    return parts
