"""`evaluate relations`: train by the product's own defaults on one part, score on another, texts never seen apart.

Knows the official measures: of SemEval-2010 task 8 the macro F1 over relations with their direction, of others the
micro F1 without "none".
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from extractors.relations import NONE, Related
from extractors.types import LabelledPair
from graphsvc.evaluate.seeds import FIGURES, calibration_error, mean_of, summary
from graphsvc.evaluate.triples import judge_triples
from graphsvc.train.plan import Plan, plan_of

Progress = Callable[[str, int, int], None]
DEFAULTS = plan_of({}, task="relations")


def evaluate_relations(
    train: Sequence[LabelledPair],
    test: Sequence[LabelledPair],
    cache: Path,
    *,
    directed: bool = False,
    end_to_end: bool = False,
    seeds: int = 1,
    plan: Plan = DEFAULTS,
    progress: Progress = lambda step, done, of: None,
) -> dict[str, Any]:
    """Train and score once for each seed from the plan's on.

    `directed`: relations end in "(e1,e2)", and count as SemEval counts them.
    `end_to_end`: also find the mentions of the test's texts, and judge whole triples.
    """
    from extractors.relations import Relations
    from graphsvc.train.relations import train_relations

    runs = []
    for seed in range(plan.seed, plan.seed + seeds):
        with TemporaryDirectory(prefix="graphsvc-") as folder:
            began = time.process_time()
            own = replace(plan, seed=seed)
            train_relations(train, own, Path(folder), cache, progress)
            trained = time.process_time()
            relations = Relations(Path(folder))
            found = relations.relate((one.text, one.head, one.tail) for one in test)
            run = score(train, test, found, directed) | {"cpu": (trained - began, time.process_time() - trained)}
            if end_to_end:
                run["end_to_end"] = judge_triples(
                    train, test, relations, own, Path(folder, "mentions"), cache, progress
                )
            runs.append(run)
    whole = {"end_to_end": {name: mean_of(runs, "end_to_end", name) for name in FIGURES}} if end_to_end else {}
    return summary("relations", "relations", len(train), len(test), runs) | whole


def score(
    train: Sequence[LabelledPair], test: Sequence[LabelledPair], found: Sequence[Related], directed: bool
) -> dict[str, Any]:
    """Figures of all pairs, of those whose text was never seen, and by relation."""
    measure = macro if directed else micro
    seen = {one.text for one in train}
    fresh = [at for at, one in enumerate(test) if one.text not in seen]
    wanted, said = [one.relation for one in test], [one.relation for one in found]
    relations = sorted({_plain(name) if directed else name for name in wanted} - {NONE})
    return {
        "all": measure(wanted, said),
        "unseen": measure([wanted[at] for at in fresh], [said[at] for at in fresh]) | {"texts": len(fresh)},
        "per_label": {relation: _of(relation, wanted, said, directed) for relation in relations},
        "calibration_error": calibration_error(
            [(one.confidence, one.relation == right) for one, right in zip(found, wanted, strict=True)]
        ),
    }


def micro(wanted: Sequence[str], said: Sequence[str]) -> dict[str, float]:
    """Micro precision, recall and F1 over all relations but NONE."""
    right = sum(one == other != NONE for one, other in zip(wanted, said, strict=True))
    return _figures(right, sum(one != NONE for one in said), sum(one != NONE for one in wanted))


def macro(wanted: Sequence[str], said: Sequence[str]) -> dict[str, float]:
    """The official measure of SemEval-2010 task 8: the mean over relations; a wrong direction is wrong."""
    rows = [_of(relation, wanted, said, True) for relation in sorted({_plain(one) for one in wanted} - {NONE})]
    return {name: round(mean(row[name] for row in rows), 4) if rows else 0.0 for name in ("f1", "precision", "recall")}


def _of(relation: str, wanted: Sequence[str], said: Sequence[str], directed: bool) -> dict[str, float]:
    plain: Callable[[str], str] = _plain if directed else str
    right = sum(one == other and plain(one) == relation for one, other in zip(wanted, said, strict=True))
    return _figures(right, sum(plain(one) == relation for one in said), sum(plain(one) == relation for one in wanted))


def _plain(relation: str) -> str:
    return relation.partition("(")[0]


def _figures(right: int, said: int, wanted: int) -> dict[str, float]:
    precision, recall = right / said if said else 0.0, right / wanted if wanted else 0.0
    f1 = 2 * right / (said + wanted) if said + wanted else 0.0
    return {"f1": round(f1, 4), "precision": round(precision, 4), "recall": round(recall, 4), "wanted": wanted}
