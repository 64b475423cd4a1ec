from collections.abc import Sequence

import numpy as np
import pytest

from extractors.lexicon import Lexicon, Meaning, Values, find_known, find_values, holds_enough, shortest
from extractors.phrases import Corpus, Phrase, read_phrases
from extractors.types import Document, Floats
from extractors.values import Canonical, is_held
from tests.extractors.tiny_shops import COLOURS, MATERIALS, NEW, THINGS, english, meaning


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read_phrases(english())


def values_of(
    corpus: Corpus, attribute: str, values: Values, meaning: Meaning, canonical: Canonical = lambda phrase: phrase
) -> Lexicon | None:
    """New values where fields hold enough, as learning finds them."""
    named = find_known(corpus, values, canonical)
    if not holds_enough(corpus, values, named, canonical):
        return None
    return find_values(corpus, attribute, values, named, meaning, canonical)


def held(documents: Sequence[Document]) -> list[set[Phrase]]:
    return [{(value.casefold(),) for value in document.fields.get("colour", ())} for document in documents]


@pytest.fixture(scope="module")
def lexicon(corpus: Corpus) -> Lexicon:
    found = values_of(corpus, "colour", held(english()), meaning)
    assert found is not None
    return found


def test_a_value_that_no_field_holds_is_found(lexicon: Lexicon) -> None:
    assert lexicon.attribute == "colour"
    assert set(lexicon.known) == {(colour,) for colour in COLOURS}
    assert lexicon.found[NEW,] > 0.8
    assert lexicon.measured["precision"] > 0.8


def test_what_is_no_value_is_not_found_or_not_sure(lexicon: Lexicon) -> None:
    for word in (*MATERIALS, *THINGS, "nordholm"):
        assert lexicon.found.get((word,), 0) < 0.5
    assert set(lexicon.found).isdisjoint(lexicon.known)
    assert all(0 <= share <= 1 for share in lexicon.found.values())


def test_equal_catalogues_teach_the_same(corpus: Corpus, lexicon: Lexicon) -> None:
    assert values_of(corpus, "colour", held(english()), meaning) == lexicon


def test_too_little_to_learn_from(corpus: Corpus) -> None:
    assert values_of(corpus, "colour", [set() for _ in english()], meaning) is None
    few = [values & {("red",), ("blue",)} for values in held(english())]
    assert values_of(corpus, "colour", few, meaning) is None
    seldom = [values if at < 60 else set() for at, values in enumerate(held(english()))]
    assert values_of(corpus, "colour", seldom, meaning) is None


def test_where_nothing_is_found_again_nothing_new_is_believed() -> None:
    """Fields whose values are any word, and only now and then one of the text."""
    documents = english(600)
    chance = np.random.default_rng(3)
    words = [*COLOURS[:4], *MATERIALS[:3], *THINGS[:3]]
    values: list[set[Phrase]] = []
    for document in documents:
        said = [word for word in words if word in document.title.split()]
        own = said if said and chance.random() < 0.4 else words
        values.append({(own[chance.integers(len(own))],)})
    found = values_of(read_phrases(documents), "mood", values, meaning)
    assert found is not None
    assert found.found == {}
    assert found.measured["share"] == 0


def test_a_phrase_or_the_shops_own_word_for_it_is_held() -> None:
    own: dict[Phrase, Phrase] = {("maroon",): ("red",)}

    def canonical(phrase: Phrase) -> Phrase:
        return own.get(phrase, phrase)

    assert is_held(("maroon",), [("red",)], canonical)
    assert is_held(("maroon",), [("maroon",)], canonical)
    assert is_held(("navy",), [("red",), ("navy", "blue")], canonical)
    assert not is_held(("maroon",), [("blue",)], canonical)
    assert not is_held(("red",), [("maroon",)], canonical)
    assert not is_held(("red",), [], canonical)


def test_texts_that_say_nothing_but_known_values() -> None:
    documents = [Document(str(n), COLOURS[n % len(COLOURS)]) for n in range(240)]

    def never_of_nothing(phrases: Sequence[Phrase]) -> Floats:
        assert phrases
        return meaning(phrases)

    values = [{(document.title,)} for document in documents]
    found = values_of(read_phrases(documents), "colour", values, never_of_nothing)
    assert found is not None
    assert found.found == {}


