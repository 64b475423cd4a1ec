"""Convex fusion of words, characters and meaning into one score, and what that score says about matching.

words / max + MEANING · (cosine − max cosine) + CHARACTERS · characters / max − NUMBER · (numbers of the query that the
title lacks). Per query and over all segments together, on the unfiltered catalogue: filters must not move what matches.
Reciprocal-rank fusion is a fifth worse on judged queries (perf/LOG.md). Knows arrays of scores, not documents.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MEANING = 1.1
CHARACTERS = 0.4
NUMBER = 0.1
DELTA = 1.0  # a document within this of the best matches; calibrated by perf/search_homedepot.py


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each document of one segment, float32[D] each."""

    words: Floats
    characters: Floats
    cosine: Floats
    missing: Floats  # how many numbers of the query the title lacks


@dataclass(frozen=True, slots=True)
class Peaks:
    """The best of each kind over all segments: what the parts are measured against."""

    words: float
    characters: float
    cosine: float


@dataclass(frozen=True, slots=True)
class Parts:
    """What each kind of evidence adds to the fused score of one document; they sum to it."""

    words: float
    characters: float
    meaning: float
    numbers: float

    @property
    def score(self) -> float:
        """The fused score."""
        return self.words + self.characters + self.meaning + self.numbers


def peaks(evidences: Sequence[Evidence]) -> Peaks:
    """Return the maxima over all segments; 0 where nothing was found, so that the part falls away."""

    def best(arrays: list[Floats]) -> float:
        return max((float(array.max()) for array in arrays if len(array)), default=0.0)

    return Peaks(
        best([e.words for e in evidences]), best([e.characters for e in evidences]), best([e.cosine for e in evidences])
    )


def fuse(evidences: Sequence[Evidence]) -> list[Floats]:
    """Return the fused score of every document, one float32[D] per segment."""
    top = peaks(evidences)
    return [_fuse_one(evidence, top) for evidence in evidences]


def part(evidence: Evidence, top: Peaks, document: int) -> Parts:
    """Return the parts of one document's fused score."""
    return Parts(
        words=float(evidence.words[document]) / top.words if top.words > 0 else 0.0,
        characters=CHARACTERS * float(evidence.characters[document]) / top.characters if top.characters > 0 else 0.0,
        meaning=MEANING * (float(evidence.cosine[document]) - top.cosine),
        numbers=-NUMBER * float(evidence.missing[document]),
    )


def _fuse_one(evidence: Evidence, top: Peaks) -> Floats:
    score = evidence.cosine - np.float32(top.cosine)
    score *= np.float32(MEANING)
    if top.words > 0:
        score += evidence.words * np.float32(1 / top.words)
    if top.characters > 0:
        score += evidence.characters * np.float32(CHARACTERS / top.characters)
    score -= np.float32(NUMBER) * evidence.missing
    return score
