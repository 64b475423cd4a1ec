"""Many names and the number of each: packed arrays that a mapped file serves, and a few more laid over them.

A name is found by the 64 bits of its hash, and then compared. Knows strings; not what they name.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from embeddings.bm25 import term_key
from embeddings.strings import Strings, pack_strings


class Names(Sequence[str]):
    """Immutable. `find` gives the number of a name; numbers are kept when more names are laid over."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = dict(arrays)
        self._base = Strings(arrays["bytes"], arrays["starts"])
        self._keys, self._order = arrays["keys"], arrays["order"]
        self._more: list[str] = []
        self._numbers: dict[str, int] = {}
        self._count = len(self._base)

    @classmethod
    def build(cls, names: Sequence[str]) -> "Names":
        """Number names in their order; they must differ."""
        keys = np.fromiter((term_key(name) for name in names), np.uint64, len(names))
        order = np.argsort(keys, kind="stable").astype(np.int32)
        packed, starts = pack_strings(names)
        return cls({"bytes": packed, "starts": starts, "keys": keys[order], "order": order})

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store: of the names that were built, without those laid over."""
        return self._arrays

    def with_more(self, names: Iterable[str]) -> "Names":
        """These names and more behind them; a name that is there already gets a second number, the newer one found."""
        grown = object.__new__(Names)
        grown._arrays, grown._base, grown._keys, grown._order = self._arrays, self._base, self._keys, self._order
        grown._more = [*self._more, *names]
        grown._numbers = dict(self._numbers)
        for at in range(len(self._more), len(grown._more)):
            grown._numbers[grown._more[at]] = len(self._base) + at
        grown._count = len(self._base) + len(grown._more)
        return grown

    def find(self, name: str) -> int:
        """The number of a name, −1 when it is unknown."""
        if name in self._numbers:
            return self._numbers[name]
        key = np.uint64(term_key(name))
        at = int(np.searchsorted(self._keys, key))
        while at < len(self._keys) and self._keys[at] == key:
            number = int(self._order[at])
            if self._base[number] == name:
                return number
            at += 1
        return -1

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) >= 0

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if index >= len(self._base):
            return self._more[index - len(self._base)]
        return self._base[index]


def under(arrays: Mapping[str, NDArray[Any]], name: str) -> dict[str, NDArray[Any]]:
    """The arrays stored under a name: "ids.keys" is "keys" under "ids"."""
    return {key.partition(".")[2]: array for key, array in arrays.items() if key.startswith(f"{name}.")}
