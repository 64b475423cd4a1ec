"""Real shops and real processes for tests of what goes wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from graphsvc.doctor import compare, examine
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.types import RecommendRequest, SearchRequest
from tests.graphsvc.shops import ORDERS, PRODUCTS, write_orders, write_products

ROOT = Path(__file__).parent.parent
TRACK = "mutation($e: [EventInput!]!, $k: String) { track(events: $e, idempotencyKey: $k) { offset } }"
UPSERT = "mutation($p: [ProductInput!]!, $k: String) { upsertProducts(products: $p, idempotencyKey: $k) { offset } }"
QUERIES = ("frying pan", "lamp", "保温杯", "wireless", "")


def make_shop(folder: Path) -> Path:
    """A shop in FOLDER/shop with products and orders, whose files stand beside it."""
    with Service(settings(folder / "shop")) as service:
        products = write_products(folder / "products.csv", PRODUCTS)
        orders = write_orders(folder / "orders.csv", ORDERS)
        service.ingest(str(products), asset="products", name="shop", build=False)
        service.ingest(str(orders), asset="orders", name="shop")
    return folder / "shop"


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
