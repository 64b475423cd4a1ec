"""`evaluate`: what the product is judged by, on files with judgements, through the code that serves."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from graphsvc.commands.terminal import dump, errors, out, progress, show
from graphsvc.evaluate.recommend import evaluate_sequences
from graphsvc.evaluate.search import evaluate_catalogue
from graphsvc.service import Service
from graphsvc.settings import Settings

evaluate = typer.Typer(help="Measure search and recommendation on files with judgements.", no_args_is_help=True)


@evaluate.command("search")
def search(
    context: typer.Context,
    catalogue: Annotated[Path, typer.Option(help="products: CSV with product_uid, title and any further fields")],
    judgements: Annotated[Path, typer.Option(help="CSV with query, product_uid, relevance (1 to 3)")],
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Import the catalogue into a throw-away shop and ask it every judged query.

    Queries with fewer than 5 judgements do not count. The judgements are read after the shop was built and inform no
    answer: nothing is trained, no weight is chosen by them. "bm25" is a plain one over title and description alone:
    lower-case words, no stemming, k1 1.2, b .75.

    Example:  python -m graphsvc evaluate search --catalogue catalogue.csv.gz --judgements judgements.csv.gz --json
    """
    with errors(), tempfile.TemporaryDirectory(prefix="graphsvc-") as folder:
        settings: Settings = context.obj.model_copy(update={"home": Path(folder) / "shop"})
        with Service(settings, purpose="an evaluation") as service:
            with progress() as report:
                service.ingest(str(catalogue), asset="products", name="judged", progress=report)
            found = evaluate_catalogue(service.catalogue, catalogue, judgements)
        _show(found["systems"])
        if json:
            dump(found)


@evaluate.command("recommend")
def recommend(
    sequences: Annotated[Path, typer.Option(help="one line a user: the user, then items in order of time")],
    attributes: Annotated[Path | None, typer.Option(help="what is known of each item")] = None,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Foresee the last item of each user, ranked among all items: strict leave-one-out.

    Models are fitted on each sequence without its last two items, the blend's weights are chosen on the last but one,
    and the last is only ever compared with the ranking. Users with fewer than 3 items are not judged.

    Example:  python -m graphsvc evaluate recommend --sequences sequences.txt --attributes attributes.json --json
    """
    with errors():
        found = evaluate_sequences(str(sequences), None if attributes is None else str(attributes))
        _show(found["systems"])
        out.print(f"{found['users']:,} users, {found['items']:,} items; {found['short']:,} users have too few items")
        if json:
            dump(found)


def _show(systems: Mapping[str, Mapping[str, Any]]) -> None:
    names = list(next(iter(systems.values())))
    show(
        ("system", *names), [(name, *(f"{scores[metric]:.4f}" for metric in names)) for name, scores in systems.items()]
    )
