"""Words, BM25 and spelling, against plain twins."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.bm25 import Bm25, Bm25Builder, Field
from embeddings.spelling import Speller, is_one_slip
from embeddings.words import is_number, terms, tokens, trigrams

WORDS = st.lists(st.sampled_from("abcdefg"), max_size=6)
DOCUMENT = st.tuples(WORDS, WORDS)
LONG = st.text("abcd", min_size=4, max_size=7)
FIELDS = (Field(1.0, 0.5), Field(0.3, 0.75))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dimmer-Switch 12V", ["dimmer", "switch", "12", "volt"]),
        ("1/2 in. x 3'", ["1/2", "inch", "x", "3", "foot"]),
        ('0.50" pipe, 1,200 lbs', ["0.5", "inch", "pipe", "1200", "pound"]),
        ("Women's CAFÉ", ["womens", "cafe"]),
        ("ＦＵＬＬ 保温杯500毫升", ["full", "保温杯", "500", "milliliter"]),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_terms_are_stems_and_pairs_with_their_sound() -> None:
    assert terms("cutting boards") == ["cut", "board"]
    assert terms("保温杯") == ["保温", "温杯", "~baowen", "~wenbei"]
    assert terms("保温呗")[-1] == terms("保温杯")[-1]
    assert trigrams(["pan", "杯子"]) == ["^pa", "pan", "an$", "杯", "子"]
    assert is_number("1/2")
    assert not is_number("2x")


@given(st.text())
def test_any_text_has_tokens_and_terms(text: str) -> None:
    assert all(tokens(text))
    assert len(terms(text)) >= len(tokens(text))


def plain_score(documents: list[tuple[list[str], list[str]]], query: dict[str, float], k1: float) -> list[float]:
    averages = []
    for field in range(2):
        lengths = [len(document[field]) for document in documents if document[field]]
        averages.append(sum(lengths) / len(lengths) if lengths else 1.0)
    scores = []
    for document in documents:
        score = 0.0
        for term, weight in query.items():
            having = sum(term in {*first, *second} for first, second in documents)
            if not having:
                continue
            idf = math.log1p((len(documents) - having + 0.5) / (having + 0.5))
            frequency = sum(
                field.weight * Counter(words)[term] / (1 - field.b + field.b * len(words) / average)
                for field, words, average in zip(FIELDS, document, averages, strict=True)
            )
            score += weight * idf * frequency * (k1 + 1) / (frequency + k1)
        scores.append(score)
    return scores


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=12), st.dictionaries(st.sampled_from("abcxz"), st.just(1.5))
)
def test_bm25_against_its_formula(documents: list[tuple[list[str], list[str]]], query: dict[str, float]) -> None:
    builder = Bm25Builder(FIELDS)
    for document in documents:
        builder.add(*document)
    index = builder.build(0.9)
    np.testing.assert_allclose(index.score(query), plain_score(documents, query, 0.9), rtol=1e-5, atol=1e-6)
    rows = index.rows(list(query))
    for at in range(len(documents)):
        expected = [index.impact(term, at) for term in query]
        assert index.impacts(rows, at).tolist() == pytest.approx(expected)
    stored, statistics = index.arrays()
    assert Bm25(stored, statistics).score(query).tolist() == index.score(query).tolist()


def test_a_segment_scores_as_its_base_does() -> None:
    builder, more = Bm25Builder((Field(),)), Bm25Builder((Field(),))
    for words in (["red", "pan"], ["red", "lamp"], ["mouse"]):
        builder.add(words)
    base = builder.build(1.2)
    more.add(["red", "lamp"])
    assert more.build(1.2, base).score({"lamp": 1.0})[0] == base.score({"lamp": 1.0})[1]


def distance_is_at_most_one(first: str, second: str) -> bool:
    swaps = {first[:at] + first[at + 1] + first[at] + first[at + 2 :] for at in range(len(first) - 1)}
    shorter, longer = sorted((first, second), key=len)
    if len(longer) - len(shorter) == 1:
        return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
    same_length = len(longer) == len(shorter)
    return second in swaps or (same_length and sum(a != b for a, b in zip(first, second, strict=True)) <= 1)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_slip(first: str, second: str) -> None:
    assert is_one_slip(first, second) == distance_is_at_most_one(first, second)


@settings(deadline=None)
@given(
    st.dictionaries(st.text("abcd", min_size=4, max_size=7), st.integers(1, 9), max_size=30),
    st.text("abcd", max_size=7),
)
def test_the_speller_finds_every_word_one_slip_away(counts: dict[str, int], typed: str) -> None:
    speller = Speller(Speller.build(counts).arrays())
    found = {word for _, word in speller.near(typed)}
    near = {word for word in counts if word != typed and is_one_slip(word, typed)}
    assert found == (near if len(typed) >= 3 else set())
    for word in counts:
        assert word in speller


def test_a_slip_in_the_first_letter_needs_more_evidence() -> None:
    speller = Speller.build({"hammer": 10, "rammer": 100})
    assert [word for _, word in speller.near("hamer")] == ["hammer"]
    assert [word for _, word in speller.near("hzmmer")] == ["hammer"]
    assert [word for _, word in speller.near("zammer")] == ["rammer", "hammer"]
    assert speller.near("h4mmer") == []  # model codes stay as typed


def test_traditional_characters_are_read_as_simplified_ones() -> None:
    assert tokens("吹風機 煎鍋 Ω 頭髮") == ["吹风机", "煎锅", "ω", "头发"]
    assert terms("茶葉") == terms("茶叶")
