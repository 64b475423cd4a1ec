"""Neo4j is killed, or away."""

import itertools
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cypher.driver import Graph
from graphsvc.doctor import compare, examine
from graphsvc.errors import GraphUnavailable
from graphsvc.service import Service
from graphsvc.settings import Settings
from tests.graphsvc.shops import write_products
from tests.mishaps.harm import MORE, event, run
from tests.serving import TRACK, agree, answers, serving

PLANTED = "ann.zebra@example.com"


def test_neo4j_is_killed_in_the_middle_and_everything_else_goes_on(home: Path, tmp_path: Path) -> None:
    """Killed between two statements of the first load, and before a small change; started anew each time."""
    ours = Settings(home=home, encoder="use", neo4j_heap_mb=256, neo4j_page_cache_mb=16)
    planted = [*MORE[0][:-1], f"Ask {PLANTED} for it"]
    with Service(ours) as service:
        service.ingest(str(write_products(tmp_path / "more.csv", [planted, *MORE[1:]])), asset="products", name="more")
        before = answers(service)
        with pytest.raises(GraphUnavailable):
            service.follow_graph(killing(home, 3))
        graph = service.status().projections[-1]
        assert graph.name == "graph"
        assert graph.detail.startswith("away")
        assert graph.lag > 0
        assert answers(service) == before, "the snapshots answer"
        service.follow_graph()
        assert not [finding for finding in compare(service) if finding.differences]
        kill(home)
        service.wait(service.upsert_products([{"id": "more:100", "title": "Tin tray"}]))
        service.wait(service.track([event()]))
        with pytest.raises(GraphUnavailable):
            service.follow_graph()
        service.follow_graph()
        assert service.status().projections[-1].detail == ""
        assert not [finding for finding in examine(service) + compare(service) if finding.differences]
    hidden = [path for path in home.rglob("*") if path.is_file() and "zebra" in content(path)]
    assert hidden == [home / "vault.db"], "an address stands in the vault alone, and not in Neo4j's store"


def killing(home: Path, moment: int) -> Callable[[str, int, int], None]:
    """Progress that kills Neo4j when it is told of the graph for the so many-th time."""
    told = itertools.count(1)
    return lambda step, done, of: kill(home) if step == "graph" and next(told) == moment else None


def kill(home: Path) -> None:
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(json.loads((home / "neo4j" / "process.json").read_text())["pid"], signal.SIGKILL)


def content(path: Path) -> str:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return str(pq.ParquetFile(path).read().to_pylist())
    return path.read_bytes().decode("latin-1")


class Line:
    """A line to Neo4j that can be taken away: a port that leads to its port while it is up."""

    def __init__(self, graph: Graph) -> None:
        self.target = int(graph.connection.uri.rpartition(":")[2])
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        self.open: list[socket.socket] = []

    @contextmanager
    def up(self) -> Iterator[None]:
        door = socket.create_server(("127.0.0.1", self.port))
        self.open = [door]
        threading.Thread(target=self._accept, args=(door,), daemon=True).start()
        try:
            yield
        finally:
            for end in self.open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _accept(self, door: socket.socket) -> None:
        while True:
            try:
                near, _ = door.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.open += [near, far]
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


def test_neo4j_away_at_start_joins_later_and_may_leave_again(
    home: Path, neo4j: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(neo4j)
    monkeypatch.setenv("NEO4J_URI", f"bolt://127.0.0.1:{line.port}")
    monkeypatch.setenv("NEO4J_USER", neo4j.connection.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j.connection.password)
    with serving(home) as server:

        def graph() -> dict[str, Any]:
            found = server.ask("{ status { projections { name lag detail } } }")["status"]["projections"]
            return next(dict(row) for row in found if row["name"] == "graph")

        def until(said: Callable[[dict[str, Any]], bool]) -> None:
            deadline = time.monotonic() + 90
            while not said(graph()):
                assert time.monotonic() < deadline, graph()
                time.sleep(0.2)

        def answered() -> bool:
            return bool(server.ask('{ search(query: "frying pan") { totalCount } }')["search"]["totalCount"])

        assert answered(), "ready without Neo4j"
        until(lambda row: "away" in row["detail"])
        with pytest.raises(AssertionError, match="GRAPH_UNAVAILABLE"):
            server.ask('{ entity(id: "brand:sorrel") { name } }')
        code, said = run(home, "ingest", str(home / "shop.json"))
        assert (code, "is being written by the service at http://127.0.0.1:" in said) == (1, True), said
        with line.up():
            until(lambda row: not row["detail"] and row["lag"] == 0)
            assert server.ask('{ entity(id: "brand:sorrel") { name } }')["entity"]["name"] == "Sorrel"
        offset = server.ask(TRACK, e=[{"productId": "shop:1", "kind": "VIEW", "sessionId": "s"}], k="k")["track"]
        assert answered(), "Neo4j left in the middle"
        again = server.ask(TRACK, e=[{"productId": "shop:1", "kind": "VIEW", "sessionId": "s"}], k="k")["track"]
        assert again == offset
    with line.up():
        agree(home)
