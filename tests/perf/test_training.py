import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.main import get_command

from graphsvc.__main__ import app
from graphsvc.evaluate.mentions import evaluate_mentions
from graphsvc.models.code_version import code_version
from graphsvc.train.plan import Plan
from perf._intervals import f1_of, gain_interval, t_interval
from perf._kept import Key, Result, machine
from perf._runs import Precisions
from perf.training.figures import DOORS, FIGURES, Figure, lessons, measure, measurement
from perf.training.report import line, report, verdict
from tests.extractors.tiny_models import encoder_folder, labelled_pairs, labelled_texts

FIGURE = Figure("taobao", 0.7, "train.txt", "dev.txt", read="unseen.f1", also=("end_to_end.f1",))


def result(seed: int, value: float, minutes: float = 12.0, code: str = "") -> Result:
    found: dict[str, Any] = {
        "value": value, "also": {"end_to_end.f1": 0.25}, "f1": 0.75, "unseen": {"f1": value, "texts": 1_234},
        "lessons": 6_000, "judged": 998, "precision": ["bf16"],
        "cpu_seconds": {"train": 60 * minutes, "predict": 9.5, "whole": 60 * minutes + 10},
    }  # fmt: skip
    return Result(Key("taobao", seed, "m", code or code_version()), "2026-11-27T10:00:00+00:00", machine(), found)


def test_lines_of_a_figure() -> None:
    assert line(FIGURE, []) == "taobao: not yet measured"
    assert verdict(FIGURE, [result(1, 0.7)]) == "holds, 1 of 3 seeds"
    assert verdict(FIGURE, [result(at, 0.7) for at in (1, 2, 3)]) == "holds"
    assert verdict(FIGURE, [result(at, 0.69) for at in (1, 2, 3)]) == "DOES NOT HOLD"
    said = line(FIGURE, [result(1, 0.70), result(2, 0.72, 31), result(3, 0.74)])
    assert "unseen.f1 = 0.7200 (0.6703–0.7697) over seeds 0.7000, 0.7200, 0.7400, bound 0.7: holds" in said
    assert "CPU minutes of training 12.0, 31.0, 12.0 (over the budget) of 30, bf16; end_to_end.f1 0.2500" in said


def test_the_report_has_every_figure_and_no_path() -> None:
    other = replace(FIGURE, name="other", bound=0.9)
    text = report([(FIGURE, [result(1, 0.7, code="0.1.0+old")]), (other, [])])
    assert "| `taobao` | 0.7 | 0.7000 | holds, 1 of 3 seeds, 1 by older code | 12.0 | bf16 |" in text
    assert "| `other` | 0.9 | — | not yet measured | — | — |" in text
    assert "0.1.0+old, older code" in text
    assert "python -m graphsvc evaluate mentions --train train.txt --test dev.txt --seeds 3 --json" in text
    assert str(Path.home()) not in text
    assert "/work" not in text


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: str(figure.name))
def test_a_command_beside_a_figure_is_one(figure: Figure) -> None:
    words = shlex.split(figure.command)
    assert words[:3] == ["python", "-m", "graphsvc"]
    command: Any = get_command(app)
    for name in words[3:5]:
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    assert figure.door in DOORS


def test_names_are_told_apart() -> None:
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    assert len({str(figure.asked) for figure in FIGURES}) == len(FIGURES)
    assert FIGURE.asked == replace(FIGURE, name="other", bound=0.1).asked
    assert FIGURE.asked != replace(FIGURE, labels=300).asked


def test_absent_data_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHSVC_DATA", str(tmp_path))
    assert "absent" in measurement(FIGURES[0]).absent


def test_data_and_options_name_a_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHSVC_DATA", str(tmp_path))
    figure = Figure("tiny", 0.5, "train.txt", split=True, extractor="crf")
    names = []
    for name, thing in (("train.txt", "pan"), ("other.txt", "mug")):
        lines = [f"red B-colour\n{thing}{at} O\n" for at in range(40)]
        (tmp_path / name).write_text("\n".join(lines), "utf-8")
        names.append(measurement(replace(figure, train=name)).marks)
    learnt, judged = lessons(figure, tmp_path)
    assert (len(learnt) + len(judged), len(set(names))) == (40, 2)
    found = measurement(figure).measure(1)
    assert found["value"] == found["f1"] == 1
    assert (found["precision"], found["lessons"], found["judged"]) == ([], len(learnt), len(judged))
    assert found["cpu_seconds"]["whole"] >= found["cpu_seconds"]["train"]


def test_a_seed_alone_is_what_it_is_among_others(tmp_path: Path) -> None:
    texts = labelled_texts()
    both = evaluate_mentions(texts, [], tmp_path, extractor="crf", lessons=20, seeds=2)
    alone = [evaluate_mentions(texts, [], tmp_path, extractor="crf", lessons=20, plan=Plan(seed=at)) for at in (1, 2)]
    assert both["by_seed"] == [one["by_seed"][0] for one in alone]


def test_the_precision_of_every_training_is_heard(tmp_path: Path) -> None:
    (tmp_path / "encoder").mkdir()
    plan = Plan(encoder=encoder_folder(tmp_path / "encoder"), epochs=1, precision="fp32")
    pairs = labelled_pairs()
    figure = Figure("tiny", 0, "", door="relations", end_to_end=True, also=("end_to_end.f1",))
    found = measure(figure, pairs[:-20], pairs[-20:], plan)
    assert found["precision"] == ["fp32", "fp32"]  # of relations, and of mentions
    assert set(found["also"]) == {"end_to_end.f1"}
    with Precisions() as said:
        pass
    assert said == []


def test_intervals() -> None:
    assert t_interval([0.5]) is None
    assert t_interval([0.5, 0.5, 0.5]) == (0.5, 0.5)
    low, high = t_interval([0.70, 0.72, 0.74]) or (0, 0)
    assert (low, high) == pytest.approx((0.72 - 4.3027 * 0.02 / 3**0.5, 0.72 + 4.3027 * 0.02 / 3**0.5), abs=1e-4)
    assert f1_of(np.array([[2, 4, 5], [0, 0, 0]])) == pytest.approx([4 / 9, 0])


def test_a_paired_gain() -> None:
    rng = np.random.default_rng(1)
    wanted = rng.integers(1, 5, 400)
    worse = [np.stack([np.minimum(wanted, rng.integers(0, 5, 400)), wanted, wanted], 1) for _ in range(3)]
    better = [one + (one[:, [0]] < one[:, [2]]) * np.array([1, 0, 0]) for one in worse]
    low, high = gain_interval(better, worse)
    gained = np.mean([f1_of(a.sum(0)) - f1_of(b.sum(0)) for a, b in zip(better, worse, strict=True)])
    assert 0 < low < gained < high < 0.5
    assert gain_interval(worse, worse) == (0, 0)
