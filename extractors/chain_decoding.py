"""Best paths and marginals of a linear chain, in numpy: what serves without torch. Training stands in `linear_chain`.

Viterbi 1967; forward-backward after Rabiner 1989. Arrays are float32[units, tags]; sums run in double precision,
for over a long text they grow so large that single precision would give probabilities above 1.
"""

import numpy as np
from numpy.typing import NDArray

from extractors.types import Floats

Sums = NDArray[np.float64]


def best_path(emissions: Floats, between: Floats, first: Floats, last: Floats) -> list[int]:
    """The likeliest tags of one text of at least one unit."""
    score = (first + emissions[0]).astype(np.float64)
    back: list[NDArray[np.intp]] = []
    for row in emissions[1:]:
        reached = score[:, None] + between
        back.append(reached.argmax(0))
        score = reached.max(0) + row
    path = [int((score + last).argmax())]
    for came in reversed(back):
        path.append(int(came[path[-1]]))
    return path[::-1]


def marginals(emissions: Floats, between: Floats, first: Floats, last: Floats) -> Floats:
    """The probability of each tag for each unit."""
    count = len(emissions)
    forward, backward = np.empty(emissions.shape), np.empty(emissions.shape)
    forward[0], backward[-1] = first + emissions[0], last
    for at in range(1, count):
        forward[at] = _log_sum(forward[at - 1][:, None] + between, 0) + emissions[at]
    for at in range(count - 2, -1, -1):
        backward[at] = _log_sum(between + (emissions[at + 1] + backward[at + 1])[None], 1)
    joint = forward + backward
    found: Floats = np.exp(joint - _log_sum(joint, 1)[:, None]).astype(np.float32)
    return found


def _log_sum(values: Sums, axis: int) -> Sums:
    top = values.max(axis, keepdims=True)
    summed: Sums = (top + np.log(np.exp(values - top).sum(axis, keepdims=True))).squeeze(axis)
    return summed
