"""Bought together: how many baskets had both of two products, and how much more often than chance.

A basket counts with its distinct products, when they are at most `LINES`. Knows baskets and items by number.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from graphsvc.recommend.kernels import group_rows
from graphsvc.recommend.neighbours import Rows
from graphsvc.recommend.sequences import Numbers, Sequences

LINES = 60  # a larger basket says nothing of its pairs
LEAST = 5  # baskets that a pair must have to be listed


@dataclass(frozen=True, slots=True)
class Pairs:
    """`partners`: of each item those that ≥ LEAST baskets had with it, by count; `baskets`: the baskets of each item.

    Any pair can be counted exactly, listed or not. `total` is the number of baskets.
    """

    partners: Rows
    baskets: Sequences
    total: int

    @classmethod
    def build(cls, basket: NDArray[np.int64], item: Numbers, items: int) -> Self:
        """Count from distinct (basket, item) pairs, sorted by basket."""
        names, numbers, sizes = np.unique(basket, return_inverse=True, return_counts=True)
        small = sizes[numbers] <= LINES
        renumbered = np.cumsum(sizes <= LINES) - 1
        keys, kept = renumbered[numbers[small]].astype(np.int32), item[small]
        total = int((sizes <= LINES).sum())
        contents = Sequences.grouped(keys, kept, total)
        holders = contents.transposed(items)
        ones, scale = np.ones(total, np.float32), np.ones(items, np.float32)

        def rows(first: int, last: int) -> Any:
            return group_rows(
                contents.starts, contents.items, holders.starts, holders.items, ones, scale, first, last, items,
                np.float32(LEAST),
            )  # fmt: skip

        return cls(Rows.build(items, rows, _piece(items)), holders, total)

    def count(self, item: int, other: int) -> int:
        """Baskets that had both."""
        return len(np.intersect1d(self.baskets.row(item), self.baskets.row(other), assume_unique=True))

    def held(self, item: int) -> int:
        """Baskets that had an item."""
        return int(self.baskets.starts[item + 1] - self.baskets.starts[item])

    def table(self) -> tuple[Numbers, Numbers, NDArray[np.int64], NDArray[np.float64]]:
        """Each listed pair once: item, other, count, lift."""
        left, right = self.partners.targets.keys, self.partners.targets.items
        once = left < right
        left, right, count = left[once], right[once], self.partners.weights[once].astype(np.int64)
        held = self.baskets.lengths.astype(np.float64)
        return left, right, count, count * self.total / np.maximum(held[left] * held[right], 1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As plain arrays."""
        rows = {f"pairs.{name}": array for name, array in self.partners.arrays().items()}
        return {**rows, "pairs.basket_starts": self.baskets.starts, "pairs.baskets": self.baskets.items}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], total: int) -> Self:
        """From what `arrays` gave."""
        rows = Rows.from_arrays({name: arrays[f"pairs.{name}"] for name in ("starts", "targets", "weights")})
        return cls(rows, Sequences(arrays["pairs.basket_starts"], arrays["pairs.baskets"]), total)


def lift(count: float, held: float, other_held: float, total: float) -> float:
    """How many times more often than chance two products share a basket."""
    return count * total / max(held * other_held, 1.0)


def _piece(items: int) -> int:
    """Rows built at once: whole rows may be as long as the catalogue, so that few of them fit."""
    return max(16, min(4096, 20_000_000 // max(items, 1)))
