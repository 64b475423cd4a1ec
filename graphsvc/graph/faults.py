"""What goes wrong between the product and Neo4j, said in the product's own errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from cypher.errors import CypherError, StatementError, StatementTimeout
from graphsvc.errors import GraphsvcError, GraphUnavailable, QueryError, StorageError


@contextmanager
def graph_faults() -> Iterator[None]:
    """Turn every error of `cypher` into one of ours: what was asked is wrong, or the graph is away."""
    try:
        yield
    except CypherError as error:
        raise of_cypher(error) from error
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise StorageError(
            f"The tables of the graph cannot be written: {error}.", "Free space on the disk and try again."
        ) from error


def of_cypher(error: CypherError) -> GraphsvcError:
    """The error of ours that says the same."""
    if "no such vector schema index" in error.message:
        return QueryError("The products of the graph have no vectors yet.", "Run: python -m graphsvc rebuild")
    kind = QueryError if isinstance(error, StatementError | StatementTimeout) else GraphUnavailable
    return kind(error.message, error.next_step)
