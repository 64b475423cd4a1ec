import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from perf._kept import Found, Kept, Key, marks_of, results_folder
from perf._runs import Measurement, chosen, measure_all, options, results

ROOT = Path(__file__).parent.parent.parent
KEY = Key("taobao", 1, "m", "0.1.0+abc")


def counting(name: str, made: list[int], value: float = 0.5, marks: str = "m") -> Measurement:
    def measure(seed: int) -> Found:
        made.append(seed)
        return {"value": value + seed / 100}

    return Measurement(name, measure, marks)


def test_a_result_is_what_was_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "not" / "there")
    assert kept.get(KEY) is None
    made = kept.put(KEY, {"value": 0.5, "what": "中文"})
    assert kept.get(KEY) == made
    assert made.found == {"value": 0.5, "what": "中文"}
    assert str(Path.home()) not in (tmp_path / "not" / "there" / KEY.file).read_text("utf-8")


@pytest.mark.parametrize(
    "other", [Key("tao", 1, "m", KEY.code), Key("taobao", 2, "m", KEY.code), Key("taobao", 1, "n", KEY.code),
              Key("taobao", 1, "m", "0.1.0+abd")],
)  # fmt: skip
def test_another_figure_seed_data_or_code_is_another_result(tmp_path: Path, other: Key) -> None:
    kept = Kept(tmp_path)
    kept.put(KEY, {"value": 0.5})
    assert kept.get(other) is None
    kept.put(other, {"value": 0.6})
    first = kept.get(KEY)
    assert first is not None
    assert first.found["value"] == 0.5


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "", lambda text: text[: len(text) // 2], lambda text: "[1]", lambda text: "null",
        lambda text: json.dumps(json.loads(text) | {"found": 7}),
        lambda text: json.dumps(json.loads(text) | {"key": {}}),
        lambda text: text.replace('"taobao"', '"other"'), lambda text: text.replace('"seed": 1', '"seed": 2'),
    ],
)  # fmt: skip
def test_a_damaged_file_is_measured_again(tmp_path: Path, spoil: Callable[[str], str]) -> None:
    made: list[int] = []
    one, kept = counting("taobao", made), Kept(tmp_path)
    measure_all(kept, [one], 1)
    (path,) = tmp_path.glob("*.json")
    path.write_text(spoil(path.read_text("utf-8")), "utf-8")
    assert results(kept, one) == []
    measure_all(kept, [one], 1)
    assert made == [1, 1]
    assert [result.found["value"] for result in results(kept, one)] == [0.51]


def test_what_is_kept_is_not_measured_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = list[int](), list[int]()
    kept, both = Kept(tmp_path), [counting("a", first), counting("b", second)]
    assert measure_all(kept, both, 1) == []
    assert measure_all(kept, both, 3) == []
    assert (first, second) == ([1, 2, 3], [1, 2, 3])
    assert "a, seed 1: kept" in capsys.readouterr().out
    measure_all(kept, [counting("a", first, marks="other data")], 1)
    assert first == [1, 2, 3, 1]


def test_every_figure_has_its_first_seed_before_any_has_its_second(tmp_path: Path) -> None:
    order: list[tuple[str, int]] = []

    def one(name: str) -> Measurement:
        return Measurement(name, lambda seed: order.append((name, seed)) or {}, "m")  # type: ignore[func-returns-value]

    measure_all(Kept(tmp_path), [one("a"), one("b")], 2)
    assert order == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_one_that_fails_keeps_nothing_and_stops_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made: list[int] = []
    kept = Kept(tmp_path)

    def fail(seed: int) -> Found:
        raise ValueError("no memory")

    bad = Measurement("bad", fail, "m")
    assert measure_all(kept, [bad, counting("good", made)], 2) == ["bad"]
    assert made == [1, 2]
    assert results(kept, bad) == []
    assert "no memory" in capsys.readouterr().err


def test_absent_data_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made: list[int] = []
    absent = Measurement("a", lambda seed: made.append(seed) or {}, absent="no data")  # type: ignore[func-returns-value]
    assert measure_all(Kept(tmp_path), [absent], 1) == []
    assert not made
    assert "a: not run, no data" in capsys.readouterr().out


def test_results_of_older_code_stand_in_until_there_are_newer(tmp_path: Path) -> None:
    made: list[int] = []
    kept, one = Kept(tmp_path), counting("a", made)
    kept.put(Key("a", 1, "m", "older"), {"value": 0.1})
    kept.put(Key("a", 2, "m", "older"), {"value": 0.2})
    assert [result.key.code for result in results(kept, one)] == ["older", "older"]
    measure_all(kept, [one], 2, any_code=True)
    assert made == []
    measure_all(kept, [one], 1)
    assert made == [1]
    assert [result.found["value"] for result in results(kept, one)] == [0.51, 0.2]
    measure_all(kept, [one], 3, any_code=True)
    assert made == [1, 3]
    kept.put(Key("a", 2, "m", "another"), {"value": 0.3})
    assert [result.key.seed for result in results(kept, one)] == [1, 2, 3]


KILLED = """
import os, signal, sys
from pathlib import Path
from perf._kept import Kept
from perf._runs import Measurement, measure_all

folder, die = Path(sys.argv[1]), int(sys.argv[2])

def measure(seed):
    with open(folder / "made", "a") as file:
        file.write(f"{seed} ")
    if seed == die:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"value": seed}

measure_all(Kept(folder), [Measurement("a", measure, "m")], 3)
"""


def test_a_killed_run_loses_only_the_seed_that_was_under_way(tmp_path: Path) -> None:
    def run(die: int) -> int:
        command = [sys.executable, "-c", KILLED, str(tmp_path), str(die)]
        return subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode

    assert run(2) == -signal.SIGKILL
    assert run(3) == -signal.SIGKILL
    assert run(0) == 0
    assert run(0) == 0
    assert (tmp_path / "made").read_text("ascii") == "1 2 2 3 3 "
    assert len(list(tmp_path.glob("*.json"))) == 3
    assert [path.name for path in tmp_path.iterdir() if path.is_file() and path.suffix != ".json"] == ["made"]


def test_what_another_process_makes_is_left_to_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from graphsvc.models.code_version import code_version

    made: list[int] = []
    kept = Kept(tmp_path)
    with kept.held(Key("a", 1, "m", code_version())) as ours:
        assert ours
        assert measure_all(kept, [counting("a", made)], 2) == []
    assert made == [2]
    assert "another process is at it" in capsys.readouterr().out
    measure_all(kept, [counting("a", made)], 2)
    assert made == [2, 1]


def test_where_results_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHSVC_PERF", str(tmp_path))
    assert results_folder("training") == tmp_path / "training"
    monkeypatch.delenv("GRAPHSVC_PERF")
    assert results_folder("training") == ROOT / "perf" / "results" / "training"
    assert marks_of({"a": 1, "b": 2}) == marks_of({"b": 2, "a": 1}) != marks_of({"a": 1, "b": 3})


def test_options_and_names() -> None:
    asked = options("training", "What it is.", 3).parse_args(["--only", "a", "--only", "b", "--seeds", "1"])
    assert (asked.only, asked.seeds, asked.list, asked.report, asked.any_code) == (["a", "b"], 1, False, False, False)
    assert chosen(["b", "c", "a"], ["a", "b"]) == ["b", "a"]
    assert chosen(["b", "a"], None) == ["b", "a"]
    with pytest.raises(SystemExit, match="There is no x. There are a, b."):
        chosen(["a", "b"], ["a", "x"])
