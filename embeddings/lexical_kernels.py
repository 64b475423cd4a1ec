"""The loops of the lexical indexes, compiled: postings, sorted lookups, deletion keys. Serial, without the GIL, cached.

Knows arrays of numbers only. `warm` compiles all of them, so that the first query pays nothing.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

OFFSET, PRIME = 0xCBF29CE484222325, 0x100000001B3  # FNV-1a, 64 bits


@njit(cache=True, nogil=True)
def add_postings(documents: Any, impacts: Any, starts: Any, rows: Any, weights: Any, out: Any) -> None:
    """Add weight × impact at each document of the posting lists of `rows`, in their order."""
    for term in range(len(rows)):
        for at in range(starts[rows[term]], starts[rows[term] + 1]):
            out[documents[at]] += weights[term] * impacts[at]


@njit(cache=True, nogil=True)
def impacts_at(documents: Any, impacts: Any, starts: Any, rows: Any, document: int, out: Any) -> None:
    """Write what each posting list of `rows` adds at one document, 0 where it does not stand or the row is negative."""
    for term in range(len(rows)):
        out[term] = 0
        if rows[term] < 0:
            continue
        low, high = starts[rows[term]], starts[rows[term] + 1]
        last = high
        while low < high:
            middle = (low + high) // 2
            if documents[middle] < document:
                low = middle + 1
            else:
                high = middle
        if low < last and documents[low] == document:
            out[term] = impacts[low]


@njit(cache=True, nogil=True)
def count_pieces(terms: Any, starts: Any, size: int) -> Any:
    """Count terms per document: (term, document, count) of each pair, by document, within it by first appearance."""
    out_terms = np.empty(len(terms), np.int32)
    out_documents = np.empty(len(terms), np.int32)
    counts = np.empty(len(terms), np.float32)
    seen = np.full(size, -1, np.int64)
    used = 0
    for document in range(len(starts) - 1):
        first = used
        for at in range(starts[document], starts[document + 1]):
            place = seen[terms[at]]
            if place >= first:
                counts[place] += 1
            else:
                seen[terms[at]] = used
                out_terms[used], out_documents[used], counts[used] = terms[at], document, 1
                used += 1
    return out_terms[:used], out_documents[:used], counts[:used]


@njit(cache=True, nogil=True)
def merge_runs(terms: Any, documents: Any, weights: Any) -> int:
    """Sum neighbours of equal (term, document) in place; return how many are left."""
    last = -1
    for at in range(len(terms)):
        if last >= 0 and terms[at] == terms[last] and documents[at] == documents[last]:
            weights[last] += weights[at]
        else:
            last += 1
            terms[last], documents[last], weights[last] = terms[at], documents[at], weights[at]
    return last + 1


@njit(cache=True, nogil=True)
def deletion_keys(codes: Any, starts: Any) -> Any:
    """FNV-1a of each word and of each form of it with one letter gone: word w has keys starts[w] + w … in order.

    `codes` are code points, uint32[total]; a word of n letters has n + 1 keys, the first of the whole word.
    """
    keys = np.empty(len(codes) + len(starts) - 1, np.uint64)
    at = 0
    for word in range(len(starts) - 1):
        first, last = starts[word], starts[word + 1]
        for gone in range(first - 1, last):
            value = np.uint64(OFFSET)
            for place in range(first, last):
                if place != gone:
                    value = (value ^ np.uint64(codes[place])) * np.uint64(PRIME)
            keys[at] = value
            at += 1
    return keys


def warm() -> None:
    """Compile every kernel for the types it is used with."""
    longs: NDArray[np.int64] = np.zeros(2, np.int64)
    ints, floats = np.zeros(1, np.int32), np.zeros(1, np.float32)
    mapped: list[NDArray[Any]] = [ints.copy(), floats.copy(), longs.copy()]
    for array in mapped:
        array.flags.writeable = False  # mapped arrays are read-only, another type to the compiler
    for documents, impacts, starts in ((ints, floats, longs), mapped):
        add_postings(documents, impacts, starts, longs[:1], floats, floats.copy())
        impacts_at(documents, impacts, starts, longs[:1], 0, floats.copy())
    count_pieces(ints, longs, 1)
    merge_runs(ints, ints.copy(), floats)
    deletion_keys(np.zeros(1, np.uint32), longs)
