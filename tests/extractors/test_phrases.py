import numpy as np
import pytest

from extractors.phrases import (
    BREAK,
    FEWEST,
    LONGEST,
    READ,
    Phrase,
    beginning,
    phrases_of,
    read_phrases,
    words_with_break,
)
from extractors.types import Document
from tests.extractors.tiny_shops import COLOURS, MATERIALS, english


def said(words: str) -> set[Phrase]:
    return {phrase for _, phrase in phrases_of(words.split())}


def test_phrases_are_runs_of_words_that_could_be_values() -> None:
    assert said("dark red pan") == {
        ("dark",), ("red",), ("pan",), ("dark", "red"), ("red", "pan"), ("dark", "red", "pan"),
    }  # fmt: skip
    assert max(map(len, said("a b c d e f g"))) <= LONGEST
    assert said("pan of steel") == {("pan",), ("steel",), ("pan", "of", "steel")}
    assert said("rj - 45") == {("rj",), ("rj", "-", "45")}
    assert said("12 , !") == set()
    assert said("红色 的 裙子") == {("红色",), ("裙子",), ("红色", "的", "裙子")}
    assert said("红") == {("红",)}
    assert said("x") == set()


def test_no_phrase_crosses_from_title_to_description() -> None:
    words = words_with_break(Document("p", "red pan", "blue lamp"))
    assert words == ["red", "pan", BREAK, "blue", "lamp"]
    assert not any(BREAK in phrase for _, phrase in phrases_of(words))
    assert [words[at : at + len(phrase)] for at, phrase in phrases_of(words)] == [
        list(phrase) for _, phrase in phrases_of(words)
    ]


def test_the_beginning_of_a_description_cuts_no_word() -> None:
    assert beginning("red pan") == "red pan"
    assert beginning("x" * (READ - 4) + " reddish pan") == "x" * (READ - 4)
    assert beginning("x" * (READ - 4) + " red pan") == "x" * (READ - 4) + " red"
    assert beginning("x" * 5 * READ) == ""
    assert len(beginning("红" * 2 * READ)) == READ


def test_a_corpus_counts_documents() -> None:
    documents = [Document(str(n), "red red pan", "pan") for n in range(FEWEST)]
    documents += [Document("o", "blue pan"), Document("e", "")]
    corpus = read_phrases(documents)
    assert corpus.phrases == sorted(corpus.phrases)
    assert [corpus.places[phrase] for phrase in corpus.phrases] == list(range(len(corpus.phrases)))
    assert ("blue",) not in corpus.places  # in too few documents
    assert corpus.counts[corpus.places["red",]] == FEWEST
    assert corpus.counts[corpus.places["pan",]] == FEWEST + 1
    assert [corpus.phrases[at] for at in corpus.of(FEWEST)] == [("pan",)]
    assert list(corpus.of(FEWEST + 1)) == []
    assert corpus.stands.max() == 1


@pytest.mark.parametrize(
    "documents",
    [
        [],
        [Document("p", "")],
        [Document("p", "!")] * FEWEST,
        [Document("p", "red")] * FEWEST,
        [Document("p", "red pan")] * FEWEST,
    ],
)
def test_a_corpus_of_next_to_nothing(documents: list[Document]) -> None:
    corpus = read_phrases(documents)
    assert corpus.stands.shape == (len(documents), len(corpus.phrases))
    assert corpus.company.shape[0] == len(corpus.phrases) == len(corpus.counts)
    assert np.isfinite(corpus.company).all()


def test_values_of_one_attribute_keep_like_company() -> None:
    corpus = read_phrases(english())
    colours = corpus.company[[corpus.places[colour,] for colour in COLOURS]]
    materials = corpus.company[[corpus.places[material,] for material in MATERIALS]]
    np.testing.assert_allclose(np.linalg.norm(colours, axis=1), 1, atol=1e-4)
    assert (colours @ colours.T).mean() > (colours @ materials.T).mean() + 0.2
