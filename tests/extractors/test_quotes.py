import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.quotes import find_quote


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("red", "covered, red", "red"),
        ("red", "covered, RED", "RED"),
        ("red", "covered", None),
        ("真丝", "云栖真丝连衣裙", "真丝"),
        ("28 cm", "pan 28\u00a0\n cm", "28\u00a0\n cm"),
        ("28 cm", "pan 28cm", None),
        ("8 cm", "pan 28 cm", None),
        ("1.5", "11.5 and 1.5", "1.5"),
        ("red", "ＲＥＤ pan", "ＲＥＤ"),
        ("5 kg", "5 ㎏ bag", "5 ㎏"),
        ("5 k", "5 ㎏ bag", None),
        ("straße", "STRASSE 1", "STRASSE"),
        ("STRASSE", "Hauptstr. Straße", "Straße"),
        ("café", "Cafe\u0301 au lait", "Cafe\u0301"),
        ("cafe", "Café", None),
        (" red ", "a red pan", "red"),
        ("", "a", None),
        ("  ", "a  b", None),
        ("a", "", None),
        ("coca-cola", "Coca-Cola Zero", "Coca-Cola"),
    ],
)
def test_quotes(quote: str, text: str, found: str | None) -> None:
    place = find_quote(quote, text)
    assert (None if place is None else text[slice(*place)]) == found


@given(st.text(max_size=12), st.text(max_size=12))
def test_what_stands_between_spaces_is_found_and_a_found_place_holds_it(before: str, quote: str) -> None:
    text = f"{before} {quote} ."
    place = find_quote(quote, text)
    assert (place is None) == (not quote.strip())
    if place is not None:
        assert find_quote(quote, text[slice(*place)]) == (0, place[1] - place[0])
