"""The four commands that train by the product's defaults and judge: what they print, what they refuse."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from extractors.types import LabelledPair, LabelledText, Mention
from graphsvc.__main__ import app
from graphsvc.errors import LabelError
from graphsvc.evaluate.triples import figures, pairs_of, texts_of, triples_of
from graphsvc.labels.lessons import few
from tests.graphsvc.label_files import rows, write
from tests.graphsvc.lessons import write_semeval, write_spans
from tests.graphsvc.tiny_networks import write_encoder

FIELDS = {
    "task", "train", "test", "f1", "precision", "recall", "unseen", "per_label", "extractor", "seeds", "spread",
    "cpu_seconds", "per_second",
}  # fmt: skip


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


def run(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["evaluate", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


def last(result: Result) -> Any:
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_mentions_are_judged_and_a_leak_is_said(encoder: Path, tmp_path: Path) -> None:
    train, test = write_spans(tmp_path / "train.jsonl"), write_spans(tmp_path / "test.jsonl", ["red"], ["pan", "sofa"])
    result = run("mentions", "--train", train, "--test", test, "--encoder", encoder, "--epochs", 8, "--json")
    found = last(result)
    assert found.keys() >= FIELDS
    assert (found["task"], found["train"], found["test"], found["extractor"]) == ("mentions", 100, 10, "tagger")
    assert found["unseen"]["texts"] == 5
    assert found["per_label"]["colour"]["wanted"] == 10
    assert found["f1"] > 0.9
    assert "LEAK: 5 of 10 items of test.jsonl" in result.stderr


def test_few_lessons_are_drawn_anew_by_each_seed(tmp_path: Path) -> None:
    train = write_spans(tmp_path / "train.jsonl")
    found = last(run("mentions", "--train", train, "--labels", 30, "--extractor", "crf", "--seeds", 2, "--json"))
    assert (found["train"], found["test"], found["seeds"]) == (30, 70, 2)
    assert found["unseen"]["texts"] == 70
    assert len(found["by_seed"]) == 2
    assert found["f1"] > 0.9
    test = write_spans(tmp_path / "test.jsonl")
    said = run("mentions", "--train", train, "--test", test, "--labels", 30, "--extractor", "crf", "--json")
    assert (last(said)["train"], last(said)["test"], last(said)["unseen"]["texts"]) == (30, 100, 70)
    assert "LEAK: 30 of 100 items" in said.stderr
    lessons = [LabelledText(str(at % 50)) for at in range(100)]
    first, rest = few(lessons, 30, 1)
    assert len(first) == 30
    assert {one.text for one in first}.isdisjoint(one.text for one in rest)
    assert few(lessons, 30, 1)[0] == first != few(lessons, 30, 2)[0]
    for count in (0, 100):
        with pytest.raises(LabelError, match="cannot be drawn"):
            few(lessons, count, 1)


def test_attributes_read_the_category(tmp_path: Path) -> None:
    """What a word means hangs on the category alone."""
    told = [
        {"text": f"{name} {at}", "context": kind, "mentions": [{"start": 0, "end": len(name), "label": label}]}
        for at in range(40) for name in ("apple", "rose")
        for kind, label in (("food", "Flavour"), ("clothes", "Colour"))
    ]  # fmt: skip
    path = write(tmp_path / "labels.jsonl", rows(*told))
    found = last(run("attributes", "--train", path, "--split", "--extractor", "crf", "--json"))
    assert found["task"] == "attributes"
    assert found["train"] + found["test"] == 160
    assert 10 < found["test"] < 60
    assert found["per_label"].keys() == {"Flavour", "Colour"}
    assert found["f1"] > 0.9


def test_relations_are_judged_with_their_mentions_found(encoder: Path, tmp_path: Path) -> None:
    train = write_semeval(tmp_path / "train.txt")
    test = write_semeval(tmp_path / "test.txt", ["pan", "rug"])
    options = ("--encoder", encoder, "--epochs", 3, "--end-to-end", "--json")
    found = last(run("relations", "--train", train, "--test", test, *options))
    assert found.keys() >= FIELDS
    assert (found["train"], found["test"]) == (300, 120)
    assert found["per_label"].keys() == {"Component-Whole"}
    assert found["f1"] > 0.9
    whole = found["end_to_end"]
    assert whole.keys() == {"f1", "precision", "recall"}
    assert 0 < whole["recall"] <= 1


def test_triples() -> None:
    a, b, c = (Mention(at, at + 1, "x") for at in (0, 2, 4))
    pairs = [LabelledPair("t", a, b, ""), LabelledPair("t", a, c, "r"), LabelledPair("u", c, a, "r")]
    assert texts_of(pairs) == [LabelledText("t", (a, b, c)), LabelledText("u", (a, c))]
    assert len(list(pairs_of([a, b, c], directed=False))) == 6
    assert list(pairs_of([a, b, c], directed=True)) == [(a, b), (a, c), (b, c)]
    forward = set(triples_of([("t", a, b, "r(e1,e2)"), ("t", a, c, "")]))
    assert forward == set(triples_of([("t", b, a, "r(e2,e1)")])) == {("t", (0, 1), (2, 3), "r")}
    assert figures(forward | {("u", (0, 1), (2, 3), "r")}, forward) == {"f1": 0.6667, "precision": 1.0, "recall": 0.5}
    assert figures(forward, set()) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}


def test_gain_of_a_catalogue_without_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    colours = "red blue black white green pink grey brown teal amber ivory coral olive plum".split()  # noqa: SIM905
    things = ["pan", "lamp", "mug", "shirt", "rug", "kettle", "chair", "bowl", "vase", "clock"]
    told = [(c, t, n) for n in range(4) for c in colours for t in things]
    path = tmp_path / "catalogue.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerow(["id", "title", "colour", "material"])
        for at, (colour, thing, number) in enumerate(told):
            row = [at, f"Hearth {thing} no {number} in {colour} finish", colour if at % 3 else "", "steel"]
            csv.writer(file).writerow(row)
    monkeypatch.setenv("GRAPHSVC_ENCODER", "use")
    result = run("gain", "--catalogue", path, "--attribute", "colour", "--show", 5, "--json")
    found = last(result)
    assert (found["task"], found["train"], found["seeds"]) == ("gain", len(told), 1)
    assert found["gained_products"] == {"colour": sum(at % 3 == 0 for at in range(len(told)))}
    shown = re.findall(r"colour: (\w+) \([01].\d\d\) .*in «(\w+)» finish", result.stdout)
    assert len(shown) == 5
    assert any(value == words for value, words in shown)
    judged = found["per_label"]["colour"]
    assert judged["literal"] > 30
    assert judged["gazetteer"]["said"] == 0
    unknown = run("gain", "--catalogue", path, "--attribute", "taste", code=1)
    assert "There are colour, material" in unknown.stderr


def test_what_cannot_be_judged_is_said(tmp_path: Path) -> None:
    texts, pairs = write_spans(tmp_path / "texts.jsonl"), write_semeval(tmp_path / "pairs.txt")
    assert "There is no test" in run("mentions", "--train", texts, code=1).stderr
    wrong = run("mentions", "--train", pairs, "--split", code=1).stderr
    assert "pairs.txt holds pairs with relations, not texts with mentions: pairs.txt:1" in wrong
    assert "Use one of" in run("mentions", "--train", texts, "--split", "--extractor", "none", code=1).stderr
    broken = write(tmp_path / "broken.txt", "锅 B-ITEM\n\n杯\n")
    assert "broken.txt:3" in run("mentions", "--train", broken, "--split", "--format", "bio", code=1).stderr
    few_texts = write(tmp_path / "one.jsonl", rows({"text": "a", "spans": []}))
    assert "too few to split" in run("mentions", "--train", few_texts, "--split", code=1).stderr


@pytest.mark.parametrize("command", ["mentions", "relations", "attributes", "gain"])
def test_every_command_shows_how_it_is_called(command: str) -> None:
    assert f"python -m graphsvc evaluate {command}" in " ".join(run(command, "--help").stdout.split())
