import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.units import encodable, is_han, units_of


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("red pan", ["red", "pan"]),
        ("红色pan", ["红", "色", "pan"]),
        ("don't", ["don't"]),
        ("don’t '80s'", ["don’t", "'", "80", "s", "'"]),
        ("3.5kg", ["3.5", "kg"]),
        ("iso9001", ["iso", "9001"]),
        ("12.5.3", ["12", ".", "5.3"]),
        ("192.168.100.12", ["192", ".", "168", ".", "100.12"]),
        ("ＡＢ１２", ["ＡＢ", "１２"]),
        ("a_b", ["a", "_", "b"]),
        ("👍🏽", ["👍", "🏽"]),
        ("Größe", ["Größe"]),
        ("，、", ["，", "、"]),
        (" \u3000\n", []),
        ("", []),
    ],
)
def test_units(text: str, units: list[str]) -> None:
    assert [unit.text for unit in units_of(text)] == units


@given(st.text())
def test_units_cover_all_but_white_space_once_and_in_order(text: str) -> None:
    at = 0
    for unit in units_of(text):
        assert text[unit.start : unit.end] == unit.text != ""
        assert not text[at : unit.start].strip()
        assert unit.joined == (unit.start == at and at > 0)
        at = unit.end
    assert not text[at:].strip()


@given(st.text(alphabet="0123456789."))
def test_a_number_is_never_cut_between_digits(text: str) -> None:
    for unit in units_of(text):
        if unit.text[-1].isdigit():
            assert not text[unit.end : unit.end + 1].isdigit()


def test_very_long_numbers_take_no_quadratic_time() -> None:
    assert len(units_of("1" * 200_000 + ".1.1")) == 3


@pytest.mark.parametrize(("unit", "han"), [("红", True), ("豈", True), ("红色", False), ("a", False), ("，", False)])
def test_chinese_characters(unit: str, han: bool) -> None:
    assert is_han(unit) == han


def test_halves_of_surrogate_pairs_are_replaced_and_offsets_stay() -> None:
    assert [(unit.text, unit.start) for unit in units_of("\ud83d red")] == [("\ufffd", 0), ("red", 2)]
    assert encodable("红\udc00a").encode("utf-8")
    assert encodable("👍红a") == "👍红a"
