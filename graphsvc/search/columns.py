"""What filters, facets and sorts read of each product: one array a column, one row a product.

Immutable; a changed catalogue has more rows behind and the old ones marked as gone. The arrays are grown with room to
spare, and a catalogue sees only its own part of them, so that a small change copies nothing large. Knows numbers;
names stand in `Names` and `Nodes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
UNKNOWN_STOCK, OUT, IN = -1, 0, 1
UNPRICED = -1
SPARE = 4096  # rows for which room is made when none is left
TYPES: Mapping[str, type] = {
    "tie": np.uint64,
    "document": np.int32,
    "group": np.int32,
    "price": np.float64,
    "currency": np.int32,
    "stock": np.int8,
    "source": np.int32,
    "popularity": np.float64,
    "rating": np.float64,
    "reviews": np.int64,
    "newness": np.int64,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One product in numbers. `nodes` are those of its facts, `implied` the categories above them."""

    tie: int  # 64 bits of its id: the order of products that nothing else orders
    document: int
    group: int  # products of one group are one hit
    price: float  # NaN: unknown
    currency: int  # UNPRICED without a price
    stock: int  # UNKNOWN_STOCK, OUT or IN
    source: int
    popularity: float
    rating: float  # NaN: unknown
    reviews: int
    newness: int  # offset in the log of the row as it stands
    nodes: Sequence[int]
    implied: Sequence[int]


@dataclass(frozen=True, slots=True)
class Columns:
    """Arrays of n rows. The nodes of row r are `nodes[starts[r]:starts[r + 1]]`, each node · 2, + 1 if implied."""

    tie: Array
    document: Array
    group: Array
    price: Array
    currency: Array
    stock: Array
    source: Array
    popularity: Array
    rating: Array
    reviews: Array
    newness: Array
    starts: NDArray[np.int64]
    nodes: NDArray[np.int32]
    rooms: Mapping[str, "Room"] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tie)

    @classmethod
    def empty(cls) -> "Columns":
        """No rows."""
        plain: dict[str, Any] = {name: np.empty(0, kind) for name, kind in TYPES.items()}
        return cls(**plain, starts=np.zeros(1, np.int64), nodes=np.empty(0, np.int32))

    def with_rows(self, rows: Sequence[Row]) -> "Columns":
        """These rows and more behind them."""
        rooms = dict(self.rooms)
        plain: dict[str, Any] = {
            name: _extended(rooms, name, getattr(self, name), np.array([getattr(row, name) for row in rows], kind))
            for name, kind in TYPES.items()
        }
        packed = [[node * 2 for node in row.nodes] + [node * 2 + 1 for node in row.implied] for row in rows]
        ends = self.starts[-1] + np.cumsum([len(nodes) for nodes in packed], dtype=np.int64)
        flat = np.array([node for each in packed for node in each], np.int32)
        return Columns(
            **plain,
            starts=_extended(rooms, "starts", self.starts, ends),
            nodes=_extended(rooms, "nodes", self.nodes, flat),
            rooms=rooms,
        )

    def arrays(self) -> dict[str, Array]:
        """The arrays to store."""
        return {name: getattr(self, name) for name in (*TYPES, "starts", "nodes")}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "Columns":
        """The inverse of `arrays`."""
        stored: dict[str, Any] = {name: arrays[name] for name in (*TYPES, "starts", "nodes")}
        return cls(**stored)

    def facts(self, row: int) -> NDArray[np.int32]:
        """The nodes of a row's own facts."""
        every = self.nodes[self.starts[row] : self.starts[row + 1]]
        own: NDArray[np.int32] = every[every & 1 == 0] >> 1
        return own


class Room:
    """A buffer with spare room behind what is used; whoever sees all that is used may write behind it."""

    def __init__(self, array: Array, spare: int) -> None:
        count = len(array)
        self.buffer = np.empty(count + spare + count // 4, array.dtype)
        self.buffer[:count] = array
        self.used = count

    def extended(self, more: Array) -> Array:
        """All that is used and `more` behind it."""
        self.buffer[self.used : self.used + len(more)] = more
        self.used += len(more)
        return self.buffer[: self.used]

    def fits(self, seen: int, more: int) -> bool:
        """Whether one who sees `seen` may write `more`."""
        return self.used == seen and seen + more <= len(self.buffer)


def _extended(rooms: dict[str, Room], name: str, array: Array, more: Array) -> Array:
    """`array` and `more` behind it, in place where nobody has written there yet."""
    room = rooms.get(name)
    if room is None or not room.fits(len(array), len(more)):
        room = rooms[name] = Room(array, SPARE + len(more))
    return room.extended(more)
