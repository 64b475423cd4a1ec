"""Corrections by a delete dictionary: words one typing slip apart share a form with one letter deleted.

Garbe, "1000x Faster Spelling Correction" (SymSpell, 2012), for a distance of 1 (insertion, deletion, substitution,
swap), the slip that people make. Knows words and their counts; whether a word ought to be corrected is the caller's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.lexical_kernels import deletion_keys
from embeddings.strings import Strings, pack_strings

SHORTEST = 4  # letters: shorter words have too many neighbours
MOST_STARTING = 50  # words with one beginning that are looked at
FIRST = 30  # a slip in the first letter is this much rarer than one further in: it needs as much more evidence


class Speller:
    """Words of a catalogue with their counts, found again through one slip. Arrays only: a mapped file serves."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = dict(arrays)
        self._words = Strings(arrays["word_bytes"], arrays["word_starts"])
        self._counts, self._keys, self._rows = arrays["counts"], arrays["keys"], arrays["rows"]

    @classmethod
    def build(cls, counts: Mapping[str, int]) -> "Speller":
        """Learn words of letters and how often each stands in the catalogue."""
        words = sorted(word for word in counts if is_correctable(word))
        codes, starts = _codes(words)
        keys = deletion_keys(codes, starts)
        rows = np.repeat(np.arange(len(words), dtype=np.int32), np.diff(starts) + 1)
        order = np.argsort(keys, kind="stable")
        word_bytes, word_starts = pack_strings(words)
        arrays: dict[str, NDArray[Any]] = {
            "word_bytes": word_bytes,
            "word_starts": word_starts,
            "counts": np.array([counts[word] for word in words], np.int64),
            "keys": keys[order],
            "rows": rows[order],
        }
        return cls(arrays)

    def __len__(self) -> int:
        return len(self._words)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store."""
        return self._arrays

    def near(self, word: str) -> list[tuple[float, str]]:
        """Return the known words one slip away, likeliest first, each with its count, less for a slip at the start."""
        if len(word) < SHORTEST - 1 or not word.isalpha():  # one letter may have been left out
            return []
        rows = self._rows_of(deletion_keys(*_codes([word])))
        found = [(self._words[row], int(self._counts[row])) for row in rows]
        rated = [
            (n if _starts_alike(w, word) else n / FIRST, w) for w, n in found if w != word and is_one_slip(word, w)
        ]
        return sorted(rated, key=lambda pair: (-pair[0], pair[1]))

    def starting(self, word: str) -> list[str]:
        """Known words that begin with `word`, at most MOST_STARTING."""
        first, last = 0, len(self._words)
        while first < last:
            middle = (first + last) // 2
            first, last = (middle + 1, last) if self._words[middle] < word else (first, middle)
        found = []
        for row in range(first, min(first + MOST_STARTING, len(self._words))):
            if not self._words[row].startswith(word):
                break
            found.append(self._words[row])
        return found

    def __contains__(self, word: str) -> bool:
        return any(self._words[int(row)] == word for row in self._rows_of(deletion_keys(*_codes([word]))[:1]))

    def _rows_of(self, keys: NDArray[np.uint64]) -> set[int]:
        """The words that have any of these keys."""
        firsts, lasts = np.searchsorted(self._keys, keys, "left"), np.searchsorted(self._keys, keys, "right")
        return {int(row) for first, last in zip(firsts, lasts, strict=True) for row in self._rows[first:last]}


def is_correctable(word: str) -> bool:
    """Words of enough letters, and of letters only: model codes stay as typed."""
    return len(word) >= SHORTEST and word.isalpha()


def is_one_slip(first: str, second: str) -> bool:
    """Whether one insertion, deletion, substitution or swap of neighbours makes one word of the other, or none."""
    shorter = min(len(first), len(second))
    head = next((at for at in range(shorter) if first[at] != second[at]), shorter)
    left, right = first[head:], second[head:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return max(len(left), len(right)) <= 1 or (len(left) == len(right) == 2 and left == right[::-1])


def _starts_alike(first: str, second: str) -> bool:
    """Whether the slip was not in the first letter; a swap of the first two is as common as one further in."""
    return first[0] == second[0] or first[:2] == second[1::-1]


def _codes(words: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Code points of words laid end to end and where each begins."""
    starts = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(word) for word in words], out=starts[1:])
    return np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32), starts
