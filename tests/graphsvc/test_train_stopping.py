"""A training stops when validations no longer get better, and keeps what was best."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from graphsvc.errors import InputError
from graphsvc.train.trainer import Validation, fit
from graphsvc.train.validation import SpanF1
from tests.graphsvc.tiny_networks import PLAN, TAGS, collate, lessons, network

STEPS = 24


class Rising:
    """A measure that rises and then falls, and remembers the weights that it saw."""

    def __init__(self, network: Any, best: int) -> None:
        self.network, self.best = network, best
        self.seen: list[torch.Tensor] = []

    def __call__(self, prediction: Any) -> dict[str, float]:
        self.seen.append(self.network.classifier.weight.detach().clone())
        return {"f1": -abs(len(self.seen) - self.best)}


@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_it_stops_and_keeps_the_best(averaging: float, tmp_path: Path) -> None:
    made = network()
    measure = Rising(made, best=3)
    plan = replace(PLAN, patience=2, validations=8, averaging=averaging)
    steps: list[int] = []
    curve = fit(
        made, lessons(), collate, plan, tmp_path, lambda step, of: steps.append(step),
        validation=Validation(lessons(6, seed=5), measure),
    )  # fmt: skip
    assert len(measure.seen) == 5
    assert steps[-1] == 5 * STEPS // 8
    assert torch.equal(made.classifier.weight, measure.seen[2])
    assert [row["eval_f1"] for row in curve if "eval_f1" in row] == [-2, -1, 0, -1, -2]


def test_it_runs_to_the_end_while_it_gets_better(tmp_path: Path) -> None:
    made = network()
    measure = Rising(made, best=100)
    fit(
        made, lessons(), collate, replace(PLAN, patience=1, validations=6), tmp_path,
        validation=Validation(lessons(6), measure),
    )  # fmt: skip
    assert len(measure.seen) == 6


def test_patience_survives_a_resume(tmp_path: Path) -> None:
    """Killed at a validation that was one of two bad ones, it stops after one more, not after two."""
    plan = replace(PLAN, patience=2, validations=8, save_steps=1)

    class Killed(Exception):
        pass

    def killed(step: int, of: int) -> None:
        if step == 14:
            raise Killed

    made = network()
    rows = Validation(lessons(6), Rising(made, best=3))
    with pytest.raises(Killed):
        fit(made, lessons(), collate, plan, tmp_path, killed, validation=rows)
    assert len(rows.measure.seen) == 4  # type: ignore[attr-defined]
    again = network()
    measure = Rising(again, best=-1)
    fit(again, lessons(), collate, plan, tmp_path, validation=Validation(lessons(6), measure))
    assert len(measure.seen) == 1


def test_patience_needs_lessons_that_are_kept_back(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No lessons are kept back"):
        fit(network(), lessons(), collate, replace(PLAN, patience=2), tmp_path)


class Prediction:
    def __init__(self, predictions: Any, label_ids: Any) -> None:
        self.predictions, self.label_ids = np.array(predictions, np.float32), np.array(label_ids)


def emissions(*tags: int) -> list[list[float]]:
    return [[9.0 if at == tag else 0.0 for at in range(3)] for tag in tags]


def test_spans_are_measured_strictly() -> None:
    made = network()
    made.chain = None
    measure = SpanF1(made, TAGS)
    padded = -100
    assert measure(Prediction([emissions(1, 2, 0, 0)], [[1, 2, 0, padded]])) == {"f1": 1.0}
    assert measure(Prediction([emissions(1, 0, 0, 0)], [[1, 2, 0, padded]])) == {"f1": 0.0}
    assert measure(Prediction([emissions(2, 2, 0, 0)], [[1, 2, 0, padded]])) == {"f1": 0.0}, "an I opens no span"
    assert measure(Prediction([emissions(0, 0, 0, 1)], [[0, 0, 0, padded]])) == {"f1": 0.0}


def test_spans_are_those_of_the_chain() -> None:
    made = network()
    assert made.chain is not None
    said = Prediction([[[0.0, 1.0, 0.0], [0.0, 0.5, 0.6]]], [[1, 2]])
    assert SpanF1(made, TAGS)(said) == {"f1": 1.0}
    with torch.no_grad():
        made.chain.transitions[1, 1] += 5
    assert SpanF1(made, TAGS)(said) == {"f1": 0.0}
