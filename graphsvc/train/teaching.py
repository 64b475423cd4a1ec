"""From lessons to one network that serves: a soup, an ensemble, pruned heads, a student where the plan asks for them.

Knows networks with an `encoder` and logits; does not know tasks.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from graphsvc.errors import InputError
from graphsvc.train.averaging import stir
from graphsvc.train.heads import least_heads, prune_heads
from graphsvc.train.plan import Plan
from graphsvc.train.smaller import Distillation, Ensemble, halved, pool_chains
from graphsvc.train.trainer import Collate, Lessons, Progress, Validation, fit, settle

HEADS = "heads.json"
MOST_BATCHES = 50  # by which heads are judged
SPACING = 1_000  # between the seeds of a soup's trainings: those of an ensemble follow each other


def teach(
    build: Callable[[], Any],
    lessons: Lessons,
    collate: Collate,
    plan: Plan,
    folder: Path,
    progress: Progress = lambda step, of: None,
    *,
    validation: Callable[[Any], Validation | None] = lambda network: None,
) -> tuple[Any, list[dict[str, float]]]:
    """A trained network and the curve of its training. `build` makes a new network each time, random parts anew.

    `validation` gives what a network is validated by. `folder` keeps checkpoints and the list of pruned heads.
    Raises InputError for wishes that exclude each other.
    """
    if plan.pruned_heads and plan.tuning == "prefix":
        raise InputError("A prefix speaks to every head, so none can be pruned.", "Use another tuning.")
    members, curve = [], []
    for seed in range(plan.seed, plan.seed + plan.ensemble):
        torch.manual_seed(seed)
        start = build()
        plan = settle(
            plan, start.encoder.config.num_hidden_layers, lessons
        )  # a student with half the layers learns no longer for that
        portions = [*(deepcopy(start) for _ in range(1, plan.soup or 1)), start]
        for at, portion in enumerate(portions):
            own = replace(plan, seed=seed + SPACING * at)
            course = folder / f"seed-{own.seed}"
            curve += fit(portion, lessons, collate, own, course, progress, validation=validation(portion))
        members.append(stir(portions))
    if len(members) == 1 and not plan.student and not plan.pruned_heads:
        return members[0], curve
    student = _student(members, lessons, collate, plan, folder)
    teacher = Distillation(Ensemble(members), plan.distillation, plan.temperature)
    curve += fit(
        student, lessons, collate, replace(plan, tuning="full"), folder / "student", progress,
        validation=validation(student), objective=teacher,
    )  # fmt: skip
    return student, curve


def _student(members: list[nn.Module], lessons: Lessons, collate: Collate, plan: Plan, folder: Path) -> nn.Module:
    student = halved(members[0]) if plan.student else deepcopy(members[0])
    pool_chains(student, members)
    if plan.pruned_heads:
        starts = range(0, min(len(lessons), MOST_BATCHES * plan.batch), plan.batch)
        heads = least_heads(student, [collate(lessons[at : at + plan.batch]) for at in starts], plan.pruned_heads)
        prune_heads(student, heads)
        (folder / HEADS).write_text(json.dumps(heads), "utf-8")
    return student
