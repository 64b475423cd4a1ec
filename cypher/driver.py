"""The official driver behind a small door: rows in, rows out, every error of its own mapped to ours.

Knows Bolt, transactions, access modes and time limits; does not know what a statement means. The driver is imported
with the first `Graph`, for that costs a second and 100 MB.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from cypher.errors import AccessDenied, CypherError, GraphAway, StatementError, StatementTimeout
from cypher.statements import Query, Statement

if TYPE_CHECKING:
    from neo4j import ManagedTransaction, Session

T = TypeVar("T")
Row = dict[str, Any]
DATABASE = "neo4j"  # Community has this one
BATCH = 5_000  # rows of one transaction: bounds its memory on the server
DENIED = ("Neo.ClientError.Security.Unauthorized", "Neo.ClientError.Security.AuthenticationRateLimit")


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a Neo4j answers and as whom."""

    uri: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a statement returned, in its order. `truncated`: there was more than was asked for."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False

    def dicts(self) -> list[Row]:
        """The rows with their columns' names."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def column(self) -> list[Any]:
        """The first column."""
        return [row[0] for row in self.rows]


class Graph:
    """A Neo4j that answers at an address. Threads may share it. Raises CypherErrors only.

    `retry_s` is how long a managed transaction is tried again when the server is away or says that it should be.
    """

    def __init__(self, connection: Connection, *, timeout_s: float = 60.0, retry_s: float = 5.0) -> None:
        import neo4j

        self.connection = connection
        self._timeout_s = timeout_s
        with mapped(connection.uri):
            self._driver = neo4j.GraphDatabase.driver(
                connection.uri,
                auth=(connection.user, connection.password),
                connection_timeout=5.0,
                connection_acquisition_timeout=10.0,
                max_transaction_retry_time=retry_s,
                notifications_min_severity="OFF",
                user_agent="graphsvc",
            )

    def read(
        self, query: Query | str, /, *, timeout_s: float | None = None, max_rows: int | None = None, **params: Any
    ) -> Rows:
        """Run one statement in read access mode, in which Neo4j refuses to write.

        `max_rows` cuts the answer and says so. Raises StatementTimeout after `timeout_s`, StatementError, GraphAway.
        """
        statement = query.bind(**params) if isinstance(query, Query) else Statement(query, params)
        return self._in_transaction("execute_read", timeout_s, lambda tx: _fetch(tx, statement, max_rows))

    def stream(self, query: Query | str, /, **params: Any) -> Generator[Row, None, None]:
        """Yield the rows of a long answer as they come, without holding them all; not tried again."""
        statement = query.bind(**params) if isinstance(query, Query) else Statement(query, params)
        with mapped(self.connection.uri), self._session("READ") as session:
            for record in session.run(statement.text, dict(statement.params)):
                yield record.data()

    def write(self, query: Query | str, /, **params: Any) -> Rows:
        """Run one statement that writes, in a transaction of its own, and return what it returns."""
        statement = query.bind(**params) if isinstance(query, Query) else Statement(query, params)
        return self.write_all([statement])

    def write_all(self, statements: Sequence[Statement], *, timeout_s: float | None = None) -> Rows:
        """Run statements in one transaction, all or none, and return what the last one returns."""

        def work(tx: "ManagedTransaction") -> Rows:
            answer = Rows((), ())
            for statement in statements:
                answer = _fetch(tx, statement, None)
            return answer

        return self._in_transaction("execute_write", timeout_s, work)

    def write_rows(
        self, query: Query, batches: Iterator[list[Row]], progress: Callable[[int], None] = lambda rows: None
    ) -> int:
        """Run a statement with a parameter `rows` once per batch, each a transaction of its own; returns all rows."""
        done = 0
        for rows in batches:
            self.write(query, rows=rows)
            done += len(rows)
            progress(done)
        return done

    def execute(self, text: str, /, **params: Any) -> Rows:
        """Run a statement outside a managed transaction: schema changes, and subqueries in transactions."""
        with mapped(self.connection.uri), self._session("WRITE") as session:
            return _rows(session.run(text, params), None)

    def begin_read(self, work: "Callable[[Any], T]", timeout_s: float) -> T:
        """Give `work` one transaction in read access mode that ends after `timeout_s` and is never tried again."""
        with (
            mapped(self.connection.uri),
            self._session("READ") as session,
            session.begin_transaction(timeout=timeout_s) as tx,
        ):
            return work(tx)

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> "Graph":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _session(self, mode: str) -> "Session":
        return self._driver.session(database=DATABASE, default_access_mode=mode, fetch_size=2_000)

    def _in_transaction(self, kind: str, timeout_s: float | None, work: "Callable[[ManagedTransaction], T]") -> T:
        import neo4j

        limited = neo4j.unit_of_work(timeout=self._timeout_s if timeout_s is None else timeout_s)(work)
        with mapped(self.connection.uri), self._session("READ" if kind == "execute_read" else "WRITE") as session:
            answer: T = getattr(session, kind)(limited)
            return answer


def _fetch(tx: "ManagedTransaction", statement: Statement, max_rows: int | None) -> Rows:
    return _rows(tx.run(statement.text, dict(statement.params)), max_rows)


def _rows(result: Any, max_rows: int | None) -> Rows:
    columns = tuple(result.keys())
    if max_rows is None:
        return Rows(columns, tuple(tuple(record.values()) for record in result))
    found = result.fetch(max_rows + 1)
    return Rows(columns, tuple(tuple(record.values()) for record in found[:max_rows]), len(found) > max_rows)


@contextmanager
def mapped(uri: str) -> Iterator[None]:
    """Turn every error of the driver into one of ours."""
    from neo4j import exceptions

    try:
        yield
    except exceptions.Neo4jError as error:
        raise _of_server(error, uri) from error
    except (exceptions.DriverError, OSError) as error:
        raise _of_driver(error, uri) from error
    except (TypeError, ValueError, OverflowError) as error:  # the driver's words for a parameter it cannot send
        raise StatementError(f"A parameter cannot be sent to Neo4j: {error}.", "Use plain values and lists.") from error


def _of_server(error: Any, uri: str) -> CypherError:
    from neo4j import exceptions

    code, said = str(error.code or ""), str(error.message or error).strip()
    if code in DENIED or isinstance(error, exceptions.AuthError):
        return AccessDenied(
            f"Neo4j at {uri} does not accept the user or password.", "Check NEO4J_USER and NEO4J_PASSWORD."
        )
    if "TransactionTimedOut" in code or "Terminated" in code:
        return StatementTimeout("The statement took longer than it may and was stopped.", "Narrow it, or add a LIMIT.")
    if isinstance(error, exceptions.TransientError) and "Memory" in code:
        return StatementError("The statement needs more memory than one may take.", "Narrow it, or add a LIMIT.")
    if isinstance(error, exceptions.TransientError | exceptions.DatabaseUnavailable):
        return GraphAway(f"Neo4j at {uri} cannot answer now: {said}.", "Try again.")
    if code.endswith("ParameterMissing"):
        return StatementError(said, "Give it a value, on the command line by --param name=value.")
    if isinstance(error, exceptions.ClientError):
        return StatementError(said, "See the Cypher manual of Neo4j for what the statement may hold.")
    return GraphAway(f"Neo4j at {uri} failed: {said}.", "See its log.")


def _of_driver(error: Exception, uri: str) -> CypherError:
    from neo4j import exceptions

    if isinstance(error, exceptions.ConfigurationError):
        return GraphAway(f"{uri!r} is not an address of a Neo4j: {error}.", "Give one such as bolt://host:7687.")
    if isinstance(error, exceptions.ResultError | exceptions.TransactionError | exceptions.SessionError):
        return StatementError(f"The statement broke off: {error}.", "Try again.")
    return GraphAway(f"Nothing answers at {uri}.", "Start Neo4j there, or correct NEO4J_URI.")
