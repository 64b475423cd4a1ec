"""Vectors as mean-centred int8, and the exact scan over them: the deterministic score of meaning.

A vector v becomes round((v − mean) / scale) with a scale of its own; the cosine to a query q is then
q·mean + scale · scale_q · Σ(int8 · int8). The sum is exact in int32, so a score never depends on which rows are asked
for, on the order, or on the machine. Knows arrays; does not know what a row is.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from embeddings.errors import BadVectors

Vectors = NDArray[np.float32]


class Int8Vectors:
    """int8[n, d] with a mean and a scale per row."""

    def __init__(self, codes: NDArray[np.int8], scales: NDArray[np.float32], mean: NDArray[np.float32]) -> None:
        self.codes, self.scales, self.mean = codes, scales, mean

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def build(cls, vectors: Vectors, mean: NDArray[np.float32] | None = None) -> "Int8Vectors":
        """Quantise float32[n, d] of unit length. `mean` is given when rows join others quantised before."""
        if vectors.ndim != 2 or not np.isfinite(vectors).all():
            raise BadVectors("Vectors must be float32[n, d] with finite values.")
        if mean is None:
            mean = (
                vectors.mean(0, dtype=np.float64).astype(np.float32)
                if len(vectors)
                else np.zeros(vectors.shape[1], np.float32)
            )
        codes = np.empty(vectors.shape, np.int8)
        scales = np.empty(len(vectors), np.float32)
        for at in range(0, len(vectors), 65_536):  # in pieces: a million rows must not stand in memory twice
            codes[at : at + 65_536], scales[at : at + 65_536] = _quantise(vectors[at : at + 65_536] - mean)
        return cls(codes, scales, mean)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store."""
        return {"vector_codes": self.codes, "vector_scales": self.scales, "vector_mean": self.mean}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Int8Vectors":
        """The inverse of `arrays`."""
        return cls(arrays["vector_codes"], arrays["vector_scales"], arrays["vector_mean"])

    def scan(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosine of every row to a query of unit length, float32[n]."""
        if query.shape != self.mean.shape or not np.isfinite(query).all():
            raise BadVectors(f"The query must be float32[{self.mean.shape[0]}] with finite values.")
        codes, scale = _quantise(query[None, :])
        out = np.empty(len(self.codes), np.float32)
        scan_codes(self.codes, self.scales, codes[0].astype(np.int16), np.float32(scale[0]), out)
        out += np.float32(query @ self.mean)
        return out


def _quantise(vectors: Vectors) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    largest = np.abs(vectors).max(1) if vectors.size else np.zeros(len(vectors), np.float32)
    scales = (np.maximum(largest, 1e-12) / 127).astype(np.float32)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales


@njit(cache=True, nogil=True, fastmath=False)
def scan_codes(codes: Any, scales: Any, query: Any, query_scale: Any, out: Any) -> None:
    """Write scale · query_scale · (codes · query) of every row into `out`; sums are exact int32."""
    for row in range(codes.shape[0]):
        total = np.int32(0)
        for column in range(codes.shape[1]):
            total += np.int32(codes[row, column]) * np.int32(query[column])
        out[row] = np.float32(total) * scales[row] * query_scale
