"""Real processes, killed at random moments: nothing acknowledged is lost, nothing happens twice, all projections agree.

Five of each run with every test, `make soak` runs 200 more: see `tests.repeated`.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from cypher.driver import Graph
from cypher.server import LocalServer
from cypher.statements import step
from graphsvc.history import read_history
from graphsvc.idempotency import Once
from graphsvc.log import WriteLog
from graphsvc.service import Service
from graphsvc.types import Event
from tests.graphsvc.shops import write_products
from tests.repeated import runs
from tests.serving import ROOT, TRACK, UPSERT, Server, agree, answers, make_shop, serving, settings

MORE = [[str(n), f"Copper tray {n}", "Sorrel", "Home > Trays", str(n), "copper", ""] for n in range(100, 160)]
RUNS = runs(5, 200)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with products and orders, copied by each test."""
    return make_shop(tmp_path_factory.mktemp("faults")).parent


@pytest.fixture(scope="module")
def undisturbed(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A file of more products, and what the shop answers after its import."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(shop / "shop", folder / "shop")
    path = write_products(folder / "more.csv", MORE)
    with Service(settings(folder / "shop")) as service:
        service.ingest(str(path), asset="products")
        return path, answers(service)


@pytest.fixture
def neo4j_settings(neo4j: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process and its children use the tests' Neo4j, which is empty."""
    monkeypatch.setenv("NEO4J_URI", neo4j.connection.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j.connection.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j.connection.password)


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A Neo4j to be killed, at an address that stays."""
    with LocalServer(tmp_path_factory.mktemp("mortal"), heap_mb=256, page_cache_mb=16) as server:
        yield server


def empty(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty it and let this process use it."""
    connection = server.start()
    with Graph(connection) as graph:
        graph.execute(step("clear_relationships").text)
        graph.execute("MATCH (n) DETACH DELETE n")
    for name, value in (("URI", connection.uri), ("USER", connection.user), ("PASSWORD", connection.password)):
        monkeypatch.setenv(f"NEO4J_{name}", value)


def kill(server: LocalServer) -> None:
    os.kill(json.loads((server.folder / "process.json").read_text())["pid"], signal.SIGKILL)


def change(service: Service, number: int) -> int:
    """One small change, of a product or an event."""
    if number % 5 == 4:
        return service.upsert_products([{"id": f"new:{number % 20}", "title": f"Brass hook {number}"}], f"p{number}")
    return service.track([Event(f"shop:{number % 6 + 1}", "view", datetime.now(UTC), session="s")], f"e{number}")


def opened(home: Path) -> list[Any]:
    """What the shop answers once it is opened anew."""
    with Service(settings(home)) as service:
        return answers(service.open())


def produce(server: Server, acknowledged: dict[str, int], name: str, seed: int) -> None:
    """Send events and product changes until the server is gone; remember what was acknowledged."""
    draw = random.Random(seed)
    for number in range(100_000):
        key = f"{name}-{number}"
        try:
            if number % 5 == 4:
                product = {"id": f"new:{name}{draw.randrange(20)}", "title": f"Brass hook {number}", "price": number}
                acknowledged[f"products:{key}"] = server.ask(UPSERT, p=[product], k=key)["upsertProducts"]["offset"]
            else:
                event = {"productId": f"shop:{draw.randint(1, 6)}", "kind": "VIEW", "sessionId": name}
                acknowledged[f"track:{key}"] = server.ask(TRACK, e=[event], k=key)["track"]["offset"]
        except (OSError, HTTPException):  # it was killed before, or in the middle of, an answer
            return


@pytest.mark.parametrize("run", RUNS)
def test_a_killed_service_loses_nothing_acknowledged(
    run: int, shop: Path, tmp_path: Path, neo4j_settings: None
) -> None:
    home = tmp_path / "shop"
    shutil.copytree(shop / "shop", home)
    draw = random.Random(run)
    acknowledged: dict[str, int] = {}
    with serving(home) as server:
        producers = [
            threading.Thread(target=produce, args=(server, acknowledged, f"p{n}", run * 10 + n)) for n in range(3)
        ]
        for producer in producers:
            producer.start()
        while not acknowledged and any(producer.is_alive() for producer in producers):
            time.sleep(0.01)
        time.sleep(draw.uniform(0.0, 2.5))
        server.kill()
        for producer in producers:
            producer.join()
    assert acknowledged
    with WriteLog(home / "log.db") as log:
        keys = [entry.key for entry in log.read() if entry.key]
        assert len(keys) == len(set(keys))
        log.verify()
    with Service(settings(home), write=False) as service:
        keys = {name: Once.of(service.vault, *name.split(":"), ()).key for name in acknowledged}
        found = {name: entry.offset for name, key in keys.items() if (entry := service.log.under(key))}
    assert found == acknowledged
    same = tmp_path / "same"
    shutil.copytree(shop / "shop", same)
    shutil.copy(home / "log.db", same / "log.db")
    assert opened(home) == opened(same), "what was killed answers like a shop that only read the same log"
    agree(home)


@pytest.mark.parametrize("run", RUNS)
def test_a_killed_neo4j_costs_nothing_but_time(
    run: int, shop: Path, tmp_path: Path, mortal: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a random moment of a first load, of an import, or of small changes; everything else goes on meanwhile."""
    empty(mortal, monkeypatch)
    home, draw = tmp_path / "shop", random.Random(run)
    shutil.copytree(shop / "shop", home)
    path = write_products(tmp_path / "more.csv", MORE)
    with Service(settings(home)) as service:
        service.open()
        service.follow_in_background()
        killer = threading.Timer(draw.uniform(0.0, 4.0), kill, (mortal,))
        killer.start()
        service.ingest(str(path), asset="products")
        offsets = [change(service, number) for number in range(40)]
        killer.join()
        offsets += [change(service, number) for number in range(40, 50)]
        service.wait(offsets[-1])
        assert offsets == list(range(offsets[0], offsets[0] + 50)), "each was acknowledged once"
        before = answers(service)
        mortal.start()
    assert opened(home) == before
    agree(home)


@pytest.mark.parametrize("run", RUNS)
def test_a_killed_import_is_there_whole_or_not_at_all(
    run: int, shop: Path, undisturbed: tuple[Path, list[Any]], tmp_path: Path, neo4j_settings: None
) -> None:
    """At a random moment of reading, extracting, projecting, swapping; then the same import again."""
    home, (path, expected) = tmp_path / "shop", undisturbed
    shutil.copytree(shop / "shop", home)
    command = [sys.executable, "-m", "graphsvc", "--data", str(home), "ingest", str(path), "--as", "products"]
    environment = {**os.environ, "GRAPHSVC_ENCODER": "use"}
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.Random(run).uniform(0.5, 6.0))
    child.kill()
    child.wait()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert opened(home) == expected
    with Service(settings(home), write=False) as service:
        assert len([p for p in read_history(service.log).imports if p["name"] == "more"]) == 1
    agree(home)
