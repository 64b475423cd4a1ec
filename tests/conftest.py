"""Real parts that tests share: one local Neo4j for the whole run, in a fresh folder, emptied for each module."""

from collections.abc import Iterator

import pytest

from cypher.driver import Graph
from cypher.server import LocalServer
from cypher.statements import step

QUICK = ("-XX:TieredStopAtLevel=1",)  # compile little: tests ask each thing once


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A real server, started with the first test that asks for it."""
    with LocalServer(tmp_path_factory.mktemp("neo4j"), heap_mb=512, page_cache_mb=64, jvm=QUICK) as server:
        yield server


@pytest.fixture
def neo4j(neo4j_server: LocalServer) -> Iterator[Graph]:
    """A connection to an empty database. Graphs of tests are tiny, so emptying takes milliseconds."""
    with Graph(neo4j_server.start()) as graph:
        graph.execute(step("clear_relationships").text)
        graph.execute("MATCH (n) DETACH DELETE n")
        yield graph
