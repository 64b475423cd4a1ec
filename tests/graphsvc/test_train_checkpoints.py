"""A killed training goes on where it was: same losses, same weights; what is damaged is passed over."""

import os
import random
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from graphsvc.train.checkpoints import facts_of, newest, run_of, seal
from graphsvc.train.trainer import fit
from tests.graphsvc import trained_process
from tests.graphsvc.tiny_networks import PLAN, collate, lessons, network
from tests.graphsvc.trained_process import STEPS, train, train_together
from tests.repeated import runs

KILLS = 3


@pytest.fixture(scope="module")
def processes() -> Iterator[Any]:
    with trained_process.processes() as context:
        yield context


def test_two_processes_train_one_network(tmp_path: Path, processes: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    together = [processes.Process(target=train_together, args=(tmp_path, rank, 2, port)) for rank in range(2)]
    for process in together:
        process.start()
    for process in together:
        process.join(60)
        assert process.exitcode == 0
    first, second = (torch.load(tmp_path / str(rank) / "result") for rank in range(2))
    assert all(torch.equal(second["weights"][name], weight) for name, weight in first["weights"].items())
    assert len(first["losses"]) == 12, "each process reads half of the lessons"
    assert first["losses"][-1] < 0.7 * first["losses"][0]
    sealed = sorted(path.parent.name for path in (tmp_path / "checkpoints").glob("*/seal.json"))
    assert sealed == ["checkpoint-12", "checkpoint-8"]


def kill_after(folder: Path, step: int, chance: random.Random, context: Any) -> None:
    process = context.Process(target=train, args=(folder, "full"))
    process.start()
    while process.is_alive() and _reached(folder) < step:
        time.sleep(0.001)
    time.sleep(chance.random() * 2 * trained_process.PAUSE)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL


def _reached(folder: Path) -> int:
    try:
        return int((folder / "reached").read_text() or 0)
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("run", runs(3, 31))
def test_a_training_that_was_killed_three_times_ends_where_an_undisturbed_one_does(
    run: int, tmp_path: Path, processes: Any
) -> None:
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    calm.mkdir()
    rough.mkdir()
    chance = random.Random(run)
    steps = sorted(chance.sample(range(4, STEPS - 10), KILLS))
    for step in steps:
        kill_after(rough, step, chance, processes)
        (rough / "reached").unlink()
    assert newest_step(rough) >= steps[0] - 3
    last = processes.Process(target=train, args=(rough, "full", 0.0))
    last.start()
    train(calm, "full", pause=0.0)
    last.join()
    assert last.exitcode == 0
    expected, found = torch.load(calm / "result"), torch.load(rough / "result")
    assert found["losses"] == expected["losses"], steps
    assert len(expected["losses"]) == STEPS
    for name, weight in expected["weights"].items():
        assert torch.equal(found["weights"][name], weight), (name, steps)


def newest_step(folder: Path) -> int:
    return max(int(path.name.split("-")[1]) for path in (folder / "checkpoints").glob("checkpoint-*"))


@pytest.mark.parametrize("tuning", ["lora", "adalora", "adapter", "prefix"])
def test_every_tuning_goes_on_from_its_checkpoint(tuning: str, tmp_path: Path) -> None:
    train(tmp_path, tuning, pause=0.0)
    expected = torch.load(tmp_path / "result")
    shutil.rmtree(tmp_path / "checkpoints" / f"checkpoint-{STEPS}")
    torch.manual_seed(99)
    steps = []
    made = network(dropout=0.2)
    fit(
        made, lessons(), collate, trained_process.plan_of(tuning), tmp_path / "checkpoints",
        lambda step, of: steps.append(step),
    )  # fmt: skip
    assert steps == [STEPS - 2, STEPS - 1, STEPS], "it did not begin anew"
    for name, weight in expected["weights"].items():
        assert torch.equal(made.state_dict()[name], weight), name


@pytest.mark.parametrize("damage", ["truncated", "unsealed", "zeroed", "missing"])
def test_a_damaged_checkpoint_is_passed_over_and_removed(damage: str, tmp_path: Path) -> None:
    for step in (3, 12):
        whole(tmp_path / f"checkpoint-{step}")
    broken = tmp_path / "checkpoint-12"
    weights = broken / "model.safetensors"
    if damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:-1])
    elif damage == "unsealed":
        (broken / "seal.json").unlink()
    elif damage == "zeroed":
        weights.write_bytes(bytes(weights.stat().st_size))
    else:
        weights.unlink()
    found = newest(tmp_path, "run")
    assert found == tmp_path / "checkpoint-3"
    assert facts_of(found) == {"bf16": True}
    assert not broken.exists()


def whole(folder: Path) -> None:
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    seal(folder, "run", {"bf16": True})


def test_the_newest_is_the_one_of_the_highest_step_and_other_folders_stay(tmp_path: Path) -> None:
    for step in (9, 12, 100):
        whole(tmp_path / f"checkpoint-{step}")
    (tmp_path / "checkpoint-best").mkdir()
    assert newest(tmp_path, "run") == tmp_path / "checkpoint-100"
    assert newest(tmp_path, "another run") is None
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-best"]
    assert newest(tmp_path / "nowhere", "run") is None


def test_another_training_begins_anew(tmp_path: Path) -> None:
    plan = replace(PLAN, epochs=1, save_steps=2)
    fit(network(), lessons(), collate, plan, tmp_path)
    steps: list[int] = []
    fit(network(), lessons(seed=2), collate, plan, tmp_path, lambda step, of: steps.append(step))
    assert steps[0] == 1
    assert run_of(plan, 1) != run_of(replace(plan, rate=9.0), 1)


def test_checkpoints_come_every_so_many_minutes_and_two_are_kept(tmp_path: Path) -> None:
    fit(network(), lessons(), collate, replace(PLAN, epochs=1), tmp_path / "never")
    assert not (tmp_path / "never").exists() or not list((tmp_path / "never").iterdir())
    fit(network(), lessons(), collate, replace(PLAN, epochs=1, save_minutes=0.0), tmp_path / "always")
    assert sorted(path.name for path in (tmp_path / "always").iterdir()) == ["checkpoint-5", "checkpoint-6"]


def test_averaged_weights_are_those_that_are_kept(tmp_path: Path) -> None:
    last, mean = network(), network()
    fit(last, lessons(), collate, PLAN, tmp_path / "last")
    fit(mean, lessons(), collate, replace(PLAN, averaging=0.9), tmp_path / "mean")
    start = network().classifier.weight
    assert (mean.classifier.weight - start).norm() < (last.classifier.weight - start).norm()
