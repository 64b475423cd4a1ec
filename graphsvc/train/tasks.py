"""What can be taught, by name: how each task trains a model's folder and judges it on a test.

Knows tasks; does not know shops or runs.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from extractors.types import LabelledPair, LabelledText
from graphsvc.errors import InputError
from graphsvc.evaluate.seeds import summary
from graphsvc.labels.lessons import few
from graphsvc.ontology import PRODUCT_MENTION, TAILS
from graphsvc.train.cases import Case, cases_of_pairs, cases_of_texts
from graphsvc.train.material import synonyms
from graphsvc.train.plan import Plan

Progress = Callable[[str, int, int], None]
Curve = list[dict[str, float]]
LEARNT = 0.8  # of the lessons of a search; its tries are judged by the others, never by the test
TRIES = 8  # that a search has time for, at SPEED
SPEED = 620  # pieces a second of one slow core
TEXTS_ONLY = ("augment", "translators", "soup", "ensemble", "student", "pruned_heads", "patience")


@dataclass(frozen=True, slots=True)
class Judged:
    """Scores as an evaluation prints them, each text of the test with what was found, and what the model is made of."""

    scores: dict[str, Any]
    cases: Sequence[Case]
    encoder: str


@dataclass(frozen=True, slots=True)
class Task:
    """`kind` of its lessons; `teach` makes a model's folder, `judge` scores it."""

    kind: type[Any]
    teach: Callable[[Sequence[Any], Plan, Path, Path, Progress], Curve]
    judge: Callable[[Path, Sequence[Any], Sequence[Any], str], Judged]


def teach(task: str, lessons: Sequence[Any], plan: Plan, folder: Path, cache: Path, progress: Progress) -> Curve:
    """Train; what `folder` holds then is a model and nothing else. Raises InputError and LabelError."""
    return TASKS[task].teach(lessons, plan, folder, cache, progress)


def judge(task: str, folder: Path, train: Sequence[Any], test: Sequence[Any]) -> Judged:
    """Score a model."""
    return TASKS[task].judge(folder, train, test, task)


def search_plan(
    task: str, lessons: Sequence[Any], plan: Plan, budget: str, folder: Path, cache: Path, progress: Progress
) -> tuple[Plan, list[dict[str, Any]]]:
    """The plan that scores best on lessons kept back, within a budget such as "30m", and every try.

    A try reads a part of what the training in the end reads, so that there is time for TRIES of them.
    """
    from graphsvc.train.search import search, seconds_of

    learnt, kept_back = few(lessons, int(len(lessons) * LEARNT), plan.seed)
    plan = plan.rated(len(learnt))
    seconds = seconds_of(budget)
    pieces = min(plan.pieces, max(1, int(SPEED * seconds / TRIES)))

    def score(tried: Plan) -> float:
        once = replace(tried, soup=tried.soup or 1, pieces=pieces)
        with TemporaryDirectory(prefix="try-", dir=folder) as scratch:
            teach(task, learnt, once, Path(scratch), cache, progress)
            return float(judge(task, Path(scratch), learnt, kept_back).scores["f1"])

    folder.mkdir(parents=True, exist_ok=True)
    found = search(score, plan, seconds, folder, lambda tries, best: progress("searching", tries, 0))
    return found.plan, [
        {"options": dict(one.options), "score": one.score, "seconds": one.seconds} for one in found.trials
    ]


def _teach_texts(lessons: Sequence[LabelledText], plan: Plan, folder: Path, cache: Path, progress: Progress) -> Curve:
    from graphsvc.train.mentions import train_mentions

    return train_mentions(
        lessons, plan, folder, cache, progress, synonyms=synonyms() if "synonyms" in plan.augment else None,
        translate=_translate(plan),
    )  # fmt: skip


def _translate(plan: Plan) -> Callable[[Sequence[str]], Sequence[str]] | None:
    from graphsvc.train.translation import there_and_back

    if "translation" in plan.augment:
        return there_and_back(plan.translators)
    if plan.translators:
        raise InputError("Translators are named, and nothing is translated.", "Give --augment translation, too.")
    return None


def _teach_pairs(lessons: Sequence[LabelledPair], plan: Plan, folder: Path, cache: Path, progress: Progress) -> Curve:
    from graphsvc.train.relations import train_relations

    asked = [name for name in TEXTS_ONLY if getattr(plan, name) != getattr(Plan(), name)]
    if asked:
        raise InputError(f"A training of relations has no {', '.join(asked)}.", "Leave it out.")
    return train_relations(lessons, plan, folder, cache, progress, allowed_ends(lessons))


def allowed_ends(lessons: Sequence[LabelledPair]) -> dict[str, list[list[str]]]:
    """The labels between which the ontology's relations may hold; empty for lessons that speak of other things."""
    heads = {lesson.head.label for lesson in lessons}
    if heads != {PRODUCT_MENTION}:
        return {}
    taught = {lesson.relation for lesson in lessons}
    return {name: [[PRODUCT_MENTION, tail] for tail in tails] for name, tails in TAILS.items() if name in taught}


def _judge_texts(folder: Path, train: Sequence[LabelledText], test: Sequence[LabelledText], task: str) -> Judged:
    from extractors.tagger import Tagger
    from graphsvc.evaluate.mentions import score

    tagger = Tagger(folder)
    began = time.process_time()
    found = tagger.find([one.text for one in test], [one.context for one in test])
    run = score(train, test, found) | {"cpu": (0.0, time.process_time() - began)}
    return Judged(_summary(task, tagger.name, train, test, run), cases_of_texts(test, found), tagger.card.encoder)


def _judge_pairs(folder: Path, train: Sequence[LabelledPair], test: Sequence[LabelledPair], task: str) -> Judged:
    from extractors.relations import Relations
    from graphsvc.evaluate.relations import score
    from graphsvc.evaluate.triples import is_directed

    model = Relations(folder)
    began = time.process_time()
    found = model.relate((one.text, one.head, one.tail) for one in test)
    run = score(train, test, found, is_directed(train)) | {"cpu": (0.0, time.process_time() - began)}
    return Judged(_summary(task, model.name, train, test, run), cases_of_pairs(test, found), model.card.encoder)


def _summary(task: str, name: str, train: Sequence[Any], test: Sequence[Any], run: Mapping[str, Any]) -> dict[str, Any]:
    return summary(task, name, len(train), len(test), [run])


TASKS: Mapping[str, Task] = {
    "mentions": Task(LabelledText, _teach_texts, _judge_texts),
    "attributes": Task(LabelledText, _teach_texts, _judge_texts),
    "relations": Task(LabelledPair, _teach_pairs, _judge_pairs),
}
