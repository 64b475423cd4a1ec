import json
from pathlib import Path

import pytest

from extractors.types import LabelledPair, LabelledText
from graphsvc.errors import LabelError
from tests.graphsvc.label_files import CLUENER, FINRE, OAMINE, SEMEVAL, marked, read, related, rows


def test_cluener_counts_the_last_character_and_may_stand_on_many_lines(tmp_path: Path) -> None:
    expected = [("浙商银行", "company"), ("叶老桂", "name")]
    one, two = read(tmp_path, json.dumps(CLUENER, indent=2) + "\n" + json.dumps(CLUENER, indent=1) + "\n")
    assert marked(one) == marked(two) == expected
    assert (one.origin, two.origin) == ("file.txt:1", f"file.txt:{json.dumps(CLUENER, indent=2).count(chr(10)) + 2}")
    assert marked(read(tmp_path, rows(CLUENER))[0]) == expected


@pytest.mark.parametrize(
    ("label", "what"),
    [
        ({"name": {"叶老": [[5, 7]]}}, "“叶老” should stand at 5 to 7, where “叶老桂” is"),
        ({"name": {"叶老桂": [[5, 8]]}}, "does not lie"),
        ({"name": {"叶老桂": [5, 7]}}, "does not lie"),
        ({"name": ["叶老桂"]}, "JSON object should stand"),
        (None, "no labels"),
    ],
)
def test_cluener_that_contradicts_itself(label: object, what: str, tmp_path: Path) -> None:
    row = {"text": CLUENER["text"], **({} if label is None else {"label": label})}
    with pytest.raises(LabelError, match=what):
        read(tmp_path, rows(CLUENER, row), "cluener")


def test_semeval_keeps_the_direction(tmp_path: Path) -> None:
    first, second = read(tmp_path, SEMEVAL.replace("\n", "\r\n"))
    assert first.text == 'The child said "no" in the cradle.'
    assert related(first) == ("child", "cradle", "Member-Collection(e2,e1)")
    assert (second.text, related(second)) == ("A ridge over the surge", ("surge", "ridge", ""))
    assert second.origin == "file.txt:5"


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ('2\t"A <e1>b</e1> c."\nOther\n', "lacks a tag"),
        ('2\t"A <e1>b</e1> <e1>c</e1> <e2>d</e2>."\nOther\n', "<e1> stands twice"),
        ('2\t"A </e1>b<e1> <e2>d</e2>."\nOther\n', "does not lie"),
        ('2\t"A <e1>b</e1> <e2>d</e2>."\n', "“” is no relation"),
        ('2\t"A <e1>b</e1> <e2>d</e2>."\nCause-Effect\n', "“Cause-Effect” is no relation"),
        ('A "<e1>b</e1> <e2>d</e2>."\nOther\n', "number and a sentence"),
    ],
)
def test_broken_blocks_of_semeval(block: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=f"file.txt:9: .*{what}"):
        read(tmp_path, SEMEVAL + block)


def test_finre_takes_the_nearest_places(tmp_path: Path) -> None:
    both = read(tmp_path, FINRE)
    assert [related(item) for item in both] == [("东方航空", "上航", "合并"), ("上航", "东方航空", "")]
    assert [item.origin for item in both] == ["file.txt:1", "file.txt:3"]
    (pair,) = read(tmp_path, "甲\t乙\t合作\t甲说甲和乙，甲\n")
    assert isinstance(pair, LabelledPair)
    assert (pair.head.start, pair.tail.start) == (2, 4)
    (nested,) = read(tmp_path, "紫光\t紫光古汉\t持股\t紫光古汉的股东是紫光\n")
    assert isinstance(nested, LabelledPair)
    assert (nested.head.start, nested.tail.start) == (8, 0)
    (only,) = read(tmp_path, "紫光\t紫光古汉\t持股\t紫光古汉的股东\n")
    assert isinstance(only, LabelledPair)
    assert (only.head.start, only.head.end, only.tail.end) == (0, 2, 4)
    (same,) = read(tmp_path, "甲\t甲\t拥有\t甲的甲\n")
    assert isinstance(same, LabelledPair)
    assert {same.head.start, same.tail.start} == {0, 2}


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("甲\t丙\t合作\t甲和乙", "“丙” does not stand in the text"),
        ("\t乙\t合作\t甲和乙", "“” does not stand"),
        ("甲\t甲\t合作\t甲和乙", "same place"),
        ("甲\t乙\t\t甲和乙", "relation is empty"),
        ("甲\t乙\t合作", "3 columns"),
    ],
)
def test_broken_rows_of_finre(row: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=f"file.txt:5: .*{what}"):
        read(tmp_path, FINRE + row + "\n", "finre")


@pytest.mark.parametrize(
    ("text", "scores", "places"),
    [
        ("Red Pan, red", {"Color": {"red": 1}, "Item": {"Pan": 1}}, [(4, 7, "Item"), (9, 12, "Color")]),
        ("Reddish Red", {"Color": {"Red": 1}}, [(8, 11, "Color")]),
        ("500mg C 500mg", {"B": {"500mg": 1}, "A": {"500mg C": 1}}, [(0, 7, "A"), (8, 13, "B")]),
        ("C-C 12 Ouncey", {"A": {"12 Ounce": 1, "C": 1}}, [(0, 1, "A"), (4, 12, "A")]),
        ("红色红锅", {"Color": {"红": 1}}, [(0, 1, "Color")]),
        ("Red Pan", {"Color": {"Red": 1}, "Item": {"Pan": 0}}, [(0, 3, "Color")]),
        ("8 8", {"A": {"8": 1}, "B": {"8": 1}}, [(0, 1, "A"), (2, 3, "B")]),
        ("8", {"A": {"8": 1}, "B": {"8": 1}}, [(0, 1, "A"), (0, 1, "B")]),
    ],
)
def test_oamine_finds_the_places_of_values(
    text: str, scores: dict[str, dict[str, int]], places: list[tuple[int, int, str]], tmp_path: Path
) -> None:
    (found,) = read(tmp_path, rows({"input": text, "target_scores": scores}))
    assert isinstance(found, LabelledText)
    assert [(m.start, m.end, m.label) for m in found.mentions] == places


def test_a_value_that_is_not_in_its_text_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"file.txt:2: “Blue” does not stand in the text"):
        read(tmp_path, rows(OAMINE, {**OAMINE, "target_scores": {"Color": {"Blue": 1}}}))
