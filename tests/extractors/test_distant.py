import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from extractors.distant import LEAST, Distant, Taught
from extractors.occurrences import Occurrences, Weights
from extractors.phrases import READ, Phrase
from extractors.types import Claim, Document, Floats, Learner
from tests.extractors.tiny_shops import (
    COLOURS,
    NEW,
    ZH_COLOURS,
    ZH_NEW,
    canonical,
    chinese,
    english,
    meaning,
    standardised,
)

SHOPS: dict[str, tuple[Callable[[], list[Document]], str, str]] = {
    "en": (english, "colour", NEW),
    "zh": (chinese, "颜色", ZH_NEW),
}


class Shop:
    """A catalogue, what was learnt from it, and what that reads in it."""

    def __init__(self, language: str) -> None:
        make, self.attribute, self.new = SHOPS[language]
        self.documents = make()
        self.distant = Distant.learn(self.documents, meaning)
        self.claims = self.distant.extract(self.documents)

    def said(self, document: Document) -> list[Claim]:
        (claims,) = self.distant.extract([document])
        return [claim for claim in claims if claim.qualifier == self.attribute]


@pytest.fixture(scope="module", params=sorted(SHOPS))
def shop(request: pytest.FixtureRequest) -> Shop:
    return Shop(request.param)


@pytest.fixture(scope="module")
def clothes() -> Shop:
    return Shop("en")


def test_equal_catalogues_teach_the_same(clothes: Shop) -> None:
    assert Shop("en").distant.learnt() == clothes.distant.learnt()


def test_a_value_that_no_dictionary_has_is_found(shop: Shop) -> None:
    named = [one for one in shop.documents if shop.new in one.title]
    assert len(named) > 10
    assert not any(shop.new in value for one in shop.documents for values in one.fields.values() for value in values)
    found = [shop.said(one) for one in named]
    assert sum(bool(claims) for claims in found) > 0.8 * len(named)
    objects = {claim.object for claims in found for claim in claims}
    assert shop.new in objects
    assert all(shop.new in value for value in objects)


def test_known_values_are_found_where_the_field_is_empty(shop: Shop) -> None:
    empty = [one for one in shop.documents if one.id[0] == "p" and shop.attribute not in one.fields]
    right = 0
    for document in empty:
        for claim in shop.said(document):
            assert claim.object.casefold() in document.title
            right += 1
    assert right > 0.8 * len(empty)


def test_a_field_that_says_something_is_left_alone(shop: Shop) -> None:
    for document, claims in zip(shop.documents, shop.claims, strict=True):
        assert not [claim for claim in claims if document.fields.get(claim.qualifier)]
    held = next(one for one in shop.documents if shop.attribute in one.fields)
    assert not shop.said(held)
    assert shop.said(replace(held, fields={}))
    assert shop.said(replace(held, fields={shop.attribute: []}))


def test_a_kind_of_product_that_never_has_it_gets_none(shop: Shop) -> None:
    books = [one for one in shop.documents if one.id[0] == "b"]
    assert len(books) > 40
    assert not any(shop.said(one) for one in books)


def test_claims_carry_their_proof(shop: Shop) -> None:
    assert sum(map(len, shop.claims)) > 50
    for document, claims in zip(shop.documents, shop.claims, strict=True):
        assert len({claim.id for claim in claims}) == len(claims)
        assert len({claim.qualifier for claim in claims}) == len(claims)
        for claim in claims:
            assert claim.subject == document.id
            assert (claim.predicate, claim.extractor) == ("has_attribute", "distant")
            assert claim.version == shop.distant.version
            assert LEAST <= claim.confidence <= 1
            span = claim.evidence
            assert span is not None
            assert span.label == claim.qualifier
            assert getattr(document, span.field)[span.start : span.end] == claim.quote
            assert claim.quote.casefold() == claim.object.casefold()


def test_what_was_learnt_goes_through_text(shop: Shop) -> None:
    assert isinstance(shop.distant, Learner)
    again = Distant.recall(shop.distant.learnt())
    assert again.extract(shop.documents) == shop.claims
    assert again.learnt() == shop.distant.learnt()
    assert again.version == shop.distant.version


SPOILT = {"values": [], "occurrences": [0.0, {}, 0.0, {}, 0.5], "measured": {}, "fresh": []}


