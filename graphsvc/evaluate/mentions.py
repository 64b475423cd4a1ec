"""`evaluate mentions`: train by the product's own defaults on one part, score on another, texts never seen apart.

Scores are those of strict IOB2: a mention is right when start, end and label are.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from extractors.crf import CrfOptions, CrfTagger
from extractors.types import LabelledText, Mention, MentionFinder
from graphsvc.errors import InputError, LabelError
from graphsvc.evaluate.seeds import calibration_error, summary
from graphsvc.labels.lessons import few
from graphsvc.train.plan import Plan

Progress = Callable[[str, int, int], None]
Make = Callable[[Sequence[LabelledText], Plan, Path, Path, Progress], MentionFinder]
DEFAULTS = Plan()


def _tagger(lessons: Sequence[LabelledText], plan: Plan, folder: Path, cache: Path, progress: Progress) -> Any:
    from extractors.tagger import Tagger
    from graphsvc.train.mentions import train_mentions

    train_mentions(lessons, plan, folder, cache, progress)
    return Tagger(folder)


def _crf(lessons: Sequence[LabelledText], plan: Plan, folder: Path, cache: Path, progress: Progress) -> Any:
    if not any(lesson.mentions for lesson in lessons):
        raise LabelError("No text has a mention, so there is nothing to learn.", "Give texts with labels.")
    return CrfTagger.fit(lessons, CrfOptions(seed=plan.seed), lambda done, of: progress("cheap tier", done, of))


FINDERS: Mapping[str, Make] = {"tagger": _tagger, "crf": _crf}


def evaluate_mentions(
    train: Sequence[LabelledText],
    test: Sequence[LabelledText],
    cache: Path,
    *,
    extractor: str = "tagger",
    seeds: int = 1,
    lessons: int = 0,
    plan: Plan = DEFAULTS,
    task: str = "mentions",
    progress: Progress = lambda step, done, of: None,
) -> dict[str, Any]:
    """Train and score once for each seed from the plan's on; figures are means over them. Raises InputError.

    `lessons`: learn from only so many, drawn anew by each seed; without a test the others are it.
    """
    if extractor not in FINDERS:
        raise InputError(f"Unknown extractor {extractor!r}.", f"Use one of {', '.join(FINDERS)}.")
    runs = []
    for seed in range(plan.seed, plan.seed + seeds):
        learnt, rest = few(train, lessons, seed) if lessons else (train, [])
        judged = test or rest
        with TemporaryDirectory(prefix="graphsvc-") as folder:
            began = time.process_time()
            finder = FINDERS[extractor](learnt, replace(plan, seed=seed), Path(folder), cache, progress)
            trained = time.process_time()
            found = finder.find([one.text for one in judged], [one.context for one in judged])
            runs.append(score(learnt, judged, found) | {"cpu": (trained - began, time.process_time() - trained)})
    return summary(task, extractor, len(learnt), len(judged), runs)


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
        "calibration_error": calibration_error(_confidences(test, found)),
    }


def _confidences(test: Sequence[LabelledText], found: Sequence[Sequence[Mention]]) -> list[tuple[float, bool]]:
    return [
        (mention.confidence, (mention.start, mention.end, mention.label) in right)
        for one, mentions in zip(test, found, strict=True)
        for right in [_places(one.mentions)]
        for mention in mentions
    ]


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
