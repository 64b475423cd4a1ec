"""`train relations`: labelled pairs → a relation model's folder, calibrated. Knows the task, not the shop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import torch
from torch import Tensor

from extractors.marked import LONGEST, mark
from extractors.pieces import NO_COVER
from extractors.relation_network import RelationNetwork
from extractors.relations import TOKENIZER, RelationCard, Relations
from extractors.types import LabelledPair
from graphsvc.errors import LabelError
from graphsvc.train.batches import column, mask, pad
from graphsvc.train.encoders import Base, has_chinese, load_base
from graphsvc.train.export import export
from graphsvc.train.kept_back import keep_back
from graphsvc.train.plan import Plan
from graphsvc.train.trainer import fit

Progress = Callable[[str, int, int], None]
TEMPERATURES = np.arange(0.6, 4.01, 0.1)
CHECKPOINTS = "checkpoints"
Allowed = Mapping[str, Sequence[Sequence[str]]]


def train_relations(
    lessons: Sequence[LabelledPair],
    plan: Plan,
    folder: Path,
    cache: Path,
    progress: Progress = lambda step, done, of: None,
    allowed: Allowed | None = None,
) -> list[dict[str, float]]:
    """Make a relation model's folder; returns the curve of its training. Raises LabelError for lessons of one kind."""
    relations = sorted({lesson.relation for lesson in lessons})
    if len(relations) < 2:
        raise LabelError("All pairs have the same relation, so there is nothing to learn.", "Give others, or none.")
    learnt, kept_back = keep_back(lessons)
    encoders = encoders_of(plan, learnt)
    own = replace(plan, pieces=plan.pieces // len(encoders))
    curve: list[dict[str, float]] = []
    for encoder in reversed(encoders):
        room = folder if encoder == encoders[0] else folder / encoder
        curve += _teach(learnt, relations, replace(own, encoder=encoder), room, cache, progress)
    cards = [RelationCard.load(folder / name) for name in ("", *encoders[1:])]
    version = blake2b(" ".join(card.version for card in cards).encode(), digest_size=6).hexdigest()
    replace(cards[0], version=version, allowed=allowed or {}, members=encoders[1:]).save(folder)
    _calibrate(folder, kept_back)
    for name in ("", *encoders[1:]):
        rmtree(folder / name / CHECKPOINTS, ignore_errors=True)
    return curve


def encoders_of(plan: Plan, lessons: Sequence[LabelledPair]) -> tuple[str, ...]:
    """The encoders of the network and of its members. Two see more than one, but only e5 reads Chinese."""
    if plan.encoder != "auto":
        return (plan.encoder,)
    return ("e5",) if has_chinese([lesson.text for lesson in lessons]) else ("minilm", "e5")


def _teach(
    lessons: Sequence[LabelledPair], relations: Sequence[str], plan: Plan, folder: Path, cache: Path, progress: Progress
) -> list[dict[str, float]]:
    """A network of one encoder, and its folder with a card."""
    folder.mkdir(parents=True, exist_ok=True)
    base = load_base(plan.encoder, [lesson.text for lesson in lessons], cache, plan.layers)
    torch.manual_seed(plan.seed)
    network = RelationNetwork(base.network, len(relations), dropout=plan.dropout, word_dropout=plan.word_dropout)
    rows = [_row(lesson, base, relations) for lesson in lessons]
    curve = fit(
        network, rows, partial(_collate, padding=base.padding), plan, folder / CHECKPOINTS,
        lambda step, of: progress(f"training the relation model over {base.name}", step, of),
    )  # fmt: skip
    _save(network, base, relations, folder)
    return curve


def _row(lesson: LabelledPair, base: Base, relations: Sequence[str]) -> dict[str, Any]:
    made = mark(base.reader, lesson.text, lesson.head, lesson.tail)
    return {
        "input_ids": made.ids[:LONGEST], "covers": made.covers[:LONGEST], "heads": made.heads[:LONGEST],
        "tails": made.tails[:LONGEST], "markers": made.markers, "labels": relations.index(lesson.relation),
    }  # fmt: skip


def _collate(rows: Sequence[Mapping[str, Any]], padding: int) -> dict[str, Tensor]:
    ids = column(rows, "input_ids")
    return {
        "input_ids": pad(ids, padding), "covers": pad(column(rows, "covers"), NO_COVER),
        "attention_mask": mask(ids).long(), "markers": pad(column(rows, "markers"), 0),
        "heads": pad(column(rows, "heads"), 0).bool(), "tails": pad(column(rows, "tails"), 0).bool(),
        "labels": torch.tensor(column(rows, "labels")),
    }  # fmt: skip


def _save(network: RelationNetwork, base: Base, relations: Sequence[str], folder: Path) -> None:
    base.tokenizer.save(str(folder / TOKENIZER))
    pieces = ("pairs", "pieces")
    ids = torch.tensor([base.reader.read("a b c d").ids])
    flags = torch.zeros_like(ids).bool().index_fill_(1, torch.tensor([1]), True)
    export(
        network, "logits", {
            "input_ids": (ids, pieces), "covers": (torch.full_like(ids, NO_COVER), pieces),
            "attention_mask": (torch.ones_like(ids), pieces), "markers": (torch.tensor([[1, 2]]), ("pairs",)),
            "heads": (flags, pieces), "tails": (flags.clone(), pieces),
        }, "logits", folder,
    )  # fmt: skip
    version = blake2b((folder / "model.onnx").read_bytes(), digest_size=6).hexdigest()
    RelationCard(version, base.name, relations, base.reader.first, base.reader.last).save(folder)


def _calibrate(folder: Path, kept_back: Sequence[LabelledPair]) -> None:
    """Choose the temperature under which the right relation is likeliest (Guo et al. 2017)."""
    if not kept_back:
        return
    card = RelationCard.load(folder)
    model = Relations(folder)
    logs = np.log([model.probabilities(one.text, one.head, one.tail) + 1e-9 for one in kept_back])
    right = np.array([card.relations.index(one.relation) if one.relation in card.relations else 0 for one in kept_back])
    losses = [(_loss(logs / temperature, right), float(temperature)) for temperature in TEMPERATURES]
    replace(card, temperature=min(losses)[1]).save(folder)


def _loss(logits: Any, right: Any) -> float:
    log_sum = np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1)) + logits.max(1)
    return float((log_sum - logits[np.arange(len(right)), right]).mean())
