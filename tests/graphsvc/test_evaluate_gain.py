from collections.abc import Callable, Sequence

import pytest

from extractors.distant import Distant
from extractors.phrases import Phrase
from extractors.types import Claim, Document
from graphsvc.evaluate import gain
from graphsvc.evaluate.gain import evaluate_gain
from tests.extractors.tiny_shops import COLOURS, english, meaning

Say = Callable[[Document], str]


class Oracle:
    """Says what it is told to say of each product's colour."""

    name, version = "oracle", "1"

    def __init__(self, say: Say) -> None:
        self._say = say

    def extract(self, documents: Sequence[Document]) -> list[list[Claim]]:
        return [
            [Claim(one.id, "has_attribute", value, 0.9, self.name, self.version, "colour", quote=value)]
            if (value := self._say(one))
            else []
            for one in documents
        ]


def same(phrase: Phrase) -> Phrase:
    return phrase


def product(at: int) -> Document:
    """Products from 0 to 29 say their colour, those from 30 to 39 do not, 40 to 44 have none."""
    fields = {"colour": ["Navy Blue"], "brand": ["Blue"]} if at < 40 else {}
    return Document(f"p{at}", "navy blue pan" if at < 30 else "pan", "for the kitchen", fields)


def says(document: Document) -> str:
    """20 right of those that say it, 5 wrong, 5 silent; 2 right of the others; of those without a colour all."""
    at = int(document.id[1:])
    if at < 20:
        return "navy blue" if at < 10 else "navy"
    if at < 25:
        return "red"
    return "marine" if at in (30, 31) or at >= 40 else ""


@pytest.fixture
def all_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gain, "HIDDEN", 100)


@pytest.mark.usefixtures("all_hidden")
def test_figures_counted_by_hand() -> None:
    documents = [product(at) for at in range(45)]
    taught: list[Sequence[Document]] = []

    def learn(given: Sequence[Document]) -> Oracle:
        taught.append(given)
        return Oracle(says)

    marine: dict[Phrase, Phrase] = {("marine",): ("navy", "blue")}
    found = evaluate_gain(documents, learn, lambda phrase: marine.get(phrase, phrase))
    hidden, whole = taught
    assert not any("colour" in document.fields for document in hidden)
    assert [document.fields.get("brand") for document in hidden] == [one.fields.get("brand") for one in documents]
    assert list(whole) == documents
    precision, recall = 22 / 27, 20 / 30
    colour = found["per_label"]["colour"]
    assert (colour["products"], colour["literal"], colour["said"]) == (40, 30, 27)
    assert colour["precision"] == found["precision"] == round(precision, 4)
    assert colour["recall"] == found["recall"] == round(recall, 4)
    assert found["f1"] == round(2 * precision * recall / (precision + recall), 4)
    assert colour["gazetteer"]["said"] == 0
    assert (found["train"], found["test"], found["seeds"]) == (45, 40, 1)
    assert found["gained_products"] == {"colour": 32}


@pytest.mark.usefixtures("all_hidden")
def test_seeds_weigh_each_product_alike_and_progress_is_told() -> None:
    documents = [product(at) for at in range(45)]
    said: list[tuple[int, int]] = []
    found = evaluate_gain(
        documents, lambda _: Oracle(says), same, seeds=3, progress=lambda step, done, of: said.append((done, of))
    )
    assert found["seeds"] == 3
    assert found["per_label"]["colour"]["products"] == 120
    assert said == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.usefixtures("all_hidden")
def test_what_too_few_texts_say_is_not_judged() -> None:
    found = evaluate_gain([product(at) for at in range(29)], lambda _: Oracle(says), same)
    assert found["per_label"] == {}
    assert (found["f1"], found["precision"], found["recall"], found["test"]) == (0, 0, 0, 0)


def test_a_hidden_type_is_hidden_everywhere_and_the_others_nowhere() -> None:
    documents = english()
    taught: list[Sequence[Document]] = []

    def learn(given: Sequence[Document]) -> Distant:
        taught.append(given)
        return Distant.learn(given, meaning)

    found = evaluate_gain(documents, learn, same)
    left = [{value.casefold() for document in given for value in document.fields.get("colour", ())} for given in taught]
    hidden = left[1] - left[0]
    assert 0 < len(hidden) < len(COLOURS) - 2
    for before, after in zip(documents, taught[0], strict=True):
        colours = {value.casefold() for value in before.fields.get("colour", ())}
        assert after.fields.get("colour", []) == ([] if colours & hidden else before.fields.get("colour", []))
    colour = found["per_label"]["colour"]
    named = sum(bool(hidden & {value.casefold() for value in one.fields.get("colour", ())}) for one in documents)
    assert colour["products"] == named
    assert colour["f1"] > 0.8
    assert colour["f1"] > colour["gazetteer"]["f1"]
