import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.crf_features import EDGE, Sentence, fold, shape
from extractors.units import units_of


def sentence(text: str, context: str = "") -> Sentence:
    return Sentence(text, units_of(text), context)


@pytest.mark.parametrize(
    ("unit", "looks"),
    [
        ("红", "H"), ("2024", "D4"), ("20240", "D4"), ("3.5", "D3."), ("red", "l3"), ("Red", "T3"), ("RED", "U3"),
        ("A", "U1"), ("Unbelievable", "T4"), ("don't", "don't"), (",", ","), ("👍", "👍"), ("１２", "D2"),
        ("ＡＢ", "U2"),
    ],
)  # fmt: skip
def test_shapes(unit: str, looks: str) -> None:
    assert shape(unit) == looks


@pytest.mark.parametrize(("text", "folded"), [("ＲＥＤ", "red"), ("Straße", "strasse"), ("㎏", "kg"), ("红", "红")])
def test_one_form_for_widths_and_cases(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_units_know_their_word_and_their_place_in_it() -> None:
    made = sentence("红色连衣裙 red")
    assert made.words == ["红色", "红色", "连衣裙", "连衣裙", "连衣裙", "red"]
    assert made.places == ["B", "E", "B", "M", "E", "S"]
    assert [made.word_borders(at) for at in range(6)] == [(0, 1), (0, 1), (2, 4), (2, 4), (2, 4), (5, 5)]


def test_units_know_what_part_of_speech_their_word_is() -> None:
    made = sentence("北京红色 red")
    assert made.parts_of_speech == ["ns", "ns", "n", "n", "eng"]
    first, last = (set(row) for row in (made.features({0})[0], made.features()[3]))
    assert {"t=nsB", "t-1=" + EDGE, "t+1=n"} <= first
    assert {"t=nE", "t-1=ns", "t+1=eng"} <= last


def test_what_is_seen_of_a_unit() -> None:
    seen = sentence("big RED pan 9")
    features = seen.features()
    assert {"0=red", "-1=big", "+1=pan", "+2=9", "-2=" + EDGE, "s=U3", "x=red", "j=False"} <= set(features[1])
    assert {"-1=" + EDGE, "s=l3"} <= set(features[0])
    assert {"+1=" + EDGE, "s=D1"} <= set(features[3])
    assert [len(set(row)) for row in features] == [len(row) for row in features]


def test_what_is_forgotten_is_named_nowhere() -> None:
    whole, forgotten = sentence("big red pan").features(), sentence("big red pan").features({1})
    assert any("red" in feature for row in whole for feature in row)
    assert not any("red" in feature for feature in forgotten[1])
    assert "+1=?" in forgotten[0]
    assert "-1=?" in forgotten[2]
    assert "0=big" in forgotten[0]
    assert "s=l3" in forgotten[1]


def test_a_context_stands_beside_every_unit() -> None:
    for row in sentence("red pan", "paint").features({1}):
        assert any(feature.startswith("c=paint|") for feature in row)
    assert not any(feature.startswith("c=") for row in sentence("red pan").features() for feature in row)


@given(st.text(max_size=40) | st.text(alphabet="红色连衣裙 ab12.，👍", max_size=40))
def test_any_text_has_features_for_each_unit(text: str) -> None:
    made = sentence(text)
    rows = made.features()
    assert len(rows) == len(made.units)
    for at in range(len(rows)):
        first, last = made.word_borders(at)
        assert 0 <= first <= at <= last < len(rows)
    assert all(row for row in made.features(set(range(len(rows)))))
