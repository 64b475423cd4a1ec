"""The notebooks' door: questions to the graph as pandas data frames, through py2neo. The one file that uses it.

    from cypher.explore import Explorer
    with Explorer("bolt://127.0.0.1:7687", "neo4j", "…") as graph:
        graph.named("top_brands", limit=20).plot.bar(x="brand", y="buyers")

It only reads: what is written past the log dies with the next rebuild. py2neo 2021.2.4 is its author's last version; it
works with the servers that we support. Its sockets are closed here, for it leaves them open.
"""

import socket
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cypher.analyst import check_text
from cypher.driver import Connection
from cypher.errors import AccessDenied, CypherError, GraphAway, StatementError
from cypher.statements import named
from cypher.values import plain

if TYPE_CHECKING:
    import pandas

PATIENCE_S = 10.0


class Explorer:
    """A Neo4j to ask. Raises CypherErrors."""

    def __init__(self, uri: str, user: str = "neo4j", password: str = "") -> None:
        from py2neo import Graph

        self._uri = uri
        address = urlsplit(uri)
        try:
            # py2neo itself would wait for minutes
            socket.create_connection((address.hostname or "", address.port or 7687), PATIENCE_S).close()
            self._graph = Graph(uri, auth=(user, password))
        except Exception as error:  # py2neo lets errors of its transport through as they are
            raise _mapped(error, uri) from None  # its chain holds the password

    @classmethod
    def of(cls, connection: Connection) -> "Explorer":
        """The door to a connection that is known."""
        return cls(connection.uri, connection.user, connection.password)

    def frame(self, text: str, params: Mapping[str, Any] | None = None) -> "pandas.DataFrame":
        """Run a statement that reads and return its rows as a data frame."""
        import pandas

        columns, rows = self._run(text, dict(params or {}))
        return pandas.DataFrame(rows, columns=columns)

    def named(self, name: str, **params: Any) -> "pandas.DataFrame":
        """Run a named query."""
        statement = named(name).bind(**params)
        return self.frame(statement.text, statement.params)

    def close(self) -> None:
        """Close the sockets."""
        self._graph.service.connector.close()

    def __enter__(self) -> "Explorer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, text: str, params: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
        check_text(text)
        try:
            cursor = self._graph.query(text, params)
            columns = list(cursor.keys() or [])
            return columns, [[plain(value) for value in record.values()] for record in cursor]
        except Exception as error:  # as above
            raise _mapped(error, self._uri) from None


def _mapped(error: Exception, uri: str) -> CypherError:
    """py2neo hides a refusal behind a closed connection, and its errors share no root but Exception."""
    chain = (error, error.__context__, error.__cause__)
    told: Any = next((one for one in chain if hasattr(one, "category")), None)
    if told is None:
        return GraphAway(f"Nothing answers at {uri}.", "Start Neo4j there, or correct the address.")
    if told.category == "Security":
        return AccessDenied(f"Neo4j at {uri} does not accept the user or password.", "Check both.")
    return StatementError(str(told.message), "See the Cypher manual of Neo4j for what the statement may hold.")
