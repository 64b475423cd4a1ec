"""`evaluate mentions`: train by the product's own defaults on one part, score on another, texts never seen apart.

Scores are those of strict IOB2: a mention is right when start, end and label are.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, pstdev
from tempfile import TemporaryDirectory
from typing import Any

from extractors.crf import CrfOptions, CrfTagger
from extractors.types import LabelledText, Mention, MentionFinder
from graphsvc.errors import InputError
from graphsvc.train.plan import Plan

Progress = Callable[[str, int, int], None]
Make = Callable[[Sequence[LabelledText], Plan, Path, Path, Progress], MentionFinder]
DEFAULTS = Plan()
BINS = 10  # of confidences, for the expected calibration error (Naeini et al. 2015)


def _tagger(lessons: Sequence[LabelledText], plan: Plan, folder: Path, cache: Path, progress: Progress) -> Any:
    from extractors.tagger import Tagger
    from graphsvc.train.mentions import train_mentions

    train_mentions(lessons, plan, folder, cache, progress)
    return Tagger(folder)


def _crf(lessons: Sequence[LabelledText], plan: Plan, folder: Path, cache: Path, progress: Progress) -> Any:
    return CrfTagger.fit(lessons, CrfOptions(seed=plan.seed), lambda done, of: progress("cheap tier", done, of))


FINDERS: Mapping[str, Make] = {"tagger": _tagger, "crf": _crf}


def evaluate_mentions(
    train: Sequence[LabelledText],
    test: Sequence[LabelledText],
    cache: Path,
    *,
    extractor: str = "tagger",
    seeds: int = 1,
    plan: Plan = DEFAULTS,
    task: str = "mentions",
    progress: Progress = lambda step, done, of: None,
) -> dict[str, Any]:
    """Train and score once for each seed; figures are means over seeds. Raises InputError for an unknown extractor."""
    if extractor not in FINDERS:
        raise InputError(f"Unknown extractor {extractor!r}.", f"Use one of {', '.join(FINDERS)}.")
    runs = []
    for seed in range(1, seeds + 1):
        with TemporaryDirectory(prefix="graphsvc-") as folder:
            began = time.process_time()
            finder = FINDERS[extractor](train, replace(plan, seed=seed), Path(folder), cache, progress)
            trained = time.process_time()
            found = finder.find([one.text for one in test], [one.context for one in test])
            runs.append(score(train, test, found) | {"cpu": (trained - began, time.process_time() - trained)})
    return _summary(task, extractor, train, test, runs)


def score(
    train: Sequence[LabelledText], test: Sequence[LabelledText], found: Sequence[Sequence[Mention]]
) -> dict[str, Any]:
    """Precision, recall and F1 of mentions: all, of unseen texts, by label; and how true the confidences are."""
    seen = {one.text for one in train}
    fresh = [at for at, one in enumerate(test) if one.text not in seen]
    labels = sorted({mention.label for one in test for mention in one.mentions})
    return {
        "all": _figures(test, found),
        "unseen": _figures([test[at] for at in fresh], [found[at] for at in fresh]) | {"texts": len(fresh)},
        "per_label": {label: _figures(test, found, label) for label in labels},
        "calibration_error": calibration_error(test, found),
    }


def calibration_error(test: Sequence[LabelledText], found: Sequence[Sequence[Mention]]) -> float:
    """How far confidences lie from how often they are right, over bins of equal width, weighed by size."""
    sums: dict[int, list[float]] = {}
    for one, mentions in zip(test, found, strict=True):
        right = _places(one.mentions)
        for mention in mentions:
            bin_ = sums.setdefault(min(BINS - 1, int(mention.confidence * BINS)), [0.0, 0.0, 0.0])
            bin_[0] += 1
            bin_[1] += mention.confidence
            bin_[2] += (mention.start, mention.end, mention.label) in right
    total = sum(bin_[0] for bin_ in sums.values())
    return round(sum(abs(bin_[1] - bin_[2]) for bin_ in sums.values()) / total, 4) if total else 0.0


def _figures(
    test: Sequence[LabelledText], found: Sequence[Sequence[Mention]], label: str | None = None
) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for one, mentions in zip(test, found, strict=True):
        right, said = _places(one.mentions, label), _places(mentions, label)
        counts["right"] += len(right & said)
        counts["said"] += len(said)
        counts["wanted"] += len(right)
    precision = counts["right"] / counts["said"] if counts["said"] else 0.0
    recall = counts["right"] / counts["wanted"] if counts["wanted"] else 0.0
    f1 = 2 * precision * recall / (precision + recall) if counts["right"] else 0.0
    return {
        "f1": round(f1, 4),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "wanted": counts["wanted"],
    }


def _places(mentions: Sequence[Mention], label: str | None = None) -> set[tuple[int, int, str]]:
    return {(one.start, one.end, one.label) for one in mentions if label is None or one.label == label}


def _summary(
    task: str,
    extractor: str,
    train: Sequence[LabelledText],
    test: Sequence[LabelledText],
    runs: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    def over(*path: str) -> float:
        values = []
        for run in runs:
            value: Any = run
            for name in path:
                value = value[name]
            values.append(value)
        return round(float(mean(values)), 4)

    unseen = [run["unseen"]["f1"] for run in runs]
    predicting = mean(run["cpu"][1] for run in runs)
    return {
        "task": task,
        "train": len(train),
        "test": len(test),
        **{name: over("all", name) for name in ("f1", "precision", "recall")},
        "unseen": {name: over("unseen", name) for name in ("f1", "precision", "recall")}
        | {"texts": runs[0]["unseen"]["texts"]},
        "per_label": {
            label: {name: over("per_label", label, name) for name in ("f1", "precision", "recall", "wanted")}
            for label in runs[0]["per_label"]
        },
        "calibration_error": over("calibration_error"),
        "extractor": extractor,
        "seeds": len(runs),
        "spread": round(pstdev(unseen), 4),
        "by_seed": unseen,
        "cpu_seconds": {"train": round(mean(run["cpu"][0] for run in runs), 1), "predict": round(predicting, 2)},
        "per_second": round(len(test) / predicting, 1) if predicting else None,
    }
