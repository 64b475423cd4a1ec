"""`models score`: a model of the shop judged anew, on other labels than it came with."""

from pathlib import Path
from typing import Annotated

import typer

from graphsvc.commands.labels import say_leaks
from graphsvc.commands.material import material_of
from graphsvc.commands.models import Json, Version
from graphsvc.commands.scores import show_scores
from graphsvc.commands.terminal import dump, errors, out
from graphsvc.labels import READERS, leak
from graphsvc.language_model import extractor_faults
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.shop import Shop

Text = str | None


def score(
    context: typer.Context,
    version: Version,
    labels: Annotated[Text, typer.Option(metavar="NAME[:PART]", help="a set of the shop; its part train")] = None,
    file: Annotated[Path | None, typer.Option(help="or a file of labels, gzipped or not")] = None,
    test: Annotated[
        Text, typer.Option(metavar="NAME[:PART]|FILE", help="else the set's test, or 20 % of the texts")
    ] = None,
    format: Annotated[Text, typer.Option(help=f"{', '.join(READERS)}; guessed from the content without one")] = None,
    json: Json = False,
) -> None:
    """Judge a model on the test of these labels and keep the scores with it, so that the gate can compare by them.

    Name the labels as the training of the other model named them. Texts of their training part count as seen.

    Example:  python -m graphsvc models score 3fa1c2d4e5f6 --labels drawn
    """
    settings: Settings = context.obj
    with errors(), extractor_faults():
        from graphsvc.train.tasks import judge

        Shop.open(settings.home, create=False)
        with Service(settings, purpose="a scoring") as service:  # from the beginning: nothing is judged in vain
            registry = service.registry
            kind, folder = registry.find(version).kind, registry.path_of(version)
            material = material_of(settings, kind, labels, file, test, format)
            train, judged = material.train, material.test
            say_leaks([leak(train.part.part, train.items, judged.part.part, judged.items)])
            scores = judge(kind, folder, train.items, judged.items).scores
            scores["cpu_seconds"].pop("train")
            offset = registry.score(kind, version, scores, judged.part.digest)
    show_scores(scores)
    out.print(f"{kind} {version} has these scores on {judged.part.name} {judged.part.part} now.", markup=False)
    if json:
        dump({"kind": kind, "version": version, "offset": offset, **scores})
