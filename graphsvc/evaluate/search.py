"""Search judged on a catalogue with judgements, by the catalogue that serves.

The whole catalogue is ranked for each query: what matches first, what does not behind it by the same score. Judgements
are read after the catalogue was built, and no answer knows of them. Knows the protocol and its baselines.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from graphsvc.evaluate.baseline import PlainBm25, best_of, fuse_ranks, ties_of
from graphsvc.evaluate.judgements import Grades, Texts, read_grades, read_texts
from graphsvc.evaluate.metrics import ndcg, recall
from graphsvc.evaluate.typos import with_typo

SYSTEMS = ("bm25", "vector", "rrf", "hybrid")
METRICS = ("ndcg@10", "recall@100", "condensed_ndcg@10")
DEPTH = 1_000  # of the rankings that are fused by their ranks
DEEPEST = 100  # what the metrics read
RELEVANT = 2.0
Progress = Callable[[int, int], None]


class Ranked(Protocol):
    """The catalogue that serves: its ranking, and the scores that it is made by, in the order of `ids`."""

    @property
    def ids(self) -> Sequence[str]: ...  # noqa: D102

    def ranking(self, query: str, depth: int) -> list[str]: ...  # noqa: D102

    def scores(self, query: str) -> NDArray[np.float32]: ...  # noqa: D102

    def cosines(self, query: str) -> NDArray[np.float32]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every metric of every system by query, and NDCG@10 of the hybrid for the queries with one typo."""

    queries: list[str]
    products: int
    scores: Mapping[str, Mapping[str, list[float]]]  # system → metric → one value a query
    typo: list[float]

    def mean(self, system: str, metric: str) -> float:
        """A metric's mean over the queries."""
        return float(np.mean(self.scores[system][metric]))


def evaluate_catalogue(
    catalogue: Ranked, products: Path, judgements: Path, progress: Progress = lambda done, of: None
) -> dict[str, Any]:
    """Judge a catalogue that was built from the file `products`; ids of both files are the keys of its products.

    Returns {"queries", "products", "systems": {system: {metric: mean}}, "ratio", "typo"}; `ratio` is hybrid/bm25 of
    NDCG@10. Raises SourceError when a file cannot be read.
    """
    return summary(judge(catalogue, read_texts(products), read_grades(judgements), progress))


def summary(found: Evaluation) -> dict[str, Any]:
    """An evaluation in the form that the command prints."""
    clean, slipped = found.mean("hybrid", "ndcg@10"), float(np.mean(found.typo))
    plain = found.mean("bm25", "ndcg@10")
    return {
        "queries": len(found.queries),
        "products": found.products,
        "systems": {system: {metric: found.mean(system, metric) for metric in METRICS} for system in SYSTEMS},
        "ratio": clean / plain if plain else 0.0,
        "typo": {"hybrid": {"clean": clean, "one_typo": slipped, "loss": 1 - slipped / clean if clean else 0.0}},
    }


def judge(catalogue: Ranked, texts: Texts, grades: Grades, progress: Progress = lambda done, of: None) -> Evaluation:
    """Ask every judged query of the catalogue and of the baselines."""
    plain = PlainBm25(texts.keys, map(" ".join, zip(texts.titles, texts.descriptions, strict=True)))
    keys = [name.partition(":")[2] for name in catalogue.ids]
    ties = ties_of(keys)
    places = {key: at for at, key in enumerate(keys)}
    scores: dict[str, dict[str, list[float]]] = {system: {metric: [] for metric in METRICS} for system in SYSTEMS}
    typo = []
    for done, (query, judged) in enumerate(grades.items(), start=1):
        cosines, fused = catalogue.cosines(query), catalogue.scores(query)
        words, meaning = plain.rank(query, len(keys)), best_of(keys, cosines, ties, DEPTH)
        found = {
            "bm25": (words, words),
            "vector": (meaning, _condensed(judged, cosines, places)),
            "rrf": (both := fuse_ranks((words[:DEPTH], meaning), 2 * DEPTH), both),
            "hybrid": (_ranked(catalogue, query), _condensed(judged, fused, places)),
        }
        for system, (ranking, whole) in found.items():
            for metric, value in zip(METRICS, _metrics(ranking, whole, judged), strict=True):
                scores[system][metric].append(value)
        typo.append(ndcg(_ranked(catalogue, with_typo(query)), judged))
        progress(done, len(grades))
    return Evaluation(list(grades), len(keys), scores, typo)


def _metrics(ranking: Sequence[str], whole: Sequence[str], judged: Mapping[str, float]) -> tuple[float, float, float]:
    """NDCG and recall of a ranking; the condensed NDCG reads the judged ones as the whole catalogue ranks them."""
    relevant = frozenset(key for key, grade in judged.items() if grade >= RELEVANT)
    return ndcg(ranking, judged), recall(ranking, relevant), ndcg(whole, judged, condensed=True)


def _ranked(catalogue: Ranked, query: str) -> list[str]:
    return [name.partition(":")[2] for name in catalogue.ranking(query, DEEPEST)]


def _condensed(judged: Mapping[str, float], scores: NDArray[np.float32], places: Mapping[str, int]) -> list[str]:
    """The judged products in the order of their scores, those that scored nothing left out."""
    known = [key for key in judged if key in places and scores[places[key]] > -np.inf]
    return sorted(known, key=lambda key: (-scores[places[key]], places[key]))
