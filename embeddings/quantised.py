"""Vectors as mean-centred int8, and the exact scan over them: the deterministic score of meaning.

A vector v becomes round((v − mean) / scale) with a scale of its own; the cosine to a query q is then
q·mean + scale · scale_q · Σ(int8 · int8). The sum is exact in int32, so a score never depends on which rows are asked
for, on the order, or on the machine. Knows arrays; does not know what a row is.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import BadVectors
from embeddings.scan_kernels import scan_allowed_codes, scan_codes

Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]
Rows = NDArray[np.int64]
PIECE = 65_536  # rows quantised at once: a million rows must not stand in memory twice
MANY = 0.35  # share of allowed rows from which reading all is faster than skipping some
RESCORED = 20  # candidates whose int8 scores are replaced by exact ones


class Int8Vectors:
    """int8[n, d] with a mean and a scale per row."""

    def __init__(self, codes: NDArray[np.int8], scales: NDArray[np.float32], mean: NDArray[np.float32]) -> None:
        if codes.ndim != 2 or scales.shape != codes.shape[:1] or mean.shape != codes.shape[1:]:
            raise BadVectors(f"codes {codes.shape}, scales {scales.shape} and mean {mean.shape} do not fit.")
        self.codes, self.scales, self.mean = codes, scales, mean

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def build(cls, vectors: Vectors, mean: NDArray[np.float32] | None = None) -> "Int8Vectors":
        """Quantise float32[n, d] of unit length. `mean` is given when rows join others quantised before."""
        if vectors.ndim != 2:
            raise BadVectors(f"Vectors must be float32[n, d]; these have shape {vectors.shape}.")
        if mean is None:
            mean = (vectors.sum(0, dtype=np.float64) / max(len(vectors), 1)).astype(np.float32)
        codes, scales = np.empty(vectors.shape, np.int8), np.empty(len(vectors), np.float32)
        for at in range(0, len(vectors), PIECE):
            piece = slice(at, at + PIECE)
            codes[piece], scales[piece] = _quantise(vectors[piece] - mean)
        return cls(codes, scales, mean)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store."""
        return {"vector_codes": self.codes, "vector_scales": self.scales, "vector_mean": self.mean}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Int8Vectors":
        """The inverse of `arrays`."""
        return cls(arrays["vector_codes"], arrays["vector_scales"], arrays["vector_mean"])

    def scan(self, query: NDArray[np.float32]) -> Scores:
        """Return the cosine of every row to a query of unit length, float32[n]."""
        out = np.empty(len(self), np.float32)
        scan_codes(self.codes, self.scales, *self._prepared(query), out)
        return out

    def scan_allowed(self, query: NDArray[np.float32], allowed: NDArray[np.bool_]) -> Scores:
        """Return `scan(query)` where `allowed`, bool[n], and −inf elsewhere; the fewer rows, the faster."""
        if allowed.shape != (len(self),) or allowed.dtype != np.bool_:
            raise BadVectors(f"The allowed rows must be bool[{len(self)}].")
        if np.count_nonzero(allowed) > MANY * len(self):
            return np.where(allowed, self.scan(query), np.float32(-np.inf))
        out = np.empty(len(self), np.float32)
        scan_allowed_codes(self.codes, self.scales, allowed, *self._prepared(query), out)
        return out

    def top(
        self,
        query: NDArray[np.float32],
        k: int,
        allowed: NDArray[np.bool_] | None = None,
        exact: NDArray[Any] | None = None,
    ) -> tuple[Rows, Scores]:
        """Return the best ≤ k rows and their cosines, best first, equal ones by row.

        `exact`, float32 or float16[n, d] (mapped from a file, perhaps), rescores the first 20 of them: recall@10 is
        then that of float32.
        """
        scores = self.scan(query) if allowed is None else self.scan_allowed(query, allowed)
        wanted = k if exact is None else max(k, RESCORED)
        rows = _best(scores, wanted)
        rows = rows[scores[rows] > -np.inf]
        found = scores[rows]
        if exact is not None:
            head = rows[:RESCORED]
            found[: len(head)] = exact[head].astype(np.float32) @ query
            order = np.lexsort((rows, -found))
            rows, found = rows[order], found[order]
        return rows[:k], found[:k]

    def _prepared(self, query: NDArray[np.float32]) -> tuple[NDArray[np.int16], np.float32, np.float32]:
        """The query's codes, their scale, and its cosine to the mean."""
        if query.shape != self.mean.shape:
            raise BadVectors(f"The query has shape {query.shape}, the vectors {self.mean.shape}.")
        codes, scales = _quantise(query[None, :].astype(np.float32))
        offset = np.float32(query.astype(np.float64) @ self.mean.astype(np.float64))
        return codes[0].astype(np.int16), scales[0], offset


def _quantise(vectors: Vectors) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    largest = np.abs(vectors).max(1) if vectors.size else np.zeros(len(vectors), np.float32)
    if not np.isfinite(largest).all():
        raise BadVectors("Vectors must be finite; some hold NaN or infinity.")
    scales = (np.maximum(largest, 1e-12) / 127).astype(np.float32)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales


def _best(scores: Scores, k: int) -> Rows:
    """The rows of the k highest scores, highest first, equal ones by row; also which of equal ones get in."""
    if k < len(scores):
        edge = np.partition(scores, len(scores) - k)[len(scores) - k] if k > 0 else np.float32(np.inf)
        rows = np.flatnonzero(scores >= edge)
    else:
        rows = np.arange(len(scores))
    return rows[np.argsort(-scores[rows], kind="stable")][: max(k, 0)]
