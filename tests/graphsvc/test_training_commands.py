"""`train`: from labels to a model in the registry, and what becomes of runs that are killed, refused or asked wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from extractors.relations import Relations
from extractors.tagger import Tagger
from graphsvc import workshop
from graphsvc.__main__ import app
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.train import sinks
from graphsvc.train.trainer import Reported
from tests.graphsvc.label_files import write
from tests.graphsvc.lessons import write_semeval, write_spans
from tests.graphsvc.tiny_networks import write_encoder

NEW = ["sofa", "bed", "desk", "bowl", "vase", "clock"]
OPTIONS = ("--rate", 1e-3, "--set", "head_rate=0.02", "--set", "precision=fp32")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    return write_spans(tmp_path / "lessons.jsonl", ["red", "blue"])


def run(home: Path, *words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["--data", str(home), *map(str, words)])
    assert result.exit_code == code, result.output + result.stderr
    return result


def last(result: Result) -> Any:
    return json.loads(result.stdout.strip().splitlines()[-1])


def record(home: Path, name: str) -> Any:
    return json.loads((home / "runs" / name / "run.json").read_text("utf-8"))


def listed(home: Path) -> list[Any]:
    found: list[Any] = last(run(home, "train", "list", "--json"))
    return found


def test_from_a_set_of_labels_to_production(home: Path, encoder: Path, tmp_path: Path) -> None:
    for part, others in (("train", ["pan", "mug", "rug"]), ("test", NEW)):
        path = write_spans(tmp_path / f"{part}.jsonl", others=others)
        run(home, "labels", "import", path, "--name", "pans", "--part", part, "--licence", "MIT")
    result = run(
        home, "train", "mentions", "--labels", "pans", "--encoder", encoder, "--epochs", 12, *OPTIONS, "--promote",
        "--json",
    )  # fmt: skip
    found = last(result)
    assert found["promoted"], result.stderr
    assert (found["train"], found["test"]) == (60, 120)
    assert found["unseen"]["f1"] > 0.9
    said = record(home, found["run"])
    assert (said["status"], said["task"], said["seed"], said["error"]) == ("done", "mentions", 1, "")
    assert [(one["name"], one["part"], one["licence"]) for one in said["data"]] == [
        ("pans", "train", "MIT"), ("pans", "test", "MIT")
    ]  # fmt: skip
    assert said["parameters"]["rate"] == 1e-3
    assert said["scores"]["per_label"]["colour"]["wanted"] == 120
    assert said["seconds"].keys() == {"train", "judge"}
    assert said["code"]
    assert any("loss" in row for row in said["curve"])
    card = last(run(home, "models", "show", found["version"], "--json"))
    assert (card["aliases"], card["encoder"], card["test"]) == (
        ["production"], str(encoder), said["data"][1]["digest"]
    )  # fmt: skip
    assert card["data"] == [said["data"][0]]
    with Service(Settings(home=home), write=False) as service:
        folder = service.registry.path("mentions", "production")
        assert not (folder / "checkpoints").exists()
        assert [(one.start, one.end, one.label) for one in Tagger(folder).find(["red sofa"])[0]] == [(0, 3, "colour")]
    assert "colour" in Path(found["report"]).read_text("utf-8")
    assert [(one["id"], one["status"]) for one in listed(home)] == [(found["run"], "done")]


def test_from_a_file_with_many_wishes(home: Path, encoder: Path, lessons: Path) -> None:
    found = last(
        run(
            home, "train", "attributes", "--file", lessons, "--encoder", encoder, "--epochs", 2, *OPTIONS,
            "--adversarial", "fgm", "--augment", "mentions,synonyms", "--ensemble", 2, "--student", "--tuning", "lora",
            "--promote", "--json", code=1,
        )
    )  # fmt: skip
    assert not found["promoted"]
    assert "fewer than 100 prove nothing" in found["refused"]
    assert found["train"] + found["test"] == 50
    said = record(home, found["run"])["parameters"]
    assert (said["ensemble"], said["student"], said["tuning"], said["augment"]) == (
        2, True, "lora", ["mentions", "synonyms"]
    )  # fmt: skip
    models = last(run(home, "models", "list", "--json"))
    assert [(one["kind"], one["aliases"]) for one in models] == [("mentions", ["candidate"])]


def test_relations(home: Path, encoder: Path, tmp_path: Path) -> None:
    train, test = write_semeval(tmp_path / "train.txt", ["pan", "mug"]), write_semeval(tmp_path / "test.txt", ["rug"])
    options = ("relations", "--file", train, "--test", test, "--encoder", encoder, "--epochs", 1)
    assert "no augment" in run(home, "train", *options, "--augment", "noise", code=1).stderr
    found = last(run(home, "train", *options, "--json"))
    assert found["per_label"].keys() == {"Component-Whole"}
    with Service(Settings(home=home), write=False) as service:
        assert Relations(service.registry.path("relations", "candidate"))
    assert sorted(one["status"] for one in listed(home)) == ["done", "failed"]


def test_a_killed_run_goes_on(
    home: Path, encoder: Path, lessons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [
        "train", "mentions", "--file", lessons, "--test", lessons, "--encoder", encoder, "--epochs", 20, "--batch", 4,
        "--set", "save_steps=20", "--set", "precision=fp32",
    ]  # fmt: skip
    kill_at_a_checkpoint(home, words)
    assert [one["status"] for one in listed(home)] == ["killed"]
    name = listed(home)[0]["id"]
    other = [*words[:-1], "precision=auto", "--resume", name]
    assert "was asked something else" in run(home, *other, code=1).stderr
    assert "no run 'nonsense'" in run(home, *words, "--resume", "nonsense", code=1).stderr
    steps: list[int] = []
    monkeypatch.setattr(
        Reported, "on_step_end", lambda self, args, state, *more, **ignored: steps.append(state.global_step)
    )
    result = run(home, *words, "--json")
    assert last(result)["run"] == name
    assert steps[0] > 20
    assert [row["step"] for row in record(home, name)["curve"]][:3] == [6, 12, 18]
    assert "LEAK: 50 of 50" in result.stderr
    assert [one["status"] for one in listed(home)] == ["done"]


def kill_at_a_checkpoint(home: Path, words: Sequence[object]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "graphsvc", "--data", str(home), *map(str, words)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not list(home.glob("runs/*/model/checkpoints/**/seal.json")):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_trained_model_waits_for_a_shop_that_is_written(
    home: Path, encoder: Path, lessons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("train", "mentions", "--file", lessons, "--encoder", encoder, "--epochs", 1, "--json")
    with Service(Settings(home=home)) as service:
        with monkeypatch.context() as patch:
            patch.setattr(workshop, "PATIENCE", 0.0)
            result = run(home, *words)
        found = last(result)
        assert (found["waiting"], found["promoted"]) == (True, False)
        assert "waits: another process writes the shop" in result.stdout
        assert service.registry.versions() == []
    assert [one["status"] for one in listed(home)] == ["done"]
    with Service(Settings(home=home)):  # as any command that writes
        pass
    (model,) = last(run(home, "models", "list", "--json"))
    assert (model["version"], model["aliases"]) == (found["version"], ["candidate"])


def test_figures_go_to_a_sink(home: Path, encoder: Path, lessons: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("train", "mentions", "--file", lessons, "--encoder", encoder, "--epochs", 1, "--report-to", "tensorboard")
    with monkeypatch.context() as patch:
        patch.setattr(sinks, "find_spec", lambda name: None)
        assert "tensorboard is not installed" in run(home, *words, code=1).stderr
    if find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    for name in ("TENSORBOARD_LOGGING_DIR", "WANDB_DIR", "WANDB_MODE", "WANDB_PROJECT"):
        monkeypatch.setenv(name, "elsewhere")
    found = last(run(home, *words, "--json"))
    assert list((home / "runs" / found["run"] / "tensorboard").glob("events*"))


def test_a_search_keeps_its_tries(home: Path, encoder: Path, lessons: Path) -> None:
    words = ("--file", lessons, "--encoder", encoder, "--epochs", 1, "--search", "--budget", "1s", "--json")
    said = record(home, last(run(home, "train", "mentions", *words))["run"])
    assert len(said["trials"]) >= 1
    best = said["trials"][0]["options"]
    assert {name: said["parameters"][name] for name in best} == best
    assert said["seconds"]["search"] > 0
    assert "is no time" in run(home, "train", "mentions", *words, "--budget", "soon", code=1).stderr


def test_what_cannot_be_trained_is_said_before_anything_is_done(home: Path, lessons: Path, tmp_path: Path) -> None:
    broken = write(tmp_path / "broken.txt", "锅 B-ITEM\n\n杯\n")
    asked = {
        "broken.txt:3": ["--file", broken, "--format", "bio"],
        "has no nonsense": ["--file", lessons, "--set", "nonsense=1"],
        "sets nothing": ["--file", lessons, "--set", "nonsense"],
        "rate cannot be 'high'": ["--file", lessons, "--set", "rate=high"],
        "no sink 'paper'": ["--file", lessons, "--report-to", "paper"],
        "one of them": ["--file", lessons, "--labels", "pans"],
        "There are no labels": [],
    }
    for words, options in asked.items():
        assert words in run(home, "train", "mentions", *options, code=1).stderr
    assert not list(home.glob("models/*/*"))


@pytest.mark.parametrize("command", ["mentions", "relations", "attributes", "list"])
def test_every_command_shows_how_it_is_called(home: Path, command: str) -> None:
    assert "python -m graphsvc train" in " ".join(run(home, "train", command, "--help").stdout.split())


def test_after_labels_changed_production_is_scored_anew_and_the_gate_compares(
    home: Path, encoder: Path, tmp_path: Path
) -> None:
    options = ("--encoder", encoder, "--epochs", 12, *OPTIONS, "--promote", "--json")
    many = write_spans(tmp_path / "many.jsonl", others=NEW)
    few = write_spans(tmp_path / "few.jsonl", others=NEW[:5])
    old, new = write_spans(tmp_path / "old.jsonl", others=["pan"]), write_spans(tmp_path / "new.jsonl", others=["mug"])
    first = last(run(home, "train", "attributes", "--file", old, "--test", few, *options, "--set", "seed=2"))
    assert first["promoted"], first
    second = last(run(home, "train", "mentions", "--file", new, "--test", many, *options, code=1))
    assert f"models score {first['version']} --labels NAME" in second["refused"]
    score = ("models", "score", first["version"], "--file", new, "--test", many, "--json")
    scored = last(run(home, *score))
    assert (scored["kind"], scored["unseen"]["texts"], scored["f1"] > 0.9) == ("mentions", 120, True)
    promoted = run(home, "models", "promote", second["version"])
    assert "is in production" in promoted.stdout
