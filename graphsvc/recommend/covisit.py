"""Directional co-visitation: what shoppers took up after an item, by how soon. Knows the order of sequences only."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from graphsvc.recommend.contract import CUT, MEMORY, Interactions
from graphsvc.recommend.kernels import neighbour_rows
from graphsvc.recommend.neighbours import NeighbourModel, Rows

WINDOW = 20  # places apart that still count
BACK = 0.3  # what preceding is worth against following
SOURCE, TARGET = 0.3, 0.1  # powers of popularity that a row and a column are divided by


class Covisit(NeighbourModel):
    """S[i, j] = Σ gap^−½ where j follows i, .3 of it where j precedes i, / pop_i^.3 pop_j^.1; the 200 best of a row."""

    file: ClassVar[str] = "covisit"
    decay: ClassVar[float] = 0.6
    memory: ClassVar[int] = MEMORY

    def fit(self, data: Interactions) -> None:
        """Build the rows."""
        popular: NDArray[np.float32] = np.maximum(data.counts(), 1)
        self.rows = window_rows(data, BACK, _power(popular, -SOURCE), _power(popular, -TARGET), CUT)


def window_rows(
    data: Interactions, back: float, source: NDArray[np.float32], target: NDArray[np.float32], top: int
) -> Rows:
    """Rows of gap-weighted co-occurrence, scaled by `source` and `target`, float32[items]."""
    sequences = data.sequences
    places = sequences.items.argsort(kind="stable")
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(sequences.items, minlength=data.items))])
    gaps = np.concatenate([np.zeros(1), np.arange(1, WINDOW + 1) ** -0.5]).astype(np.float32)
    keys = sequences.keys

    def rows(first: int, last: int) -> Any:
        return neighbour_rows(
            sequences.starts, sequences.items, keys, starts, places, gaps, np.float32(back), source, target,
            first, last, top,
        )  # fmt: skip

    return Rows.build(data.items, rows)


def _power(values: NDArray[np.float32], exponent: float) -> NDArray[np.float32]:
    return np.power(values, np.float32(exponent)).astype(np.float32)
