import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.crf_features import fold
from extractors.words import Word, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Nordholm 红色pan", ["nordholm", "红色", "pan"]),
        ("青色连衣裙", ["青色", "连衣裙"]),
        ("红 色", ["红", "色"]),
        ("ＲＥＤ ㎏ 5㎏", ["red", "kg", "5", "kg"]),
        ("don't RJ-45", ["don't", "rj", "-", "45"]),
        ("👍，", ["👍", ","]),
        ("\ud83d red", ["\ufffd", "red"]),
        ("", []),
        (" \n", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [word.text for word in words_of(text)] == words


def test_offsets_are_those_of_the_original() -> None:
    assert words_of("ＲＥＤ 红色裙子") == [Word("red", 0, 3), Word("红色", 4, 6), Word("裙子", 6, 8)]


@given(st.text(max_size=40) | st.text(alphabet="红色连衣裙青 abＡ12.，", max_size=40))
def test_words_cover_all_but_white_space_once_and_in_order(text: str) -> None:
    at = 0
    for word in words_of(text):
        assert not text[at : word.start].strip()
        assert word.start < word.end
        assert word.text == fold(text[word.start : word.end]) != ""
        at = word.end
    assert not text[at:].strip()
