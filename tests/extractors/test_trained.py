"""What trained models say of documents: each mention and relation as a claim with its place, and none too many."""

from collections.abc import Iterable, Sequence

import pytest

from extractors.relations import NONE, Related
from extractors.trained import Language, Trained, mention_at, span_in, whole_text
from extractors.types import Document, Mention, Span

LANGUAGE = Language(
    says={"colour": ("has_attribute", "colour"), "brand": ("has_brand", "")},
    relations={"compatible_with": ("compatible_with", "compatible-with")},
    tails={"compatible_with": ("model",)},
    named=lambda field: "colour" if field == "Color" else field,
)


class Finder:
    """Finds the words that it is told, wherever they stand."""

    name, version = "tagger", "v1"

    def __init__(self, words: dict[str, str], confidence: float = 0.9) -> None:
        self.words, self.confidence = words, confidence
        self.asked: list[str] = []
        self.contexts: list[str] = []

    def find(self, texts: Sequence[str], contexts: Sequence[str] = ()) -> list[list[Mention]]:
        self.asked += texts
        self.contexts += contexts
        found = []
        for text in texts:
            places = [(text.find(word), word) for word in self.words if word in text]
            found.append(
                [Mention(at, at + len(word), self.words[word], self.confidence) for at, word in sorted(places)]
            )
        return found


class Relator:
    """Says of every pair the same."""

    name, version = "relations", "r1"

    def __init__(self, relation: str, confidence: float = 0.8) -> None:
        self.said = Related(relation, confidence)
        self.asked: list[tuple[str, Mention, Mention]] = []

    def relate(self, pairs: Iterable[tuple[str, Mention, Mention]]) -> list[Related]:
        self.asked += list(pairs)
        return [self.said] * len(self.asked)


def test_a_mention_is_a_claim_with_its_words() -> None:
    document = Document("p", "Crimson case", "Comes in crimson by Solvi.")
    finder = Finder({"crimson": "colour", "Solvi": "brand", "case": "product"})
    colour, brand = Trained(finder, LANGUAGE).extract([document])[0]
    assert (colour.predicate, colour.qualifier, colour.object) == ("has_attribute", "colour", "crimson")
    assert (colour.quote, colour.extractor, colour.version, colour.confidence) == ("crimson", "tagger", "v1", 0.9)
    assert colour.evidence == Span("text", 9, 16, "colour")
    assert document.text[9:16] == "crimson"
    assert (brand.predicate, brand.qualifier, brand.object) == ("has_brand", "", "Solvi")


def test_a_relation_goes_from_the_products_words_to_what_stands_in_the_text() -> None:
    document = Document("p", "Slim case", "Fits the Solvi One only.")
    relator = Relator("compatible_with")
    trained = Trained(Finder({"case": "product", "Solvi One": "model", "only": "colourless"}), LANGUAGE, relator)
    (claim,) = trained.extract([document])[0]
    assert (claim.predicate, claim.qualifier, claim.object) == ("compatible_with", "compatible-with", "Solvi One")
    assert (claim.extractor, claim.version) == ("relations", "r1")
    assert claim.confidence == pytest.approx(0.8 * 0.9)
    text, head, tail = relator.asked[0]
    assert (text[head.start : head.end], text[tail.start : tail.end]) == ("case", "Solvi One")
    assert len(relator.asked) == 1
    assert trained.version == "v1+r1"


@pytest.mark.parametrize(
    ("relation", "confidence"), [(NONE, 0.9), ("compatible_with", 0.4), ("unknown_to_the_shop", 0.9)]
)
def test_a_relation_that_is_none_unsure_or_unknown_makes_no_claim(relation: str, confidence: float) -> None:
    finder = Finder({"case": "product", "Solvi One": "model"})
    trained = Trained(finder, LANGUAGE, Relator(relation, confidence))
    assert trained.extract([Document("p", "Slim case for Solvi One")]) == [[]]


