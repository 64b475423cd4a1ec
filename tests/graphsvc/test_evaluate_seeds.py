from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsvc.evaluate.seeds import calibration_error, mean_of, summary


def run(f1: float, cpu: tuple[float, float] = (3.0, 0.5)) -> dict[str, Any]:
    figures = {"f1": f1, "precision": f1 + 0.1, "recall": f1 - 0.1}
    return {
        "all": figures,
        "unseen": {name: value / 2 for name, value in figures.items()} | {"texts": 7},
        "per_label": {"colour": figures | {"wanted": 9}},
        "calibration_error": f1 / 10,
        "cpu": cpu,
    }


def test_means_over_seeds_and_their_spread() -> None:
    found = summary("mentions", "crf", 100, 20, [run(0.5), run(0.7, (5.0, 1.5))])
    assert {name: found[name] for name in ("task", "extractor", "train", "test", "seeds")} == {
        "task": "mentions", "extractor": "crf", "train": 100, "test": 20, "seeds": 2,
    }  # fmt: skip
    assert (found["f1"], found["precision"], found["recall"]) == (0.6, 0.7, 0.5)
    assert found["unseen"] == {"f1": 0.3, "precision": 0.35, "recall": 0.25, "texts": 7}
    assert found["per_label"] == {"colour": {"f1": 0.6, "precision": 0.7, "recall": 0.5, "wanted": 9}}
    assert found["by_seed"] == [0.25, 0.35]
    assert found["spread"] == 0.05
    assert found["calibration_error"] == 0.06
    assert found["cpu_seconds"] == {"train": 4.0, "predict": 1.0}
    assert found["per_second"] == 20.0


def test_no_time_at_all_gives_no_speed() -> None:
    found = summary("mentions", "crf", 1, 1, [run(0.5, (0.0, 0.0))])
    assert found["per_second"] is None
    assert found["spread"] == 0


def test_the_mean_of_a_figure() -> None:
    assert mean_of([{"a": {"b": 1}}, {"a": {"b": 2}}], "a", "b") == 1.5


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ([], 0.0),
        ([(1.0, True)], 0.0),
        ([(1.0, False)], 1.0),
        ([(0.0, False)], 0.0),
        ([(0.75, True), (0.75, True), (0.75, True), (0.75, False)], 0.0),
        ([(0.95, True), (0.85, False)], 0.45),  # bins apart: (0.05 + 0.85) / 2
        ([(0.96, True), (0.94, False)], 0.45),  # one bin: |1.90 - 1| / 2
        ([(0.5, True), (0.5, True), (0.1, False)], 0.3667),
    ],
)
def test_calibration(said: list[tuple[float, bool]], error: float) -> None:
    assert calibration_error(said) == error


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans())))
def test_calibration_lies_between_nought_and_one(said: list[tuple[float, bool]]) -> None:
    assert 0 <= calibration_error(said) <= 1
    if said:
        whole = abs(sum(sure for sure, _ in said) - sum(right for _, right in said)) / len(said)
        assert calibration_error(said) >= whole - 1e-4
