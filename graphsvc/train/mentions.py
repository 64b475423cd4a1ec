"""`train mentions`: labelled texts → a tagger's folder with its cheap tier, calibrated. Knows nothing of a shop."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import torch
from torch import Tensor

from extractors.bio import tag, tags_for
from extractors.crf import CrfOptions, CrfTagger
from extractors.pieces import NO_COVER
from extractors.tagger import CHEAP, TOKENIZER, Tagger, TaggerCard
from extractors.tagger_network import TaggerNetwork
from extractors.types import Floats, LabelledText
from graphsvc.errors import LabelError
from graphsvc.train.augment import Translate, augmented
from graphsvc.train.batches import IGNORED, column, mask, pad
from graphsvc.train.encoders import Base, load_base
from graphsvc.train.export import export
from graphsvc.train.kept_back import keep_back
from graphsvc.train.plan import FEW as FEW_LESSONS
from graphsvc.train.plan import Plan
from graphsvc.train.teaching import teach
from graphsvc.train.trainer import Validation, settle
from graphsvc.train.validation import SpanF1

Progress = Callable[[str, int, int], None]
TEMPERATURES = np.arange(0.6, 6.01, 0.2)
LONGEST = 256  # pieces of one window
CHECKPOINTS = "checkpoints"
MANY, FEW = (3_000, 0.2), (300, 0.5)  # lessons, and what the cheap tier then weighs: it needs fewer than the encoder


def train_mentions(
    lessons: Sequence[LabelledText],
    plan: Plan,
    folder: Path,
    cache: Path,
    progress: Progress = lambda step, done, of: None,
    synonyms: Mapping[str, Sequence[str]] | None = None,
    translate: Translate | None = None,
) -> list[dict[str, float]]:
    """Make a tagger's folder; returns the curve of its training. Raises LabelError without a mention.

    `synonyms` and `translate`, there and back again, are for the plan's ways to make more lessons.
    """
    if not any(lesson.mentions for lesson in lessons):
        raise LabelError("No text has a mention, so there is nothing to learn.", "Give texts with labels.")
    folder.mkdir(parents=True, exist_ok=True)
    tags = tags_for(mention.label for lesson in lessons for mention in lesson.mentions)
    learnt, kept_back = keep_back(lessons, 0) if plan.patience else keep_back(lessons)
    course = _Course(plan, tags, folder, cache, progress, synonyms, translate)
    first = course.read(learnt)
    settled = settle(plan, first.base.network.config.num_hidden_layers, first.rows)
    again = (settled.soup or 1) - 1 if kept_back and _may_learn_again(plan, len(lessons)) else 0
    curve = course.teach(first, replace(settled, soup=1) if again else settled, kept_back)
    _calibrate(folder, kept_back)
    if again:
        temperature = TaggerCard.load(folder).temperature
        curve += course.teach(course.read(lessons), replace(settled, soup=again))
        replace(TaggerCard.load(folder), temperature=temperature).save(folder)
    rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return curve


def _may_learn_again(plan: Plan, lessons: int) -> bool:
    """Whether what was kept back is learnt in the end, too: of few lessons, where the plan leaves it to us.

    Of the trainings that there is time for, the first then gives the temperature, and the others learn all.
    """
    return lessons < FEW_LESSONS and plan.soup is None and not plan.patience


@dataclass(frozen=True, slots=True)
class _Read:
    """Lessons as they are learnt from: as they are, and as rows for an encoder, with those that were made of them."""

    lessons: Sequence[LabelledText]
    base: Base
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Course:
    """How both tiers are taught."""

    plan: Plan
    tags: Sequence[str]
    folder: Path
    cache: Path
    progress: Progress
    synonyms: Mapping[str, Sequence[str]] | None
    translate: Translate | None

    def read(self, lessons: Sequence[LabelledText]) -> _Read:
        more = augmented(lessons, self.plan.augment, self.plan.seed, self.synonyms, self.translate)
        base = load_base(self.plan.encoder, [lesson.text for lesson in more], self.cache, self.plan.layers)
        return _Read(lessons, base, _rows(more, base, self.tags))

    def teach(self, read: _Read, plan: Plan, kept_back: Sequence[LabelledText] = ()) -> list[dict[str, float]]:
        """Write the tagger of these lessons; returns its curve."""
        said = partial(self.progress, "cheap tier")
        (self.folder / CHEAP).write_bytes(CrfTagger.fit(read.lessons, CrfOptions(seed=plan.seed), said).to_bytes())
        base, unseen = read.base, _rows(kept_back, read.base, self.tags)
        network, curve = teach(
            lambda: TaggerNetwork(
                deepcopy(base.network), self.tags, dropout=plan.dropout, word_dropout=plan.word_dropout
            ),
            read.rows, partial(_collate, padding=base.padding), plan,
            self.folder / CHECKPOINTS / f"{len(read.lessons)}-lessons", partial(self.progress, "training the tagger"),
            validation=lambda made: Validation(unseen, SpanF1(made, self.tags)) if unseen else None,
        )  # fmt: skip
        _save(network, base, self.tags, _blend(len(read.lessons)), self.folder, _have_context(read.lessons))
        return curve


def _rows(lessons: Sequence[LabelledText], base: Base, tags: Sequence[str]) -> list[dict[str, Any]]:
    return [row for lesson in lessons if (row := _row(lesson, base, tags))["heads"]]


def _row(lesson: LabelledText, base: Base, tags: Sequence[str]) -> dict[str, Any]:
    """A lesson as numbers; of one that is longer than a window only its beginning."""
    read = base.reader.read(lesson.text, lesson.context)
    place = {name: at for at, name in enumerate(tags)}
    labels = [place[name] for name in tag(read.units, lesson.mentions)]
    upto = sum(head < LONGEST - 1 for head in read.heads)
    return {
        "input_ids": read.ids[:LONGEST], "covers": read.covers[:LONGEST], "heads": read.heads[:upto],
        "labels": labels[:upto],
    }  # fmt: skip


def _collate(rows: Sequence[Mapping[str, Any]], padding: int) -> dict[str, Tensor]:
    ids = column(rows, "input_ids")
    return {
        "input_ids": pad(ids, padding), "covers": pad(column(rows, "covers"), NO_COVER),
        "attention_mask": mask(ids).long(), "heads": pad(column(rows, "heads"), 0),
        "unit_mask": mask(column(rows, "heads")), "labels": pad(column(rows, "labels"), IGNORED),
    }  # fmt: skip


def _blend(lessons: int) -> float:
    """The weight of the cheap tier, between FEW and MANY by the logarithm of the lessons."""
    return round(float(np.interp(np.log(lessons), np.log([FEW[0], MANY[0]]), [FEW[1], MANY[1]])), 2)


def _have_context(lessons: Sequence[LabelledText]) -> bool:
    return any(lesson.context for lesson in lessons)


def _save(network: TaggerNetwork, base: Base, tags: Sequence[str], blend: float, folder: Path, context: bool) -> None:
    base.tokenizer.save(str(folder / TOKENIZER))
    read = base.reader.read("a b")
    example = {name: torch.tensor([list(row)]) for name, row in (
        ("input_ids", read.ids), ("covers", read.covers), ("attention_mask", [1] * len(read.ids)), ("heads", read.heads)
    )}  # fmt: skip
    axes = {"heads": ("texts", "units")}
    export(
        network, "emissions", {name: (one, axes.get(name, ("texts", "pieces"))) for name, one in example.items()},
        "emissions", folder,
    )  # fmt: skip
    chain = network.chain
    assert chain is not None
    between, start, end = (part.detach().numpy().tolist() for part in (chain.between(), chain.first(), chain.end))
    version = blake2b((folder / "model.onnx").read_bytes() + (folder / CHEAP).read_bytes(), digest_size=6).hexdigest()
    TaggerCard(
        version,
        base.name,
        tags,
        base.reader.first,
        base.reader.last,
        LONGEST,
        blend,
        between=between,
        start=start,
        end=end,
        context=context,
    ).save(folder)


def _calibrate(folder: Path, kept_back: Sequence[LabelledText]) -> None:
    """Choose the temperature under which confidences are nearest to how often they are right (Brier score)."""
    if not kept_back:
        return
    tagger = Tagger(folder)
    seen = [(lesson, tagger.emissions(lesson.text, lesson.context)) for lesson in kept_back]
    best = min(map(float, TEMPERATURES), key=lambda temperature: _brier(tagger, seen, temperature))
    replace(tagger.card, temperature=best).save(folder)


def _brier(tagger: Tagger, seen: Sequence[tuple[LabelledText, Floats]], temperature: float) -> float:
    errors = []
    for lesson, emissions in seen:
        right = {(one.start, one.end, one.label) for one in lesson.mentions}
        for one in tagger.decode(lesson.text, emissions, temperature):
            errors.append((one.confidence - ((one.start, one.end, one.label) in right)) ** 2)
    return float(np.mean(errors)) if errors else 0.0
