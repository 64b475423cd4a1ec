"""What several runs of one evaluation say together: means over seeds, their spread, time. Knows dicts of figures."""

from collections.abc import Mapping, Sequence
from statistics import mean, pstdev
from typing import Any

FIGURES = ("f1", "precision", "recall")
Run = Mapping[str, Any]


def mean_of(runs: Sequence[Run], *path: str) -> float:
    """The mean of the figure that stands under `path` in each run."""
    values = []
    for run in runs:
        value: Any = run
        for name in path:
            value = value[name]
        values.append(value)
    return round(float(mean(values)), 4)


def summary(task: str, extractor: str, train: int, test: int, runs: Sequence[Run]) -> dict[str, Any]:
    """The one object that an evaluation prints. Each run has "all", "unseen", "per_label" and "cpu" (train, predict).

    `spread` is the standard deviation over seeds of the F1 on unseen texts.
    """
    by_seed = [run["unseen"]["f1"] for run in runs]
    predicting = mean(run["cpu"][1] for run in runs)
    return {
        "task": task,
        "train": train,
        "test": test,
        **{name: mean_of(runs, "all", name) for name in FIGURES},
        "unseen": {name: mean_of(runs, "unseen", name) for name in FIGURES} | {"texts": runs[0]["unseen"]["texts"]},
        "per_label": {
            label: {name: mean_of(runs, "per_label", label, name) for name in (*FIGURES, "wanted")}
            for label in runs[0]["per_label"]
        },
        "calibration_error": mean_of(runs, "calibration_error"),
        "extractor": extractor,
        "seeds": len(runs),
        "spread": round(pstdev(by_seed), 4),
        "by_seed": by_seed,
        "cpu_seconds": {"train": round(mean(run["cpu"][0] for run in runs), 1), "predict": round(predicting, 2)},
        "per_second": round(test / predicting, 1) if predicting else None,
    }


def calibration_error(confidences: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """How far confidences lie from how often they are right, over bins of equal width (Naeini et al. 2015)."""
    sums: dict[int, list[float]] = {}
    for confidence, right in confidences:
        row = sums.setdefault(min(bins - 1, int(confidence * bins)), [0.0, 0.0])
        row[0] += confidence
        row[1] += right
    return round(sum(abs(said - right) for said, right in sums.values()) / max(1, len(confidences)), 4)
