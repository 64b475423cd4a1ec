"""Real parts that tests share: one local Neo4j for the whole run, in a fresh folder, emptied for each module."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cypher.driver import Graph
from cypher.server import LocalServer
from cypher.statements import step
from tests import java

os.environ["JDK_JAVA_OPTIONS"] = java.OPTIONS


def pytest_configure(config: pytest.Config) -> None:
    """Where there are workers, whoever leads them has time to link Java's classes, once in an environment."""
    leads = getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput")
    if leads and not java.CLASSES.exists():
        config.add_cleanup(subprocess.Popen([sys.executable, "-m", "tests.java"], cwd=config.rootpath).wait)


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A real server, started with the first test that asks for it."""
    with LocalServer(tmp_path_factory.mktemp("neo4j"), heap_mb=512, page_cache_mb=64) as server:
        yield server


@pytest.fixture
def neo4j(neo4j_server: LocalServer) -> Iterator[Graph]:
    """A connection to an empty database. Graphs of tests are tiny, so emptying takes milliseconds."""
    with Graph(neo4j_server.start()) as graph:
        graph.execute(step("clear_relationships").text)
        graph.execute("MATCH (n) DETACH DELETE n")
        yield graph
