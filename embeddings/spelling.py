"""Corrections by a delete dictionary: words one typing slip apart share a form with one letter deleted.

Garbe, "1000x Faster Spelling Correction" (SymSpell, 2012), for a distance of 1 (insertion, deletion, substitution,
swap), the slip that people make. Knows words and their counts; whether a word ought to be corrected is the caller's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from embeddings.strings import Strings, pack_strings

SHORTEST = 4  # letters: shorter words have too many neighbours


class Speller:
    """Words of a catalogue with their counts, found again through one slip."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = dict(arrays)
        self._words = Strings(arrays["word_bytes"], arrays["word_starts"])
        self._counts, self._keys, self._rows = arrays["counts"], arrays["keys"], arrays["rows"]

    @classmethod
    def build(cls, counts: Mapping[str, int]) -> "Speller":
        """Learn words of letters and how often each stands in the catalogue."""
        words = sorted(word for word in counts if len(word) >= SHORTEST and word.isalpha())
        pairs = [(_key(form), row) for row, word in enumerate(words) for form in _forms(word)]
        keys = np.array([key for key, _ in pairs], np.uint64)
        rows = np.array([row for _, row in pairs], np.int32)
        order = np.argsort(keys, kind="stable")
        word_bytes, word_starts = pack_strings(words)
        frequency = np.array([counts[word] for word in words], np.int64)
        return cls(
            {"word_bytes": word_bytes, "word_starts": word_starts, "counts": frequency, "keys": keys[order],
             "rows": rows[order]}
        )  # fmt: skip

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store."""
        return self._arrays

    def correct(self, word: str) -> tuple[str, int] | None:
        """Return the commonest known word one slip away and its count, or None. The first letter is trusted more."""
        if len(word) < SHORTEST or not word.isalpha():
            return None
        candidates = {int(row) for form in _forms(word) for row in self._find(_key(form))}
        near = [
            (self._words[row][0] == word[0], int(self._counts[row]), self._words[row])
            for row in candidates
            if OSA.distance(word, self._words[row], score_cutoff=1) <= 1
        ]
        return max(near)[2:0:-1] if near else None

    def _find(self, key: int) -> NDArray[np.int32]:
        first, last = (
            np.searchsorted(self._keys, np.uint64(key), "left"),
            np.searchsorted(self._keys, np.uint64(key), "right"),
        )
        found: NDArray[np.int32] = self._rows[first:last]
        return found


def _forms(word: str) -> Iterator[str]:
    """The word and each form of it with one letter deleted."""
    yield word
    yield from (word[:at] + word[at + 1 :] for at in range(len(word)))


def _key(form: str) -> int:
    """64 bits of FNV-1a: stable between runs, unlike hash()."""
    value = 0xCBF29CE484222325
    for byte in form.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value
