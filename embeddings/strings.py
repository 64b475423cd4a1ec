"""Many strings as two arrays: their bytes and where each begins. Knows UTF-8; makes a `str` only when asked."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import overload

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import DamagedFile

CHUNK = 65_536


def pack_strings(strings: Iterable[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes, uint8[total], and the offsets, int64[n + 1]."""
    encoded = [string.encode("utf-8", "surrogatepass") for string in strings]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(piece) for piece in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


class Strings(Sequence[str]):
    """A read-only list of strings over packed arrays."""

    def __init__(self, blob: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(blob):
            raise DamagedFile("The offsets of packed strings do not fit their bytes.")
        self._blob, self._offsets = blob.data, offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return str(self._blob[self._offsets[index] : self._offsets[index + 1]], "utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        for at in range(0, len(self), CHUNK):
            ends = self._offsets[at : at + CHUNK + 1].tolist()  # in pieces: one numpy scalar at a time is 5× slower
            yield from (str(self._blob[a:b], "utf-8", "surrogatepass") for a, b in pairwise(ends))
