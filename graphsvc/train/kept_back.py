"""Lessons that are kept back, so that confidences can be made true on texts that the model did not learn from."""

from collections.abc import Sequence
from typing import TypeVar

from extractors.types import LabelledPair, LabelledText
from graphsvc.labels.split import is_test

PERCENT, MORE = 5, 10  # of many lessons, and of few
ENOUGH = 1_000  # lessons that are many
FEWEST = 100  # of fewer none is kept back
MOST = 250  # about; more make no confidence truer
Lesson = TypeVar("Lesson", LabelledText, LabelledPair)


def keep_back(lessons: Sequence[Lesson], fewest: int = FEWEST) -> tuple[list[Lesson], list[Lesson]]:
    """Lessons to learn from and lessons kept back, by a digest of the text; equal texts stay together."""
    if len(lessons) < fewest:
        return list(lessons), []
    percent = min(PERCENT, max(1, 100 * MOST // len(lessons))) if len(lessons) >= ENOUGH else MORE
    back = [is_test(f"kept back {lesson.text}", percent) for lesson in lessons]
    parts: tuple[list[Lesson], list[Lesson]] = ([], [])
    for lesson, is_back in zip(lessons, back, strict=True):
        parts[is_back].append(lesson)
    return parts if any(map(_teaches, parts[0])) else (list(lessons), [])


def _teaches(lesson: LabelledText | LabelledPair) -> bool:
    """Whether there is a label in it: where few have one, all of them may have been kept back."""
    return not isinstance(lesson, LabelledText) or bool(lesson.mentions)
