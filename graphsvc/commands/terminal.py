"""How commands speak: a console, progress bars, tables, and errors with their next step.

Data goes to stdout, everything said about the work to stderr, so that output can be piped.
"""

import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from graphsvc.errors import GraphsvcError

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)
COMMAND = "python -m graphsvc"
given_data: ContextVar[Path | None] = ContextVar("given_data", default=None)  # the option --data of this run
Report = Callable[[str, int, int], None]  # step, done, of (0: unknown)


@contextmanager
def progress() -> Iterator[Report]:
    """A bar for each step of long work, on stderr; where nobody watches, a line for each step."""
    if not err.is_terminal:
        yield _lines()
        return
    columns = (
        SpinnerColumn(), TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )  # fmt: skip
    with Progress(*columns, console=err) as bars:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: int, of: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=of or None)
            bars.update(tasks[step], completed=done, total=of or None)

        yield report


def _lines() -> Report:
    """Say each step once, with how long the one before took."""
    began: dict[str, float] = {}

    def report(step: str, done: int, of: int) -> None:
        if step in began:
            return
        now = time.monotonic()
        if began:
            last = next(reversed(began))
            err.print(f"  {now - began[last]:6.1f} s  {last}", markup=False)
        began[step] = now

    return report


@contextmanager
def errors() -> Iterator[None]:
    """Say an error of ours as a sentence with its next step, and end with 1; others are bugs and show themselves."""
    try:
        yield
    except GraphsvcError as error:
        err.print(f"[red]{escape(error.message)}[/red]")
        if error.next_step:
            err.print(escape(here(error.next_step)))
        raise typer.Exit(1) from error


def here(text: str) -> str:
    """A text whose commands name the data folder that this run was given, so that they can be pasted."""
    data = given_data.get()
    return text if data is None else text.replace(COMMAND, f"{COMMAND} --data {shlex.quote(str(data))}")


def show(columns: Sequence[str | Column], rows: Sequence[Sequence[Any]], title: str | None = None) -> None:
    """Print a table."""
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*["" if cell is None else escape(str(cell)) for cell in row])
    out.print(table)


def dump(value: object) -> None:
    """Print one JSON object as the last line of stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()
