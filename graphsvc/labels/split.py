"""A set into training and test: by a digest of the text, so that equal texts stand in one part, on any machine."""

from collections.abc import Iterable
from hashlib import sha1

from graphsvc.errors import LabelError
from graphsvc.labels.items import Item

TEST = 20  # percent


def text_id(text: str) -> str:
    """The name of a text: its SHA-1."""
    return sha1(text.encode(), usedforsecurity=False).hexdigest()


def is_test(text: str, percent: int = TEST) -> bool:
    """Whether a text belongs to the test."""
    return int(text_id(text), 16) % 100 < percent


def split(items: Iterable[Item], percent: int = TEST) -> dict[str, list[Item]]:
    """Items by part, "train" and "test", in their order. Raises LabelError for a share that leaves a part without."""
    if not 0 < percent < 100:
        raise LabelError(f"A test of {percent} % is no part.", "Give a number from 1 to 99.")
    parts: dict[str, list[Item]] = {"train": [], "test": []}
    for item in items:
        parts["test" if is_test(item.text, percent) else "train"].append(item)
    return parts
