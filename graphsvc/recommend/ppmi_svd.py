"""PPMI-SVD: items as vectors, near when they occur near the same others (Levy & Goldberg 2014: word2vec by counting).

Knows how near items stand in sequences. Items that occur once have no vector.
"""

from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from embeddings.arrays import read_arrays, write_arrays
from graphsvc.recommend.contract import MEMORY, NO_MASK, Interactions, Mask, Scored, Scores, age_weights, nothing
from graphsvc.recommend.covisit import window_rows
from graphsvc.recommend.kernels import select_dense
from graphsvc.recommend.neighbours import Rows
from graphsvc.recommend.sequences import Numbers, Sequences

FILE = "ppmi_svd"
DECAY = 0.6
DIMENSIONS = 128
SMOOTHING = 0.75  # power of the context's frequency, as in word2vec
KEPT = 64  # partners of an item that enter the matrix
BLOCK = 1024  # histories that are scored at once


class PpmiSvd:
    """`numbers`, int32[m], are the items that have vectors; `vectors`, float32[m, d], of unit length."""

    def __init__(self, items: int = 0, numbers: Numbers | None = None, vectors: Scores | None = None) -> None:
        self.items = items
        self.numbers: Numbers = np.empty(0, np.int32) if numbers is None else numbers
        self.vectors: Scores = np.empty((0, 1), np.float32) if vectors is None else vectors

    def fit(self, data: Interactions) -> None:
        """Factorise the matrix of positive pointwise mutual information."""
        from scipy.sparse.linalg import svds  # late: 8 MB that a service never needs

        matrix = ppmi(data)
        self.items = data.items
        numbers = np.flatnonzero((np.diff(matrix.indptr) > 0) & (data.counts() > 1)).astype(np.int32)
        matrix = matrix[numbers][:, numbers].tocsr()
        dimensions = min(DIMENSIONS, len(numbers) - 1)
        if dimensions < 1 or matrix.nnz == 0:
            self.numbers, self.vectors = np.empty(0, np.int32), np.empty((0, 1), np.float32)
            return
        start = np.random.default_rng(7).standard_normal(len(numbers)).astype(np.float32)
        left, values, _ = svds(matrix, dimensions, v0=start, tol=1e-2)
        vectors = left * np.sqrt(np.maximum(values, 0))
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        self.numbers, self.vectors = numbers, np.ascontiguousarray(vectors, np.float32)

    def score(self, histories: Sequences, count: int, allowed: Mask | None = None, *, seen: bool = False) -> Scored:
        """See `Recommender.score`."""
        ids, scores = nothing(len(histories), count)
        hidden = Sequences.empty(len(histories)) if seen else histories
        mask = NO_MASK if allowed is None else allowed
        for first in range(0, len(histories), BLOCK):
            chosen = np.arange(first, min(first + BLOCK, len(histories)))
            dense = self._profiles(histories.rows(chosen)) @ self.vectors.T
            out = hidden.rows(chosen)
            last = first + len(chosen)
            select_dense(
                dense, self.numbers, out.starts, out.items, mask, self.items, ids[first:last], scores[first:last]
            )
        return ids, scores

    def _profiles(self, histories: Sequences) -> Scores:
        """Σ decay^age · vector of each history, float32[H, d]."""
        recent = histories.tails(MEMORY)
        place = np.full(self.items, -1, np.int32)
        place[self.numbers] = np.arange(len(self.numbers), dtype=np.int32)
        at = place[recent.items]
        known = at >= 0
        kept = recent.kept(known)
        shape = len(histories), len(self.numbers)
        weights = sp.csr_matrix((age_weights(recent, DECAY)[known], at[known], kept.starts), shape=shape)
        profiles: Scores = np.asarray(weights @ self.vectors, np.float32)
        return profiles

    def save(self, folder: Path) -> None:
        """See `Recommender.save`."""
        write_arrays(folder / FILE, {"numbers": self.numbers, "vectors": self.vectors}, {"items": self.items})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """See `Recommender.load`."""
        arrays, meta = read_arrays(folder / FILE)
        return cls(meta["items"], arrays["numbers"], arrays["vectors"])


def ppmi(data: Interactions) -> sp.csr_matrix:
    """Positive pointwise mutual information of items near each other, float32 n × n."""
    scale = np.maximum(data.counts(), 1) ** np.float32(-0.5)  # partners are kept by cosine, so that rare ones stay
    together = _symmetric(window_rows(data, 1.0, np.ones(data.items, np.float32), scale, KEPT), scale)
    frequency = np.asarray(together.sum(1)).ravel()
    contexts = frequency**SMOOTHING
    contexts /= max(contexts.sum(), 1e-30)
    expected = np.repeat(frequency, np.diff(together.indptr)) * contexts[together.indices].astype(np.float32)
    together.data = np.log(np.maximum(together.data / np.maximum(expected, 1e-30), 1)).astype(np.float32)
    together.eliminate_zeros()
    return together


def _symmetric(rows: Rows, scale: NDArray[np.float32]) -> sp.csr_matrix:
    """Rows as a symmetric matrix of what they were before `scale`, without its diagonal."""
    count = len(rows.targets)
    raw = rows.weights / scale[rows.targets.items]
    raw[rows.targets.items == rows.targets.keys] = 0
    half = sp.csr_matrix((raw, rows.targets.items, rows.targets.starts), shape=(count, count))
    half.eliminate_zeros()
    half.sort_indices()
    return half.maximum(half.T.tocsr()).tocsr()
