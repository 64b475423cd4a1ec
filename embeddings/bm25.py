"""BM25 over compressed postings: impacts computed once, a query sums them.

Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.6 (BM25F): each field
has its weight and its own length norm, so that a long description does not drown a title;
tf = Σ_field weight · tf_field / (1 − b + b · length / average), score = idf · tf · (k1 + 1) / (tf + k1), with
idf = ln(1 + (N − n + .5) / (n + .5)). Knows terms and documents by number; does not know where terms come from.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.lexical_kernels import add_postings, count_pieces, impacts_at, merge_runs

Floats = NDArray[np.float32]
Array = NDArray[Any]
CHUNK = 1 << 20  # terms held as Python numbers before they are packed


@dataclass(frozen=True, slots=True)
class Field:
    """How much a word in this field counts, and how much the field's length takes from it (0..1)."""

    weight: float = 1.0
    b: float = 0.75


class Bm25:
    """Postings of D documents. `score` is deterministic: a document's score depends on the query and itself only.

    Everything is an array, so that a mapped file serves as it is: terms are found by binary search over 64-bit keys.
    """

    def __init__(self, arrays: Mapping[str, Array], statistics: Mapping[str, Any]) -> None:
        self._arrays, self._statistics = dict(arrays), dict(statistics)
        self._keys, self._starts, self._documents = arrays["keys"], arrays["starts"], arrays["documents"]
        self._impacts, self._idf = arrays["impacts"], arrays["idf"]
        self._count = int(statistics["documents"])

    @property
    def statistics(self) -> dict[str, Any]:
        """What a segment takes over from its base: documents, average length of each field, k1."""
        return self._statistics

    def arrays(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The arrays and statistics to store."""
        return self._arrays, self._statistics

    def __len__(self) -> int:
        return self._count

    def __contains__(self, term: str) -> bool:
        return self._row(term) >= 0

    def idf(self, term: str) -> float:
        """How telling a term is, 0 when no document has it."""
        row = self._row(term)
        return float(self._idf[row]) if row >= 0 else 0.0

    def frequency(self, term: str) -> int:
        """How many documents have a term."""
        return len(self.documents(term))

    def documents(self, term: str) -> NDArray[np.int32]:
        """The documents that have a term, ascending."""
        return self._documents[self._postings(term)]

    def impact(self, term: str, document: int) -> float:
        """What a term adds to the score of one document, 0 when it does not stand there."""
        postings = self._postings(term)
        found = self._documents[postings]
        at = int(np.searchsorted(found, document))
        return float(self._impacts[postings][at]) if at < len(found) and found[at] == document else 0.0

    def impacts(self, rows: NDArray[np.int64], document: int) -> Floats:
        """What the terms of those rows (see `rows`) add to the score of one document, float32[terms]."""
        out = np.empty(len(rows), np.float32)
        impacts_at(self._documents, self._impacts, self._starts, rows, document, out)
        return out

    def rows(self, terms: Sequence[str]) -> NDArray[np.int64]:
        """The row of each term, −1 where no document has it."""
        return self.rows_of(np.array([term_key(term) for term in terms], np.uint64))

    def score(self, query: Mapping[str, float]) -> Floats:
        """Return float32[D]: the sum over the query's terms of weight × impact."""
        out = np.zeros(self._count, np.float32)
        ordered = sorted(query)  # a fixed order: float sums must not depend on how the query was built
        rows = self.rows(ordered)
        weights = np.array([query[term] for term in ordered], np.float32)
        add_postings(self._documents, self._impacts, self._starts, rows[rows >= 0], weights[rows >= 0], out)
        return out

    def rows_of(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The row of each term key, −1 where there is none."""
        if not len(self._keys):
            return np.full(len(keys), -1, np.int64)
        rows = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[rows] == keys, rows, -1)

    def idf_of(self, keys: NDArray[np.uint64]) -> Floats:
        """The idf of each term key; an unseen term counts as seen once."""
        rows = self.rows_of(keys)
        idf = np.full(len(keys), math.log1p((self._count + 0.5) / 1.5), np.float32)
        idf[rows >= 0] = self._idf[rows[rows >= 0]]
        return idf

    def _row(self, term: str) -> int:
        return int(self.rows([term])[0])

    def _postings(self, term: str) -> slice:
        row = self._row(term)
        return slice(int(self._starts[row]), int(self._starts[row + 1])) if row >= 0 else slice(0, 0)


class Bm25Builder:
    """Takes documents one after another, the terms of each field, and packs them in pieces of bounded size."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._numbers: dict[str, int] = {}
        self._open: list[list[int]] = [[] for _ in fields]
        self._ends: list[list[int]] = [[0] for _ in fields]
        self._pieces: list[list[tuple[Array, Array, Array]]] = [[] for _ in fields]
        self._lengths: list[list[Array]] = [[] for _ in fields]
        self._packed = self._count = 0

    def add(self, *terms: Iterable[str]) -> None:
        """Add the next document: its terms by field, in the order of the fields."""
        numbers = self._numbers
        for held, ends, found in zip(self._open, self._ends, terms, strict=True):
            held.extend([numbers.setdefault(term, len(numbers)) for term in found])
            ends.append(len(held))
        self._count += 1
        if max(map(len, self._open)) >= CHUNK:
            self._pack()

    def build(self, k1: float, base: Bm25 | None = None) -> Bm25:
        """Return the index; with `base`, its idf and average lengths are taken over, so that scores compare."""
        self._pack()
        lengths = [np.concatenate(pieces) for pieces in self._lengths]
        averages = base.statistics["averages"] if base else [_average(length) for length in lengths]
        terms, documents, weights = self._weigh(lengths, averages)
        words = list(self._numbers)
        keys = np.array([term_key(word) for word in words], np.uint64)
        order = np.argsort(keys)
        frequency = np.bincount(terms, minlength=len(words))
        idf = base.idf_of(keys) if base else np.log1p((self._count - frequency + 0.5) / (frequency + 0.5))
        idf = idf.astype(np.float32)
        impacts = (idf[terms] * weights * np.float32(k1 + 1) / (weights + np.float32(k1))).astype(np.float32)
        place = np.empty(len(words), np.int32)
        place[order] = np.arange(len(words), dtype=np.int32)
        by_key = np.argsort(place[terms], kind="stable")
        arrays: dict[str, Array] = {
            "keys": keys[order],
            "starts": np.concatenate([[0], np.cumsum(frequency[order])]).astype(np.int64),
            "documents": documents[by_key],
            "impacts": impacts[by_key],
            "idf": idf[order],
        }
        return Bm25(arrays, {"documents": self._count, "averages": averages})

    def _pack(self) -> None:
        """Turn what is held as Python numbers into counted arrays."""
        for field, (held, ends) in enumerate(zip(self._open, self._ends, strict=True)):
            starts = np.array(ends, np.int64)
            terms, documents, counts = count_pieces(np.array(held, np.int32), starts, len(self._numbers))
            self._pieces[field].append((terms, documents + np.int32(self._packed), counts))
            self._lengths[field].append(np.diff(starts).astype(np.float32))
            held.clear()
            ends[:] = [0]
        self._packed = self._count

    def _weigh(self, lengths: Sequence[Floats], averages: Sequence[float]) -> tuple[Array, Array, Floats]:
        """Sum the fields' normalised counts: (term, document, weight) by term, then document."""
        columns: list[tuple[Array, Array, Array]] = []
        for field, pieces, length, average in zip(self._fields, self._pieces, lengths, averages, strict=True):
            norm = (field.weight / (1 - field.b + field.b * length / average)).astype(np.float32)
            columns += [(terms, documents, counts * norm[documents]) for terms, documents, counts in pieces]
        self._pieces.clear()
        terms, documents, weights = (np.concatenate(column) for column in zip(*columns, strict=True))
        order = np.lexsort((documents, terms))
        terms, documents, weights = terms[order], documents[order], weights[order]
        left = merge_runs(terms, documents, weights)
        return terms[:left], documents[:left], weights[:left]


def term_key(term: str) -> int:
    """64 bits of blake2b: two terms of a vocabulary of 10⁶ share one with a chance of 3 · 10⁻⁸."""
    return int.from_bytes(blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _average(lengths: Floats) -> float:
    """Average length of the documents that have this field at all."""
    filled = lengths[lengths > 0]
    return float(filled.mean()) if len(filled) else 1.0
