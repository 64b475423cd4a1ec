"""Constraints and indexes, brought about by numbered files and recorded in the graph.

`migrations/NNNN_name.cypher` holds schema statements, each ended by a semicolon and safe to repeat. A file that was
applied is never changed: a new one is added. Knows the order and the record; does not know what the files say.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cypher.driver import Graph
from cypher.errors import StatementError
from cypher.statements import step

FOLDER = Path(__file__).parent / "migrations"
INDEX_PATIENCE_S = 600
CONSTRAINT = re.compile(r"CREATE CONSTRAINT (\w+)")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    number: int
    name: str
    statements: tuple[str, ...]
    checksum: str


def migrations() -> list[Migration]:
    """All files, in order."""
    return [_read(path) for path in sorted(FOLDER.glob("*.cypher"))]


def migrate(graph: Graph) -> list[int]:
    """Apply what is missing and return its numbers. Raises StatementError for a graph of a newer version."""
    known = migrations()
    applied = {row["number"]: row["checksum"] for row in graph.read(step("read_migrations")).dicts()}
    if unknown := sorted(set(applied) - {migration.number for migration in known}):
        raise StatementError(
            f"The graph has migration {unknown[-1]}, which this version does not know.", "Use a newer version."
        )
    done = []
    for migration in known:
        if applied.get(migration.number) == migration.checksum:
            continue
        _make_room(graph, migration)
        for statement in migration.statements:
            graph.execute(statement)
        graph.write(step("record_migration"), number=migration.number, name=migration.name, checksum=migration.checksum)
        done.append(migration.number)
    return done


def _make_room(graph: Graph, migration: Migration) -> None:
    """Drop what a server that was killed while it made a constraint has left: an index in the constraint's way."""
    names = [found[1] for statement in migration.statements if (found := CONSTRAINT.match(statement))]
    for row in graph.execute(step("lost_indexes").text, names=names).dicts():
        graph.execute(step("drop_index").text, name=row["name"])


def await_indexes(graph: Graph) -> None:
    """Wait until every index answers."""
    graph.execute("CALL db.awaitIndexes($seconds)", seconds=INDEX_PATIENCE_S)


def _read(path: Path) -> Migration:
    text = path.read_text("utf-8")
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
    statements = tuple(part.strip() for part in plain.split(";") if part.strip())
    number, _, name = path.stem.partition("_")
    return Migration(int(number), name, statements, hashlib.sha256(plain.encode()).hexdigest()[:16])
