"""A training in a process of its own, to be killed. Writes each step that it reaches, and its weights in the end."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from graphsvc.train.plan import Plan
from graphsvc.train.trainer import fit
from tests.graphsvc.tiny_networks import PLAN, collate, lessons, network

STEPS = 24
PAUSE = 0.02  # seconds after each step, so that there is a moment to kill it


@contextmanager
def processes() -> Iterator[Any]:
    """Processes that have torch already: importing it takes longer than all training here."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    try:
        yield context
    finally:
        multiprocessing.forkserver._forkserver._stop()  # type: ignore[attr-defined]


def train_together(folder: Path, rank: int, world: int, port: int) -> None:
    """One of several processes that train one network."""
    given = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in given.items()})
    (folder / str(rank)).mkdir()
    plan = replace(PLAN, batch=2, epochs=2, adversarial="fgm", averaging=0.9, save_steps=4)
    made = network()
    curve = fit(made, lessons(), collate, plan, folder / "checkpoints")
    torch.save({"weights": made.state_dict(), "losses": [row["loss"] for row in curve]}, folder / str(rank) / "result")


def plan_of(tuning: str) -> Plan:
    return replace(
        PLAN, tuning=tuning, epochs=4, save_steps=3, averaging=0.9, dropout=0.2, adversarial="fgm", accumulation=2,
        batch=2, seed=3,
    )  # fmt: skip


def train(folder: Path, tuning: str, pause: float = PAUSE) -> None:
    def reached(step: int, of: int) -> None:
        (folder / "reached").write_text(str(step))
        time.sleep(pause)

    made = network(dropout=0.2)
    curve = fit(made, lessons(), collate, plan_of(tuning), folder / "checkpoints", reached)
    torch.save({"weights": made.state_dict(), "losses": [row["loss"] for row in curve]}, folder / "result.part")
    (folder / "result.part").replace(folder / "result")
