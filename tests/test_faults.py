"""Real processes, killed at random moments: nothing acknowledged is lost, nothing happens twice, all projections agree.

Five of each run with every test; `make soak` runs 200. The seed of each run is its number, so that one can be repeated.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cypher.driver import Graph
from graphsvc.doctor import compare, examine
from graphsvc.history import read_history
from graphsvc.log import WriteLog
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.types import RecommendRequest, SearchRequest
from tests.graphsvc.shops import ORDERS, PRODUCTS, write_orders, write_products

ROOT = Path(__file__).parent.parent
RUNS = [*range(5), *(pytest.param(run, marks=pytest.mark.soak) for run in range(5, 200))]
TRACK = "mutation($e: [EventInput!]!, $k: String) { track(events: $e, idempotencyKey: $k) { offset } }"
UPSERT = "mutation($p: [ProductInput!]!, $k: String) { upsertProducts(products: $p, idempotencyKey: $k) { offset } }"
QUERIES = ("frying pan", "lamp", "保温杯", "wireless", "")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with products and orders, copied by each test."""
    folder = tmp_path_factory.mktemp("faults")
    with Service(settings(folder / "shop")) as service:
        products = write_products(folder / "products.csv", PRODUCTS)
        orders = write_orders(folder / "orders.csv", ORDERS)
        service.ingest(str(products), asset="products", name="shop", build=False)
        service.ingest(str(orders), asset="orders", name="shop")
    return folder


@pytest.fixture
def neo4j_settings(neo4j: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process and its children use the tests' Neo4j, which is empty."""
    monkeypatch.setenv("NEO4J_URI", neo4j.connection.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j.connection.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j.connection.password)


def settings(home: Path) -> Settings:
    return Settings(home=home, encoder="use")


class Server:
    """`serve` in a process of its own."""

    def __init__(self, home: Path) -> None:
        environment = {**os.environ, "GRAPHSVC_HOME": str(home), "GRAPHSVC_ENCODER": "use"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "graphsvc", "serve", "--port", "0"],
            cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stderr is not None
        self.address = next(f[0] for line in self.process.stderr if (f := re.findall(r"http://[\d.:]+", line)))
        self.token = (home / "secrets" / "secret").read_text("ascii").strip()

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer. Raises OSError when the server is gone, AssertionError for errors."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.address}/graphql", body, headers)
        with urllib.request.urlopen(request, timeout=20) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"{self.address}/readyz", timeout=2) as response:
                if json.load(response)["ready"]:
                    return
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            time.sleep(0.05)
        raise AssertionError("never ready")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    server = Server(home)
    try:
        server.wait()
        yield server
    finally:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGINT)
            server.process.communicate(timeout=60)


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
        except (OSError, urllib.error.URLError):
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
        time.sleep(draw.uniform(0.2, 2.5))
        server.kill()
        for producer in producers:
            producer.join()
    assert acknowledged
    with WriteLog(home / "log.db") as log:
        keys = [entry.key for entry in log.read() if entry.key]
        assert len(keys) == len(set(keys))
        assert {key: log.offset_of(key) for key in acknowledged} == acknowledged
        log.verify()
    agree(home)


@pytest.mark.parametrize("run", RUNS)
def test_a_killed_import_is_there_whole_or_not_at_all(
    run: int, shop: Path, tmp_path: Path, neo4j_settings: None
) -> None:
    """At a random moment of reading, extracting, projecting, swapping; then the same import again."""
    home, same = tmp_path / "shop", tmp_path / "same"
    for copy in (home, same):
        shutil.copytree(shop / "shop", copy)
    more = [[str(n), f"Copper tray {n}", "Sorrel", "Home > Trays", str(n), "copper", ""] for n in range(100, 160)]
    path = write_products(tmp_path / "more.csv", more)
    command = [sys.executable, "-m", "graphsvc", "--data", str(home), "ingest", str(path), "--as", "products"]
    environment = {**os.environ, "GRAPHSVC_ENCODER": "use"}
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.Random(run).uniform(0.5, 6.0))
    child.kill()
    child.wait()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with Service(settings(same)) as service:
        service.ingest(str(path), asset="products")
        expected = answers(service)
    with Service(settings(home)) as service:
        service.open()
        assert answers(service) == expected
        assert len([p for p in read_history(service.log).imports if p["name"] == "more"]) == 1
    agree(home)


def answers(service: Service) -> list[Any]:
    """What a shopper would see: hits in order with their scores, facets, recommendations."""
    seen: list[Any] = []
    for query in QUERIES:
        result = service.search(SearchRequest(query, first=100, facets=("*",)))
        seen.append([(hit.product, round(hit.score, 5)) for hit in result.hits])
        seen.append((result.total, result.facets))
    for product in ("shop:1", "shop:3"):
        items = service.recommend(RecommendRequest(product=product)).items
        seen.append([(item.product.id, round(item.score, 5)) for item in items])
    return seen


def agree(home: Path) -> None:
    """The log, the tables, the snapshots and Neo4j say the same, at one offset."""
    with Service(Settings(home=home, encoder="use")) as service:
        service.open()
        service.follow_graph()
        findings = examine(service) + compare(service)
    assert not [finding for finding in findings if finding.differences], findings
