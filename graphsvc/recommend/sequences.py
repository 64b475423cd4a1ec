"""Many lists of numbers as two arrays: the shape of histories, baskets, rows of neighbours and features of items.

Knows int32 numbers and where each list begins; does not know what a number stands for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int32]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sequences:
    """List r of R is `items[starts[r] : starts[r + 1]]`: `starts` int64[R + 1], `items` int32[total]."""

    starts: Places
    items: Numbers

    @classmethod
    def of(cls, lists: Iterable[Sequence[int]]) -> "Sequences":
        """Pack lists."""
        rows = list(lists)
        starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=starts[1:])
        return cls(starts, np.fromiter((item for row in rows for item in row), np.int32, int(starts[-1])))

    @classmethod
    def grouped(cls, keys: Numbers, items: Numbers, count: int) -> "Sequences":
        """Pack `items` by `keys`, 0..count−1, keeping their order within a key."""
        order = np.argsort(keys, kind="stable")
        starts = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(keys, minlength=count), out=starts[1:])
        return cls(starts, items[order])

    @classmethod
    def empty(cls, count: int) -> "Sequences":
        """`count` lists of nothing."""
        return cls(np.zeros(count + 1, np.int64), np.empty(0, np.int32))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, at: int) -> Numbers:
        """One list, as a view."""
        return self.items[self.starts[at] : self.starts[at + 1]]

    @property
    def lengths(self) -> Places:
        """int64[R]."""
        return np.diff(self.starts)

    @property
    def keys(self) -> Numbers:
        """Which list each item belongs to, int32[total]."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.lengths)

    @property
    def ages(self) -> Places:
        """How far from the end of its list each item stands, 0 for the last, int64[total]."""
        return np.repeat(self.starts[1:], self.lengths) - 1 - np.arange(len(self.items))

    def kept(self, mask: NDArray[np.bool_]) -> "Sequences":
        """The same lists with only the items that `mask`, bool[total], keeps."""
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(mask)])
        return Sequences(before[self.starts], self.items[mask])

    def without_last(self, count: int) -> "Sequences":
        """The same lists, each without its last `count` items."""
        return self.kept(self.ages >= count)

    def tails(self, count: int) -> "Sequences":
        """The last `count` items of each list at most."""
        return self.kept(self.ages < count)

    def from_end(self, place: int) -> Numbers:
        """The item `place` from the end of each list (1 is the last), or −1 where the list is shorter."""
        found = np.full(len(self), -1, np.int32)
        long = self.lengths >= place
        found[long] = self.items[self.starts[1:][long] - place]
        return found

    def rows(self, chosen: Places) -> "Sequences":
        """The lists `chosen`, in that order."""
        lengths = self.lengths[chosen]
        starts = np.zeros(len(chosen) + 1, np.int64)
        np.cumsum(lengths, out=starts[1:])
        shift = np.repeat(self.starts[chosen] - starts[:-1], lengths)
        return Sequences(starts, self.items[np.arange(int(starts[-1])) + shift])

    def transposed(self, count: int) -> "Sequences":
        """For each number 0..count−1, the lists that hold it, once per occurrence, in order."""
        return Sequences.grouped(self.items, self.keys, count)

    def distinct(self) -> "Sequences":
        """The same lists without repeats, each item at its first place."""
        code = self.keys.astype(np.int64) << 32 | self.items
        first = np.zeros(len(code), bool)
        first[np.unique(code, return_index=True)[1]] = True
        return self.kept(first)
