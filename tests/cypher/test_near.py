"""How many of the truly nearest products an analyst gets, on a real Neo4j."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cypher.analyst import ask
from cypher.driver import Graph
from cypher.migrations import await_indexes, migrate
from cypher.statements import named, step

PRODUCTS, DIMENSIONS, QUERIES, NEAREST = 3_000, 64, 20, 10
PLAIN = "CALL db.index.vector.queryNodes('product_embedding', $limit, $vector) YIELD node RETURN node.id AS id"


@pytest.fixture
def vectors(neo4j: Graph) -> NDArray[np.float32]:
    """Products near each other, as those of one shop are: what sets them apart is lost in a coarse comparison."""
    random = np.random.default_rng(5)
    found = 1.0 + random.standard_normal((PRODUCTS, DIMENSIONS))
    found = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
    migrate(neo4j)
    neo4j.write("UNWIND range(0, $last) AS at CREATE (:Product {id: 's:' + at})", last=PRODUCTS - 1)
    rows = [{"vector": vector.tolist(), "ids": [f"s:{at}"]} for at, vector in enumerate(found)]
    neo4j.write(step("write_vectors"), rows=rows)
    neo4j.execute(step("drop_vector_index").text)
    options = {"indexConfig": {"vector.dimensions": DIMENSIONS, "vector.similarity_function": "cosine"}}
    neo4j.execute(step("vector_index").text, options=options)
    await_indexes(neo4j)
    return found


def recall(graph: Graph, vectors: NDArray[np.float32], text: str, **params: int) -> float:
    """The share of the nearest that the answers hold."""
    random, found = np.random.default_rng(6), 0
    for _ in range(QUERIES):
        vector = 1.0 + random.standard_normal(DIMENSIONS)
        nearest = {f"s:{at}" for at in np.argsort(-(vectors @ vector))[:NEAREST]}
        answer = ask(graph, text, {"vector": vector.tolist(), "limit": NEAREST, **params})
        assert len(answer.rows) == NEAREST
        found += len(nearest & {row[0] for row in answer.rows})
    return found / (QUERIES * NEAREST)


def test_candidates_compared_exactly_are_the_nearest(neo4j: Graph, vectors: NDArray[np.float32]) -> None:
    candidates = named("near").bind(vector=[]).params["candidates"]
    exact, plain = recall(neo4j, vectors, named("near").text, candidates=candidates), recall(neo4j, vectors, PLAIN)
    assert exact >= 0.95
    assert exact > plain + 0.1
    like = named("similar_products").bind(product="s:7", limit=NEAREST)
    found = [row[0] for row in ask(neo4j, like.text, like.params).rows]
    nearest = [f"s:{at}" for at in np.argsort(-(vectors @ vectors[7]))[1 : NEAREST + 1]]
    assert len(set(found) & set(nearest)) >= NEAREST - 1
    assert [name for name in nearest if name in found] == [name for name in found if name in nearest]
