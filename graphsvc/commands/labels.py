"""`labels`: labelled data into the shop and out of it, what is in it, and what leaks from training into a test."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from graphsvc.commands.terminal import dump, err, errors, here, out, show
from graphsvc.errors import LabelError
from graphsvc.labels import (
    READERS,
    WRITERS,
    Card,
    LabelFile,
    Leak,
    Part,
    card_of,
    kept_parts,
    part_of,
    parts_of,
    read_labels,
    write_labels,
)
from graphsvc.labels.split import TEST
from graphsvc.labels.split import split as split_items
from graphsvc.language_model import extractor_faults
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.workshop import draw_labels, send_labels

labels = typer.Typer(help="Labelled texts: import, list, judge, split and export them.", no_args_is_help=True)
Format = Annotated[str | None, typer.Option(help=f"{', '.join(READERS)}; guessed from the content without one")]
Skip = Annotated[bool, typer.Option("--skip", help="leave rows out that cannot be read, and count them")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object on the last line")]
SHOWN = 10  # rows left out that are named


@labels.command("import")
def import_file(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="a file of labels, gzipped or not")],
    name: Annotated[str, typer.Option(help="name of the set")],
    part: Annotated[str, typer.Option(help="train, dev, test...")] = "train",
    format: Format = None,
    licence: Annotated[str, typer.Option(help="what the set may be used for")] = "",
    source: Annotated[str, typer.Option(help="where the set comes from")] = "",
    skip: Skip = False,
    json: Json = False,
) -> None:
    """Keep a part of a set in the shop; a part that is there already is replaced.

    Example:  python -m graphsvc labels import train.txt --name taobao --part train --licence "measure only"
    """
    with errors():
        settings = _settings(context)
        found = read_labels(path, format, skip=skip)
        _say_left_out(found)
        given = _part(part, found, licence, source)
        offset, waiting = send_labels(settings, name, given, "an import of labels")
        words = _kept(offset, waiting)
        out.print(f"{name} {part}: {len(found.items):,} items of {found.format}. {words}", markup=False)
        leaks: Sequence[Leak] = ()
        if not waiting:
            with Service(settings, write=False) as service:
                leaks = card_of(name, parts_of(service.warehouse, service.history(), name)).leaks
        say_leaks(leaks)
        out.print(here(f"See what is in it: python -m graphsvc labels card {name}"), markup=False)
        if json:
            left = [asdict(problem) for problem in found.problems]
            dump({"name": name, "part": part, "format": found.format, "items": len(found.items), "offset": offset,
                  "waiting": waiting, "unreadable": left, "leaks": _leaks(leaks)})  # fmt: skip


@labels.command("draw")
def draw_set(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="of the set of mentions; relations go into NAME-relations")] = "drawn",
    json: Json = False,
) -> None:
    """Label the shop's own titles and descriptions by its fields, its extractors and patterns, where nobody has.

    Examples:

      python -m graphsvc labels draw

      python -m graphsvc labels card drawn drawn-relations
    """
    settings = _settings(context)
    with errors(), extractor_faults():
        with Service(settings, write=False) as service:
            parts = draw_labels(service, name)
        for own, part in parts.items():
            words = _kept(*send_labels(settings, own, part, "a drawing of labels")) if part.items else ""
            out.print(f"{own}: {len(part.items):,} items. {words}", markup=False)
    counts = {own: len(part.items) for own, part in parts.items()}
    out.print(here(f"Learn from them: python -m graphsvc train mentions --labels {name}"), markup=False)
    if json:
        dump(counts)


@labels.command("list")
def list_sets(context: typer.Context, json: Json = False) -> None:
    """List the sets of labels that the shop has.

    Example:  python -m graphsvc labels list
    """
    with errors(), Service(_settings(context), write=False) as service:
        kept = list(kept_parts(service.history()).values())
        columns = ("name", "part", "items", "unreadable", "format", "file", "licence", "source")
        show(columns, [[getattr(one, column) for column in columns] for one in kept])
        if json:
            dump([asdict(one) for one in kept])


@labels.command("card")
def card(
    context: typer.Context,
    names: Annotated[
        list[str], typer.Argument(metavar="NAME|FILE...", help="a set of the shop, or files as its parts")
    ],
    format: Format = None,
    skip: Skip = False,
    json: Json = False,
) -> None:
    """Show what is in a set: counts, labels, lengths, repeated and conflicting texts, leaks, licence.

    Examples:

      python -m graphsvc labels card taobao

      python -m graphsvc labels card train.txt dev.txt
    """
    with errors():
        name, parts = _given(context, names, format, skip)
        found = card_of(name, parts)
        _show(found)
        if json:
            dump({**asdict(found), "leaks": _leaks(found.leaks)})


@labels.command("split")
def split(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="a set of the shop with all its parts, or a file")],
    folder: Annotated[Path, typer.Option("--out", help="folder for train.jsonl and test.jsonl")],
    test: Annotated[int, typer.Option(help="percent of the texts that become the test")] = TEST,
    format: Format = None,
    skip: Skip = False,
) -> None:
    """Split a set by a digest of each text, so that equal texts stand in one part.

    Example:  python -m graphsvc labels split train.txt --out parts --test 20
    """
    with errors():
        _, parts = _given(context, [name], format, skip)
        found = split_items((item for part in parts for item in part.items), test)
        for part, items in found.items():
            write_labels(items, folder / f"{part}.jsonl")
            out.print(f"{part}.jsonl: {len(items):,} items", markup=False)
        say_leaks(card_of(name, [Part(part, tuple(items)) for part, items in found.items()]).leaks)


@labels.command("export")
def export(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="a set of the shop")],
    path: Annotated[Path, typer.Argument(metavar="OUT", help="a file that is not there yet")],
    part: Annotated[str | None, typer.Option(help="needed where the set has several")] = None,
    format: Annotated[str, typer.Option(help=", ".join(WRITERS))] = "own",
) -> None:
    """Write a part of a set into a file.

    Example:  python -m graphsvc labels export taobao tasks.json --part train --format labelstudio
    """
    with errors(), Service(_settings(context), write=False) as service:
        history = service.history()
        parts = [kept.part for kept in kept_parts(history, name).values()]
        if part is None and len(parts) > 1:
            raise LabelError(f"{name} has several parts: {', '.join(parts)}.", "Name one with --part.")
        found = part_of(service.warehouse, history, name, part or next(iter(parts), "train"))
        write_labels(found.items, path, format)
        out.print(f"{path.name}: {len(found.items):,} items of {name} {found.name} as {format}.", markup=False)
        err.print(f"Licence: {found.licence or 'not stated'}.", markup=False)


def _given(context: typer.Context, names: Sequence[str], format: str | None, skip: bool) -> tuple[str, Sequence[Part]]:
    """The set that is meant: files where there are such, else a set of the shop."""
    if len(names) == 1 and not Path(names[0]).exists():
        with Service(_settings(context), write=False) as service:
            return names[0], parts_of(service.warehouse, service.history(), names[0])
    files = [read_labels(Path(name), format, skip=skip) for name in names]
    for file in files:
        _say_left_out(file)
    stems = [file.file.split(".")[0] for file in files]
    titles = stems if len(set(stems)) == len(stems) else list(names)
    return " ".join(file.file for file in files), [
        _part(title, file) for title, file in zip(titles, files, strict=True)
    ]


def _part(name: str, found: LabelFile, licence: str = "", source: str = "") -> Part:
    return Part(name, found.items, found.file, found.format, len(found.problems), licence, source)


def _kept(offset: int | None, waiting: bool) -> str:
    if waiting:
        return "It waits: another process writes the shop, and is yet to take it in; else the next that writes will."
    return "It is there already; nothing was written." if offset is None else f"It is entry {offset} of the log."


def _show(card: Card) -> None:
    show(("", *card.parts), card.rows(), card.name)
    if card.conflicting:
        err.print(f"[yellow]{card.conflicting:,} texts are labelled in two ways.[/yellow]")
    say_leaks(card.leaks)


def say_leaks(leaks: Sequence[Leak]) -> None:
    """Say loudly what of a test was seen in training."""
    for leak in leaks:
        if leak.folded:
            judged = escape(leak.judged)
            words = (
                f"LEAK: {leak.folded:,} of {leak.items:,} items of {judged} have a text that stands in"
                f" {escape(leak.seen)}, {leak.exact:,} of them word for word."
                f" Read every score on {judged} beside the score on its {leak.unseen:,} unseen items."
            )
            err.print(f"[bold red]{words}[/bold red]")


def _leaks(leaks: Sequence[Leak]) -> list[dict[str, Any]]:
    return [{**asdict(leak), "unseen": leak.unseen} for leak in leaks]


def _say_left_out(found: LabelFile) -> None:
    if found.problems:
        show(("where", "what is wrong", "what to do"), [[p.origin, p.what, p.fix] for p in found.problems[:SHOWN]])
        err.print(f"[yellow]{len(found.problems):,} rows of {escape(found.file)} were left out.[/yellow]")


def _settings(context: typer.Context) -> Settings:
    settings: Settings = context.obj
    return settings
