"""Files of labels: which reader and writer a format has, and which format a file is in.

Knows what formats look like from outside; what is in them is for the modules of the tables.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from graphsvc.errors import LabelError
from graphsvc.labels.columns import has_tag
from graphsvc.labels.items import Item, Problem
from graphsvc.labels.rows import json_rows, lines
from graphsvc.labels.spans import KEYS
from graphsvc.sources.streams import chunks

READERS = {
    "bio": "graphsvc.labels.columns:read",
    "jsonl": "graphsvc.labels.spans:read",
    "cluener": "graphsvc.labels.cluener:read",
    "semeval": "graphsvc.labels.semeval:read",
    "finre": "graphsvc.labels.finre:read",
    "oamine": "graphsvc.labels.oamine:read",
    "labelstudio": "graphsvc.labels.labelstudio:read",
    "own": "graphsvc.labels.own:read",
}
JSON_SIGNS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "oamine": lambda row: "target_scores" in row,
    "labelstudio": lambda row: "annotations" in row and "data" in row,
    "own": lambda row: "mentions" in row or {"head", "tail", "relation"} <= row.keys(),
    "cluener": lambda row: isinstance(row.get("label"), dict),
    "jsonl": lambda row: any(key in row for key in KEYS),
}
LOOKED_AT = 50  # lines from which a format is guessed
NAMED = 3  # problems that an error names


@dataclass(frozen=True, slots=True)
class LabelFile:
    """What a file holds: its items in order, and the rows that could not be read. `file` is its name without folder."""

    file: str
    format: str
    items: tuple[Item, ...]
    problems: tuple[Problem, ...] = ()


def read_labels(path: Path, format: str | None = None, *, skip: bool = False) -> LabelFile:
    """Read a file, gzipped or not; the format is guessed when none is given.

    Raises LabelError when a row cannot be read, unless `skip` leaves such rows out and counts them; when nothing can be
    read; and SourceError when the file cannot.
    """
    content = _content(path)
    named = format or _guess(content, path.name)
    if named not in READERS:
        raise LabelError(f"There is no format {named!r}.", f"Use one of {', '.join(READERS)}.")
    items: list[Item] = []
    problems: list[Problem] = []
    for one in resolve_name(READERS[named])(content, path.name):
        if isinstance(one, Problem):
            problems.append(one)
        else:
            items.append(one)
    if problems and not (skip and items):
        raise _refusal(path.name, named, problems)
    if not items:
        raise LabelError(f"{path.name} holds no labels.", "Give a file with labelled texts.")
    return LabelFile(path.name, named, tuple(items), tuple(problems))


def guess_format(path: Path) -> str:
    """The format that a file looks like. Raises LabelError when it looks like none."""
    return _guess(_content(path), path.name)


def _content(path: Path) -> str:
    raw = b"".join(chunks(str(path)))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise LabelError(
            f"{path.name}:{line}: this is not UTF-8.", "Convert the file: iconv -f GB18030 -t UTF-8 FILE."
        ) from error


def _guess(content: str, file: str) -> str:
    found = (content.lstrip()[:1] in ("{", "[") and _guess_json(content)) or _guess_lines(content)
    if found is None:
        raise LabelError(f"{file} looks like no format of labels.", f"Name it with --format: {', '.join(READERS)}.")
    return found


def _guess_json(content: str) -> str | None:
    rows: Iterable[Any] = (row for _, row in islice(json_rows(content), LOOKED_AT) if isinstance(row, dict))
    return next((name for row in rows for name, sign in JSON_SIGNS.items() if sign(row)), None)


def _guess_lines(content: str) -> str | None:
    head = [line for _, line in islice(lines(content), LOOKED_AT)]
    if any("<e1>" in line for line in head):
        return "semeval"
    if head and sum(map(has_tag, head)) * 2 > len(head):
        return "bio"
    return "finre" if head and sum(line.count("\t") == 3 for line in head) * 2 > len(head) else None


def _refusal(file: str, format: str, problems: list[Problem]) -> LabelError:
    named = "; ".join(str(problem).rstrip(".") for problem in problems[:NAMED])
    more = "; and others" if len(problems) > NAMED else ""
    rows = "1 row" if len(problems) == 1 else f"{len(problems):,} rows"
    return LabelError(
        f"{rows} of {file} cannot be read as {format}: {named}{more}.",
        f"{problems[0].fix} Or leave such rows out: --skip.",
    )
