"""`texts`: reviews and documents about products, one by one or of a file, without a server or beside one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column

from graphsvc.commands.imports import follow_graph
from graphsvc.commands.terminal import dump, err, errors, here, out, progress, show
from graphsvc.errors import ShopLockedError
from graphsvc.running_service import service_that_writes
from graphsvc.service import Service, open_service
from graphsvc.settings import Settings
from graphsvc.shop import Shop
from graphsvc.text_files import Columns, Take, load_texts

COLUMNS = Columns()
texts = typer.Typer(help="Texts about products: what they say becomes claims.", no_args_is_help=True)


@texts.command("add")
def add(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="a review or a document, at most 10,000 characters")],
    product: Annotated[str | None, typer.Option(help="its id; without it the text must name one")] = None,
    name: Annotated[str | None, typer.Option("--id", help="the text's id; the same again replaces it")] = None,
    kind: Annotated[str, typer.Option(help="what it is, as review")] = "text",
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Take in a text about a product and show what it claims.

    Example:  python -m graphsvc texts add --product shop:1 --id blog:7 "Mine came in black, with a glass lid."
    """
    with errors(), open_service(_settings(context), purpose="a text") as service:
        done = service.ingest_text(text, product, name, kind)
        _follow(service)
        columns = ("says", "of", "value", "words", "sure", "by", "node", "claim")
        show(
            columns,
            [(c.predicate, c.name, c.value, c.quote, f"{c.confidence:.2f}", c.extractor, c.node, c.id)
             for c in done.claims],
        )  # fmt: skip
        claims = "1 claim" if len(done.claims) == 1 else f"{len(done.claims):,} claims"
        out.print(f"{done.id} about {done.product_id}: entry {done.offset} of the log, {claims}.", markup=False)
        if json:
            dump({"id": done.id, "product": done.product_id, "offset": done.offset, "claims": len(done.claims)})


@texts.command("load")
def load(
    context: typer.Context,
    path: Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSON lines, Parquet...: a text in each row")],
    text: Annotated[str, typer.Option(help="the column of the text")] = COLUMNS.text,
    product: Annotated[str, typer.Option(help="the column of the product's id")] = COLUMNS.product,
    source: Annotated[str, typer.Option(help="what stands before such ids in the shop: of shop:6 it is shop")] = "",
    name: Annotated[str, typer.Option("--id", help="the column of the text's own id")] = COLUMNS.name,
    kind: Annotated[str, typer.Option(help="what rows are that have no column kind, as review")] = "text",
    refused: Annotated[Path | None, typer.Option(help="for refused rows [default: FILE.refused.jsonl]")] = None,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Take in a file of texts one by one; a running service takes them in itself, each within a second.

    Many reviews at once, while nothing serves the shop: python -m graphsvc ingest FILE --as reviews

    Example:  python -m graphsvc texts load reviews.csv --text body --product sku --source shop
    """
    target = refused or Path(f"{path}.refused.jsonl")
    columns = Columns(text, product, name, source=source)
    with errors(), _taker(_settings(context)) as take, progress() as report:
        done = load_texts(path, columns, kind, take, target, report)
    out.print(f"Texts taken in: {done.taken:,}; refused: {done.refused:,}.", markup=False)
    if done.refused:
        err.print(f"Why stands in {target}, row by row. Mend them there and load that file.", markup=False)
    if json:
        dump(asdict(done) | {"file": str(target) if done.refused else None})


@contextmanager
def _taker(settings: Settings) -> Iterator[Take]:
    """What takes texts in: the service that writes this shop, or else this process."""
    try:
        service = open_service(settings, purpose="texts")
    except ShopLockedError as error:
        with service_that_writes(Shop.open(settings.home), error) as running:
            err.print(f"The service at {running.address} takes the texts in.", markup=False)
            yield running.ingest_text
        return
    with service:
        yield lambda given: service.ingest_text(given.text, given.product, given.name, given.kind).offset
        _follow(service)


@texts.command("remove")
def remove(
    context: typer.Context, name: Annotated[str, typer.Argument(metavar="ID", help="a text, or an imported review")]
) -> None:
    """Take a text back, with exactly what only it supported.

    Example:  python -m graphsvc texts remove blog:7
    """
    with errors(), open_service(_settings(context), purpose="a text") as service:
        offset = service.remove_text(name)
        _follow(service)
        out.print(f"{name} is gone, as entry {offset} of the log.", markup=False)


@texts.command("list")
def list_texts(
    context: typer.Context,
    first: Annotated[int, typer.Option(help="texts to show")] = 50,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """List texts about products, the latest first; of imported reviews those that claim something.

    Example:  python -m graphsvc texts list
    """
    with errors(), Service(_settings(context), write=False) as service:
        found = service.texts()
        columns = (Column("id", overflow="fold"), "product", "kind", "text", "file", "line")
        rows = [
            (one["document_id"], one["product_id"], one["kind"], (one["text"] or "")[:80], one["file"], one["line"])
            for one in found[:first]
        ]
        show(columns, rows)
        out.print(here(f"{len(found):,} texts. See what one claims: python -m graphsvc why PRODUCT"), markup=False)
        if json:
            dump({"texts": len(found), "shown": found[:first]})


def _follow(service: Service) -> None:
    """Bring answers and the graph up with it."""
    service.model.follow(build=True)
    with progress() as report:
        follow_graph(service, report)


def _settings(context: typer.Context) -> Settings:
    settings: Settings = context.obj
    return settings
