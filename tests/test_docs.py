"""Every command, query and script in the README and the guides is run, in order, on a small shop.

`make` lines are checked against the Makefile; `serve` is started, asked whether it is ready, and stopped.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cypher.driver import Graph
from cypher.server import LocalServer
from graphsvc.__main__ import app
from graphsvc.service import Service
from graphsvc.settings import Settings
from tests.graphsvc.shops import ORDERS, PRODUCTS, write_orders, write_products

ROOT = Path(__file__).parent.parent
DOCUMENTS = ["README.md", *sorted(f"docs/guides/{path.name}" for path in (ROOT / "docs" / "guides").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = ".venv/bin/python"


def blocks(language: str) -> list[Any]:
    found = []
    for name in DOCUMENTS:
        for at, (kind, text) in enumerate(BLOCK.findall((ROOT / name).read_text("utf-8"))):
            if kind == language:
                found.append(pytest.param(text, id=f"{Path(name).stem}-{at}"))
    return found


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the reader of the guides has it: three files, a shop made of two, and the demo's shop."""
    folder = tmp_path_factory.mktemp("reader")
    write_products(folder / "products.csv", PRODUCTS)
    write_orders(folder / "orders.csv", ORDERS)
    (folder / "texts.csv").write_text("text,product_id,id\nWorks with the Nordblick NB-8 too.,shop:6,blog:8\n")
    for home in ("shop", ".demo"):
        with Service(Settings(home=folder / home, encoder="use")) as service:
            service.ingest(str(folder / "products.csv"), asset="products", name="shop", build=False)
            service.ingest(str(folder / "orders.csv"), asset="orders", name="shop")
    return folder


@pytest.fixture(scope="module")
def environment(neo4j_server: LocalServer) -> Mapping[str, str]:
    there = neo4j_server.start()
    return {
        **os.environ, "PYTHONPATH": str(ROOT), "GRAPHSVC_ENCODER": "use", "NEO4J_URI": there.uri,
        "NEO4J_USER": there.user, "NEO4J_PASSWORD": there.password,
    }  # fmt: skip


def neo4j_of(environment: Mapping[str, str]) -> dict[str, Any]:
    return {name: environment[name] for name in ("NEO4J_URI", "NEO4J_USER", "NEO4J_PASSWORD")}


def lines(text: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Commands with the variables set before them."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        given = {}
        while words and re.fullmatch(r"[A-Z0-9_]+=.*", words[0]):
            name, _, value = words.pop(0).partition("=")
            given[name] = value
        if words:
            yield given, words


@pytest.mark.parametrize("text", blocks("sh"))
def test_commands(
    text: str, workspace: Path, environment: Mapping[str, str], neo4j: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    if "--near" in text:  # the graph of the demo, as its reader finds it
        there = Settings(home=workspace / ".demo", encoder="use", **neo4j_of(environment))
        with Service(there).open() as service:
            service.follow_graph()
    for given, words in lines(text):
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
            continue
        assert words[0] == PYTHON, f"only make and {PYTHON} stand in the guides: {words}"
        variables = {**environment, **given}
        if "serve" in words:
            serve_once([sys.executable, *words[1:]], workspace, variables)
            continue
        assert words[1:3] == ["-m", "graphsvc"]
        done = CliRunner().invoke(app, words[3:], env=variables, prog_name="python -m graphsvc")
        assert done.exit_code == 0, f"{shlex.join(words)}\n{done.output[-4000:]}"


def serve_once(command: list[str], workspace: Path, variables: Mapping[str, str]) -> None:
    command = (
        [*command, "--port", "0"] if "--port" not in command else [*command[: command.index("--port")], "--port", "0"]
    )
    server = subprocess.Popen(command, cwd=workspace, env=variables, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        address = next(found[0] for line in server.stderr if (found := re.findall(r"http://[\d.:]+", line)))
        wait_until_ready(address)
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)
    assert server.returncode == 0


def wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2) as answer:
                if json.load(answer)["ready"]:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("never ready")


@pytest.mark.parametrize("text", blocks("python"))
def test_scripts(
    text: str, workspace: Path, environment: Mapping[str, str], neo4j: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("GRAPHSVC_ENCODER", "use")
    monkeypatch.delenv("NEO4J_URI", raising=False)
    for name in re.findall(r'environ\["(\w+)"\]', text):
        monkeypatch.setenv(name, environment[name])
    exec(compile(text, "guide", "exec"), {"__name__": "guide"})


@pytest.mark.parametrize("text", blocks("graphql"))
def test_queries(text: str, workspace: Path, environment: Mapping[str, str], neo4j: Graph) -> None:
    from starlette.testclient import TestClient

    from gql.app import create_app
    from gql.tokens import Tokens

    settings = Settings(home=workspace / "shop", encoder="use", **neo4j_of(environment))
    with Service(settings, write=True).open() as service:
        service.follow_in_background()
        app = create_app(service, settings, Tokens("publishable", "secret"))
        with TestClient(app) as client:
            answer = client.post("/graphql", json={"query": text}, headers={"authorization": "Bearer secret"}).json()
    assert "errors" not in answer, answer["errors"]
    assert answer["data"]


def test_every_setting_and_command_is_documented() -> None:
    told = " ".join((ROOT / name).read_text("utf-8") for name in DOCUMENTS)
    done = subprocess.run(
        [sys.executable, "-m", "graphsvc", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    commands = re.findall(r"^. (\w+) ", done.stdout, re.MULTILINE)
    assert commands
    for command in commands:
        assert command in told, f"no guide speaks of {command}"
