import json
from dataclasses import asdict
from hashlib import sha1

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.types import LabelledPair, LabelledText, Mention
from graphsvc.errors import LabelError
from graphsvc.labels import Part, card_of, leak, read_labels, unseen
from graphsvc.labels.card import Lengths, conflicting, lengths_of
from graphsvc.labels.items import Item
from graphsvc.labels.leaks import Leak, fold
from graphsvc.labels.split import is_test, split
from tests.graphsvc.label_files import real, texts

X, Y = Mention(0, 1, "X"), Mention(1, 2, "Y")


def test_a_card_counts_what_is_there() -> None:
    train: list[Item] = [
        LabelledText("ab", (X, Y)),
        LabelledText("ab", (X,)),
        LabelledText("abcd"),
        LabelledPair("ab", X, Y, "r"),
        LabelledPair("ab", X, Y, "r"),
        LabelledPair("ab", Y, X, ""),
    ]
    dev: list[Item] = [LabelledText("ab", (X, Y))]
    card = card_of("set", [Part("dev", tuple(dev)), Part("train", tuple(train), "f.txt", "own", 3, "MIT", "here")])
    assert list(card.parts) == ["train", "dev"]
    found = card.parts["train"]
    assert (found.items, found.texts, found.mentions, found.pairs, found.unlabelled) == (6, 2, 3, 3, 1)
    assert (found.repeated, found.conflicting, found.unreadable) == (2, 1, 3)
    assert found.lengths == Lengths(2, 3, 4, 4)
    assert (found.labels, found.relations) == ({"X": 2, "Y": 1}, {"r": 2, "(none)": 1})
    assert card.leaks == [Leak("train", "dev", 1, 1, 1)]
    table = {row[0]: row[1:] for row in card.rows()}
    assert table["items"] == ("6", "1")
    assert table["label X"] == ("2", "1")
    assert table["relation r"] == ("2", "0")
    assert table["licence"] == ("MIT", "not stated")
    assert table["lengths: min, median, p95, max"] == ("2, 3, 4, 4", "2, 2, 2, 2")
    assert json.loads(json.dumps(asdict(card)))["parts"]["train"]["labels"] == {"X": 2, "Y": 1}


def test_conflicts_are_found_between_parts_too() -> None:
    one, other = LabelledText("ab", (X,)), LabelledText("ab", (Y,))
    card = card_of("set", [Part("train", (one,)), Part("test", (other,))])
    assert (card.parts["train"].conflicting, card.conflicting) == (0, 1)


def test_what_conflicts_and_what_does_not() -> None:
    assert conflicting([LabelledText("ab", (X, Y)), LabelledText("ab", (Y, X))]) == set()
    assert conflicting([LabelledText("ab", (X,)), LabelledText("ab", (Mention(0, 1, "X", 0.5),))]) == set()
    assert conflicting([LabelledPair("ab", X, Y, "r"), LabelledPair("ab", Y, X, "s")]) == set()
    assert conflicting([LabelledPair("ab", X, Y, "r"), LabelledPair("ab", X, Y, "")]) == {"ab"}
    assert conflicting([LabelledPair("ab", X, Y, "r"), LabelledText("ab", (X,))]) == set()


def test_lengths() -> None:
    assert lengths_of("a" * n for n in range(1, 101)) == Lengths(1, 50.5, 95, 100)
    assert lengths_of([]) == Lengths(0, 0, 0, 0)


def test_leaks_word_for_word_and_folded() -> None:
    train, test = texts("Red Pan", "cup"), texts("Red Pan", "ＲＥＤ　pan", "lamp", "Cup ", "Red Pan")
    assert leak("train", train, "test", test) == Leak("train", "test", 5, 2, 4)
    assert leak("train", train, "test", test).unseen == 1
    assert [item.text for item in unseen(train, test)] == ["lamp"]
    assert leak("train", [], "test", test) == Leak("train", "test", 5, 0, 0)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_three_parts_are_compared_pair_by_pair() -> None:
    card = card_of("set", [Part(name, tuple(texts("a"))) for name in ("dev", "train", "test")])
    assert [(one.seen, one.judged) for one in card.leaks] == [("train", "dev"), ("train", "test"), ("dev", "test")]


@given(st.lists(st.text(min_size=1), max_size=30), st.integers(1, 99))
def test_a_split_loses_nothing_and_parts_no_equal_texts(values: list[str], percent: int) -> None:
    items = texts(*values, *values)
    parts = split(items, percent)
    assert sorted(item.text for part in parts.values() for item in part) == sorted(item.text for item in items)
    assert not {item.text for item in parts["train"]} & {item.text for item in parts["test"]}
    for item in items:
        expected = int(sha1(item.text.encode()).hexdigest(), 16) % 100 < percent
        assert is_test(item.text, percent) == expected == (item in parts["test"])


def test_a_split_has_about_the_share_that_was_asked_for() -> None:
    parts = split(texts(*(f"text {number}" for number in range(5_000))))
    assert 900 < len(parts["test"]) < 1_100
    for percent in (0, 100, -5):
        with pytest.raises(LabelError, match="is no part"):
            split([], percent)


def test_the_real_leak_between_train_and_dev() -> None:
    train, dev = (read_labels(real(f"mentions/taobao/{part}.txt")).items for part in ("train", "dev"))
    card = card_of("taobao", [Part("train", train), Part("dev", dev)])
    assert [(one.items, one.exact) for one in card.leaks] == [(998, 461)]
    assert len(unseen(train, dev)) == card.leaks[0].unseen == 998 - card.leaks[0].folded
