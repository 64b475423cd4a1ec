import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.bio import may_follow, spans_of, tag, tags_for, without_overlaps
from extractors.types import Mention
from extractors.units import units_of

TAGS = tags_for(["colour", "size"])


def test_tags_come_in_one_order() -> None:
    assert tags_for(["size", "colour", "size"]) == ["O", "B-colour", "I-colour", "B-size", "I-size"] == TAGS
    assert tags_for([]) == ["O"]


@pytest.mark.parametrize(
    ("before", "now", "may"),
    [
        (None, "O", True), (None, "B-a", True), (None, "I-a", False),
        ("O", "I-a", False), ("B-a", "I-a", True), ("I-a", "I-a", True), ("B-b", "I-a", False), ("I-b", "I-a", False),
        ("I-a", "B-a", True), ("I-a", "O", True),
    ],
)  # fmt: skip
def test_which_tag_may_follow(before: str | None, now: str, may: bool) -> None:
    assert may_follow(before, now) == may


def test_tags_of_mentions() -> None:
    units = units_of("dark red 红色 XL")
    found = tag(units, [Mention(0, 8, "colour"), Mention(9, 11, "colour"), Mention(12, 14, "size")])
    assert found == ["B-colour", "I-colour", "B-colour", "I-colour", "B-size"]


def test_a_border_within_a_unit_takes_only_whole_units() -> None:
    units = units_of("dark reddish pan")
    assert tag(units, [Mention(0, 8, "colour")]) == ["B-colour", "O", "O"]
    assert tag(units, [Mention(2, 12, "colour")]) == ["O", "B-colour", "O"]
    assert tag(units, [Mention(6, 8, "colour")]) == ["O", "O", "O"]


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        (["B-a", "I-a", "O"], [(0, 1, "a")]),
        (["B-a", "B-a"], [(0, 0, "a"), (1, 1, "a")]),
        (["I-a", "I-a"], []),
        (["O", "I-a", "I-a", "B-a"], [(3, 3, "a")]),
        (["B-a", "I-b", "I-b"], [(0, 0, "a")]),
        (["B-a", "I-b", "I-a"], [(0, 0, "a")]),
        (["B-a", "O", "I-a"], [(0, 0, "a")]),
        ([], []),
    ],
)
def test_spans_of_tags(tags: list[str], spans: list[tuple[int, int, str]]) -> None:
    assert spans_of(tags) == spans


@given(st.lists(st.sampled_from(TAGS)))
def test_spans_back_into_tags(tags: list[str]) -> None:
    text = " ".join("a" * len(tags))
    units = units_of(text)
    spans = spans_of(tags)
    again = tag(units, [Mention(units[first].start, units[last].end, label) for first, last, label in spans])
    assert spans_of(again) == spans
    legal = all(may_follow(before, now) for before, now in zip([None, *tags], tags, strict=False))
    assert (again == tags) == legal


def test_of_overlapping_mentions_the_surer_then_the_longer_then_the_left_one_stays() -> None:
    sure, long, short = Mention(4, 6, "a", 0.9), Mention(0, 5, "b", 0.8), Mention(1, 3, "c", 0.8)
    assert without_overlaps([short, long, sure]) == [short, sure]
    assert without_overlaps([short, long]) == [long]
    left, right = Mention(0, 2, "a"), Mention(1, 3, "a")
    assert without_overlaps([right, left]) == [left]
    assert without_overlaps([Mention(2, 4, "a"), left]) == [left, Mention(2, 4, "a")]


mentions = st.builds(
    lambda start, length, label, sure: Mention(start, start + length, label, sure),
    st.integers(0, 20), st.integers(1, 6), st.sampled_from("ab"), st.sampled_from([0.3, 0.5, 0.9]),
)  # fmt: skip


@given(st.lists(mentions))
def test_what_stays_does_not_overlap_and_what_goes_overlaps(given_mentions: list[Mention]) -> None:
    kept = without_overlaps(given_mentions)
    assert all(one.end <= other.start for one, other in zip(kept, kept[1:], strict=False))
    for mention in given_mentions:
        assert mention in kept or any(
            one.start < mention.end and mention.start < one.end and one.confidence >= mention.confidence for one in kept
        )
