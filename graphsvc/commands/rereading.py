"""`re-extract`: read products and texts anew, show what that changes, and write it when that is wanted."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Annotated

import typer

from extractors.llm_account import Usage
from graphsvc.commands.imports import follow_graph
from graphsvc.commands.terminal import dump, errors, out, progress, show
from graphsvc.errors import InputError
from graphsvc.language_model import extractor_faults, language_model
from graphsvc.rereading import KINDS, Difference, Statement
from graphsvc.service import Service
from graphsvc.settings import Settings


def re_extract(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="write the difference unasked")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show the difference and write nothing")] = False,
    name: Annotated[list[str] | None, typer.Option(help="only products of this source; may be given again")] = None,
    samples: Annotated[int, typer.Option(min=0, help="statements of each kind to show")] = 5,
    ask: Annotated[
        bool, typer.Option("--ask", help="ask the language model about products of which nothing is claimed")
    ] = False,
    graph: Annotated[bool, typer.Option("--graph/--no-graph", help="bring Neo4j up with it")] = True,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Read products and the texts about them anew, by the extractors and models of now, and show what that changes.

    Claims of the products and texts alone that change are written.

    Examples:

      python -m graphsvc re-extract --dry-run --samples 20

      python -m graphsvc re-extract --yes
    """
    settings: Settings = context.obj
    with errors(), ExitStack() as opened:
        if not (yes or dry_run or sys.stdin.isatty()):
            raise InputError(
                "Nobody is there to be asked whether to write what changes.", "Give --yes to write it, or --dry-run."
            )
        model = language_model(settings, settings.home) if ask else None
        if model is not None:
            opened.enter_context(model)
        elif ask:
            raise InputError("No language model is set.", "Set GRAPHSVC_LLM_URL and GRAPHSVC_LLM_MODEL.")
        service = opened.enter_context(Service(settings, purpose="a re-extraction"))
        opened.enter_context(extractor_faults())
        reading = opened.enter_context(service.rereading(model, name or ()))
        with progress() as report:
            difference = reading.compare(report)
        _show(difference, samples)
        some = difference.products or difference.texts
        wanted = some and not dry_run and (yes or typer.confirm("Write it?", err=True))
        with progress() as report:
            offset = service.accept(reading, report) if wanted else None
            if offset is not None and graph:
                follow_graph(service, report)
    if model is not None:
        out.print(_spent(model.usage()), markup=False)
    _say(difference, offset)
    if json:
        dump(_object(difference, offset, samples))


def _show(difference: Difference, samples: int) -> None:
    names = list(dict.fromkeys(name for kind in KINDS for name in difference.predicates.get(kind, {})))
    rows = [(name, *(difference.predicates.get(kind, {}).get(name, 0) for kind in KINDS)) for name in names]
    show(("of", *KINDS), [*rows, ("all", *(difference.counts.get(kind, 0) for kind in KINDS))])
    for kind in KINDS:
        if found := difference.samples.get(kind, ())[:samples]:
            show((kind, "says", "value", "words", "sure", "by"), list(map(_row, found)))


def _row(one: Statement) -> Sequence[str]:
    said = f"{one.predicate} {one.qualifier}".strip()
    place = f"{one.product} {one.title}" + (f", {one.document}" if one.document else "")
    return place, said, one.object, one.quote, f"{one.confidence:.2f}", one.extractor


def _spent(usage: Usage) -> str:
    refused = ", ".join(f"{count:,} {reason}" for reason, count in usage.refused.items()) or "none"
    return (
        f"Language model: {usage.calls:,} questions paid, {usage.cached:,} paid before, {usage.unasked:,} beyond the"
        f" budget; {usage.prompt_tokens + usage.completion_tokens:,} tokens, cost {usage.money:.4f}; half took"
        f" {usage.latency_p50_s:.1f} s or less. Values refused: {refused}."
    )


def _say(difference: Difference, offset: int | None) -> None:
    texts = f" and {difference.texts:,} of {difference.texts_read:,} texts" if difference.texts_read else ""
    what = f"{difference.products:,} of {difference.read:,} products{texts} are read otherwise now"
    done = f"; written as entry {offset} of the log." if offset is not None else "; nothing was written."
    out.print(what + done, markup=False)


def _object(difference: Difference, offset: int | None, samples: int) -> dict[str, object]:
    said = asdict(difference)
    said["samples"] = {kind: found[:samples] for kind, found in said["samples"].items()}
    return said | {"offset": offset}
