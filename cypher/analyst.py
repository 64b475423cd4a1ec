"""The read-only door for analysts: what may run, for how long, and how much comes back.

Neo4j itself says what a statement would do before it runs: its plan names every procedure, every file read and every
write, wherever they hide in the text. Functions do not show in a plan and are looked for in the text. Community has no
roles, so this door is the only one that analysts get. Knows statements; does not know the model of the graph.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cypher.driver import Graph
from cypher.errors import StatementError, StatementRefused
from cypher.values import plain

PROCEDURES = frozenset(
    {
        "db.index.fulltext.queryNodes", "db.index.fulltext.queryRelationships", "db.index.vector.queryNodes",
        "db.index.vector.queryRelationships", "db.index.fulltext.listAvailableAnalyzers", "db.labels",
        "db.relationshipTypes", "db.propertyKeys", "db.schema.visualization", "db.schema.nodeTypeProperties",
        "db.schema.relTypeProperties", "db.ping", "dbms.components",
    }
)  # fmt: skip
FUNCTIONS = frozenset(
    {"date", "datetime", "localdatetime", "localtime", "time", "duration", "point", "vector.similarity"}
)
SHOWN = frozenset({"ShowIndexes", "ShowConstraints", "ShowProcedures", "ShowFunctions"})
EXPLAIN = "EXPLAIN "
PLACE = re.compile(r"\(line 1, column (\d+) \(offset: (\d+)\)\)")
MODE = re.compile(r"\A(?:\s+|//[^\n]*(?:\n|\Z)|/\*.*?\*/)*(?:EXPLAIN|PROFILE)\b", re.IGNORECASE | re.DOTALL)
SILENT = re.compile(r"""`[^`]*`|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/""", re.DOTALL)
CALLED = re.compile(r"(?<![\w.$])(\w+(?:\s*\.\s*\w+)+)\s*\(")
READ_ONLY = "This door only reads. Changes come in through ingest and the API, from which the graph is made."


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a statement may run and how many rows may come back."""

    timeout_s: float = 30.0
    rows: int = 10_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of plain values (None, numbers, texts, lists, dicts). `truncated`: there were more than the limit."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False
    seconds: float = 0.0


def ask(graph: Graph, text: str, params: Mapping[str, Any] | None = None, limits: Limits | None = None) -> Answer:
    """Run one statement of an analyst's.

    Raises StatementRefused for what this door does not let through, StatementTimeout, StatementError, GraphAway.
    """
    allowed = limits or Limits()
    began = time.perf_counter()
    check_text(text)

    def work(tx: Any) -> Answer:
        check_plan(tx.run(EXPLAIN + MODE.sub("", text, count=1), dict(params or {})).consume())
        result = tx.run(text, dict(params or {}))
        columns = tuple(result.keys())
        found = result.fetch(allowed.rows + 1)
        rows = tuple(tuple(plain(value) for value in record.values()) for record in found[: allowed.rows])
        return Answer(columns, rows, len(found) > allowed.rows, time.perf_counter() - began)

    try:
        return graph.begin_read(work, allowed.timeout_s)
    except StatementError as error:
        raise type(error)(_as_written(error.message), error.next_step) from error


def _as_written(said: str) -> str:
    """Neo4j's words about a statement without the EXPLAIN that we put before it."""
    if f'"{EXPLAIN}' not in said:
        return said
    ours = len(EXPLAIN)
    told = PLACE.sub(lambda at: f"(line 1, column {int(at[1]) - ours} (offset: {int(at[2]) - ours}))", said)
    return told.replace(f'"{EXPLAIN}', '"').replace("\n" + " " * ours, "\n")


def check_text(text: str) -> None:
    """Refuse what a plan does not show: functions off the list."""
    spoken = SILENT.sub(_spoken, text)
    if not spoken.strip(" ;\n\t\r"):
        raise StatementError("There is no statement.", "Write one, such as: MATCH (p:Product) RETURN p.title LIMIT 10")
    if "\\" in spoken:
        raise StatementRefused("Escapes outside of texts are not let through.", "Write the character itself.")
    for found in CALLED.finditer(spoken):
        name = re.sub(r"\s", "", found[1])
        if name not in PROCEDURES and name.rpartition(".")[0].lower() not in FUNCTIONS:
            raise StatementRefused(f"{name} is not let through here.", _listed())


def _spoken(silent: re.Match[str]) -> str:
    """Nothing of a text or a comment; of a name in back-quotes what a name is made of."""
    return re.sub(r"[^\w.]", "_", silent[0][1:-1]) if silent[0].startswith("`") else " "


def check_plan(summary: Any) -> None:
    """Refuse what a statement would do besides reading the graph."""
    operators = list(_operators(summary.plan or {}))
    for operator, details in operators:
        if operator == "LoadCSV":
            raise StatementRefused("LOAD CSV is not let through: it reads files and addresses.", READ_ONLY)
        if operator == "ProcedureCall" and (name := details.split("(")[0].strip()) not in PROCEDURES:
            raise StatementRefused(f"The procedure {name} is not let through here.", _listed())
        if operator.startswith(("Show", "Terminate")) and operator not in SHOWN:
            raise StatementRefused("This command is not let through here.", f"These are: {', '.join(sorted(SHOWN))}.")
    if summary.query_type != "r":
        raise StatementRefused("The statement would change the database.", READ_ONLY)


def _operators(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if plan:
        yield str(plan["operatorType"]).split("@")[0], str(plan.get("args", {}).get("Details", ""))
        for child in plan.get("children", ()):
            yield from _operators(child)


def _listed() -> str:
    return f"Procedures that are: {', '.join(sorted(PROCEDURES))}; functions: Cypher's own."
