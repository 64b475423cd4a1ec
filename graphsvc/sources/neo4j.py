"""Nodes of another Neo4j as rows: properties become columns, and so do the names at the ends of chosen relationships.

An address is `neo4j://user:password@host:7687/database?label=Product&with=HAS_BRAND,IN_CATEGORY`; the password may
stand in NEO4J_SOURCE_PASSWORD instead. Only reads; no report, name or error ever holds the user or the password.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa

from graphsvc.errors import SourceError
from graphsvc.sources.nesting import JOINT, TooDeep, flatten
from graphsvc.sources.rows import Reading, Refusals, record_batches

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
ROWS = 20_000
PATIENCE_S = 10.0
PASSWORD = "NEO4J_SOURCE_PASSWORD"
EXAMPLE = "neo4j://user@host:7687/neo4j?label=Product"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the nodes are. Its text and repr hold neither user nor password."""

    scheme: str
    host: str
    port: int
    database: str
    label: str
    types: tuple[str, ...]
    user: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def name(self) -> str:
        """The address as it may be shown."""
        return f"{self.scheme}://{self.host}:{self.port}/{self.database}?label={self.label}"


def open_neo4j(path: str) -> Reading:
    """Nodes of one label. `_line` counts them in the order of their element ids. Raises SourceError."""
    address = read_address(path)
    with _graph(address) as graph:
        graph.query("RETURN 1").evaluate()
    return Reading(address.name, partial(_read, address))


def is_neo4j(path: str) -> bool:
    """Whether this is an address of a Neo4j and no file."""
    return path.partition("://")[0].lower() in SCHEMES and "://" in path


def read_address(path: str) -> Address:
    """Take an address apart. Raises SourceError without repeating it."""
    try:
        parts = urlsplit(path)
        port = parts.port or 7687
    except ValueError as error:
        raise SourceError("The port of the address is no number.", f"Write it as {EXAMPLE}.") from error
    asked = parse_qs(parts.query)
    label = asked.get("label", [""])[0]
    if not parts.hostname or not label:
        raise SourceError("The address names no host or no label.", f"Write it as {EXAMPLE}.")
    password = unquote(parts.password) if parts.password else os.environ.get(PASSWORD, "")
    return Address(
        parts.scheme.lower(), parts.hostname, port, parts.path.strip("/") or "neo4j", label,
        tuple(one for given in asked.get("with", []) for one in given.split(",") if one),
        unquote(parts.username or "neo4j"), password,
    )  # fmt: skip


def _read(address: Address, refused: Refusals) -> Iterator[pa.RecordBatch]:
    return record_batches(_records(address, refused), refused, address.name)


def _records(address: Address, refused: Refusals) -> Iterator[tuple[int, dict[str, str | None]]]:
    query = (files(__package__) / "nodes.cypher").read_text("utf-8")
    line, after = 0, ""
    with _graph(address) as graph:
        while True:
            params = {"label": address.label, "after": after, "rows": ROWS, "types": list(address.types)}
            rows = [tuple(row) for row in graph.query(query, params)]
            for after, properties, ends in rows:
                line += 1
                try:
                    yield line, _row(after, properties, ends)
                except TooDeep as error:
                    refused.add(line, "too_deep", str(error), "Flatten it.", str(after))
            if len(rows) < ROWS:
                return


def _row(node: str, properties: dict[str, Any], ends: list[list[str | None]]) -> dict[str, str | None]:
    """A node without an id of its own goes by its element id, which the database may give to another one day."""
    row = flatten(dict(properties)) or {"element_id": node}
    named: dict[str, list[str]] = {}
    for kind, name in ends:
        if kind and name:
            named.setdefault(kind, []).append(name)
    return row | {kind: JOINT.join(sorted(set(names))) for kind, names in named.items() if kind not in row}


@contextmanager
def _graph(address: Address) -> Iterator[Any]:
    """A connection, closed at the end: py2neo keeps its sockets otherwise. Its errors come out as SourceError."""
    import py2neo  # late: only this source needs it
    from py2neo.errors import ConnectionBroken, ConnectionUnavailable, Neo4jError, ServiceUnavailable

    try:
        socket.create_connection((address.host, address.port), PATIENCE_S).close()  # py2neo waits for minutes
        scheme = address.scheme.replace("neo4j", "bolt")  # any member of a cluster can be read; py2neo's routing loops
        graph = py2neo.Graph(
            f"{scheme}://{address.host}:{address.port}", name=address.database, auth=(address.user, address.password)
        )
        try:
            yield graph
        finally:
            graph.service.connector.close()
    except (OSError, Neo4jError, ServiceUnavailable, ConnectionUnavailable, ConnectionBroken) as error:
        raise _said(error, address) from None


def _said(error: BaseException, address: Address) -> SourceError:
    """The error without its chain, which holds the password; py2neo hides a refusal behind a closed connection."""
    place = f"The Neo4j at {address.host}:{address.port}"
    told: Any = next((e for e in (error, error.__context__, error.__cause__) if hasattr(e, "category")), None)
    if told is None:
        return SourceError(f"{place} does not answer.", "Start it, or correct host and port.")
    if told.category == "Security":
        return SourceError(
            f"{place} does not accept the user or the password.",
            f"Correct the address; the password may stand in {PASSWORD}.",
        )
    return SourceError(f"{place} says: {told.message}.", "Correct the database or the label.")
