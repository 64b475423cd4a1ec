from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.errors import DamagedModel
from extractors.pieces import LONGEST_CONTEXT, LONGEST_UNIT, NO_COVER, PieceReader, PieceText, windows
from tests.extractors.tiny_models import reader, tokenizer

READER = reader()
ID = tokenizer().token_to_id
words = st.sampled_from(["red", "红色", "红", "毛衣", "xyz", "reddish", "3.5", "☃", "q" * 9, "unbelievably", "?"])
texts = st.lists(words, max_size=60).map(" ".join)


def test_characters_stand_beside_the_pieces_that_cover_them() -> None:
    read = READER.read("红色裙 red?")
    assert [unit.text for unit in read.units] == ["红", "色", "裙", "red", "?"]
    assert read.ids == [0, ID("红"), ID("色"), ID("裙"), ID("▁red"), ID("▁"), ID("?"), 2]
    assert read.covers == [NO_COVER, ID("红色"), ID("红色"), *[NO_COVER] * 5]
    assert read.heads == [1, 2, 3, 4, 5]


def test_the_first_piece_of_a_unit_speaks_for_it() -> None:
    read = READER.read("xyz pan")
    assert read.ids == [0, ID("▁"), ID("x"), ID("y"), ID("z"), ID("▁pan"), 2]
    assert read.heads == [1, 5]


def test_a_context_comes_first_and_is_cut() -> None:
    plain, read = READER.read("红色"), READER.read("红色", "lamp")
    assert read.ids == [0, ID("▁lamp"), 2, *plain.ids[1:]]
    assert read.covers == [NO_COVER] * 3 + [*plain.covers[1:]]
    assert read.heads == [3, 4]
    assert READER.read("红色", "lamp " * 100).heads == [LONGEST_CONTEXT + 2, LONGEST_CONTEXT + 3]


@pytest.mark.parametrize("text", ["", " \n", "\u3000"])
def test_a_text_without_units(text: str) -> None:
    assert READER.read(text) == PieceText([], [0, 2], [NO_COVER, NO_COVER], [])
    assert READER.read(text, "lamp").heads == []


def test_a_unit_of_very_many_pieces_is_cut() -> None:
    read = READER.read("x" * 5_000 + " red")
    assert read.heads == [1, 1 + LONGEST_UNIT]
    assert read.ids[-2:] == [ID("▁red"), 2]


def test_the_piece_of_a_sign() -> None:
    assert READER.piece_of("@") == ID("@")
    assert READER.piece_of("红") == ID("红")


@given(texts, st.sampled_from(["", "lamp", "毛衣 lamp"]))
def test_a_text_read_is_whole(text: str, context: str) -> None:
    read = READER.read(text, context)
    assert len(read.ids) == len(read.covers)
    assert len(read.heads) == len(read.units)
    assert list(read.heads) == sorted(set(read.heads))
    assert (read.ids[0], read.ids[-1]) == (0, 2)


def spoken(text: str, context: str, longest: int) -> list[tuple[int, int]]:
    """(start of a unit, its head's piece) as the windows of a text speak for them; each window is checked."""
    read = READER.read(text, context)
    opening = list(read.ids[: read.heads[0]]) if read.heads else []
    found = []
    for part, begin, end in windows(read, longest):
        assert len(part.ids) == len(part.covers)
        assert len(part.ids) <= max(longest, len(opening) + 2) or not read.heads
        assert list(part.ids[: len(opening)]) == opening
        assert part.ids[-1] == 2
        assert len(part.heads) == len(part.units)
        assert 0 <= begin <= end <= len(part.units)
        found += [(unit.start, part.ids[head]) for unit, head in zip(part.units, part.heads, strict=True)][begin:end]
    return found


@settings(max_examples=300, deadline=None)
@given(texts, st.sampled_from(["", "lamp", "毛衣 lamp for rug"]), st.integers(3, 60))
def test_every_unit_is_spoken_for_once_and_in_order(text: str, context: str, longest: int) -> None:
    read = READER.read(text, context)
    whole = [(unit.start, read.ids[head]) for unit, head in zip(read.units, read.heads, strict=True)]
    assert spoken(text, context, longest) == whole


def test_a_very_long_text_has_about_as_many_windows_as_it_needs() -> None:
    text = "红色毛衣 red pan xyz " * 3_000
    read = READER.read(text)
    parts = list(windows(read, 256))
    assert len(spoken(text, "", 256)) == len(read.units)
    assert len(parts) < 3 * len(read.ids) / 256


def test_what_fits_is_one_window() -> None:
    read = READER.read("red pan")
    assert list(windows(read, len(read.ids))) == [(read, 0, 2)]
    assert len(list(windows(read, len(read.ids) - 1))) == 2
    empty = READER.read("")
    assert list(windows(empty, 3)) == [(empty, 0, 0)]


def test_a_window_shows_what_stands_around_the_units_that_it_speaks_for() -> None:
    read = READER.read("red " * 1_000)
    for part, begin, end in list(windows(read, 100))[1:-1]:
        assert begin >= 20
        assert len(part.units) - end >= 20


def test_what_is_no_tokenizer(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    with pytest.raises(DamagedModel, match="cannot be opened"):
        PieceReader.open(file, 0, 2)
    file.write_text("{}")
    with pytest.raises(DamagedModel, match="cannot be opened"):
        PieceReader.open(file, 0, 2)
    tokenizer().save(str(file))
    assert PieceReader.open(file, 0, 2).read("红色 red") == READER.read("红色 red")
