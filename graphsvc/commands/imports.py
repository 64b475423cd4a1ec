"""`ingest` and `quarantine`: files into the shop, and what was refused."""

import shlex
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer
from rich.markup import escape
from rich.table import Column

from graphsvc.commands.terminal import dump, err, errors, here, out, progress, show
from graphsvc.delivery import Report
from graphsvc.errors import GraphUnavailable
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.warehouse.fields import ASSETS
from graphsvc.warehouse.quarantine import list_refused, of_rule, of_source, pick, short_ids

quarantine = typer.Typer(help="What was refused: list it, look at a row, judge it again.", no_args_is_help=True)


def ingest(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(help="files, or a Neo4j as neo4j://user@host/?label=Product")],
    asset: Annotated[str | None, typer.Option("--as", help=f"what the rows are: {', '.join(ASSETS)}")] = None,
    mapping: Annotated[Path | None, typer.Option("--map", help="a mapping of columns to fields, as saved")] = None,
    name: Annotated[str | None, typer.Option(help="name of the source; the file's name without one")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would happen and write nothing")] = False,
    sync: Annotated[bool, typer.Option("--sync", help="the file is the whole catalogue: retire what it lacks")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="retire more than a fifth unasked")] = False,
    learn: Annotated[
        bool | None, typer.Option("--learn/--no-learn", help="learn attributes' values from fields [default: learn]")
    ] = None,
    graph: Annotated[bool, typer.Option("--graph/--no-graph", help="bring Neo4j up with it")] = True,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Import files: products, orders, events, customers, reviews...

    Examples:

      python -m graphsvc ingest products.csv --name shop

      python -m graphsvc ingest orders.parquet --as orders --name shop --dry-run
    """
    settings = _settings(context)
    if learn is not None:
        settings = settings.model_copy(update={"learn": learn})
    with errors(), Service(settings, purpose="an import") as service:
        with progress() as report:
            done = service.ingest(
                *paths, asset=asset, mapping=mapping, name=name, dry_run=dry_run, sync=sync, confirmed=yes,
                progress=report,
            )  # fmt: skip
            if done.offset is not None and graph:
                follow_graph(service, report)
        _say(done, dry_run)
        if json:
            dump(summary(done))


@quarantine.command("list")
def list_rows(
    context: typer.Context,
    name: Annotated[str | None, typer.Option(help="only of this source")] = None,
    rows: Annotated[int, typer.Option(help="rows to show")] = 50,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """List refused rows with file, line, rule and reason."""
    with errors(), Service(_settings(context), write=False) as service:
        all_held = _held(service)
        held, ids = of_source(all_held, name), short_ids(all_held)
        shown = held.slice(0, rows).to_pylist()
        columns = ("source", "asset", "file", "line", "rule", "reason")
        show(
            (Column("id", no_wrap=True), *(Column(name, overflow="fold") for name in columns)),
            [[ids[row["quarantine_id"]], *[row[c] for c in columns]] for row in shown],
        )
        out.print(f"{held.num_rows:,} rows in quarantine.")
        if shown:
            first = ids[shown[0]["quarantine_id"]]
            out.print(here(f"See one with its fix: python -m graphsvc quarantine show {first}"), markup=False)
        if json:
            dump({"rows": held.num_rows, "shown": shown})


@quarantine.command("show")
def show_row(
    context: typer.Context, quarantine_id: Annotated[str, typer.Argument(help="the id, or how it begins")]
) -> None:
    """Show one refused row, why it was refused and what would let it pass."""
    with errors(), Service(_settings(context), write=False) as service:
        found = pick(_held(service), quarantine_id)
        cells = [(key, value) for key, value in found.items() if key not in ("batch", "row_hash")]
        show(("", Column(overflow="fold")), cells)


@quarantine.command("retry")
def retry(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="the source")],
    asset: Annotated[str, typer.Option("--as", help="what its rows are")] = "products",
) -> None:
    """Judge the refused rows of a source again, after its contract or the catalogue has changed."""
    with errors(), Service(_settings(context), purpose="a retry") as service, progress() as report:
        done = service.receiver().retry(name, asset)
        if done.offset is not None:
            service.open(progress=report)
            follow_graph(service, report)
        _say(done, False)
        left = "".join(f" + {rows:,} {why}" for why, rows in done.left.items())
        total = done.batch.counts.read + sum(done.left.values())
        again = f"{done.batch.counts.read:,} judged again{left}."
        out.print(f"Of {name}, {total:,} rows were in quarantine = {again}", markup=False)


@quarantine.command("dismiss")
def dismiss(
    context: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="ids, or how they begin")] = None,
    name: Annotated[str | None, typer.Option(help="all rows of this source, with --rule")] = None,
    rule: Annotated[str | None, typer.Option(help="that this rule refuses, with --name")] = None,
    why: Annotated[str, typer.Option(help="kept in the log")] = "",
) -> None:
    """Let refused rows go that will never pass, such as those without a key.

    Example:  python -m graphsvc quarantine dismiss --name shop --rule key_missing --why "footer of the export"
    """
    if (name is None) != (rule is None) or not (ids or name):
        raise typer.BadParameter("Give ids, or --name and --rule.")
    with errors(), Service(_settings(context), purpose="a dismissal") as service:
        held = _held(service)
        rows = [pick(held, one) for one in ids or ()] + (of_rule(held, name, rule) if name and rule else [])
        offset = service.receiver().dismiss(rows, why)
        gone = len({row["quarantine_id"] for row in rows})
        left = held.num_rows - gone
        out.print(f"{gone:,} rows let go, as entry {offset} of the log; {left:,} in quarantine.", markup=False)


def _held(service: Service) -> pa.Table:
    history = service.history()
    return list_refused(service.warehouse, history.order, rows=history.rows.get("quarantine"))


def summary(done: Report) -> dict[str, object]:
    """A delivery as one object for programs."""
    counts = done.batch.counts
    return {
        "name": done.name, "asset": done.asset, "offset": done.offset, "read": counts.read,
        "accepted": counts.accepted, "unchanged": counts.unchanged, "quarantined": counts.quarantined,
        "changed": counts.changed, "retired": counts.retired, "derived": counts.derived, "claims": done.claims,
        "rules": dict(done.batch.quarantined), "cleaned": dict(done.batch.changed), "drift": list(done.batch.drift),
    }  # fmt: skip


def _say(done: Report, dry_run: bool) -> None:
    """What a delivery did, for a person."""
    counts, batch = done.batch.counts, done.batch
    if done.mapping is not None and done.sample is not None and (dry_run or done.offset is not None):
        rows = [
            (r.field, r.column, f"{r.confidence:.2f}", ", ".join(r.samples)) for r in done.mapping.rows(done.sample)
        ]
        show(("field", "column", "confidence", "samples"), rows, f"{done.name}: {done.asset}")
    if batch.quarantined:
        show(("rule", "refused rows"), sorted(batch.quarantined.items(), key=lambda pair: -pair[1]))
    if batch.changed:
        show(("field and rule", "values changed"), sorted(batch.changed.items(), key=lambda pair: -pair[1])[:30])
    for word in batch.drift:
        err.print(f"[yellow]{escape(word)}[/yellow]")
    out.print(
        f"{done.name} ({done.asset}): {counts.read:,} rows read = {counts.accepted:,} accepted"
        f" + {counts.unchanged:,} unchanged + {counts.quarantined:,} quarantined;"
        f" {counts.changed:,} of the accepted change a known product, {counts.retired:,} retired.",
        markup=False,
    )
    if batch.stop is not None:
        err.print(f"[yellow]The import would stop here: {escape(str(batch.stop))}[/yellow]")
    if dry_run:
        out.print("Nothing was written.")
    elif done.offset is None:
        out.print("Nothing is new; nothing was written.")
    else:
        out.print(f"It is entry {done.offset} of the log, with {done.claims:,} claims.")
    if counts.quarantined and not dry_run:
        name = shlex.quote(done.name)
        out.print(here(f"See what was refused: python -m graphsvc quarantine list --name {name}"), markup=False)


def follow_graph(service: Service, report: object) -> None:
    """Bring Neo4j up with the log; where it is away, say so and go on."""
    try:
        service.follow_graph(report)  # type: ignore[arg-type]
    except GraphUnavailable as error:
        err.print(f"[yellow]Neo4j is away, so it will follow later: {escape(str(error))}[/yellow]")


def _settings(context: typer.Context) -> Settings:
    settings: Settings = context.obj
    return settings
