"""The blend: a weighted sum of recommenders, each scaled by one number, so that sure answers count for more.

Weights come from validation (the item before the last), never from what is judged. Knows the other rows of the table.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import read_arrays, write_arrays
from graphsvc.recommend.contract import (
    CUT,
    Interactions,
    Mask,
    Recommender,
    Scored,
    Scores,
    nothing,
    recommender_class,
)
from graphsvc.recommend.kernels import blend_scores, ranks_of
from graphsvc.recommend.sequences import Numbers, Sequences

FILE = "blend"
DEFAULTS: Mapping[str, float] = {"covisit": 1.0, "cosine": 0.1, "ppmi_svd": 0.1, "content": 0.4, "popular": 0.01,
                                  "again": 1.0}  # fmt: skip
GRID = (0.0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5)
AGAIN = "again"  # says nothing of new items, so that its weight is chosen apart
AGAIN_GRID = (0.0, 0.3, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
ALWAYS = ("content", "popular")
FEWEST = 100  # judged shoppers below which weights would be luck: the defaults stay
MOST = 12_000  # judged shoppers that are enough
GAIN = 1.002  # a weight moves only for a gain of more than this
NEARLY = 0.99  # of the best is good enough for what a shopper knows already: the rest is room for news
ROUNDS = 3
BLOCK = 4096  # histories that are scored at once
DEPTH = 10


class Blend:
    """`weights` and `scales` by member; a member's score counts weight / scale. Of each member `CUT` items are read."""

    def __init__(self, members: Mapping[str, Recommender] | None = None) -> None:
        self.members = dict(members) if members is not None else {name: recommender_class(name)() for name in DEFAULTS}
        self.weights = {name: DEFAULTS.get(name, 0.1) for name in self.members}
        self.scales = dict.fromkeys(self.members, 1.0)
        self.items = 0

    def fit(self, data: Interactions) -> None:
        """Fit every member and take its scale from the answers to the sequences themselves. Weights stay."""
        self.items = data.items
        for member in self.members.values():
            member.fit(data)
        chosen = _sample(np.flatnonzero(data.sequences.lengths > 0), 1000)
        histories = data.sequences.rows(chosen)
        self._measure(self._candidates(histories))
        if AGAIN in self.members:
            best = self.members[AGAIN].score(histories, 1, seen=True)[1]
            self.scales[AGAIN] = float(best.mean()) if len(best) else 1.0

    def tune(self, histories: Sequences, targets: Numbers) -> None:
        """Choose the weights that rank targets[h], an item, best for histories[h] (NDCG@10), by coordinate ascent.

        Targets that are negative or that the history holds are not judged. Few judged ones leave the defaults.
        """
        judged = _sample(np.flatnonzero(_fresh(histories, targets)), MOST)
        if not self.can_tune(len(judged)):
            return
        ids, scores = self._candidates(histories.rows(judged))
        again = {AGAIN: self.weights[AGAIN]} if AGAIN in self.members else {}
        scales = self.scales
        self._measure((ids, scores))
        self.scales |= {name: scales[name] for name in again}
        best = _ascend(list(self.weights.values()), ids, self._scaled(scores), targets[judged], self.items)
        self.weights = dict(zip(self.members, best, strict=True)) | again

    def tune_again(self, histories: Sequences, targets: Numbers) -> None:
        """Choose what the shopper's own past weighs: the least that ranks targets[h], new or not, nearly best."""
        judged = _sample(np.flatnonzero((targets >= 0) & (histories.lengths > 0)), MOST)
        if AGAIN not in self.members or not self.can_tune(len(judged)):
            return
        ids, scores = self._candidates(histories.rows(judged), seen=True)
        scaled, values = self._scaled(scores), []
        for weight in AGAIN_GRID:
            trial = list((self.weights | {AGAIN: weight}).values())
            values.append(_ndcg(trial, ids, scaled, targets[judged], self.items))
        enough = next(at for at, value in enumerate(values) if value >= NEARLY * max(values))
        self.weights[AGAIN] = AGAIN_GRID[enough]

    def prune(self) -> None:
        """Forget members that weigh nothing, but for those that answer where no shopper has been."""
        self.members = {name: m for name, m in self.members.items() if self.weights[name] > 0 or name in ALWAYS}
        self.weights = {name: self.weights[name] for name in self.members}
        self.scales = {name: self.scales[name] for name in self.members}

    def can_tune(self, judged: int) -> bool:
        """Whether so many judged shoppers say more than luck."""
        return judged >= FEWEST

    def blank(self) -> "Blend":
        """A blend of the same members and weights that has learnt nothing yet."""
        empty = Blend({name: recommender_class(name)() for name in self.members})
        empty.weights = dict(self.weights)
        return empty

    def score(self, histories: Sequences, count: int, allowed: Mask | None = None, *, seen: bool = False) -> Scored:
        """See `Recommender.score`."""
        ids, scores = nothing(len(histories), count)
        for first in range(0, len(histories), BLOCK):
            chosen = np.arange(first, min(first + BLOCK, len(histories)))
            found, values = self._candidates(histories.rows(chosen), max(CUT, count), allowed, seen=seen)
            last = first + len(chosen)
            blend_scores(found, values, self.factors(), self.items, ids[first:last], scores[first:last])
        return ids, scores

    def factors(self) -> Scores:
        """Weight / scale of each member, float32[M]."""
        return np.array([self.weights[name] / self.scales[name] for name in self.members], np.float32)

    def _candidates(
        self, histories: Sequences, count: int = CUT, allowed: Mask | None = None, *, seen: bool = False
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """What each member says: ids int32[M, H, count], scores float32[M, H, count]."""
        answers = [member.score(histories, count, allowed, seen=seen) for member in self.members.values()]
        return np.stack([ids for ids, _ in answers]), np.stack([scores for _, scores in answers])

    def _scaled(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """What members say, each divided by its scale: float32[M, H, count]."""
        scaled: NDArray[np.float32] = scores / np.array(list(self.scales.values()), np.float32)[:, None, None]
        return scaled

    def _measure(self, candidates: Scored) -> None:
        """The scale of a member is its mean best score."""
        for at, name in enumerate(self.members):
            best = candidates[1][at, :, 0]
            best = best[best > 0]
            self.scales[name] = float(best.mean()) if len(best) else 1.0

    def save(self, folder: Path) -> None:
        """See `Recommender.save`: the members' files, and one of ours."""
        for member in self.members.values():
            member.save(folder)
        meta = {"weights": self.weights, "scales": self.scales, "items": self.items}
        write_arrays(folder / FILE, {}, meta)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """See `Recommender.load`."""
        _, meta = read_arrays(folder / FILE)
        blend = cls({name: recommender_class(name).load(folder) for name in meta["weights"]})
        blend.weights, blend.scales, blend.items = meta["weights"], meta["scales"], meta["items"]
        return blend


def _ascend(
    weights: Sequence[float], ids: NDArray[np.int32], scores: NDArray[np.float32], targets: Numbers, items: int
) -> list[float]:
    """Move one weight at a time to the grid's best; the first member's stays, for only ratios matter."""
    best = list(weights)
    value = _ndcg(best, ids, scores, targets, items)
    for _ in range(ROUNDS):
        before = list(best)
        for at in range(1, len(best)):
            for choice in GRID:
                trial = [*best[:at], choice, *best[at + 1 :]]
                found = _ndcg(trial, ids, scores, targets, items)
                if found > value * GAIN:
                    best, value = trial, found
        if best == before:
            break
    for at in range(1, len(best)):  # what hardly matters goes
        trial = [*best[:at], 0.0, *best[at + 1 :]]
        found = _ndcg(trial, ids, scores, targets, items)
        if found * GAIN >= value:
            best, value = trial, max(found, value)
    return best


def _ndcg(
    weights: Sequence[float], ids: NDArray[np.int32], scores: NDArray[np.float32], targets: Numbers, items: int
) -> float:
    ranks = np.empty(len(targets), np.int32)
    ranks_of(ids, scores, np.array(weights, np.float32), targets, items, ranks)
    hits = ranks[(ranks >= 0) & (ranks < DEPTH)]
    return float((1 / np.log2(2.0 + hits)).sum() / len(targets))


def _fresh(histories: Sequences, targets: Numbers) -> NDArray[np.bool_]:
    """Whether each target is an item that its history does not hold."""
    held = histories.keys[histories.items == np.repeat(targets, histories.lengths)]
    fresh: NDArray[np.bool_] = (targets >= 0) & (histories.lengths > 0)
    fresh[held] = False
    return fresh


def _sample(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """`most` of the rows at random, always the same ones, in order."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(7).choice(rows, most, replace=False))
