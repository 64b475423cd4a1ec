"""The figures that trainings promise: a table, and how one of them is measured with one seed.

Each is what a command says, which stands beside it. Knows labelled data and evaluations; keeps nothing.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from extractors.types import LabelledPair, LabelledText
from graphsvc.evaluate.mentions import evaluate_mentions
from graphsvc.evaluate.relations import evaluate_relations
from graphsvc.evaluate.triples import is_directed
from graphsvc.labels import read_labels
from graphsvc.labels.lessons import lessons_of, own_split
from graphsvc.read_model import model_cache
from graphsvc.train.material import digest_of
from graphsvc.train.plan import Plan, plan_of
from perf._kept import Found, marks_of
from perf._runs import Measurement, Precisions, Spoken

SEEDS = 3
BUDGET = 30  # CPU minutes that a training may take
TAOBAO, DEV = "mentions/taobao/train.txt", "mentions/taobao/dev.txt"
OA_MINE = "attributes/oa-mine/train.jsonl"
Lessons = Sequence[Any]


@dataclass(frozen=True)
class Figure:
    """`read` is the path of what is bounded in what the door says, `also` of what is only told beside it.

    A `bound` of None promises nothing.
    """

    name: str
    bound: float | None
    train: str
    test: str = ""
    door: str = "mentions"
    split: bool = False
    labels: int = 0
    extractor: str = ""
    end_to_end: bool = False
    read: str = "f1"
    also: Sequence[str] = ()

    @property
    def command(self) -> str:
        """What a person would type in the folder of the data."""
        words = [f"python -m graphsvc evaluate {self.door} --train {self.train}"]
        words += [f"--test {self.test}"] if self.test else []
        words += [f"--labels {self.labels}"] if self.labels else []
        words += [f"--extractor {self.extractor}"] if self.extractor else []
        words += ["--split"] * self.split + ["--end-to-end"] * self.end_to_end
        return " ".join([*words, f"--seeds {SEEDS} --json"])

    @property
    def asked(self) -> dict[str, Any]:
        """What makes it another measurement: all but its name and what is expected."""
        return {name: value for name, value in asdict(self).items() if name not in ("name", "bound")}


FIGURES = (
    Figure("taobao-dev", 0.785, TAOBAO, DEV, read="unseen.f1"),
    Figure("taobao-dev-crf", 0.70, TAOBAO, DEV, extractor="crf", read="unseen.f1"),
    Figure("taobao-300", 0.67, TAOBAO, labels=300),
    Figure("cluener", 0.77, "mentions/cluener/train.json", split=True),
    Figure("semeval", 0.865, "relations/semeval2010-8/train.txt", door="relations", split=True),
    Figure(
        "finre", 0.55, "relations/finre/train.txt", "relations/finre/valid.txt", door="relations", end_to_end=True,
        also=("end_to_end.f1",),
    ),
    Figure("oa-mine", 0.76, OA_MINE, door="attributes", split=True),
    *(
        Figure(f"{name}-{labels}", None, file, door=door, split=split, labels=labels)
        for labels in (100, 300, 1_000)
        for name, file, door, split in (("taobao", TAOBAO, "mentions", False), ("oa-mine", OA_MINE, "attributes", True))
        if (name, labels) != ("taobao", 300)  # has a bound, above
    ),
)  # fmt: skip


def measurement(figure: Figure) -> Measurement:
    """The figure as something that can be measured, where its data is there."""
    root = Path(os.environ.get("GRAPHSVC_DATA", "../shared/data"))
    if not all((root / name).is_file() for name in (figure.train, figure.test) if name):
        return Measurement(figure.name, _never, absent="the data set is absent (set GRAPHSVC_DATA)")
    learnt, judged = lessons(figure, root)
    marks = marks_of(figure.asked, digest_of(learnt), digest_of(judged))

    def made(seed: int) -> Found:
        return measure(figure, learnt, judged, plan_of({"seed": seed}, task=figure.door))

    return Measurement(figure.name, made, marks)


def lessons(figure: Figure, root: Path) -> tuple[Lessons, Lessons]:
    """What is learnt from and what is judged by; of few labels the others."""
    kind: Any = LabelledPair if figure.door == "relations" else LabelledText
    learnt: Lessons = _read(root / figure.train, kind)
    if figure.split:
        return own_split(learnt)
    return learnt, _read(root / figure.test, kind) if figure.test else []


def measure(figure: Figure, learnt: Lessons, judged: Lessons, plan: Plan) -> Found:
    """Train and judge once: what is bounded, what is told beside it, and what it took."""
    began = time.process_time()
    with Precisions() as said:
        found = DOORS[figure.door](figure, learnt, judged, plan)
    return {
        "value": at(found, figure.read), "also": {name: at(found, name) for name in figure.also},
        "f1": found["f1"], "unseen": found["unseen"], "calibration_error": found["calibration_error"],
        "lessons": found["train"], "judged": found["test"], "precision": said,
        "cpu_seconds": found["cpu_seconds"] | {"whole": round(time.process_time() - began, 1)},
    }  # fmt: skip


def at(found: Mapping[str, Any], path: str) -> float:
    """The figure under a path with dots."""
    value: Any = found
    for name in path.split("."):
        value = value[name]
    return float(value)


def _texts(figure: Figure, learnt: Lessons, judged: Lessons, plan: Plan) -> Found:
    return evaluate_mentions(
        learnt, judged, model_cache(), extractor=figure.extractor or "tagger", lessons=figure.labels, plan=plan,
        task=figure.door, progress=Spoken(),
    )  # fmt: skip


def _pairs(figure: Figure, learnt: Lessons, judged: Lessons, plan: Plan) -> Found:
    return evaluate_relations(
        learnt, judged, model_cache(), directed=is_directed(learnt), end_to_end=figure.end_to_end, plan=plan,
        progress=Spoken(),
    )  # fmt: skip


DOORS: Mapping[str, Callable[[Figure, Lessons, Lessons, Plan], Found]] = {
    "mentions": _texts, "attributes": _texts, "relations": _pairs,
}  # fmt: skip


@cache
def _read(path: Path, kind: Any) -> Lessons:
    found: Lessons = lessons_of(read_labels(path, None).items, kind, path.name)
    return found


def _never(seed: int) -> Found:
    raise AssertionError("there is nothing to measure by")
