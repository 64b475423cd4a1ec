"""The reader of another Neo4j, on a real one."""

import logging

import pyarrow as pa
import pytest

from cypher.driver import Graph
from cypher.server import LocalServer
from graphsvc.errors import SourceError
from graphsvc.sources import neo4j as reader
from graphsvc.sources import open_source


def address(server: LocalServer, query: str, password: str | None = None) -> str:
    connection = server.start()
    host = connection.uri.partition("://")[2]
    return f"neo4j://{connection.user}:{password or connection.password}@{host}/neo4j?{query}"


def test_nodes_become_rows_with_the_ends_of_chosen_relationships(
    neo4j_server: LocalServer, neo4j: Graph, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    neo4j.execute("UNWIND range(1, 25) AS n CREATE (:Product {id: n, title: 'Mug ' + n, tags: ['a', 'b'], price: 2.5})")
    neo4j.execute("MATCH (p:Product {id: 3}) CREATE (p)-[:HAS_BRAND]->(:Brand {name: 'Nordholm'}), (p)-[:IN]->(:X)")
    monkeypatch.setattr(reader, "ROWS", 10)  # three pages
    given = address(neo4j_server, "label=Product&with=HAS_BRAND")
    password = neo4j_server.start().password
    with caplog.at_level(logging.DEBUG):
        source = open_source(given)
        batches = list(source.batches())
        assert batches == list(source.batches())
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert sorted(int(row["id"]) for row in rows) == list(range(1, 26))
    assert batches[0].schema.field("_line").type == pa.int64()
    third = next(row for row in rows if row["id"] == "3")
    assert (third["HAS_BRAND"], third["tags"], third["price"]) == ("Nordholm", "a | b", "2.5")
    assert "IN" not in third
    assert source.name.endswith("?label=Product")
    assert password not in caplog.text + source.name + repr(reader.read_address(given))


def test_a_label_that_nothing_has(neo4j_server: LocalServer, neo4j: Graph) -> None:
    assert list(open_source(address(neo4j_server, "label=None")).batches()) == []


def test_errors_hold_no_password(neo4j_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="password") as caught:
        open_source(address(neo4j_server, "label=Product", "wr0ng"))
    assert "wr0ng" not in str(caught.value)
    nowhere = address(neo4j_server, "label=Product").replace("/neo4j?", "/nowhere?")
    with pytest.raises(SourceError, match="nowhere"):
        open_source(nowhere)
    monkeypatch.setenv(reader.PASSWORD, neo4j_server.start().password)
    host = neo4j_server.start().uri.partition("://")[2]
    assert open_source(f"bolt://neo4j@{host}?label=Product").name


@pytest.mark.parametrize(
    ("path", "word"),
    [("neo4j://127.0.0.1:1/?label=A", "does not answer"), ("neo4j://u:secret@host/neo4j", "no host or no label"),
     ("bolt://u:secret@host:port/?label=A", "port")],
)  # fmt: skip
def test_addresses_that_lead_nowhere(path: str, word: str) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        open_source(path)
    assert "secret" not in str(caught.value)
