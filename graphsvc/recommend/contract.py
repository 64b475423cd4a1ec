"""What a recommender is: fit on interactions, score batches of histories into arrays, save, load. And their table.

A new recommender is one module with one class that satisfies `Recommender`, and one row here; the contract test runs
over every row. Knows items by number only.
"""

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray

from graphsvc.recommend.sequences import Numbers, Sequences

Mask = NDArray[np.bool_]
Scores = NDArray[np.float32]
Scored = tuple[Numbers, Scores]

RECOMMENDERS: Mapping[str, str] = {
    "popular": "graphsvc.recommend.popular:Popular",
    "covisit": "graphsvc.recommend.covisit:Covisit",
    "cosine": "graphsvc.recommend.cosine:Cosine",
    "ppmi_svd": "graphsvc.recommend.ppmi_svd:PpmiSvd",
    "content": "graphsvc.recommend.content:Content",
    "again": "graphsvc.recommend.again:Again",
    "blend": "graphsvc.recommend.blend:Blend",
}
MEMORY = 50  # latest items of a history that are read
CUT = 200  # neighbours kept of an item, candidates kept of a model
NO_MASK: Mask = np.empty(0, bool)


@dataclass(frozen=True, slots=True)
class Interactions:
    """What may be learnt from. `items` numbered 0..items−1.

    `sequences` has each shopper's items in order of time; `features` the graph nodes around each item, numbered
    0..nodes−1 (`items` lists); `popularity` what each item weighs, float32[items], or None for plain counts; `worth`
    what each node says beside the others, float32[nodes], or None where they are equal.
    """

    sequences: Sequences
    items: int
    features: Sequences
    nodes: int = 0
    popularity: Scores | None = None
    worth: Scores | None = None

    def counts(self) -> Scores:
        """How often each item occurs, float32[items]."""
        return np.bincount(self.sequences.items, minlength=self.items).astype(np.float32)


class Recommender(Protocol):
    """One way to score items for a history."""

    def fit(self, data: Interactions) -> None:
        """Learn; what was learnt before is forgotten."""
        ...

    def score(self, histories: Sequences, count: int, allowed: Mask | None = None, *, seen: bool = False) -> Scored:
        """Return the `count` best items of each history, best first: ids int32[H, count], scores float32[H, count].

        Unused places hold id −1 and score 0; every score of an item is above 0. Only items that `allowed`, bool[items],
        allows are in the answer, and items of the history itself only if `seen`. The last item of a history is the
        newest. Equal scores are ordered by a hash of the item, so that the numbering of items says nothing.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write what was learnt into files of a folder, durably."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Map what `save` wrote. Raises embeddings.errors.DamagedFile."""
        ...


def recommender_class(name: str) -> type[Recommender]:
    """The class in a row of the table."""
    return cast(type[Recommender], pkgutil.resolve_name(RECOMMENDERS[name]))


def nothing(histories: int, count: int) -> Scored:
    """An answer with every place unused."""
    return np.full((histories, count), -1, np.int32), np.zeros((histories, count), np.float32)


def age_weights(histories: Sequences, decay: float) -> Scores:
    """decay^age of each item, float32[total]."""
    weights: Scores = np.power(decay, histories.ages).astype(np.float32)
    return weights
