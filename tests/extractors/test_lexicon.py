from collections.abc import Sequence

import numpy as np
import pytest

from extractors.lexicon import Lexicon, find_values, is_held
from extractors.phrases import Corpus, Phrase, read_phrases
from extractors.types import Document, Floats
from tests.extractors.tiny_shops import COLOURS, MATERIALS, NEW, THINGS, english, meaning


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read_phrases(english())


def held(documents: Sequence[Document]) -> list[set[Phrase]]:
    return [{(value.casefold(),) for value in document.fields.get("colour", ())} for document in documents]


@pytest.fixture(scope="module")
def lexicon(corpus: Corpus) -> Lexicon:
    found = find_values(corpus, "colour", held(english()), meaning)
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
    assert find_values(corpus, "colour", held(english()), meaning) == lexicon


def test_too_little_to_learn_from(corpus: Corpus) -> None:
    assert find_values(corpus, "colour", [set() for _ in english()], meaning) is None
    few = [values & {("red",), ("blue",)} for values in held(english())]
    assert find_values(corpus, "colour", few, meaning) is None
    seldom = [values if at < 60 else set() for at, values in enumerate(held(english()))]
    assert find_values(corpus, "colour", seldom, meaning) is None


def test_where_nothing_is_found_again_nothing_new_is_believed(corpus: Corpus) -> None:
    """Fields whose values are any word, and only now and then one of the text."""
    chance = np.random.default_rng(3)
    words = [*COLOURS[:4], *MATERIALS[:3], *THINGS[:3]]
    values: list[set[Phrase]] = []
    for document in english():
        said = [word for word in words if word in document.title.split()]
        own = said if said and chance.random() < 0.4 else words
        values.append({(own[chance.integers(len(own))],)})
    found = find_values(corpus, "mood", values, meaning)
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
    found = find_values(read_phrases(documents), "colour", values, never_of_nothing)
    assert found is not None
    assert found.found == {}
