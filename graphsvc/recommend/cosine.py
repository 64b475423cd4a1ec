"""Weighted cosine: items that the same shoppers have, in any order; busy shoppers and popular items count less."""

from typing import Any, ClassVar

import numpy as np

from graphsvc.recommend.contract import CUT, MEMORY, Interactions
from graphsvc.recommend.kernels import group_rows
from graphsvc.recommend.neighbours import NeighbourModel, Rows

SHOPPER, ITEM = 0.5, 0.3  # powers of a shopper's items and of an item's popularity that are divided by
LONGEST = 300  # latest items of one shopper that are read: the work grows with their square


class Cosine(NeighbourModel):
    """C[i, j] = Σ over shoppers with both |shopper|^−.5, / pop_i^.3 pop_j^.3; the 200 best of a row."""

    file: ClassVar[str] = "cosine"
    decay: ClassVar[float] = 0.9  # taste, where covisit has the moment
    memory: ClassVar[int] = MEMORY

    def fit(self, data: Interactions) -> None:
        """Build the rows."""
        shoppers = data.sequences.tails(LONGEST).distinct()
        holders = shoppers.transposed(data.items)
        weights = np.maximum(shoppers.lengths, 1).astype(np.float32) ** -SHOPPER
        scale = np.maximum(data.counts(), 1) ** np.float32(-ITEM)

        def rows(first: int, last: int) -> Any:
            return group_rows(
                shoppers.starts, shoppers.items, holders.starts, holders.items, weights, scale, first, last, CUT,
                np.float32(0),
            )  # fmt: skip

        found = Rows.build(data.items, rows)
        self.rows = Rows(found.targets, found.weights * np.repeat(scale, found.targets.lengths))
