"""A search of 20 products x 12 fields with reasons over HTTP, p50, against encoding and scoring alone. Bound: 5 times.

On the demo's shop (GRAPHSVC_HOME, else .demo), read-only, server and client in one process. The denominator is the same
kind of query asked of the service with no hits to show: it is understood, encoded and scored, and nothing more. No
query is asked twice, so that nothing is answered from a cache; the two kinds take turns.
"""

import http.client
import json
import os
import random
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from gql.app import create_app
from gql.tokens import Tokens
from graphsvc.service import Service, open_service
from graphsvc.settings import Settings
from graphsvc.types import SearchRequest
from perf._verdicts import said

BOUND = 5.0
ROUNDS = 300
WARM = 40
TOKEN = "perf"
QUERY = """query Search($query: String!) { search(query: $query, first: 20) {
  totalCount correctedQuery queryId pageInfo { hasNextPage endCursor }
  edges { score reasons { kind text share }
    node { id title brand manufacturer category price currency stock url image rating reviews } } } }"""


@contextmanager
def serving(service: Service, settings: Settings) -> Iterator[int]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # as `serve` does: no 40 ms waits
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    app = create_app(service, settings, Tokens(TOKEN, "not asked for"))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(timeout=15)


def queries(service: Service, count: int) -> list[str]:
    """Different pairs of words that stand together in titles."""
    chance = random.Random(7)
    titles = [hit.product.title.split() for hit in service.search(SearchRequest(first=1_000, reasons=False)).hits]
    titles = [words for words in titles if len(words) > 1]
    found: set[str] = set()
    while len(found) < count:
        words = chance.choice(titles)
        at = chance.randrange(len(words) - 1)
        found.add(f"{words[at]} {words[at + 1]}" if len(found) % 3 else f"{words[at]} {chance.choice(titles)[0]}")
    return sorted(found, key=lambda _: chance.random())


def timed(ask: object, query: str) -> tuple[float, float]:
    """Wall and CPU milliseconds of one question, the CPU of every thread included."""
    wall, cpu = time.perf_counter(), time.process_time()
    ask(query)  # type: ignore[operator]
    return (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3


def main() -> int:
    settings = Settings(home=Path(os.environ.get("GRAPHSVC_HOME", ".demo")))
    if not (settings.home / "log.db").exists():
        print(f"graphql_search: not run, {settings.home} holds no shop; `make demo` makes one")
        return 0
    with open_service(settings, write=False) as service, serving(service, settings) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}

        def over_http(query: str) -> bytes:
            connection.request("POST", "/graphql", json.dumps({"query": QUERY, "variables": {"query": query}}), headers)
            return connection.getresponse().read()

        def scored(query: str) -> object:
            return service.search(SearchRequest(query, first=0, reasons=False))

        asked = queries(service, 2 * (ROUNDS + WARM))
        first = json.loads(over_http(asked[0]))
        assert "errors" not in first, first["errors"]
        pairs = [(timed(over_http, asked[at]), timed(scored, asked[at + 1])) for at in range(0, len(asked), 2)][WARM:]
        products = service.status().products
    whole, core = (
        [statistics.median(one[part] for one in side) for part in (0, 1)] for side in zip(*pairs, strict=True)
    )
    print(f"{products:,} products, {ROUNDS} queries: over HTTP p50 {whole[0]:.2f} ms, CPU {whole[1]:.2f} ms")
    print(f"understanding, encoding and scoring alone: p50 {core[0]:.2f} ms, CPU {core[1]:.2f} ms")
    held = whole[0] <= BOUND * core[0]
    print(f"HTTP / core = {whole[0] / core[0]:.2f}, bound {BOUND}: {said(held)}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
