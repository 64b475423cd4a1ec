"""Rows of neighbours with weights: how they are built piece by piece, how histories are scored by them, kept in a file.

Knows CSR rows; does not know why an item is the neighbour of another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import read_arrays, write_arrays
from graphsvc.recommend.contract import NO_MASK, Interactions, Mask, Scored, Scores, age_weights, nothing
from graphsvc.recommend.kernels import score_rows
from graphsvc.recommend.sequences import Sequences

PIECE = 4096  # rows that are built at once
RowBuilder = Callable[[int, int], tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class Rows:
    """For each of n items its neighbours, best first, and their weights, float32[total]."""

    targets: Sequences
    weights: Scores

    @classmethod
    def build(cls, count: int, rows: RowBuilder, piece: int = PIECE) -> "Rows":
        """Ask `rows(first, last)` for pieces of `piece` rows and join them."""
        pieces = [rows(first, min(first + piece, count)) for first in range(0, count, piece)]
        if not pieces:
            return cls(Sequences.empty(0), np.empty(0, np.float32))
        parts = [list(part) for part in zip(*pieces, strict=True)]
        del pieces
        lengths, targets, weights = (_joined(part) for part in parts)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        return cls(Sequences(starts, targets), weights)

    def score(self, keys: Sequences, strengths: Scores, seen: Sequences, count: int, allowed: Mask | None,
              items: int) -> Scored:  # fmt: skip
        """Sum the rows `keys` with `strengths`, leave out `seen`, return the best of `items` as in the contract."""
        ids, scores = nothing(len(keys), count)
        mask = NO_MASK if allowed is None else allowed
        score_rows(
            self.targets.starts, self.targets.items, self.weights, keys.items, keys.starts, strengths,
            seen.starts, seen.items, mask, items, ids, scores,
        )  # fmt: skip
        return ids, scores

    def weight(self, source: int, target: int) -> float:
        """The weight between two items, 0 if they are no neighbours."""
        row = self.targets.row(source)
        found = np.flatnonzero(row == target)
        return float(self.weights[self.targets.starts[source] + found[0]]) if len(found) else 0.0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As plain arrays."""
        return {"starts": self.targets.starts, "targets": self.targets.items, "weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> "Rows":
        """From what `arrays` gave."""
        return cls(Sequences(arrays["starts"], arrays["targets"]), arrays["weights"])


def _joined(part: list[NDArray[Any]]) -> NDArray[Any]:
    """Join and empty a list of arrays, so that no more than one column is held twice."""
    joined = np.concatenate(part)
    part.clear()
    return joined


class NeighbourModel:
    """A recommender that sums its rows over the history, an item `decay` times as much for each step back."""

    file: ClassVar[str]
    decay: ClassVar[float]
    memory: ClassVar[int]

    def __init__(self) -> None:
        self.rows = Rows(Sequences.empty(0), np.empty(0, np.float32))

    def fit(self, data: Interactions) -> None:
        """Build the rows."""
        raise NotImplementedError

    def score(self, histories: Sequences, count: int, allowed: Mask | None = None, *, seen: bool = False) -> Scored:
        """See `Recommender.score`."""
        recent = histories.tails(self.memory)
        hidden = Sequences.empty(len(histories)) if seen else histories
        strengths = age_weights(recent, self.decay)
        return self.rows.score(recent, strengths, hidden, count, allowed, len(self.rows.targets))

    def save(self, folder: Path) -> None:
        """See `Recommender.save`."""
        write_arrays(folder / self.file, self.rows.arrays())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """See `Recommender.load`."""
        model = cls()
        model.rows = Rows.from_arrays(read_arrays(folder / cls.file)[0])
        return model
