import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.types import LabelledPair, LabelledText, Mention
from graphsvc.errors import LabelError, StorageError
from graphsvc.labels import WRITERS, guess_format, read_labels, write_labels
from graphsvc.labels.items import Item
from tests.graphsvc.label_files import without_origin

LABELS = st.sampled_from(["X", "Shoe type", "颜色", "a-b"])
# No mark of byte order: at the beginning of a file it is none of the text.
CHARACTERS = st.one_of(
    st.sampled_from("a 红\u3000🔥é́\t\u2028,O-"), st.characters(codec="utf-8", exclude_characters="\ufeff")
)
TEXTS = st.text(CHARACTERS, min_size=1, max_size=12)


@st.composite
def lessons(draw: st.DrawFn, apart: bool = False) -> LabelledText:
    text = draw(TEXTS)
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    if apart:
        ends = list(zip(edges[::2], edges[1::2], strict=False))
    else:
        ends = [(start, end) for start in edges for end in edges if start < end][:3]
    said = [(start, end) for start, end in ends if text[start:end].strip()]
    return LabelledText(text, tuple(Mention(start, end, draw(LABELS)) for start, end in said))


@st.composite
def pairs(draw: st.DrawFn) -> LabelledPair:
    text = draw(TEXTS.filter(str.strip))
    last = len(text.rstrip()) - 1  # a mention is more than white space
    head, tail = (Mention(draw(st.integers(0, last)), len(text), draw(LABELS)) for _ in range(2))
    return LabelledPair(text, head, tail, draw(st.sampled_from(["", "made_by"])))


@st.composite
def documents(draw: st.DrawFn) -> list[Item]:
    """A text with relations between what it mentions."""
    text = draw(lessons())
    ends = [(head, tail) for head in text.mentions for tail in text.mentions]
    chosen = draw(st.lists(st.sampled_from(ends), max_size=3)) if ends else []
    return [text, *(LabelledPair(text.text, head, tail, draw(st.sampled_from(["", "r"]))) for head, tail in chosen)]


ITEMS = st.lists(st.one_of(documents(), pairs().map(lambda pair: [pair])), min_size=1, max_size=4).map(
    lambda found: [item for items in found for item in items]
)


def again(items: Sequence[Item], format: str) -> list[Item]:
    """Items that were written and read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write_labels(items, path, format)
        assert guess_format(path) == format
        return list(read_labels(path, format).items)


@pytest.mark.parametrize("format", [name for name in WRITERS if name != "bio"])
@given(items=ITEMS)
def test_what_is_written_is_read_again(format: str, items: list[Item]) -> None:
    assert without_origin(again(items, format)) == items


@given(items=st.lists(lessons(apart=True), min_size=1, max_size=4))
def test_columns_are_read_again(items: list[LabelledText]) -> None:
    kept = [item for item in items if not {"\n", "\r"} & set(item.text)] or [LabelledText("a")]
    assert without_origin(again(kept, "bio")) == kept


def test_our_own_format_leaves_nothing_out() -> None:
    items: list[Item] = [
        LabelledText("red pan", (Mention(0, 3, "X", 0.25),), "train.txt:7"),
        LabelledPair("Bix", Mention(0, 1, "A", 0.5), Mention(1, 3, "B"), "r", "other.txt"),
    ]
    assert again(items, "own") == items


def test_spans_keep_how_sure_they_are() -> None:
    (found,) = again([LabelledText("red", (Mention(0, 3, "X", 0.25),))], "jsonl")
    assert isinstance(found, LabelledText)
    assert found.mentions[0].confidence == 0.25


def test_label_studio_gets_utf16_units(tmp_path: Path) -> None:
    write_labels([LabelledText("🔥red", (Mention(1, 4, "X"),))], tmp_path / "a.json", "labelstudio")
    (task,) = json.loads((tmp_path / "a.json").read_text("utf-8"))
    value = task["annotations"][0]["result"][0]["value"]
    assert value == {"start": 2, "end": 5, "text": "red", "labels": ["X"]}


@pytest.mark.parametrize(
    ("item", "what"),
    [
        (LabelledPair("ab", Mention(0, 1, "X"), Mention(1, 2, "X"), "r", "f:1"), "f:1: columns of tags hold no relat"),
        (LabelledText("abc", (Mention(0, 2, "X"), Mention(1, 3, "X")), "f:1"), "f:1: mentions overlap"),
        (LabelledText("a\nb", (), "f:1"), "f:1: columns of tags hold no line break"),
        (LabelledText("ab", (Mention(0, 1, "X\tY"),), "f:1"), "cannot be a tag"),
    ],
)
def test_columns_refuse_what_they_cannot_say(item: Item, what: str, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=what):
        write_labels([LabelledText("fine"), item], tmp_path / "out.txt", "bio")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("mine", "utf-8")
    with pytest.raises(LabelError, match="there already"):
        write_labels([LabelledText("a")], path)
    assert path.read_text("utf-8") == "mine"
    with pytest.raises(LabelError, match="as 'cluener'"):
        write_labels([LabelledText("a")], tmp_path / "b", "cluener")
    with pytest.raises(StorageError, match="cannot be written"):
        write_labels([LabelledText("a")], path / "below")