def test_mentions_that_are_unsure_are_not_related() -> None:
    relator = Relator("compatible_with")
    finder = Finder({"case": "product", "Solvi One": "model"}, 0.4)
    assert Trained(finder, LANGUAGE, relator).extract([Document("p", "Slim case for Solvi One")]) == [[]]
    assert relator.asked == []


def test_without_words_for_the_product_nothing_is_related() -> None:
    relator = Relator("compatible_with")
    assert Trained(Finder({"Solvi One": "model"}), LANGUAGE, relator).extract([Document("p", "For Solvi One")]) == [[]]
    assert relator.asked == []


def test_what_a_field_says_no_model_says() -> None:
    finder = Finder({"crimson": "colour"})
    said = Document("p", "crimson case", fields={"Color": ["red"]})
    assert Trained(finder, LANGUAGE).extract([said]) == [[]]
    other = Document("p", "crimson case", fields={"size": ["M"]})
    assert len(Trained(finder, LANGUAGE).extract([other])[0]) == 1


def test_a_model_that_is_unsure_has_abstained() -> None:
    assert Trained(Finder({"crimson": "colour"}, 0.49), LANGUAGE).extract([Document("p", "crimson case")]) == [[]]


def test_a_title_that_was_composed_is_not_read() -> None:
    finder = Finder({"crimson": "colour"})
    read = Trained(finder, LANGUAGE).extract([Document("p", "crimson case", composed=True), Document("q", "crimson")])
    assert [len(claims) for claims in read] == [0, 1]
    assert finder.asked == ["crimson\n"]


@pytest.mark.parametrize(
    "text", ["non-crimson case", "case without crimson", "not crimson", "非crimson", "不含crimson"]
)
def test_what_is_denied_is_not_claimed(text: str) -> None:
    assert Trained(Finder({"crimson": "colour"}), LANGUAGE).extract([Document("p", text)]) == [[]]


@pytest.mark.parametrize("text", ["Non-stick crimson pan", "No-iron crimson shirt", "not only crimson"])
def test_what_another_word_denies_is_claimed(text: str) -> None:
    assert len(Trained(Finder({"crimson": "colour"}), LANGUAGE).extract([Document("p", text)])[0]) == 1


def test_a_text_without_a_title_is_read_whole() -> None:
    text = "word " * 200 + "crimson"
    (claim,) = Trained(Finder({"crimson": "colour"}), LANGUAGE).extract([Document("p", "", text)])[0]
    assert claim.evidence is not None
    assert text[claim.evidence.start : claim.evidence.end] == claim.quote == "crimson"
    assert Trained(Finder({"crimson": "colour"}), LANGUAGE).extract([Document("p", "Title", text)]) == [[]]


def test_the_same_is_said_once_by_its_surest_claim() -> None:
    class Twice(Finder):
        def find(self, texts: Sequence[str], contexts: Sequence[str] = ()) -> list[list[Mention]]:
            return [[Mention(0, 3, "colour", 0.6), Mention(9, 12, "colour", 0.8)] for _ in texts]

    (claim,) = Trained(Twice({}), LANGUAGE).extract([Document("p", "red case red lid")])[0]
    assert (claim.object, claim.confidence) == ("red", 0.8)


def test_places_in_the_whole_text_and_in_its_parts_are_inverse() -> None:
    document = Document("p", "Slim case", "For Solvi One.")
    text = whole_text(document)
    for word, field in (("case", "title"), ("Solvi", "text")):
        at = text.index(word)
        mention = Mention(at, at + len(word), "x")
        span = span_in(document, mention)
        own = document.title if field == "title" else document.text
        assert (span.field, own[span.start : span.end]) == (field, word)
        assert mention_at(document, span) == mention


def test_the_category_is_the_context() -> None:
    finder = Finder({"crimson": "colour"})
    Trained(finder, LANGUAGE).extract([Document("p", "crimson", category=("Home", "Lamps")), Document("q", "crimson")])
    assert finder.contexts == ["Lamps", ""]
