"""The report of a run: one HTML file that needs nothing else. Curves, confusion, scores by label, the worst errors.

Knows a run's record and its cases; decides nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from graphsvc.train.cases import NOTHING, Answer, Case, confusion, worst
from graphsvc.train.curves import draw, points_of

WORST = 50  # errors that are shown
CURVES = {"loss": "loss of training", "eval_loss": "loss of validation", "eval_f1": "F1 of validation"}
FIGURES = ("f1", "precision", "recall")
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: .5rem 0 } td, th { padding: .15rem .6rem; border: 1px solid #ddd }
td { text-align: right } th { text-align: left; font-weight: 600 } .right { background: #e3f4e3 }
.wrong { background: #fbe3e0 } svg { width: 100%; max-width: 640px; font-size: 11px } .title { font-size: 13px }
.line { fill: none; stroke-width: 1.5 } .line-0 { stroke: #1664c0 } .line-1 { stroke: #c0501e }
.line-2 { stroke: #2e8540 } .line-3 { stroke: #7a3fa0 } .axis { fill: none; stroke: #999 }
.wanted { border-bottom: 3px solid #2e8540 } .found { background: #fff1a8 } .error { margin: .6rem 0 }
small { color: #666 }
"""


def report_of(record: Mapping[str, Any], cases: Sequence[Case]) -> str:
    """The page of a run."""
    scores = record["scores"]
    title = escape(f"{record['task']}: run {record['id']}")
    parts = (
        f"<h1>{title}</h1>",
        _table(("", "F1", "precision", "recall"), _scores(scores)),
        "<h2>Curves</h2>", *_curves(record["curve"]),
        "<h2>What was taken for what</h2>",
        "<p>A row is what is right, a column what was said; “—” is nothing.</p>", _confusion(cases),
        f"<h2>The worst errors</h2><p>{_legend()}</p>", *map(_error, worst(cases, WORST)),
        "<h2>How it was made</h2>", _table(("", ""), _facts(record)),
    )  # fmt: skip
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def marked(case: Case) -> str:
    """A text with the right mentions underlined and the found ones coloured; each says its label on touch."""
    ends = {0, len(case.text)}
    for mention in (*case.wanted, *case.found):
        ends |= {mention.start, mention.end}
    order = sorted(ends)
    return "".join(_piece(case, start, end) for start, end in zip(order, order[1:], strict=False))


def _piece(case: Case, start: int, end: int) -> str:
    text = escape(case.text[start:end])
    said = [
        (name, mention.label)
        for name, mentions in (("wanted", case.wanted), ("found", case.found))
        for mention in mentions
        if mention.start <= start and end <= mention.end
    ]
    if not said:
        return text
    names = " ".join(dict.fromkeys(name for name, _ in said))
    labels = escape(", ".join(f"{name}: {label}" for name, label in said))
    return f'<span class="{names}" title="{labels}">{text}</span>'


def _legend() -> str:
    return '<span class="wanted">underlined</span>: is right; <span class="found">coloured</span>: was found'


def _error(case: Case) -> str:
    said = "; ".join(map(_words, case.errors))
    return f'<div class="error">{marked(case)}<br><small>{escape(said)} {escape(case.origin)}</small></div>'


def _words(answer: Answer) -> str:
    if answer.said == NOTHING and not answer.confidence:
        return f"{answer.wanted} was missed"
    right = "nothing is right there" if answer.wanted == NOTHING else f"{answer.wanted} is right"
    return f"{answer.said} was said ({answer.confidence:.2f}), {right}"


def _scores(scores: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    rows = {"all": scores, "unseen texts": scores["unseen"], **scores["per_label"]}
    for name, row in rows.items():
        yield name, *(f"{row[figure]:.4f}" for figure in FIGURES)


def _curves(curve: Sequence[Mapping[str, float]]) -> Iterator[str]:
    for name, title in CURVES.items():
        lines = points_of(curve, name)
        if lines:
            yield draw(f"{title} over steps", lines)


def _confusion(cases: Sequence[Case]) -> str:
    counts = confusion(cases)
    labels = sorted({label for pair in counts for label in pair}, key=lambda one: (one == NOTHING, one))
    head = "".join(f"<th>{escape(label)}</th>" for label in ("", *labels))
    rows = "".join(
        f"<tr><th>{escape(wanted)}</th>{''.join(_count(wanted, said, counts[wanted, said]) for said in labels)}</tr>"
        for wanted in labels
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def _count(wanted: str, said: str, count: int) -> str:
    kind = "" if not count else ' class="right"' if wanted == said else ' class="wrong"'
    return f"<td{kind}>{count or ''}</td>"


def _facts(record: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name in ("created", "code", "seed"):
        yield name, str(record[name])
    for part in record["data"]:
        yield f"{part['name']} {part['part']}", f"{part['items']:,} items, digest {part['digest']}"
    yield from ((f"seconds: {step}", f"{seconds:,}") for step, seconds in record["seconds"].items())
    yield from ((name, str(value)) for name, value in record["parameters"].items())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"<tr>{''.join(f'<th>{escape(name)}</th>' for name in head)}</tr>"] if any(head) else []
    for first, *rest in rows:
        lines.append(f"<tr><th>{escape(first)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in rest)}</tr>")
    return f"<table>{''.join(lines)}</table>"
