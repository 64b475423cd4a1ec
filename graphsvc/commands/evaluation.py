"""`evaluate`: what the product is judged by, from the command line."""

import typer

evaluate = typer.Typer(help="Measure search and recommendation on files with judgements.", no_args_is_help=True)
