"""`status`, `doctor` and `rebuild`: what stands where, whether it is sound, and how to make it anew."""

from typing import Annotated

import typer
from rich.markup import escape

from graphsvc.commands.terminal import dump, err, errors, here, out, progress, show
from graphsvc.doctor import compare, examine
from graphsvc.errors import GraphUnavailable, StorageError
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.shop import Shop
from graphsvc.standing import Status


def status(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Show the log, every projection and how far it is behind."""
    with errors(), Service(_settings(context), write=False, purpose="status") as service:
        trouble = _opened(service)
        found = service.status()
        if trouble:
            err.print(f"[yellow]{escape(here(trouble))}[/yellow]")
        if lost := service.log.lost():
            err.print(f"[yellow]{escape(lost)}[/yellow]")
        show(("projection", "offset", "behind", ""), [(p.name, p.offset, p.lag, p.detail) for p in found.projections])
        out.print(
            f"Shop {found.shop}: {found.products:,} products, log at {found.head}, encoder {found.encoder or '–'}."
        )
        if json:
            dump(as_object(found))
        if trouble:
            raise typer.Exit(1)


def _opened(service: Service) -> str:
    """Open the answers; what kept them from it, for a status says that too."""
    try:
        if service.log.head():
            service.open()
    except StorageError as error:
        return str(error)
    return ""


def doctor(
    context: typer.Context,
    differences: Annotated[bool, typer.Option("--compare", help="compare Neo4j with the snapshots")] = False,
    sample: Annotated[int, typer.Option(help="products whose neighbours are compared")] = 1_000,
) -> None:
    """Check the log's checksums, the tables and the snapshots; with --compare, that Neo4j and they say the same."""
    with errors(), Service(_existing(context), purpose="doctor") as service:
        with progress() as report:
            findings = examine(service)
            if differences and service.ready():
                service.follow_graph(report)
                findings += compare(service, sample)
        show(("check", "result", "difference"), [(f.check, f.result, f.differences) for f in findings])
        wrong = [f for f in findings if f.differences]
        for finding in wrong:  # whole: a table folds long names
            err.print(f"[red]{finding.check}:[/red] {escape(here(finding.result))}")
        total = sum(f.differences for f in wrong)
        out.print(f"{total:,} difference{'s' if total != 1 else ''}." if wrong else "All is sound.")
        if wrong:
            raise typer.Exit(1)


def rebuild(
    context: typer.Context,
    graph: Annotated[bool, typer.Option("--graph/--no-graph", help="Neo4j too")] = True,
    graph_only: Annotated[bool, typer.Option("--graph-only", help="nothing but Neo4j")] = False,
    accept_loss: Annotated[bool, typer.Option("--accept-loss", help="go on with a log that has lost its end")] = False,
) -> None:
    """Drop every projection and build it anew from the log and the warehouse."""
    with (
        errors(),
        Service(_existing(context), purpose="a rebuild", accept_loss=accept_loss) as service,
        progress() as report,
    ):
        if accept_loss and (service.shop.home / "graph").exists():
            service.graph.drop()  # first, and not without Neo4j: it holds what the log has lost
        if not graph_only:
            service.model.rebuild(service.history(), report)
        else:
            service.open(progress=report)
        if graph:
            try:
                service.graph.drop()
                service.follow_graph(report)
            except GraphUnavailable as error:
                err.print(f"[yellow]Neo4j is away: {escape(str(error))}[/yellow]")


def _existing(context: typer.Context) -> Settings:
    """The settings, of a folder that holds a shop: a wrong one is not to look sound."""
    settings = _settings(context)
    Shop.open(settings.home, create=False)
    return settings


def as_object(found: Status) -> dict[str, object]:
    """A status for programs."""
    return {
        "shop": found.shop, "head": found.head, "products": found.products, "encoder": found.encoder,
        "projections": {p.name: {"offset": p.offset, "lag": p.lag, "detail": p.detail} for p in found.projections},
    }  # fmt: skip


def _settings(context: typer.Context) -> Settings:
    settings: Settings = context.obj
    return settings
