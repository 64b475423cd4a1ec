"""One way to train, measured with one seed: titles to learn from, others to be judged by, and others to read.

Of the titles that are not learnt from, half are judged by; the language model reads the other half, without labels.
Knows labelled titles and training; does not know what the ways are called.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from extractors.crf import CrfOptions, CrfTagger
from extractors.types import LabelledText, Mention, MentionFinder
from graphsvc.labels import read_labels
from graphsvc.labels.lessons import few, lessons_of
from graphsvc.labels.split import is_test
from graphsvc.read_model import model_cache
from graphsvc.train.material import digest_of, synonyms
from graphsvc.train.plan import Plan
from perf._kept import Found, marks_of
from perf._runs import Measurement, Precisions, Spoken
from perf.methods.table import LANGUAGE_EPOCHS, METHODS, SIZES, Method

DATA = "mentions/taobao/train.txt"
JUDGED = 50  # percent of the titles that are not learnt from
SPACING = 10  # between the seeds of trainings: the networks of an ensemble have those that follow
PLAN = Plan(encoder="e5", soup=1)  # a soup is a way of its own, and takes three times as long
Texts = Sequence[LabelledText]


def name_of(method: Method, size: int) -> str:
    """How the measurement is called."""
    return f"{method.name}-{size}"


def measurements() -> list[Measurement]:
    """Every way with every number of titles, where the data is there."""
    path = Path(os.environ.get("GRAPHSVC_DATA", "../shared/data")) / DATA
    if not path.is_file():
        absent = "the data set is absent (set GRAPHSVC_DATA)"
        return [Measurement(name_of(method, size), _never, absent=absent) for size in SIZES for method in METHODS]
    lessons = lessons_of(read_labels(path, None).items, LabelledText, path.name)
    digest = digest_of(lessons)
    return [_measurement(method, size, lessons, digest) for size in SIZES for method in METHODS]


def _measurement(method: Method, size: int, lessons: Texts, digest: str) -> Measurement:
    marks = marks_of(method.asked, size, digest, JUDGED, SPACING, LANGUAGE_EPOCHS if method.language else 0)
    return Measurement(name_of(method, size), lambda seed: measure(method, lessons, size, seed), marks)


def parts(lessons: Texts, size: int, seed: int) -> tuple[Texts, Texts, Texts]:
    """Titles to learn from, to be judged by, and to read; no text stands in two of them."""
    learnt, others = few(lessons, size, seed)
    judged = [is_test(f"judged {one.text}", JUDGED) for one in others]
    return (
        learnt,
        [one for one, is_judged in zip(others, judged, strict=True) if is_judged],
        [one for one, is_judged in zip(others, judged, strict=True) if not is_judged],
    )


def measure(method: Method, lessons: Texts, size: int, seed: int, plan: Plan = PLAN) -> Found:
    """Train and find: the counts of each title that is judged by, and what it took."""
    learnt, judged, read = parts(lessons, size, seed)
    own = replace(plan, seed=SPACING * seed, **method.change)
    with TemporaryDirectory(prefix="graphsvc-") as folder, Precisions() as said:
        began = time.process_time()
        finder = _finder(method, learnt, read, own, Path(folder))
        trained = time.process_time()
        found = finder.find([one.text for one in judged])
        predicted = time.process_time()
    return {
        "counts": [counts_of(one, mentions) for one, mentions in zip(judged, found, strict=True)],
        "judged": digest_of(judged), "precision": said,
        "cpu_seconds": {"train": round(trained - began, 1), "predict": round(predicted - trained, 2)},
    }  # fmt: skip


def counts_of(one: LabelledText, found: Sequence[Mention]) -> list[int]:
    """Mentions of a title that are right, said and wanted: strict, as `evaluate mentions` counts."""
    wanted, said = ({(at.start, at.end, at.label) for at in mentions} for mentions in (one.mentions, found))
    return [len(wanted & said), len(said), len(wanted)]


def _finder(method: Method, learnt: Texts, read: Texts, plan: Plan, folder: Path) -> MentionFinder:
    if method.crf:
        return CrfTagger.fit(learnt, CrfOptions(seed=plan.seed))
    from extractors.tagger import Tagger
    from graphsvc.train.mentions import train_mentions

    if method.language:
        plan = replace(plan, encoder=_read_more(learnt, read, plan, folder))
    more = synonyms() if "synonyms" in plan.augment else None
    train_mentions(learnt, plan, folder / "tagger", model_cache(), Spoken(), synonyms=more)
    return Tagger(folder / "tagger")


def _read_more(learnt: Texts, read: Texts, plan: Plan, folder: Path) -> str:
    """An encoder that knows the language of these titles."""
    from graphsvc.commands.language import HEAD_RATE, RATE
    from graphsvc.train.language_model import train_language_model

    texts = list(dict.fromkeys(one.text for one in (*learnt, *read)))
    own = replace(plan, epochs=plan.epochs or LANGUAGE_EPOCHS, rate=RATE, head_rate=HEAD_RATE)
    train_language_model(texts, own, folder / "encoder", folder / "scratch", model_cache(), Spoken())
    return str(folder / "encoder")


def _never(seed: int) -> Found:
    raise AssertionError("there is nothing to measure by")
