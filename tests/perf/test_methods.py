from dataclasses import replace
from pathlib import Path

import pytest

from extractors.types import LabelledText, Mention
from graphsvc.train.plan import plan_of
from perf._kept import Key, Result
from perf.methods.__main__ import TARGET
from perf.methods.course import PLAN, counts_of, measure, measurements, name_of, parts
from perf.methods.report import BEGIN, END, HEAD, put, table
from perf.methods.table import BASE, METHODS, SIZES, Method
from perf.training.figures import TAOBAO
from tests.extractors.tiny_models import encoder_folder, labelled_texts


def result(name: str, seed: int, counts: list[list[int]], judged: str = "same", code: str = "new") -> Result:
    found = {"counts": counts, "judged": judged, "precision": [], "cpu_seconds": {"train": 90.0, "predict": 1.0}}
    return Result(Key(name, seed, "m", code), "2026-11-27", "a machine", found)


def test_a_row_for_each_way_that_was_measured() -> None:
    base = [result("full-300", seed, [[1, 2, 2], [2, 2, 2]]) for seed in (1, 2)]
    ours = [result("lora-300", seed, [[2, 2, 2], [2, 2, 2]]) for seed in (1, 2, 3)]
    made = table({"full-300": base, "lora-300": ours, "crf-300": []})
    rows = made.splitlines()
    assert rows[:2] == list(HEAD)
    assert [row.split(" | ")[:3] for row in rows[2:]] == [["| `full`", "300", "2"], ["| `lora`", "300", "3"]]
    assert "| 0.750 (0.750–0.750) | — | 1.50 |" in rows[2]
    assert "| 1.000 (1.000–1.000) | +0.250 (+0.000 to +0.500) | 1.50 |" in rows[3]


@pytest.mark.parametrize("other", [{"code": "older"}, {"judged": "others"}])
def test_no_gain_over_what_cannot_be_compared(other: dict[str, str]) -> None:
    counts = [[1, 2, 2]]
    kept = {"full-300": [result("full-300", 1, counts, **other)], "lora-300": [result("lora-300", 1, counts)]}
    assert "| — | 1.50 |" in table(kept).splitlines()[3]
    assert "| 0.500 | — | 1.50 |" in table({"lora-300": kept["lora-300"]})


def test_the_table_stands_between_its_markers() -> None:
    document = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert put(document, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert put(put(document, "new"), "newer") == put(document, "newer")
    with pytest.raises(ValueError, match="no place"):
        put("without", "new")
    assert put(TARGET.read_text("utf-8"), "| new |").count("| new |") == 1


def test_parts_share_no_text() -> None:
    lessons = labelled_texts()
    learnt, judged, read = parts(lessons, 50, 1)
    assert len(learnt) == 50
    names = [{one.text for one in part} for part in (learnt, judged, read)]
    assert all(names)
    assert not names[0] & names[1] | names[0] & names[2] | names[1] & names[2]
    assert parts(lessons, 50, 2)[0] != learnt


def test_counts_are_strict() -> None:
    red, pan = Mention(0, 3, "colour"), Mention(4, 7, "thing")
    found = [replace(red, confidence=0.5), replace(pan, label="colour")]
    assert counts_of(LabelledText("red pan", (red, pan)), found) == [1, 2, 2]


def test_every_way_is_a_plan_and_another_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for method in METHODS:
        plan_of(method.change)
    assert METHODS[0] == Method(BASE, METHODS[0].what)
    (tmp_path / TAOBAO).parent.mkdir(parents=True)
    (tmp_path / TAOBAO).write_text("红 B-colour\n包 O\n\n蓝 B-colour\n包 O\n", "utf-8")
    monkeypatch.setenv("GRAPHSVC_DATA", str(tmp_path))
    found = measurements()
    assert [one.name for one in found] == [name_of(method, size) for size in SIZES for method in METHODS]
    assert len({one.marks for one in found}) == len(found)
    monkeypatch.setenv("GRAPHSVC_DATA", str(tmp_path / "nowhere"))
    assert all(one.absent for one in measurements())


TRAININGS = {"crf": 0, "student": 2, "pruned-heads": 2, "language-model": 3, "soup-3": 3, "ensemble-3": 4}


@pytest.mark.parametrize("method", METHODS, ids=lambda method: str(method.name))
def test_a_way_is_measured(tmp_path: Path, method: Method) -> None:
    (tmp_path / "encoder").mkdir()
    lessons = [one for one in labelled_texts() if not one.context]
    plan = replace(PLAN, encoder=encoder_folder(tmp_path / "encoder"), epochs=2, precision="fp32", head_rate=1e-2)
    found = measure(method, lessons, 60, 1, plan)
    judged = parts(lessons, 60, 1)[1]
    assert len(found["counts"]) == len(judged)
    assert sum(wanted for _, _, wanted in found["counts"]) == sum(len(one.mentions) for one in judged)
    assert found["precision"] == ["fp32"] * TRAININGS.get(method.name, 1)
