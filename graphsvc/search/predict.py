"""Completions while typing: titles that have a word that begins like each one typed.

Chinese is met by its characters and pairs of them, for it has no gaps between words. Knows titles by number and weight;
not which products have them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import read_arrays, write_arrays
from embeddings.strings import Strings, pack_strings
from embeddings.words import bigrams, is_chinese, tokens

WORDS = 30  # of a title, and of what is typed
Documents = NDArray[np.int32]


class Completions:
    """The words of D titles, sorted, with the titles of each. Arrays only: a mapped file serves."""

    def __init__(self, words: Strings, starts: NDArray[np.int64], titles: Documents, weights: NDArray[np.float64]):
        self._words, self._starts, self._titles, self.weights = words, starts, titles, weights

    def __len__(self) -> int:
        return len(self.weights)

    @classmethod
    def build(cls, titles: Sequence[str], weights: NDArray[np.float64]) -> "Completions":
        """Index titles; `weights` float64[D] say how liked each is."""
        numbers: dict[str, int] = {}
        words: list[int] = []
        counts = np.zeros(len(titles), np.int64)
        for at, title in enumerate(titles):
            found = dict.fromkeys(pieces(tokens(title)[:WORDS]))
            words.extend([numbers.setdefault(piece, len(numbers)) for piece in found])
            counts[at] = len(found)
        names = list(numbers)
        order = sorted(range(len(names)), key=names.__getitem__)
        place = np.empty(len(names), np.int64)
        place[order] = np.arange(len(names))
        sorted_words = place[np.array(words, np.int64)]
        by_word = np.argsort(sorted_words, kind="stable")
        owners = np.repeat(np.arange(len(titles), dtype=np.int32), counts)[by_word]
        starts = np.concatenate([[0], np.cumsum(np.bincount(sorted_words, minlength=len(names)))]).astype(np.int64)
        packed = Strings(*pack_strings([names[at] for at in order]))
        return cls(packed, starts, owners, np.asarray(weights, np.float64))

    def save(self, path: Path) -> None:
        """Write into a file, durably."""
        packed, offsets = pack_strings(self._words)
        write_arrays(path, {
            "words": packed, "offsets": offsets, "starts": self._starts, "titles": self._titles,
            "weights": self.weights,
        })  # fmt: skip

    @classmethod
    def open(cls, path: Path) -> "Completions":
        """Map a file. Raises embeddings.errors.DamagedFile."""
        arrays, _ = read_arrays(path)
        words = Strings(arrays["words"], arrays["offsets"])
        return cls(words, arrays["starts"], arrays["titles"], arrays["weights"])

    def find(self, typed: Sequence[str]) -> NDArray[np.int64]:
        """The titles that have, for each piece typed, a word that starts with it, ascending."""
        held = np.ones(len(self), np.bool_)
        for piece in typed:
            first, last = self._lower(piece), self._lower(piece + chr(0x10FFFF))
            begun = np.zeros(len(self), np.bool_)
            begun[self._titles[self._starts[first] : self._starts[last]]] = True
            held &= begun
        return np.flatnonzero(held)

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
