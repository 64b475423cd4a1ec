"""The door to the official driver: every error of its own comes out as one of ours."""

import inspect

import numpy as np
import pytest
from neo4j import exceptions

from cypher import driver
from cypher.driver import Connection, Graph
from cypher.errors import AccessDenied, CypherError, GraphAway, StatementError, StatementTimeout
from cypher.explore import Explorer
from cypher.statements import named

ERRORS = [
    found
    for _, found in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(found, exceptions.Neo4jError | exceptions.DriverError)
]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_driver_is_mapped(kind: type[Exception]) -> None:
    error = kind("told")
    if isinstance(error, exceptions.Neo4jError):
        error._neo4j_code, error._message = "Neo.SomeError.General.Unheard", "told"
    with pytest.raises(CypherError), driver.mapped("bolt://here"):
        raise error


def test_what_a_server_says_is_told_apart(neo4j: Graph) -> None:
    with pytest.raises(StatementError, match="Variable `m` not defined"):
        neo4j.read("RETURN m")
    with pytest.raises(StatementError, match="read access mode"):
        neo4j.read("CREATE (:X)")
    with pytest.raises(StatementTimeout):
        neo4j.read("UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(a * b)", timeout_s=0.3)
    with pytest.raises(StatementError, match="parameter"):
        neo4j.read("RETURN $x", x=object())
    neo4j.write("CREATE (:Only {id: 1})")
    assert neo4j.write("MATCH (n:Only) RETURN n.id AS id").dicts() == [{"id": 1}]


def test_a_wrong_password_an_empty_place_and_a_wrong_address_are_told_apart(neo4j: Graph) -> None:
    uri = neo4j.connection.uri
    with Graph(Connection(uri, "neo4j", "wrong")) as graph, pytest.raises(AccessDenied, match="NEO4J_PASSWORD"):
        graph.read("RETURN 1")
    with Graph(Connection("bolt://127.0.0.1:1", "neo4j", "x"), retry_s=0) as graph, pytest.raises(GraphAway):
        graph.read("RETURN 1")
    with pytest.raises(GraphAway, match="not an address"):
        Graph(Connection("ftp://127.0.0.1", "neo4j", "x"))
    assert "x" not in repr(Connection("bolt://h", "neo4j", "xxx")).replace("Connection", "")


def test_rows_are_cut_and_streamed(neo4j: Graph) -> None:
    cut = neo4j.read("UNWIND range(1, 10) AS x RETURN x", max_rows=3)
    assert (cut.column(), cut.truncated) == ([1, 2, 3], True)
    assert sum(row["x"] for row in neo4j.stream("UNWIND range(1, 5000) AS x RETURN x")) == 12_502_500


def test_a_transaction_is_all_or_nothing(neo4j: Graph) -> None:
    statements = [driver.Statement("CREATE (:Half)"), driver.Statement("RETURN 1/0")]
    with pytest.raises(StatementError):
        neo4j.write_all(statements)
    assert neo4j.read("MATCH (n:Half) RETURN count(n)").rows == ((0,),)


def test_notebooks_get_data_frames_and_cannot_write(neo4j: Graph) -> None:
    neo4j.write("CREATE (:Product {id: 's:1', source: 's', price: 2.5})")
    with Explorer.of(neo4j.connection) as graph:
        frame = graph.frame("MATCH (p:Product) RETURN p.id AS id, p.price AS price, p")
        assert list(frame.columns) == ["id", "price", "p"]
        assert np.isclose(frame["price"].iloc[0], 2.5)
        assert graph.named("incomplete_products")["id"].tolist() == ["s:1"]
        with pytest.raises(StatementError, match="read access mode"):
            graph.frame("CREATE (n:X) RETURN n")
        with pytest.raises(StatementError):
            graph.frame("MATCH (")
    with Explorer.of(neo4j.connection) as again:
        assert again.frame(named("graph_size").text)["count"].sum() == 1
    with pytest.raises(AccessDenied):
        Explorer(neo4j.connection.uri, "neo4j", "wrong")
    with pytest.raises(GraphAway):
        Explorer("bolt://127.0.0.1:1")
