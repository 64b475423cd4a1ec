"""`train`: labelled data into a model of the shop, with its run kept, its report, and its place in the registry.

Reads options and shows what came of them; the course of a run stands in `graphsvc.train`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column

from graphsvc.commands.labels import say_leaks
from graphsvc.commands.material import material_of
from graphsvc.commands.scores import show_scores
from graphsvc.commands.terminal import dump, err, errors, here, out, progress, show
from graphsvc.labels import READERS, leak
from graphsvc.language_model import extractor_faults
from graphsvc.models import Limits
from graphsvc.models.card import shown
from graphsvc.shop import Shop
from graphsvc.train.plan import plan_of
from graphsvc.train.runs import REPORT, Run, begin, running, runs
from graphsvc.train.sinks import SINKS, open_sink, sink_settings
from graphsvc.workshop import ROOM, Made, announce_model, await_model, pursue_run

train = typer.Typer(help="Train models from labels, and see the runs.", no_args_is_help=True)
Text = str | None
Number = float | None
WAITS = "waits: another process writes the shop, and is yet to take it in; else the next command that writes will"


def teach(
    context: typer.Context,
    labels: Annotated[Text, typer.Option(metavar="NAME[:PART]", help="a set of the shop; its part train")] = None,
    file: Annotated[Path | None, typer.Option(help="or a file of labels, gzipped or not")] = None,
    test: Annotated[
        Text, typer.Option(metavar="NAME[:PART]|FILE", help="else the set's test, or 20 % of the texts")
    ] = (None),
    format: Annotated[Text, typer.Option(help=f"{', '.join(READERS)}; guessed from the content without one")] = None,
    encoder: Annotated[Text, typer.Option(help="auto, e5, minilm, a Hugging Face id or a folder")] = None,
    epochs: Annotated[Number, typer.Option(help="times that the lessons are read")] = None,
    rate: Annotated[Number, typer.Option(help="learning rate at its height")] = None,
    batch: Annotated[int | None, typer.Option(help="texts in one batch")] = None,
    tuning: Annotated[Text, typer.Option(help="full, lora, adalora, adapter, prefix")] = None,
    adversarial: Annotated[
        Text, typer.Option(help='fgm: adversarial steps; auto: where there is time; "": none')
    ] = None,
    augment: Annotated[
        Text, typer.Option(help="mentions,synonyms,noise,translation: more lessons, with commas between")
    ] = None,
    translator: Annotated[
        list[str],
        typer.Option(metavar="ID|FOLDER", help="for translation: the model there, and the one back"),
    ] = [],  # noqa: B006 typer copies it
    ensemble: Annotated[int | None, typer.Option(help="so many networks teach one")] = None,
    student: Annotated[bool | None, typer.Option("--student", help="a network of half the layers")] = None,
    settings: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="any option of the plan or of TrainingArguments")
    ] = [],  # noqa: B006 typer copies it
    search: Annotated[bool, typer.Option("--search", help="look for the best options first")] = False,
    budget: Annotated[str, typer.Option(help="time that the search may take, such as 30m")] = "30m",
    seed: Annotated[int, typer.Option(help="another seed, another model")] = 1,
    resume: Annotated[
        str, typer.Option(metavar="RUN", help="go on with this run; else the newest unfinished alike")
    ] = "",
    report_to: Annotated[Text, typer.Option(help=f"also {' or '.join(SINKS)}, offline")] = None,
    promote: Annotated[bool, typer.Option("--promote", help="put it into production when it passes the gate")] = False,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Train a model, judge it, keep it as candidate. A training that was killed goes on by the same command.

    A service that runs on the shop goes on, and takes the model in.

    Examples:

      python -m graphsvc train mentions --labels taobao --promote

      python -m graphsvc train relations --file train.txt --test valid.txt --epochs 3

      python -m graphsvc train mentions --labels titles --tuning lora --search --budget 30m --set patience=3
    """
    with errors(), extractor_faults():
        task = str(context.info_name)
        plan = plan_of(
            {
                "encoder": encoder, "epochs": epochs, "rate": rate, "batch": batch, "tuning": tuning,
                "adversarial": adversarial, "augment": augment.split(",") if augment else None, "ensemble": ensemble,
                "translators": translator or None,
                "student": student, "seed": seed, "settings": sink_settings(report_to),
            },
            settings,
            task,
        )  # fmt: skip
        material = material_of(context.obj, task, labels, file, test, format)
        data = (material.train.part, material.test.part)
        say_leaks([leak(data[0].part, material.train.items, data[1].part, material.test.items)])
        shop, limits = Shop.open(context.obj.home), Limits() if promote else None
        run = begin(shop.home / ROOM, task, plan, data, budget if search else "", resume)
        err.print(f"The run is {run.id}: {material.train.part.items:,} to learn from.", markup=False)
        with running(run):
            if "report_to" in plan.settings:
                open_sink(run.folder)
            with progress() as report:
                scores = pursue_run(run, material, plan, report)
            note = announce_model(shop, run, limits)
        made = await_model(context.obj, run, note, limits)
    if made.refused:
        err.print(f"[yellow]{escape(made.refused)}[/yellow]")
    _show(run, scores, made)
    if json:
        dump({"run": run.id, **asdict(made), "report": str(run.folder / REPORT), **scores})
    if made.refused:
        raise typer.Exit(1)


@train.command("list")
def list_runs(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """List the runs: how each ended, what it scored, and the model that came of it.

    Example:  python -m graphsvc train list
    """
    with errors():
        found = runs(Shop.open(context.obj.home, create=False).home / ROOM)
        names = ("task", "status", "F1", "unseen F1", "minutes", "model", "what went wrong")
        copied = Column("run", min_width=max((len(run.id) for run in found), default=0), no_wrap=True)  # for --resume
        show((copied, *(Column(name, overflow="fold") for name in names)), [_row(run) for run in found])
        if json:
            dump([run.record | {"status": run.status} for run in found])


def _show(run: Run, scores: Mapping[str, Any], made: Made) -> None:
    show_scores(scores)
    if trials := run.record.get("trials"):
        more = "" if len(trials) > 1 else " There was no time for another: give a longer --budget, or fewer --epochs."
        out.print(f"Of {len(trials):,} plans that were tried the best was taken.{more}", markup=False)
    place = WAITS if made.waiting else "is in production" if made.promoted else "is candidate"
    out.print(f"{made.kind} {made.version} {place}. Report: {run.folder / REPORT}", markup=False)
    if made.waiting:
        out.print(here("See what became of it: python -m graphsvc models list"), markup=False)
    elif made.promoted:
        out.print(here("Read the catalogue anew by it: python -m graphsvc re-extract"), markup=False)
    else:
        out.print(here(f"Put it into production: python -m graphsvc models promote {made.version}"), markup=False)


def _row(run: Run) -> tuple[str, ...]:
    said = run.record
    scores = said.get("scores", {})
    minutes = sum(said["seconds"].values()) / 60
    return (
        run.id, said["task"], run.status, shown(scores.get("f1")), shown(scores.get("unseen", {}).get("f1")),
        f"{minutes:.1f}", said.get("version", ""), said.get("error", ""),
    )  # fmt: skip


for name in ("mentions", "relations", "attributes"):
    train.command(name)(teach)
