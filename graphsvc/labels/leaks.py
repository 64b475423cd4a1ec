"""Texts that stand in two parts of a set: what a model has seen in training says nothing in a test.

Knows texts; does not know what is said of them.
"""

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from graphsvc.labels.items import Item


@dataclass(frozen=True, slots=True)
class Leak:
    """Of `items` of the part `judged`, how many have a text that stands in the part `seen`.

    `exact`: word for word; `folded`: also when width, case and white space do not count. Scores on `unseen` items
    belong beside those on all.
    """

    seen: str
    judged: str
    items: int
    exact: int
    folded: int

    @property
    def unseen(self) -> int:
        """Items whose text is new."""
        return self.items - self.folded


def fold(text: str) -> str:
    """A text without what a reader does not see: NFKC, no case, no white space."""
    folded = "".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())
    return unicodedata.normalize("NFC", folded)  # a mark that lost the space before it joins the letter


def leak(seen: str, train: Iterable[Item], judged: str, test: Collection[Item]) -> Leak:
    """What of a part named `judged` stands in a part named `seen`."""
    known = {item.text for item in train}
    folded = {fold(text) for text in known}
    return Leak(
        seen,
        judged,
        len(test),
        sum(item.text in known for item in test),
        sum(fold(item.text) in folded for item in test),
    )


def unseen(train: Iterable[Item], test: Iterable[Item]) -> list[Item]:
    """The items of a test whose texts stand in no item of the training, whatever their width, case and white space."""
    known = {fold(item.text) for item in train}
    return [item for item in test if fold(item.text) not in known]
