"""Answers as text: a table for people, CSV for spreadsheets, JSON for programs. Knows plain values only."""

import csv
import io
import json
from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

from cypher.analyst import Answer
from cypher.errors import StatementError

FORMATS: dict[str, str] = {
    "table": "cypher.tables:as_table",
    "csv": "cypher.tables:as_csv",
    "json": "cypher.tables:as_json",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet run a cell


def render(answer: Answer, form: str, width: int = 120) -> str:
    """The answer in a form of FORMATS; `width` in characters is for the table. Raises StatementError for another."""
    if form not in FORMATS:
        raise StatementError(f"There is no output as {form!r}.", f"Choose one of {', '.join(FORMATS)}.")
    write: Callable[[Answer, int], str] = resolve_name(FORMATS[form])
    return write(answer, width)


def as_table(answer: Answer, width: int = 120) -> str:
    """Columns side by side, long cells folded; control characters shown, for a terminal would obey them."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, column in enumerate(answer.columns):
        numbers = answer.rows and all(isinstance(row[at], int | float) or row[at] is None for row in answer.rows)
        table.add_column(Text(_visible(column)), justify="right" if numbers else "left", overflow="fold")
    for row in answer.rows:
        table.add_row(*(Text(_visible(_cell(value))) for value in row))
    console = Console(file=io.StringIO(), width=width, no_color=True, highlight=False)
    console.print(table)
    more = ", and there are more" if answer.truncated else ""
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    rows = f"{len(answer.rows):,} row{'' if len(answer.rows) == 1 else 's'}"
    return "\n".join([*lines, f"{rows} in {answer.seconds * 1000:,.0f} ms{more}"])


def as_csv(answer: Answer, width: int = 0) -> str:
    """RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_harmless(column) for column in answer.columns])
    writer.writerows(
        [_harmless(_cell(value, "")) if _is_text(value) else value for value in row] for row in answer.rows
    )
    return file.getvalue()


def as_json(answer: Answer, width: int = 0) -> str:
    """An array of objects, one a row."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    return json.dumps(rows, ensure_ascii=False, indent=1)


def _is_text(value: Any) -> bool:
    return not isinstance(value, int | float) or isinstance(value, bool)


def _cell(value: Any, nothing: str = "–") -> str:
    if value is None:
        return nothing
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.2f}"
    return (
        value
        if isinstance(value, str)
        else str(value)
        if isinstance(value, int)
        else json.dumps(value, ensure_ascii=False)
    )


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)
