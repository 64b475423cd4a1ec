"""How sure a mean over few seeds is, and a difference of two F1 on the same texts. Knows numbers."""

from collections.abc import Sequence
from statistics import mean, stdev

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

LEVEL = 0.95
DRAWS = 2_000
Counts = NDArray[np.int64]  # of each text: right, said, wanted


def t_interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float] | None:
    """Student's interval of the mean over seeds; None of one value, which says nothing of its spread."""
    if len(values) < 2:
        return None
    half = float(t.ppf((1 + level) / 2, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return mean(values) - half, mean(values) + half


def f1_of(counts: Counts) -> NDArray[np.float64]:
    """F1 of sums of counts, the last axis."""
    found: NDArray[np.float64] = 2 * counts[..., 0] / np.maximum(1, counts[..., 1] + counts[..., 2])
    return found


def gain_interval(
    ours: Sequence[Counts], theirs: Sequence[Counts], draws: int = DRAWS, level: float = LEVEL
) -> tuple[float, float]:
    """Interval of the mean difference of F1 by a paired bootstrap, seeded: seeds are drawn, and of each its texts.

    Both give their counts for the same seeds and, of each, the same texts in the same order.
    """
    rng = np.random.default_rng(7)
    gains = np.stack([_gains(one, other, draws, rng) for one, other in zip(ours, theirs, strict=True)])
    drawn = rng.integers(0, len(gains), gains.shape)
    low, high = np.quantile(np.take_along_axis(gains, drawn, 0).mean(0), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _gains(ours: Counts, theirs: Counts, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    texts = len(ours)
    weights = rng.multinomial(texts, np.full(texts, 1 / texts), draws)
    return f1_of(weights @ ours) - f1_of(weights @ theirs)
