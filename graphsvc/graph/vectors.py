"""Products' vectors in the graph, for analysts: `--near` and whatever else Neo4j's vector index can do.

Search itself does not use them. Knows which encoder they come from and that equal vectors need to travel once.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from cypher.driver import Graph, Row
from cypher.migrations import await_indexes
from cypher.statements import step

DISTINCT = 500  # vectors of one transaction
Vectors = npt.NDArray[np.float32]


def missing_vectors(graph: Graph, encoder: str, known: str | None) -> list[str]:
    """The products that have no vector of this encoder as they are now; `known` is the encoder of those there are."""
    if known != encoder:
        return [row["id"] for row in graph.stream(step("node_ids").naming(label="Product"))]
    return [row["id"] for row in graph.stream(step("missing_vectors"))]


def write_vectors(
    graph: Graph, ids: Sequence[str], vectors: Vectors, progress: Callable[[int, int], None] = lambda done, of: None
) -> None:
    """Give products their vectors, float32[n, d] in the order of `ids`, and index them."""
    done = 0
    for rows in _batches(ids, vectors):
        graph.write(step("write_vectors"), rows=rows)
        done += sum(len(row["ids"]) for row in rows)
        progress(done, len(ids))
    if len(ids):
        options = {"indexConfig": {"vector.dimensions": vectors.shape[1], "vector.similarity_function": "cosine"}}
        graph.execute(step("vector_index").text, options=options)
        await_indexes(graph)


def clear_vectors(graph: Graph) -> None:
    """Make room for those of another encoder."""
    graph.execute(step("drop_vector_index").text)
    graph.execute(step("clear_vectors").text)


def _batches(ids: Sequence[str], vectors: Vectors) -> Iterator[list[Row]]:
    """Distinct vectors, each with all its products."""
    if not len(ids):
        return
    plain = np.ascontiguousarray(vectors, np.float32)
    raw = plain.view(np.dtype((np.void, plain.dtype.itemsize * plain.shape[1]))).ravel()
    _, firsts, groups = np.unique(raw, return_index=True, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(groups))[:-1])
    for at in range(0, len(firsts), DISTINCT):
        yield [
            {"vector": plain[first].tolist(), "ids": [ids[row] for row in member]}
            for first, member in zip(firsts[at : at + DISTINCT], members[at : at + DISTINCT], strict=True)
        ]
