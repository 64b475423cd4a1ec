"""BM25 over compressed postings: impacts computed once, a query sums them.

Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with idf = ln(1 + (N − n + .5) /
(n + .5)). A document is a bag of weighted terms, so that fields of different weight make one bag (BM25F, section 3.6).
Knows terms and documents by number; does not know where terms come from.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from embeddings.strings import Strings, pack_strings

Floats = NDArray[np.float32]


class Bm25:
    """Postings of D documents. `score` is deterministic: a document's score depends on the query and itself only."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], statistics: Mapping[str, float]) -> None:
        self._arrays, self._statistics = dict(arrays), dict(statistics)
        self._starts, self._documents = arrays["starts"], arrays["documents"]
        self._impacts, self._idf = arrays["impacts"], arrays["idf"]
        self._numbers = {term: n for n, term in enumerate(Strings(arrays["term_bytes"], arrays["term_starts"]))}
        self._count = int(statistics["documents"])

    @classmethod
    def build(cls, bags: Iterable[Mapping[str, float]], *, k1: float, b: float) -> "Bm25":
        """Index bags of term → weighted frequency."""
        flat = _flatten(bags)
        average = max(float(flat.lengths.mean()) if len(flat.lengths) else 0.0, 1e-9)
        frequency = np.bincount(flat.columns, minlength=len(flat.terms))
        idf = np.log1p((len(flat.lengths) - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        return cls._pack(flat, idf, {"average": average, "k1": k1, "b": b})

    def segment(self, bags: Iterable[Mapping[str, float]]) -> "Bm25":
        """Index a few more documents with this index's idf and average length; unseen terms count as seen once."""
        flat = _flatten(bags)
        rare = math.log1p((self._count + 0.5) / 1.5)
        known = [self._numbers.get(term) for term in flat.terms]
        idf = np.array([rare if n is None else self._idf[n] for n in known], np.float32)
        return self._pack(flat, idf, self._statistics)

    @classmethod
    def _pack(cls, flat: "_Flat", idf: Floats, statistics: Mapping[str, float]) -> "Bm25":
        """Turn bags into postings by term, each posting with its impact."""
        k1, b, average = (statistics[name] for name in ("k1", "b", "average"))
        documents = np.repeat(np.arange(len(flat.lengths), dtype=np.int32), np.diff(flat.starts))
        norm = k1 * (1 - b + b * flat.lengths / average)
        impacts = idf[flat.columns] * flat.weights * (k1 + 1) / (flat.weights + norm[documents])
        order = np.argsort(flat.columns, kind="stable")
        term_bytes, term_starts = pack_strings(flat.terms)
        frequency = np.bincount(flat.columns, minlength=len(flat.terms))
        arrays: dict[str, NDArray[Any]] = {
            "starts": np.concatenate([[0], np.cumsum(frequency)]).astype(np.int64),
            "documents": documents[order],
            "impacts": impacts[order].astype(np.float32),
            "idf": idf,
            "term_bytes": term_bytes,
            "term_starts": term_starts,
        }
        return cls(arrays, {**statistics, "documents": len(flat.lengths)})

    def arrays(self) -> tuple[dict[str, NDArray[Any]], dict[str, float]]:
        """The arrays and statistics to store."""
        return self._arrays, self._statistics

    def __len__(self) -> int:
        return self._count

    def __contains__(self, term: str) -> bool:
        return term in self._numbers

    def idf(self, term: str) -> float:
        """How telling a term is, 0 when no document has it."""
        number = self._numbers.get(term)
        return 0.0 if number is None else float(self._idf[number])

    def frequency(self, term: str) -> int:
        """How many documents have a term."""
        number = self._numbers.get(term)
        return 0 if number is None else int(self._starts[number + 1] - self._starts[number])

    def score(self, query: Mapping[str, float]) -> Floats:
        """Return float32[D]: the sum over the query's terms of weight × impact."""
        out = np.zeros(self._count, np.float32)
        for term in sorted(query):  # a fixed order: float sums must not depend on how the query was built
            number = self._numbers.get(term)
            if number is not None:
                first, last = self._starts[number], self._starts[number + 1]
                add_postings(self._documents[first:last], self._impacts[first:last], np.float32(query[term]), out)
        return out

    def documents(self, term: str) -> NDArray[np.int32]:
        """The documents that have a term, ascending."""
        number = self._numbers.get(term)
        if number is None:
            return np.empty(0, np.int32)
        found: NDArray[np.int32] = self._documents[self._starts[number] : self._starts[number + 1]]
        return found


@njit(cache=True, nogil=True)
def add_postings(documents: Any, impacts: Any, weight: Any, out: Any) -> None:
    """Add weight × impact at each document of one posting list."""
    for at in range(len(documents)):
        out[documents[at]] += weight * impacts[at]


@dataclass(frozen=True, slots=True)
class _Flat:
    """Bags laid end to end: bag i holds columns and weights from starts[i] to starts[i + 1]."""

    terms: list[str]
    columns: NDArray[np.int64]
    weights: Floats
    lengths: NDArray[np.float64]
    starts: NDArray[np.int64]


def _flatten(bags: Iterable[Mapping[str, float]]) -> _Flat:
    """Number the terms in order of appearance and lay the bags end to end."""
    numbers: dict[str, int] = {}
    columns: list[int] = []
    weights: list[float] = []
    lengths: list[float] = []
    starts = [0]
    for bag in bags:
        columns.extend(numbers.setdefault(term, len(numbers)) for term in bag)
        weights.extend(bag.values())
        lengths.append(sum(bag.values()))
        starts.append(len(columns))
    return _Flat(
        list(numbers),
        np.array(columns, np.int64),
        np.array(weights, np.float32),
        np.array(lengths, np.float64),
        np.array(starts, np.int64),
    )
