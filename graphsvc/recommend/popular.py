"""Popular: the same answer for everyone, by a decayed count. Knows weights only; who decays them gives them."""

from pathlib import Path
from typing import Self

import numpy as np

from embeddings.arrays import read_arrays, write_arrays
from graphsvc.recommend.contract import NO_MASK, Interactions, Mask, Scored, Scores, nothing
from graphsvc.recommend.kernels import select_dense
from graphsvc.recommend.sequences import Sequences

FILE = "popular"


class Popular:
    """`weights`, float32[items], are the scores."""

    def __init__(self, weights: Scores | None = None) -> None:
        self.weights: Scores = np.empty(0, np.float32) if weights is None else weights

    def fit(self, data: Interactions) -> None:
        """Take the given popularity, or count."""
        self.weights = data.counts() if data.popularity is None else data.popularity

    def score(self, histories: Sequences, count: int, allowed: Mask | None = None, *, seen: bool = False) -> Scored:
        """See `Recommender.score`."""
        ids, scores = nothing(len(histories), count)
        hidden = Sequences.empty(len(histories)) if seen else histories
        numbers = np.arange(len(self.weights), dtype=np.int32)
        mask = NO_MASK if allowed is None else allowed
        select_dense(self.weights[None], numbers, hidden.starts, hidden.items, mask, len(self.weights), ids, scores)
        return ids, scores

    def save(self, folder: Path) -> None:
        """See `Recommender.save`."""
        write_arrays(folder / FILE, {"weights": self.weights})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """See `Recommender.load`."""
        return cls(read_arrays(folder / FILE)[0]["weights"])
