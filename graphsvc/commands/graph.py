"""`cypher`: the analysts' door, as one question or a shell. It only reads; `cypher.analyst` says what passes."""

import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape

from cypher.analyst import Answer, Limits, ask
from cypher.driver import Graph
from cypher.statements import Query, Statement, named, named_queries
from cypher.tables import render
from graphsvc.commands.terminal import err, errors, here, out, show
from graphsvc.errors import GraphsvcError, InputError
from graphsvc.graph.faults import graph_faults
from graphsvc.service import Service
from graphsvc.settings import Settings

HELP = ":help  this   :queries  named queries   :quit  leave. A statement ends with ;"


def cypher(
    context: typer.Context,
    command: Annotated[str | None, typer.Option("-c", "--command", help="one statement; without it, a shell")] = None,
    name: Annotated[str | None, typer.Option("--named", help="a named query; --queries lists them")] = None,
    param: Annotated[list[str] | None, typer.Option(help="name=value; may be given again")] = None,
    near: Annotated[str | None, typer.Option(help="a text; its vector is passed as $vector")] = None,
    form: Annotated[str, typer.Option("--format", help="table, csv or json")] = "table",
    queries: Annotated[bool, typer.Option("--queries", help="list the named queries")] = False,
    connection: Annotated[
        bool, typer.Option("--connection", help="print address and password for Neo4j's tools")
    ] = False,
) -> None:
    """Ask the graph in Cypher.

    Examples:

      python -m graphsvc cypher -c "MATCH (b:Brand) RETURN b.name LIMIT 5"

      python -m graphsvc cypher --named top_brands --param limit=10 --format csv

      python -m graphsvc cypher --near "something for the camp fire"
    """
    if queries:
        _list(named_queries().values())
        return
    settings: Settings = context.obj
    with errors(), Service(settings, write=False) as service, graph_faults():
        if connection:
            there = service.graph.connection
            out.print(f"{there.uri}\nuser {there.user}\npassword {there.password}", markup=False)
            if sys.stdin.isatty() and service.graph.is_ours:
                err.print("Neo4j runs until you press Enter.")
                sys.stdin.readline()
            return
        graph, limits = service.graph.graph, Limits(settings.query_timeout_s, settings.query_rows)
        _warn_if_behind(service)
        given = _params(param or [], service, near)
        if command is None and name is None and near is None:
            _shell(graph, given, limits)
            return
        statement = _statement(command, name or ("near" if command is None else None), given)
        _say(ask(graph, statement.text, statement.params, limits), form)


def _warn_if_behind(service: Service) -> None:
    at, head = service.graph.progress()[0], service.log.head()
    if at < 0:
        err.print(here("The graph has not been built. Build it: python -m graphsvc rebuild --graph-only"), markup=False)
    elif at < head:
        where = f"The graph is at offset {at} of {head}."
        err.print(here(f"{where} A running service brings it up; else: python -m graphsvc serve"), markup=False)


def _statement(command: str | None, name: str | None, given: Mapping[str, Any]) -> Statement:
    if command is not None and name is not None:
        raise InputError("Both a statement and a named query were given.", "Give one of them.")
    if command is not None:
        return Statement(command, given)
    assert name is not None
    query = named(name)
    typed = {key: value for key, value in given.items() if isinstance(value, str)}
    return query.bind(**{**given, **query.parse(typed)})


def _params(pairs: Iterable[str], service: Service, near: str | None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"{pair!r} is no parameter.", "Write name=value, as --param limit=10")
        given[name] = value
    if near is not None:
        given["vector"] = service.open(build=False).model.encode(near).tolist()
    return given


def _shell(graph: Graph, given: Mapping[str, Any], limits: Limits) -> None:
    """Read statements until the end of input; an error is said and the next one is read."""
    asking = sys.stdin.isatty()
    if asking:
        import readline  # noqa: F401  line editing and history for input()

        err.print(HELP)
    lines: list[str] = []
    while True:
        try:
            line = input(("cypher> " if not lines else "     -> ") if asking else "")
        except (EOFError, KeyboardInterrupt):
            break
        if not lines and line.strip().startswith(":"):
            if line.strip() in (":quit", ":exit", ":q"):
                break
            _list(named_queries().values()) if line.strip() == ":queries" else err.print(HELP)
            continue
        lines.append(line)
        if line.rstrip().endswith(";"):
            _answer(graph, "\n".join(lines), given, limits)
            lines = []
    if "".join(lines).strip():
        _answer(graph, "\n".join(lines), given, limits)


def _answer(graph: Graph, text: str, given: Mapping[str, Any], limits: Limits) -> None:
    try:
        with graph_faults():
            _say(ask(graph, text.rstrip().rstrip(";"), given, limits), "table")
    except GraphsvcError as error:
        err.print(f"[red]{escape(str(error))}[/red]")


def _say(answer: Answer, form: str) -> None:
    sys.stdout.write(render(answer, form, out.width).rstrip("\n") + "\n")
    if answer.truncated:
        said = f"Cut after {len(answer.rows):,} rows: there are more. GRAPHSVC_QUERY_ROWS sets how many may come back."
        err.print(said, markup=False)


def _list(queries: Iterable[Query]) -> None:
    rows = [(q.name, q.purpose, ", ".join(p.name + ("" if p.required else "?") for p in q.params)) for q in queries]
    show(("query", "what it answers", "parameters"), rows)