@pytest.mark.parametrize(
    "kept",
    [
        "", "{", "[1]", "null", "1", '"red"', '{"a": 1}', '{"a": {}}', '{"a": []}',
        *(
            json.dumps({"a": SPOILT | change})
            for change in ({"values": [["x"]]}, {"values": 3}, {"occurrences": []}, {"occurrences": [1, 2, 3, 4, 5]})
        ),
    ],
)  # fmt: skip
def test_what_was_never_learnt(kept: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Distant.recall(kept)


def test_the_smallest_lessons_are_recalled() -> None:
    assert Distant.recall(json.dumps({"a": SPOILT})).extract([Document("p", "red")]) == [[]]
    assert Distant.recall("{}").extract([Document("p", "red")]) == [[]]


@pytest.mark.parametrize("documents", [[], [Document("p", "")], [Document("p", "red pan", fields={"colour": ["red"]})]])
def test_too_little_to_learn_from(documents: Sequence[Document]) -> None:
    distant = Distant.learn(documents, meaning)
    assert distant.taught == {}
    assert distant.extract(documents) == [[] for _ in documents]
    assert distant.extract([]) == []


def test_offsets_in_any_width_and_after_any_sign(clothes: Shop) -> None:
    title = "👍🏽 Nordholm slim ＲＥＤ cotton shirt"
    (claim,) = clothes.said(Document("x", title, category=["Clothes", "shirt"]))
    assert claim.quote == "ＲＥＤ"
    assert claim.object == "Red"
    assert claim.evidence is not None
    assert title[claim.evidence.start : claim.evidence.end] == "ＲＥＤ"


def test_a_value_that_stands_in_the_description_only(clothes: Shop) -> None:
    text = "A shirt of velvet, machine washable."
    (claims,) = clothes.distant.extract([Document("x", "Nordholm slim shirt", text, category=["Clothes", "shirt"])])
    (claim,) = [one for one in claims if one.qualifier == "material"]
    assert claim.evidence is not None
    assert (claim.evidence.field, claim.quote, claim.object) == ("text", "velvet", "velvet")
    assert text[claim.evidence.start : claim.evidence.end] == "velvet"


def test_a_quote_from_a_description_cuts_no_word(clothes: Shop) -> None:
    """At the end of what is read stands "red|dish"."""
    before = "Nordholm shirt, " * (READ // 16)
    assert len(before) == READ
    text = before[: READ - 20] + "loose slim size" + " " * 2 + "reddish cotton shirt"
    assert text[READ - 3 : READ + 4] == "reddish"
    assert clothes.said(Document("x", "Nordholm shirt", text, category=["Clothes", "shirt"])) == []


def test_values_of_a_list_and_the_shops_own_words() -> None:
    own = {("mauve",): ("purple",)}
    distant = Distant.learn(english(), meaning, lambda phrase: own.get(phrase, phrase))
    named = [one for one in english() if NEW in one.title]
    found = [claim for claims in distant.extract(named) for claim in claims if claim.qualifier == "colour"]
    assert len(found) > 0.8 * len(named)
    assert all(NEW in claim.quote for claim in found)
    assert {claim.object for claim in found if claim.quote == NEW} == {"Purple"}


def test_fields_that_are_not_in_the_shops_own_words(shop: Shop) -> None:
    """A vocabulary that has another word for each value ("红色" is "red") must not make right places wrong."""
    distant = Distant.learn(shop.documents, meaning, lambda phrase: ("own", *phrase))
    claims = [claim for found in distant.extract(shop.documents) for claim in found]
    assert sum(claim.qualifier == shop.attribute for claim in claims) > 50


def test_titles_that_end_in_their_number_and_no_category() -> None:
    documents = [replace(one, title=f"{one.title} nr{at}x", category=()) for at, one in enumerate(english())]
    distant = Distant.learn(documents, meaning)
    assert "colour" in distant.taught


def test_chinese_titles_without_a_space_or_a_category() -> None:
    documents = [replace(one, category=()) for one in chinese()]
    claims = Distant.learn(documents, meaning).extract(documents)
    said = [
        (document, claim.object)
        for document, found in zip(documents, claims, strict=True)
        for claim in found
        if claim.qualifier == "颜色"
    ]
    assert len(said) > 50
    assert all(value in document.title for document, value in said)
    assert all(any(colour in value for colour in (*ZH_COLOURS, ZH_NEW)) for _, value in said)


def test_progress_is_told_and_the_encoder_is_asked_for_phrases_of_texts() -> None:
    said: list[tuple[int, int]] = []
    asked: set[Phrase] = set()

    def listening(phrases: Sequence[Phrase]) -> Floats:
        asked.update(phrases)
        return meaning(phrases)

    Distant.learn(english(), listening, progress=lambda done, of: said.append((done, of)))
    assert said
    assert said[-1][0] == said[-1][1]
    assert (NEW,) in asked
    assert all(asked)


def test_chinese_texts_say_what_standardised_fields_hold() -> None:
    documents = standardised()
    distant = Distant.learn(documents, meaning, canonical)
    empty = [one for one in documents if one.id[0] == "p" and not one.fields]
    right = 0
    for document, claims in zip(empty, distant.extract(empty), strict=True):
        for claim in claims:
            assert claim.qualifier == "colour"
            assert claim.quote in document.title
            assert (claim.object,) == canonical((claim.quote,))
            right += claim.quote in ZH_COLOURS
    assert right > 0.8 * sum(ZH_NEW not in one.title for one in empty)
    assert not any(distant.extract([one for one in documents if one.id[0] == "b"]))
    assert Distant.recall(distant.learnt()).extract(empty) == distant.extract(empty)


SMALL: dict[str, Callable[[], list[Document]]] = {"en": lambda: english(130), "zh": lambda: standardised(170)}


@pytest.mark.parametrize("language", sorted(SMALL))
def test_a_small_catalogue_teaches_the_values_it_holds_and_no_others(language: str) -> None:
    documents = SMALL[language]()
    assert 200 < len(documents) < 240
    distant = Distant.learn(documents, meaning, canonical)
    colours = distant.taught["colour"]
    assert colours.fresh == frozenset()
    assert colours.measured["precision"] > 0.9
    claims = [
        (document, claim)
        for document, found in zip(documents, distant.extract(documents), strict=True)
        for claim in found
        if claim.qualifier == "colour"
    ]
    known = {*COLOURS, *ZH_COLOURS}
    empty = [one for one in documents if one.id[0] == "p" and "colour" not in one.fields]
    nameable = sum(any(colour in one.title for colour in known) for one in empty)
    assert len(claims) > 0.7 * nameable
    for document, claim in claims:
        assert document.id[0] == "p"
        assert claim.quote in known
        assert LEAST <= claim.confidence <= colours.measured["precision"]


def test_a_small_catalogue_whose_fields_and_texts_disagree_teaches_nothing() -> None:
    documents = english(130)
    shifted = [
        replace(one, fields={"colour": documents[at - 1].fields.get("colour", ["Red"])}) if at % 4 == 0 else one
        for at, one in enumerate(documents)
    ]
    assert "colour" in Distant.learn(documents, meaning).taught
    assert "colour" not in Distant.learn(shifted, meaning).taught


def told(values: dict[Phrase, tuple[str, float]], fresh: set[Phrase]) -> Distant:
    """What reads these values, surer before "dress" than before "velvet"."""
    agrees = Weights(3.0, {">velvet": -1.0, ">dress": 2.0, ">shirt": -1.0})
    return Distant({"colour": Taught(values, Occurrences(agrees, Weights(3.0, {}), 0.5), {}, frozenset(fresh))})


def test_an_attribute_whose_known_values_are_not_read_again_teaches_none_at_all() -> None:
    documents = english()
    shifted = [
        replace(one, fields={**one.fields, "colour": documents[at - 1].fields.get("colour", ["Red"])})
        if at % 4 == 1
        else one
        for at, one in enumerate(documents)
    ]
    assert Distant.learn(documents, meaning).taught["colour"].fresh
    assert "colour" not in Distant.learn(shifted, meaning).taught


@pytest.mark.parametrize(
    ("title", "quote"),
    [
        ("ac adapter", "ac"), ("wireless 802.11ac adapter", ""), ("ac7 adapter", ""), ("AC-adapter", "AC"),
        ("适配器ac电源", "ac"), ("ac", "ac"), ("xac ac", "ac"),
    ],
)  # fmt: skip
def test_a_value_is_cut_out_of_no_longer_word(title: str, quote: str) -> None:
    claims = told({("ac",): ("AC", 0.9)}, set()).extract([Document("x", title)])[0]
    assert [claim.quote for claim in claims] == ([quote] if quote else [])


def test_the_makers_own_name_is_no_value() -> None:
    known = told({("black",): ("black", 0.9), ("pan",): ("pan", 0.7)}, set())
    drill = Document("x", "Black & Decker drill for a pan", fields={"brand": ["Black & Decker"]})
    ((claim,),) = known.extract([replace(drill, fields={})])
    assert claim.quote == "Black"
    ((claim,),) = known.extract([drill])
    assert claim.quote == "pan"


def test_products_whose_field_says_a_value_at_length_have_it() -> None:
    documents = [
        replace(one, fields={**one.fields, "colour": [f"{value} (as on the box)" for value in one.fields["colour"]]})
        if "dress" in one.category and "colour" in one.fields
        else one
        for one in english()
    ]
    empty = [
        one for one in documents if "dress" in one.category and "colour" not in one.fields and NEW not in one.title
    ]
    found = Distant.learn(documents, meaning).extract(empty)
    assert sum(map(bool, found)) > 0.8 * len(empty) > 10


def test_a_new_value_is_no_longer_than_it_is_sure() -> None:
    mauve, velvet = ("mauve",), ("mauve", "velvet")
    dress = [Document("x", "mauve velvet dress")]
    ((claim,),) = told({mauve: ("mauve", 0.9), velvet: ("mauve velvet", 0.85)}, {mauve, velvet}).extract(dress)
    assert claim.quote == "mauve"
    ((claim,),) = told({mauve: ("mauve", 0.85), velvet: ("mauve velvet", 0.9)}, {mauve, velvet}).extract(dress)
    assert claim.quote == "mauve velvet"
    ((claim,),) = told({mauve: ("mauve", 0.9), velvet: ("mauve velvet", 0.85)}, {mauve}).extract(dress)
    assert claim.quote == "mauve velvet"  # a known one


def test_a_longer_known_value_goes_before_a_part_of_it() -> None:
    values = {("navy", "blue"): ("navy", 0.8), ("blue",): ("blue", 1.0), ("red",): ("red", 1.0)}
    ((claim,),) = told(values, set()).extract([Document("x", "navy blue shirt")])
    assert (claim.quote, claim.object) == ("navy blue", "navy")
    ((claim,),) = told(values, set()).extract([Document("x", "navy blue shirt for a red dress")])
    assert claim.quote == "red"  # elsewhere the likelier place counts
