"""The comparison as a table: a row for each way and number of titles that was measured, beside the full tuning.

Knows results; measures nothing.
"""

from collections.abc import Mapping, Sequence
from statistics import mean

import numpy as np

from perf._intervals import Counts, f1_of, gain_interval, t_interval
from perf._kept import Result
from perf.methods.course import name_of
from perf.methods.table import BASE, METHODS, SIZES, Method

BEGIN, END = "<!-- methods:begin -->", "<!-- methods:end -->"
HEAD = (
    "| way | titles | seeds | F1 | gain over `full` | CPU minutes a seed | what it is |",
    "|---|---|---|---|---|---|---|",
)
ByName = Mapping[str, Sequence[Result]]


def table(kept: ByName) -> str:
    """The rows of what was measured; what was not is absent."""
    rows = [row(method, size, kept) for size in SIZES for method in METHODS if kept.get(name_of(method, size))]
    return "\n".join((*HEAD, *rows))


def row(method: Method, size: int, kept: ByName) -> str:
    """One way with one number of titles."""
    results = kept[name_of(method, size)]
    values = [float(f1_of(_counts(result).sum(0))) for result in results]
    spread = t_interval(values)
    said = f" ({spread[0]:.3f}–{spread[1]:.3f})" if spread else ""
    minutes = mean(float(result.found["cpu_seconds"]["train"]) for result in results) / 60
    return (
        f"| `{method.name}` | {size:,} | {len(results)} | {mean(values):.3f}{said} | {gain(method, size, kept)}"
        f" | {minutes:.2f} | {method.what} |"
    )


def gain(method: Method, size: int, kept: ByName) -> str:
    """The difference to the full tuning with the same seeds, code and titles, and its interval."""
    if method.name == BASE:
        return "—"
    base = {result.key.seed: result for result in kept.get(f"{BASE}-{size}", ())}
    pairs = [
        (_counts(result), _counts(other))
        for result in kept[name_of(method, size)]
        if (other := base.get(result.key.seed)) is not None and _is_alike(result, other)
    ]
    if not pairs:
        return "—"
    ours, theirs = [one for one, _ in pairs], [other for _, other in pairs]
    difference = mean(float(f1_of(one.sum(0)) - f1_of(other.sum(0))) for one, other in pairs)
    low, high = gain_interval(ours, theirs)
    return f"{difference:+.3f} ({low:+.3f} to {high:+.3f})"


def put(document: str, made: str) -> str:
    """The document with the table between its markers. Raises ValueError where they are not there."""
    before, first, rest = document.partition(BEGIN)
    _, last, after = rest.partition(END)
    if not first or not last:
        raise ValueError(f"The document has no place between {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def _is_alike(one: Result, other: Result) -> bool:
    return one.key.code == other.key.code and one.found["judged"] == other.found["judged"]


def _counts(result: Result) -> Counts:
    return np.asarray(result.found["counts"], np.int64).reshape(-1, 3)
