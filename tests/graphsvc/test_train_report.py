"""The report of a run: it needs nothing from outside, and says what is wrong where."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from extractors.relations import Related
from extractors.types import LabelledPair, LabelledText, Mention
from graphsvc.train.cases import NOTHING, Answer, Case, cases_of_pairs, cases_of_texts, confusion, worst
from graphsvc.train.curves import draw, points_of
from graphsvc.train.report import marked, report_of

TEXT = "red <pan> for a rug"
WANTED = (Mention(0, 3, "colour"), Mention(5, 8, "thing"), Mention(16, 19, "thing"))
FOUND = [Mention(0, 3, "colour", 0.9), Mention(5, 8, "colour", 0.8), Mention(14, 19, "thing", 0.7)]
CURVE = [
    {"loss": 2.0, "step": 1}, {"loss": 1.0, "step": 2}, {"eval_f1": 0.5, "step": 2}, {"loss": 3.0, "step": 1},
    {"loss": 1.5, "step": 2},
]  # fmt: skip


def cases() -> list[Case]:
    fine = LabelledText("a <script>alert(1)</script> rug", (Mention(28, 31, "thing"),))
    right = [Mention(28, 31, "thing", 0.99)]
    return cases_of_texts([LabelledText(TEXT, WANTED, "test.txt:3"), fine], [FOUND, right])


def record(curve: Sequence[dict[str, float]]) -> dict[str, Any]:
    figures = {"f1": 0.5, "precision": 0.4, "recall": 0.6667}
    return {
        "task": "mentions", "id": "20270101-a", "created": "today", "code": "0.1.0", "seed": 3, "curve": curve,
        "data": [{"name": "pans <b>", "part": "train", "items": 1_000, "digest": "abc"}], "seconds": {"train": 1.5},
        "parameters": {"rate": 0.001}, "scores": {**figures, "unseen": figures, "per_label": {"thing": figures}},
    }  # fmt: skip


class Page(HTMLParser):
    """The tags of a page that must be closed, its tables and the links it makes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "xlink:href")]
        if tag not in ("meta", "br"):
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def test_a_report_is_whole_and_needs_nothing_else() -> None:
    text = report_of(record(CURVE), cases())
    page = Page(text)
    assert page.opened == []
    assert page.links == []
    assert page.tags >= {"svg", "polyline", "table"}
    assert "script" not in page.tags
    assert not re.search(r"https?:|@import|url\(", text)
    assert text.count("<svg") == 2
    assert "pans &lt;b&gt; train" in text
    assert "1,000 items" in text
    assert "<th>thing</th><td>0.5000</td><td>0.4000</td><td>0.6667</td>" in text
    assert "<svg" not in report_of(record([]), cases())


def test_errors_are_shown_in_their_text() -> None:
    first = cases()[0]
    assert marked(first) == (
        '<span class="wanted found" title="wanted: colour, found: colour">red</span> &lt;'
        '<span class="wanted found" title="wanted: thing, found: colour">pan</span>&gt; for '
        '<span class="found" title="found: thing">a </span>'
        '<span class="wanted found" title="wanted: thing, found: thing">rug</span>'
    )
    text = report_of(record([]), cases())
    assert "colour was said (0.80), thing is right; thing was missed;" in text
    assert "thing was said (0.70), nothing is right there test.txt:3" in text
    assert "alert" not in text  # of a text without an error there is nothing to read


def test_what_was_taken_for_what() -> None:
    assert confusion(cases()) == {
        ("colour", "colour"): 1, ("thing", "colour"): 1, ("thing", NOTHING): 1, (NOTHING, "thing"): 1,
        ("thing", "thing"): 1,
    }  # fmt: skip
    a, b = Mention(0, 3, "x"), Mention(5, 8, "y")
    pairs = [LabelledPair("red <pan>", a, b, relation) for relation in ("of", "", "of")]
    found = [Related("of", 0.9), Related("of", 0.6), Related("", 0.8)]
    related = cases_of_pairs(pairs, found)
    assert confusion(related) == {("of", "of"): 1, (NOTHING, "of"): 1, ("of", NOTHING): 1}
    assert [case.errors for case in worst(related, 5)] == [[Answer("of", NOTHING, 0.8)], [Answer(NOTHING, "of", 0.6)]]
    assert len(worst(related, 1)) == 1


def test_curves() -> None:
    lines = points_of(CURVE, "loss")
    assert lines == [[(1, 2.0), (2, 1.0)], [(1, 3.0), (2, 1.5)]]
    drawn = draw("loss <of>", lines)
    assert "loss &lt;of&gt;" in drawn
    places = re.findall(r'class="line line-\d" points="([^"]+)"', drawn)
    assert len(places) == 2
    assert [float(place.split(",")[1]) for place in places[1].split()] == [30.0, 150.0]
    assert "<circle" in draw("one", points_of(CURVE, "eval_f1"))
