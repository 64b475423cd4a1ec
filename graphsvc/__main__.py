"""`python -m graphsvc`: every command. Reads the settings once; the commands stand in `graphsvc.commands`."""

import logging
import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from graphsvc.commands import (
    entities,
    evaluation,
    graph,
    imports,
    judging,
    labels,
    language,
    models,
    operations,
    questions,
    rereading,
    scoring,
    serving,
    texts,
    training,
)
from graphsvc.commands.terminal import given_data
from graphsvc.commands.without_pandas import import_arrow_and_driver
from graphsvc.service import Service
from graphsvc.settings import Settings

app = typer.Typer(
    help="Raw retail data becomes one governed knowledge graph; search and recommendation are served from it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def main(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(help="the shop's data folder [default: $GRAPHSVC_HOME, or data]")] = None,
) -> None:
    """One data folder is one shop."""
    import_arrow_and_driver()
    logging.getLogger("neo4j").setLevel(logging.ERROR)  # its retries; what fails in the end we say ourselves
    given_data.set(data)
    try:
        settings = Settings()
    except ValidationError as error:
        names = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        typer.echo(f"A setting in the environment is not valid: {names}", err=True)
        raise typer.Exit(2) from error
    context.obj = settings.model_copy(update={"home": data}) if data is not None else settings


def _application(service: Service, settings: Settings) -> object:
    from gql.app import create_app  # late: only a server needs GraphQL
    from gql.tokens import Tokens

    return create_app(service, settings, Tokens(service.shop.secret("publishable"), service.shop.secret("secret")))


app.command()(imports.ingest)
app.add_typer(imports.quarantine, name="quarantine")
app.add_typer(labels.labels, name="labels")
models.models.command("score")(scoring.score)
app.add_typer(models.models, name="models")
training.train.command("language-model")(language.learn_language)
app.add_typer(training.train, name="train")
app.command()(rereading.re_extract)
app.add_typer(texts.texts, name="texts")
app.add_typer(entities.entities, name="entities")
app.command()(questions.search)
app.command()(questions.extract)
app.command()(questions.recommend)
app.command()(questions.why)
app.command()(graph.cypher)
app.command()(serving.serve_with(_application))
app.command()(serving.demo_with(_application))
app.command()(operations.status)
app.command()(operations.doctor)
app.command()(operations.rebuild)
for judge in (judging.mentions, judging.relations, judging.attributes, judging.gain):
    evaluation.evaluate.command()(judge)
app.add_typer(evaluation.evaluate, name="evaluate")

if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    app(prog_name="python -m graphsvc")
