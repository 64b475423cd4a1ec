import pytest

from extractors.phrases import Phrase
from extractors.values import is_same, phrases_in, plain


@pytest.mark.parametrize(
    ("value", "phrases"),
    [
        ("Black", [("black",)]),
        ("Black, Silver", [("black",), ("silver",)]),
        ("Navy Blue/White; Red | Pink", [("navy", "blue"), ("white",), ("red",), ("pink",)]),
        ("红色、蓝色；绿色，黄色", [("红色",), ("蓝色",), ("绿色",), ("黄色",)]),
        ("RJ-45", [("rj", "-", "45")]),
        ("ＲＥＤ", [("red",)]),
        ("100", []),
        ("12.5", []),
        ("This is a whole sentence", []),
        ("", []),
        (", ,", []),
    ],
)
def test_phrases_in_a_value(value: str, phrases: list[Phrase]) -> None:
    assert list(phrases_in(value)) == phrases


def test_longer_values_where_they_are_asked_for() -> None:
    assert list(phrases_in("USB Type-A", 8)) == [("usb", "type", "-", "a")]
    assert list(phrases_in("USB Type-A")) == []


def test_spellings_and_signs_have_one_form() -> None:
    assert plain(("rj", "-", "45")) == plain(("rj45",)) == "rj45"
    assert plain(("gray",)) == plain(("grey",)) == "grey"
    assert plain(("carbon", "fiber")) == "carbonfibre"
    assert plain(("红色",)) == "红色"


@pytest.mark.parametrize(
    ("found", "held", "same"),
    [
        (("rj45",), ("rj", "-", "45"), True),
        (("navy",), ("navy", "blue"), True),
        (("blue", "navy"), ("navy", "blue"), True),
        (("gray",), ("dark", "grey"), True),
        (("navy", "blue"), ("navy",), False),
        (("red",), ("blue",), False),
        (("red",), ("redwood",), False),
    ],
)
def test_a_phrase_is_a_value_or_a_fragment_of_it(found: Phrase, held: Phrase, same: bool) -> None:
    assert is_same(found, held) == same
