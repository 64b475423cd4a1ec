"""The workshop beside a service that runs: labels, trainings and their models come in, and it goes on answering."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from graphsvc.service import Service
from tests.graphsvc.lessons import write_spans
from tests.graphsvc.shops import write_products
from tests.graphsvc.test_arrivals import bring
from tests.graphsvc.tiny_networks import write_encoder
from tests.serving import ROOT, Server, make_shop, serving, settings

EXTRACT = '{ extract(text: "red sofa for a bed") { mentions { text label extractor } } }'
NEW = ["sofa", "bed", "desk", "bowl", "vase", "clock"]
OPTIONS = ("--epochs", 12, "--rate", 1e-3, "--set", "head_rate=0.02", "--set", "precision=fp32")


@pytest.fixture(autouse=True)
def no_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here asks Neo4j: a service need not start one."""
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:9")
    monkeypatch.setenv("NEO4J_PASSWORD", "none")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A shop whose texts say what its fields say, so that labels can be drawn."""
    made = make_shop(tmp_path)
    rows = [
        [f"c{n}", f"Solvi red case {n}", "Solvi", "Phone > Cases", "9.00", "red", f"Compatible with Solvi Aria {n}."]
        for n in range(1, 13)
    ]
    with Service(settings(made)) as service:
        service.ingest(str(write_products(tmp_path / "cases.csv", rows)), asset="products", name="cases")
    return made


def command(home: Path, *words: object, code: int = 0) -> Any:
    """What a command says with --json, or on stderr where it is to fail."""
    done = subprocess.run(
        [sys.executable, "-m", "graphsvc", "--data", str(home), *map(str, words)],
        cwd=ROOT, env={**os.environ, "GRAPHSVC_ENCODER": "use"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr if code else json.loads(done.stdout.splitlines()[-1])


@contextmanager
def answering(server: Server) -> Iterator[list[Any]]:
    """Search again and again meanwhile; the answers, or what was raised instead of one."""
    said: list[Any] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                said.append(server.ask('{ search(query: "lamp") { totalCount } }')["search"]["totalCount"])
            except Exception as error:
                said.append(error)
            over.wait(0.05)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield said
    finally:
        over.set()
        thread.join()


def by_tagger(server: Server) -> list[Any]:
    found = server.ask(EXTRACT)["extract"]["mentions"]
    return [one for one in found if one["extractor"].startswith("tagger")]


def test_from_labels_to_production_beside_a_service(home: Path, tmp_path: Path) -> None:
    encoder = write_encoder(tmp_path / "encoder")
    with serving(home) as server, answering(server) as said:
        assert not by_tagger(server)
        for part, others in (("train", ["pan", "mug", "rug"]), ("test", NEW)):
            path = write_spans(tmp_path / f"{part}.jsonl", others=others)
            found = command(home, "labels", "import", path, "--name", "pans", "--part", part, "--json")
            assert (found["waiting"], found["offset"] > 0) == (False, True)
        again = command(home, "labels", "import", path, "--name", "pans", "--part", "test", "--json")
        assert (again["waiting"], again["offset"]) == (False, None)
        assert command(home, "labels", "draw", "--json")["drawn"] > 0
        assert {one["name"] for one in command(home, "labels", "list", "--json")} >= {"pans", "drawn"}

        train = ("train", "mentions", "--labels", "pans", "--encoder", encoder, *OPTIONS, "--json")
        found = command(home, *train, "--promote")
        assert (found["promoted"], found["waiting"], found["refused"]) == (True, False, "")
        (mention,) = by_tagger(server)
        assert (mention["text"], mention["label"]) == ("red", "colour")
        few = write_spans(tmp_path / "few.jsonl", ["red", "blue"])
        options = ("--file", few, "--encoder", encoder, "--epochs", 1, "--promote", "--json")
        assert "does not pass the gate" in command(home, "train", "mentions", *options, code=1)
        listed = [one["aliases"] for one in command(home, "models", "list", "--json")]
        assert listed == [["production"], ["candidate"]]
        taken = server.ask("mutation($v: ID!) { withdrawModel(version: $v) { kind version } }", v=found["version"])[
            "withdrawModel"
        ]
        assert taken == {"kind": "mentions", "version": found["version"]}
        assert not by_tagger(server)
    assert len(said) > 20
    assert set(said) == {said[0]}


def test_a_service_that_is_killed_takes_in_what_came_when_it_is_back(home: Path) -> None:
    with serving(home) as server:
        note = bring(home, "first", "first")
        wait_until_gone(note)
        bring(home, "second", "second", 0.9)
        server.kill()
    bring(home, "third", "third", 0.95)
    with serving(home), Service(settings(home), write=False) as service:
        said = [entry.json() for entry in service.log.read(kinds=["models"])]
        assert [one["why"] for one in said if one.get("alias") == "production"] == [
            "run first",
            "run second",
            "run third",
        ]
        assert [one["action"] for one in said].count("add") == 3
        assert service.arrivals.waiting() == []
        assert service.registry.damaged() == []


def wait_until_gone(note: Path) -> None:
    waited = threading.Event()
    for _ in range(100):
        if not note.exists():
            return
        waited.wait(0.1)
    raise AssertionError(f"{note.name} was not taken in within ten seconds")