def test_a_phrase_that_holds_a_likelier_one_is_no_value() -> None:
    likely = {("mauve",): 3.0, ("mauve", "velvet"): 2.0, ("dusty", "rose"): 4.0, ("rose",): 2.5, ("teal",): 1.0}
    assert list(shortest(likely)) == [("mauve",), ("dusty", "rose"), ("rose",), ("teal",)]


OWN: dict[Phrase, Phrase] = {
    ("红色",): ("red",), ("粉色",): ("pink",), ("粉",): ("pink",), ("大红",): ("red",), ("金",): ("gold",),
    ("咖啡",): ("brown",), ("灰色",): ("grey",),
}  # fmt: skip


def own(phrase: Phrase) -> Phrase:
    return OWN.get(phrase, phrase)


def known_of(rows: Sequence[tuple[str, str]]) -> dict[Phrase, tuple[Phrase, float]]:
    """What is known of texts (words with spaces) and what their field holds, "" for nothing."""
    corpus = read_phrases([Document(str(at), text) for at, (text, _) in enumerate(rows)], lambda one: own(one) != one)
    found = find_known(corpus, [{(value,)} if value else set() for _, value in rows], own)
    return {phrase: (named.value, named.share) for phrase, named in found.items()}


FILLED = [("红色 裙子", "red"), ("粉色 裙子", "pink"), ("white shirt", "white"), ("white shirt", "white")] * 6
EMPTY = [("红色 裙子", ""), ("粉色 裙子", ""), ("white shirt", "")] * 6


def test_the_vocabularys_words_for_what_fields_hold_are_known() -> None:
    found = known_of([*FILLED, *EMPTY, ("大红 裙子", "red"), ("灰色 裙子", "")])
    assert found["white",] == (("white",), 1.0)
    assert {phrase: value for phrase, (value, _) in found.items() if value != phrase} == {
        ("红色",): ("red",), ("粉色",): ("pink",), ("大红",): ("red",),
    }  # fmt: skip
    assert 0.9 < found["红色",][1] <= 1
    assert found["大红",][1] < found["红色",][1]  # fewer confirm it


def test_a_word_that_fields_contradict_is_not_known() -> None:
    rows = [*FILLED, ("裙子", "brown"), *[("咖啡 杯子", "white")] * 4]
    assert ("咖啡",) not in known_of(rows)
    assert ("咖啡",) in known_of([*FILLED, *[("咖啡 杯子", "brown")] * 4])


def test_a_word_whose_products_have_no_such_field_is_not_known() -> None:
    powder = [("奶 粉 罐装", "")] * 8
    assert ("粉",) not in known_of([*FILLED, *EMPTY, *powder])
    assert ("粉",) not in known_of([*FILLED, *EMPTY, ("粉 裙子", "pink"), *powder])
    assert ("粉",) in known_of([*FILLED, *EMPTY, *[("粉 裙子", "pink")] * 8, *powder[:4]])


def test_a_single_chinese_character_must_be_confirmed() -> None:
    rows = [*FILLED, *EMPTY, ("裙子", "gold")]
    assert ("金",) not in known_of([*rows, ("金 裙子", "")])
    assert ("金",) in known_of([*rows, *[("金 裙子", "gold")] * 5])


def test_all_words_for_a_hidden_value_are_hidden() -> None:
    """Texts say "red", fields "RED": where that is hidden "red" is looked for, as a word that nobody knows."""
    documents = english()
    values = [{(value.upper(),) for (value,) in one} for one in held(documents)]
    corpus = read_phrases(documents)
    assert values_of(corpus, "colour", values, meaning) is None  # no vocabulary leads from texts to fields
    found = values_of(
        corpus, "colour", values, meaning, lambda one: (one[0].upper(),) if one in {(c,) for c in COLOURS} else one
    )
    assert found is not None
    known = {(phrase, named.value) for phrase, named in found.known.items()}
    assert known <= {((colour,), (colour.upper(),)) for colour in COLOURS}
    assert len(known) > 0.8 * len(COLOURS)
    assert found.found[NEW,] > 0.8
    assert found.measured["precision"] > 0.8
    assert found.measured["share"] > 0.8
