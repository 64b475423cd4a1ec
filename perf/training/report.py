"""What is kept of the figures as lines and as perf/TRAINING.md. Knows figures and results; measures nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import mean

from graphsvc.evaluate.seeds import mean_of
from graphsvc.models.code_version import code_version
from perf._intervals import t_interval
from perf._kept import Result, machine
from perf.training.figures import BUDGET, SEEDS, Figure

Rows = Sequence[tuple[Figure, Sequence[Result]]]
NOT_YET = "not yet measured"


def verdict(figure: Figure, results: Sequence[Result]) -> str:
    """Whether the mean reaches the bound, from how few seeds that is said, and how many of them older code gave."""
    if not results:
        return NOT_YET
    held = "told" if figure.bound is None else "holds" if value_of(results) >= figure.bound else "DOES NOT HOLD"
    few = f", {len(results)} of {SEEDS} seeds" if len(results) < SEEDS else ""
    older = sum(result.key.code != code_version() for result in results)
    return held + few + (f", {older} by older code" if older else "")


def value_of(results: Sequence[Result]) -> float:
    return mean_of([result.found for result in results], "value")


def line(figure: Figure, results: Sequence[Result]) -> str:
    """One figure as it is printed."""
    if not results:
        return f"{figure.name}: {NOT_YET}"
    seeds = ", ".join(f"{result.found['value']:.4f}" for result in results)
    return (
        f"{figure.name}: {figure.read} = {value_of(results):.4f}{interval(results)} over seeds {seeds},"
        f" bound {bound_of(figure)}: {verdict(figure, results)}\n"
        f"  CPU minutes of training {minutes(results)} of {BUDGET}, {precision(results)}{beside(results)}"
    )


def bound_of(figure: Figure) -> str:
    """The bound, or that there is none."""
    return "none" if figure.bound is None else str(figure.bound)


def interval(results: Sequence[Result]) -> str:
    """Student's interval, empty of one seed."""
    values = [float(result.found["value"]) for result in results]
    found = t_interval(values)
    if found is None:
        return ""
    return f" ({found[0]:.4f}–{found[1]:.4f})" if max(values) > min(values) else " (the same with every seed)"


def minutes(results: Sequence[Result]) -> str:
    """CPU minutes of each seed's training, and whether one of them is over the budget."""
    found = [float(result.found["cpu_seconds"]["train"]) / 60 for result in results]
    over = " (over the budget)" if max(found) > BUDGET else ""
    return ", ".join(f"{one:.1f}" for one in found) + over


def precision(results: Sequence[Result]) -> str:
    """The number formats that the machine chose."""
    return ", ".join(sorted({name for result in results for name in result.found["precision"]})) or "no network"


def beside(results: Sequence[Result]) -> str:
    """What is told without a bound."""
    names = results[0].found["also"]
    return "".join(f"; {name} {mean(float(result.found['also'][name]) for result in results):.4f}" for name in names)


def report(rows: Rows) -> str:
    """The whole file."""
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    lines = [
        "# Training", "",
        f"Written by `make perf-train` on {when} from kept results. Each is the mean over seeds of a training by the",
        f"defaults, in brackets Student's interval of 95 %; from fewer than {SEEDS} seeds it says so. A training may",
        f"take {BUDGET} CPU minutes. The same command goes on where it was.", "",
        "| figure | bound | mean | outcome | CPU minutes a seed | precision |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    lines += [_row(figure, results) for figure, results in rows]
    for figure, results in rows:
        lines += ["", f"## {figure.name}", "", f"`{figure.command}`, read off: `{figure.read}`.", "", "```"]
        lines += [line(figure, results), *_details(results), "```"]
    return "\n".join(lines) + "\n"


def _row(figure: Figure, results: Sequence[Result]) -> str:
    if not results:
        return f"| `{figure.name}` | {bound_of(figure)} | — | {NOT_YET} | — | — |"
    return (
        f"| `{figure.name}` | {bound_of(figure)} | {value_of(results):.4f}{interval(results)}"
        f" | {verdict(figure, results)} | {minutes(results)} | {precision(results)} |"
    )


def _details(results: Sequence[Result]) -> list[str]:
    lines = []
    for result in results:
        found: Mapping[str, float] = result.found["cpu_seconds"]
        older = "" if result.key.code == code_version() else ", older code"
        lines.append(
            f"seed {result.key.seed}: F1 {result.found['f1']:.4f}, unseen {result.found['unseen']['f1']:.4f} of"
            f" {result.found['unseen']['texts']:,} texts, {result.found['lessons']:,} learnt from,"
            f" {result.found['judged']:,} judged by; CPU s train {found['train']}, predict {found['predict']},"
            f" whole {found['whole']}; {result.made[:10]}, {result.key.code}{older}"
            + ("" if result.machine == machine() else f"; {result.machine}")
        )
    return lines
