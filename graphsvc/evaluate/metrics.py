"""Ranking metrics. Knows ranks and gains; does not know what is ranked.

NDCG: Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002), gain 2^(rel−1) − 1 for grades
1..3 and discount log2(1 + rank). Condensed lists: Sakai, "Alternatives to Bpref" (2007).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def ndcg(ranking: Sequence[str], grades: Mapping[str, float], depth: int = 10, *, condensed: bool = False) -> float:
    """NDCG at `depth` of one ranking; unjudged items count 0, or are removed first if `condensed`."""
    kept = [item for item in ranking if item in grades] if condensed else ranking
    gained = _discounted([_gain(grades.get(item, 1.0)) for item in kept[:depth]])
    ideal = _discounted(sorted(map(_gain, grades.values()), reverse=True)[:depth])
    return gained / ideal if ideal else 0.0


def recall(ranking: Sequence[str], relevant: frozenset[str], depth: int = 100) -> float:
    """Share of the relevant items among the first `depth`."""
    return len(relevant.intersection(ranking[:depth])) / len(relevant) if relevant else 0.0


def bootstrap_interval(
    ours: Sequence[float], theirs: Sequence[float], draws: int = 2000, level: float = 0.95
) -> tuple[float, float]:
    """Interval of the ratio of means by a paired bootstrap over queries (Efron & Tibshirani 1993), seeded."""
    rng = np.random.default_rng(7)
    first, second = np.asarray(ours), np.asarray(theirs)
    rows = rng.integers(0, len(first), (draws, len(first)))
    ratios: NDArray[np.float64] = first[rows].mean(1) / np.maximum(second[rows].mean(1), 1e-12)
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _gain(grade: float) -> float:
    return float(2 ** (grade - 1) - 1)


def _discounted(gains: Sequence[float]) -> float:
    return float(sum(gain / np.log2(2 + rank) for rank, gain in enumerate(gains)))
