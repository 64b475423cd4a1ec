"""The plain rankings that search is measured against: BM25 over title and description, and what peers make of it.

Lower-case words, no stemming, k1 1.2, b .75, nothing else. Reciprocal-rank fusion: Cormack et al., "Reciprocal Rank
Fusion outperforms Condorcet" (2009), k 60. Knows texts and ids; nothing of a catalogue.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from embeddings.bm25 import Bm25Builder, Field, term_key

WORD = re.compile(r"\w+")
K1, B = 1.2, 0.75
K_RRF = 60


class PlainBm25:
    """Ranks texts for a query. Equal scores are ordered by a hash of the id, for the file's order leaks popularity."""

    def __init__(self, ids: Sequence[str], texts: Iterable[str]) -> None:
        self._ids = list(ids)
        self._ties = ties_of(self._ids)
        builder = Bm25Builder((Field(1.0, B),))
        for text in texts:
            builder.add(words_of(text))
        self._index = builder.build(K1)

    def rank(self, query: str, depth: int) -> list[str]:
        """Return the ids of the best texts that have a word of the query."""
        scores = self._index.score(dict.fromkeys(words_of(query), 1.0))
        return best_of(self._ids, scores, self._ties, depth, above=0.0)


def words_of(text: str) -> list[str]:
    """Lower-case words."""
    return WORD.findall(text.lower())


def ties_of(ids: Sequence[str]) -> NDArray[np.uint64]:
    """What orders equal scores."""
    return np.fromiter((term_key(name) for name in ids), np.uint64, len(ids))


def best_of(
    ids: Sequence[str], scores: NDArray[np.float32], ties: NDArray[np.uint64], depth: int, above: float = -np.inf
) -> list[str]:
    """The ids of the highest scores over `above`, best first."""
    rows = np.flatnonzero(scores > above)
    if len(rows) > depth > 0:
        edge = np.partition(scores[rows], len(rows) - depth)[len(rows) - depth]
        rows = rows[scores[rows] >= edge]
    return [ids[row] for row in rows[np.lexsort((ties[rows], -scores[rows]))][:depth]]


def fuse_ranks(rankings: Sequence[Sequence[str]], depth: int) -> list[str]:
    """Reciprocal-rank fusion of rankings."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0.0) + 1 / (K_RRF + rank)
    return sorted(scores, key=lambda name: (-scores[name], term_key(name)))[:depth]
