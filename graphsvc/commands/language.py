"""`train language-model`: an encoder that has read the shop's own texts, to be given wherever an encoder is named.

Reads options and shows what came of them; how a language is learnt stands in `graphsvc.train.language_model`.
"""

import shutil
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

import typer

from graphsvc.commands.terminal import dump, err, errors, here, out, progress
from graphsvc.errors import InputError
from graphsvc.models import DataPart
from graphsvc.read_model import model_cache
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.shop import Shop
from graphsvc.train.material import documents_of, lines_of, texts_of
from graphsvc.train.plan import plan_of
from graphsvc.train.runs import begin, running, timed
from graphsvc.workshop import ROOM

TASK, FOLDER, CHECKPOINTS = "language-model", "encoder", "checkpoints"
RATE, HEAD_RATE = 1e-4, 1e-3


def learn_language(
    context: typer.Context,
    file: Annotated[Path | None, typer.Option(help="a text a line, gzipped or not")] = None,
    from_shop: Annotated[bool, typer.Option("--from-shop", help="titles and descriptions of the products")] = False,
    encoder: Annotated[str, typer.Option(help="auto, e5, minilm, a Hugging Face id or a folder")] = "auto",
    epochs: Annotated[float | None, typer.Option(help="times that the texts are read")] = None,
    rate: Annotated[float, typer.Option(help="learning rate at its height")] = RATE,
    batch: Annotated[int | None, typer.Option(help="texts in one batch")] = None,
    settings: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="any option of the plan or of TrainingArguments")
    ] = [],  # noqa: B006 typer copies it
    seed: Annotated[int, typer.Option(help="another seed, another encoder")] = 1,
    resume: Annotated[str, typer.Option(metavar="RUN", help="go on with this run; else the newest alike")] = "",
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:  # fmt: skip
    """Go on teaching an encoder the language of texts, by gaps that it fills. No labels are needed.

    Example:  python -m graphsvc train language-model --from-shop --encoder e5 --epochs 2
    """
    with errors():
        texts, name = _texts(context.obj, file, from_shop)
        given = {"encoder": encoder, "epochs": epochs, "rate": rate, "head_rate": HEAD_RATE, "batch": batch}
        plan = plan_of(given | {"seed": seed}, settings)
        data = DataPart(name, "texts", blake2b("\n".join(texts).encode(), digest_size=16).hexdigest(), len(texts))
        run = begin(Shop.open(context.obj.home).home / ROOM, TASK, plan, (data,), resume=resume)
        err.print(f"The run is {run.id}: {len(texts):,} texts.", markup=False)
        target, scratch = run.folder / FOLDER, run.folder / CHECKPOINTS
        with running(run), progress() as report:
            from graphsvc.train.language_model import train_language_model

            run.note(parameters=asdict(plan))
            with timed(run, "train"):
                found = train_language_model(texts, plan, target, scratch, model_cache(), report)
            run.note(curve=found.curve, scores={"before": found.before, "after": found.after})
            shutil.rmtree(scratch, ignore_errors=True)
    out.print(f"Perplexity of texts kept back: {found.before:,} before, {found.after:,} now.", markup=False)
    out.print(here(f"Train with it: python -m graphsvc train mentions --labels NAME --encoder {target}"), markup=False)
    if json:
        dump({"run": run.id, "encoder": str(target), "texts": len(texts), "before": found.before, "after": found.after})


def _texts(settings: Settings, file: Path | None, from_shop: bool) -> tuple[list[str], str]:
    """The texts and what they are called."""
    if (file is None) is not from_shop:
        raise InputError(
            "A language is learnt from texts.", "Name a file with --file, or use --from-shop, one of them."
        )
    if file is not None:
        return lines_of(file), file.name
    with Service(settings, write=False) as service:
        return texts_of(documents_of(service.warehouse, service.history())), "products"
