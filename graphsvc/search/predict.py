"""Completions while typing: names that have a word that begins like each one typed, with a slip where nothing does.

A name is a title, a category or a brand. Chinese is met by its characters and pairs of them, for it has no gaps between
words. Knows names by number; not what has them, nor how liked it is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import read_arrays, write_arrays
from embeddings.spelling import SHORTEST, Speller, is_correctable
from embeddings.strings import Strings, pack_strings
from embeddings.words import bigrams, is_chinese, tokens
from graphsvc.search.names import under

WORDS = 30  # of a name, and of what is typed
LONGEST = 16  # letters of a beginning in which a slip is looked for
CORRECTIONS = 3  # likeliest beginnings that a mistyped one is taken for
TYPED = 4.0  # merit of a piece met as typed: more than all else that orders names
FIRST = 1.0  # merit of a name whose first word begins as the first piece
SMALL = 128  # names of the newest part that are indexed again with what comes next
Numbers = NDArray[np.int32]
Mask = NDArray[np.bool_]
Merit = NDArray[np.float64]


class Completions:
    """D names, of which several may be the same, to be found by what is typed. Immutable; `with_more` gives another.

    Names that were given together are numbered once where they are the same, 0..N−1: `name_of`, int32[D], says how.
    """

    def __init__(self, parts: Sequence["Part"], newest: Sequence[str] = ()) -> None:
        self._parts, self._newest = tuple(parts), list(newest)

    @classmethod
    def build(cls, names: Sequence[str]) -> "Completions":
        """Index names."""
        return cls([Part.build(names)])

    def with_more(self, names: Sequence[str]) -> "Completions":
        """These names and more behind them, in few parts."""
        if not names:
            return self
        kept = self._parts
        if 0 < len(self._newest) <= SMALL:
            kept, names = kept[:-1], [*self._newest, *names]
        return Completions([*kept, Part.build(names)], names)

    def save(self, path: Path) -> None:
        """Write what was built into a file, durably."""
        write_arrays(path, dict(self._parts[0].arrays()))

    @classmethod
    def open(cls, path: Path) -> "Completions":
        """Map a file. Raises embeddings.errors.DamagedFile."""
        arrays, _ = read_arrays(path)
        return cls([Part(arrays)])

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @cached_property
    def name_of(self) -> Numbers:
        """The number of each name as given."""
        firsts = np.cumsum([0, *map(len, self._parts[:-1])], dtype=np.int32)
        return np.concatenate([part.name_of + first for part, first in zip(self._parts, firsts, strict=True)])

    def find(self, typed: Sequence[str], *, near: bool = False) -> tuple[Mask, Merit]:
        """Which names have, for each piece typed, a word that starts with it, bool[N]; and the merit of each, float[N].

        With `near`, each piece may have one slip.
        """
        held, merit = zip(*(part.find(typed, near=near) for part in self._parts), strict=True)
        return np.concatenate(held), np.concatenate(merit)


class Part:
    """The words of N distinct names, sorted, with the names of each. Arrays only: a mapped file serves."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays
        self._words = Strings(arrays["words"], arrays["offsets"])
        self._starts, self._names, self._first = arrays["starts"], arrays["names"], arrays["first"]
        self.name_of = arrays["name_of"]
        self._beginnings = Speller(under(arrays, "beginnings"))

    def __len__(self) -> int:
        return len(self._first)

    @classmethod
    def build(cls, given: Sequence[str]) -> "Part":
        """Index names."""
        distinct: dict[str, int] = {}
        name_of = np.array([distinct.setdefault(name, len(distinct)) for name in given], np.int32)
        held: dict[str, list[int]] = {}
        firsts: list[str] = []
        for number, name in enumerate(distinct):
            found = dict.fromkeys(pieces(tokens(name)[:WORDS])) or {"": None}
            firsts.append(next(iter(found)))
            for piece in found:
                held.setdefault(piece, []).append(number)
        words = sorted(held)
        starts = np.zeros(len(words) + 1, np.int64)
        np.cumsum([len(held[word]) for word in words], out=starts[1:])
        names = np.array([number for word in words for number in held[word]], np.int32)
        place = {word: at for at, word in enumerate(words)}
        first = np.array([place[word] for word in firsts], np.int32)
        packed, offsets = pack_strings(words)
        beginnings = Speller.build(_beginnings({word: len(held[word]) for word in words})).arrays()
        plain: dict[str, NDArray[Any]] = {
            "words": packed, "offsets": offsets, "starts": starts, "names": names, "first": first,
            "name_of": name_of,
        }  # fmt: skip
        return cls(plain | {f"beginnings.{name}": array for name, array in beginnings.items()})

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The arrays to store."""
        return self._arrays

    def find(self, typed: Sequence[str], *, near: bool) -> tuple[Mask, Merit]:
        """As `Completions.find`."""
        held, merit = np.ones(len(self), np.bool_), np.zeros(len(self))
        for at, piece in enumerate(typed):
            begun, opened = self._begun(piece)
            merit += TYPED * begun
            for _, beginning in self._beginnings.near(piece)[:CORRECTIONS] if near else ():
                more, also = self._begun(beginning)
                begun, opened = begun | more, opened | also
            merit += FIRST * opened if at == 0 else 0.0
            held &= begun
        return held, merit

    def _begun(self, piece: str) -> tuple[Mask, Mask]:
        """The names of which any word, and those of which the first, starts with a piece."""
        low, high = self._lower(piece), self._lower(piece + chr(0x10FFFF))
        begun = np.zeros(len(self), np.bool_)
        begun[self._names[self._starts[low] : self._starts[high]]] = True
        return begun, (self._first >= low) & (self._first < high)

    def _lower(self, word: str) -> int:
        """The first word that is not before this one."""
        low, high = 0, len(self._words)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._words[middle] < word else (low, middle)
        return low


def pieces(words: Sequence[str]) -> list[str]:
    """What is looked up of words: themselves; of Chinese its characters and pairs."""
    found: list[str] = []
    for word in words:
        found.extend([*word, *bigrams(word)] if is_chinese(word) else [word])
    return found


def read_typed(text: str) -> list[str]:
    """The pieces that are looked up of what is typed; a pair of Chinese characters says more than each of them."""
    found: list[str] = []
    for word in tokens(text)[:WORDS]:
        found.extend(bigrams(word) if is_chinese(word) else [word])
    return found


def _beginnings(counts: Mapping[str, int]) -> Counter[str]:
    """What words begin with, and how many names have a word that does."""
    found: Counter[str] = Counter()
    for word, count in counts.items():
        if is_correctable(word):
            for length in range(SHORTEST, min(len(word), LONGEST) + 1):
                found[word[:length]] += count
    return found
