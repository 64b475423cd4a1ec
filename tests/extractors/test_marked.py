import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.marked import AROUND, FRAME, LONGEST, mark
from extractors.pieces import NO_COVER
from extractors.types import Mention
from tests.extractors.tiny_models import reader, signs, tokenizer

READER = reader()
AT, HASH = signs()
ID = tokenizer().token_to_id
NAMES = {number: piece for piece, number in tokenizer().get_vocab().items()}


def marked(text: str, head: tuple[int, int], tail: tuple[int, int]) -> str:
    """A marked text as its pieces, after checks that hold for each."""
    made = mark(READER, text, Mention(*head, "a"), Mention(*tail, "b"))
    assert len(made.ids) == len(made.covers) == len(made.heads) == len(made.tails) <= LONGEST
    assert [made.ids[at] for at in made.markers] == [AT, HASH]
    assert (made.ids[0], made.ids[-1]) == (0, 2)
    for place, own in zip(made.markers, (made.heads, made.tails), strict=True):
        assert own[place] == 0
        assert sum(own) > 0
        assert own.index(1) > place
        assert not any(own[:place])
    return " ".join(NAMES[piece] for piece in made.ids[1:-1])


def test_markers_stand_around_both_mentions() -> None:
    assert marked("red pan for 毛衣", (0, 3), (12, 14)) == "@ ▁red @ ▁pan ▁for # 毛 衣 #"
    assert marked("red pan for 毛衣", (12, 14), (0, 3)) == "# ▁red # ▁pan ▁for @ 毛 衣 @"


def test_head_and_tail_are_flagged_and_characters_stay_covered() -> None:
    made = mark(READER, "红色 xyz pan", Mention(0, 2, "a"), Mention(3, 6, "b"))
    own = {"head": made.heads, "tail": made.tails}
    assert [NAMES[piece] for piece, flag in zip(made.ids, own["head"], strict=True) if flag] == ["红", "色"]
    assert [NAMES[piece] for piece, flag in zip(made.ids, own["tail"], strict=True) if flag] == ["▁", "x", "y", "z"]
    covers = {NAMES[piece]: cover for piece, cover in zip(made.ids, made.covers, strict=True)}
    assert covers["红"] == covers["色"] == ID("红色")
    assert covers["@"] == covers["#"] == covers["▁pan"] == NO_COVER


@pytest.mark.parametrize(
    ("head", "tail", "pieces"),
    [
        ((0, 7), (4, 7), "@ ▁red # ▁pan @ #"),  # the tail ends the head
        ((0, 7), (0, 3), "@ # ▁red # ▁pan @"),  # the tail begins the head
        ((0, 3), (0, 3), "@ # ▁red @ # ▁pan"),  # both are one
        ((0, 7), (0, 7), "@ # ▁red ▁pan @ #"),
        ((4, 7), (0, 3), "# ▁red # @ ▁pan @"),  # neighbours
    ],
)
def test_overlapping_and_equal_mentions(head: tuple[int, int], tail: tuple[int, int], pieces: str) -> None:
    assert marked("red pan", head, tail) == pieces


def test_a_mention_that_cuts_a_word_takes_the_whole_word() -> None:
    assert marked("red pan lamp", (1, 2), (6, 9)) == "@ ▁red @ # ▁pan ▁lamp #"


@pytest.mark.parametrize("head", [(3, 4), (7, 7), (20, 30)])
def test_a_mention_of_nothing(head: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="nothing stands from"):
        mark(READER, "red pan", Mention(*head, "a"), Mention(0, 3, "b"))


def test_only_what_stands_around_is_read() -> None:
    text = "pan " * 100 + "red lamp " + "for " * 100
    said = marked(text, (400, 403), (404, 408)).split()
    assert said == ["▁pan"] * AROUND + ["@", "▁red", "@", "#", "▁lamp", "#"] + ["▁for"] * AROUND


def test_of_mentions_far_apart_what_stands_between_is_left_out() -> None:
    text = "red " + "pan " * 500 + "blue"
    said = marked(text, (0, 3), (len(text) - 4, len(text)))
    assert said.startswith("@ ▁red @ ▁pan")
    assert said.endswith("▁pan # ▁blue #")
    assert 60 <= said.count("▁pan") <= 70


def test_of_words_of_many_pieces_the_nearest_are_read() -> None:
    text = "red " + "unbelievable " * 60 + "blue"
    said = marked(text, (0, 3), (len(text) - 4, len(text)))
    assert said.startswith("@ ▁red @ ▁ u n")
    assert said.endswith("l e # ▁blue #")


def test_a_mention_longer_than_a_model_reads() -> None:
    text = "pan " * 600 + "blue"
    said = marked(text, (0, 2_399), (2_400, 2_404))
    assert said.startswith("@ ▁pan")
    assert said.endswith("# ▁blue #")
    assert len(said.split()) <= LONGEST - 2
    assert marked("q" * 3_000 + " " + "z" * 3_000, (0, 3_000), (3_001, 6_001)).count("#") == 2


def test_what_fits_is_read_whole() -> None:
    room = LONGEST - FRAME
    text = "红" * (room // 2 - 5)
    assert marked(text, (0, 1), (len(text) - 1, len(text))).count("红") == len(text)


words = st.sampled_from(["red", "红色", "pan", "xyz", "unbelievable", "☃", "q" * 70])


@settings(max_examples=100, deadline=None)
@given(st.lists(words, min_size=1, max_size=200), st.data())
def test_any_two_mentions(parts: list[str], data: st.DataObject) -> None:
    text = " ".join(parts)
    spans = []
    for _ in range(2):
        first = data.draw(st.integers(0, len(parts) - 1))
        last = data.draw(st.integers(first, min(len(parts) - 1, first + 50)))
        start = sum(len(part) + 1 for part in parts[:first])
        spans.append((start, start + len(" ".join(parts[first : last + 1]))))
    marked(text, spans[0], spans[1])
