import json
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from extractors.types import LabelledText, Mention
from graphsvc.errors import LabelError, SourceError
from graphsvc.labels import READERS, guess_format, read_labels
from tests.graphsvc.label_files import BIO, CLUENER, FINRE, OAMINE, SEMEVAL, marked, read, real, related, rows, write

JSONL = {"text": "red pan", "spans": [{"start": 0, "end": 3, "label": "COLOR"}]}
OWN = {"text": "red pan", "mentions": [{"start": 0, "end": 3, "label": "COLOR", "confidence": 0.5}], "origin": "a:7"}


def region(start: int, end: int, text: str | None, *labels: str, id: str = "a") -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": list(labels), **({} if text is None else {"text": text})}
    return {"id": id, "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def task(text: str, *results: dict[str, Any]) -> dict[str, Any]:
    return {"id": 1, "data": {"text": text}, "annotations": [{"was_cancelled": False, "result": list(results)}]}


TASK = task("🔥red pan", region(2, 5, "red", "COLOR"))
EXAMPLES = {
    "bio": BIO,
    "jsonl": rows(JSONL),
    "cluener": rows(CLUENER),
    "semeval": SEMEVAL,
    "finre": FINRE,
    "oamine": rows(OAMINE),
    "labelstudio": json.dumps([TASK]),
    "own": rows(OWN),
}


@pytest.mark.parametrize("format", READERS)
def test_every_format_is_guessed_and_says_where_its_items_stand(format: str, tmp_path: Path) -> None:
    path = write(tmp_path / "deep" / "labels.gz", EXAMPLES[format])
    assert guess_format(path) == format
    found = read_labels(path)
    assert (found.file, found.format, found.problems) == ("labels.gz", format, ())
    assert callable(resolve_name(READERS[format]))
    first = found.items[0]
    assert first.origin == ("a:7" if format == "own" else "labels.gz:1")
    spans = first.mentions if isinstance(first, LabelledText) else (first.head, first.tail)
    assert spans
    assert all(0 <= span.start < span.end <= len(first.text) for span in spans)


@pytest.mark.parametrize("content", ["", "a b c\n", "{}", "[1, 2]", "no labels here\n"])
def test_a_file_that_looks_like_no_format_says_so(content: str, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="looks like no format") as caught:
        guess_format(write(tmp_path / "file.txt", content))
    assert "--format" in caught.value.next_step


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file missing"):
        read_labels(tmp_path / "missing")
    (tmp_path / "gbk.txt").write_bytes(b"a O\n" + "红".encode("gbk") + b" O\n")
    with pytest.raises(LabelError, match=r"gbk.txt:2: this is not UTF-8") as caught:
        read_labels(tmp_path / "gbk.txt")
    assert "iconv" in caught.value.next_step
    with pytest.raises(LabelError, match="no format 'xml'"):
        read_labels(write(tmp_path / "a.txt", BIO), "xml")
    with pytest.raises(LabelError, match="holds no labels"):
        read_labels(write(tmp_path / "a.txt", "\n"), "bio")


def test_a_byte_order_mark_is_no_token(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff红 B-X\n")[0].text == "红"


# ---- columns


def test_bio_with_crlf_and_a_wide_space(tmp_path: Path) -> None:
    first, second = read(tmp_path, "红 B-C\r\n\u3000 I-C\r\n色 I-C\r\n\r\n  B-X\r\n锅 I-X\r\n")
    assert (first.text, marked(first), first.origin) == ("红\u3000色", [("红\u3000色", "C")], "file.txt:1")
    assert (second.text, marked(second), second.origin) == (" 锅", [(" 锅", "X")], "file.txt:5")


def test_words_are_joined_by_spaces_and_documents_have_no_text(tmp_path: Path) -> None:
    content = (
        "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\na DT B-NP O\n, , O O\nGerman JJ I-NP B-MISC\n"
    )
    (found,) = read(tmp_path, content)
    assert (found.text, marked(found)) == ("EU rejects a , German", [("EU", "ORG"), ("German", "MISC")])
    assert found.origin == "file.txt:3"


def test_chinese_between_words_stays_together(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "苹 B-B\n果 I-B\niPhone B-P\n手 O\n机 O\n")
    assert (found.text, marked(found)) == ("苹果 iPhone 手机", [("苹果", "B"), ("iPhone", "P")])


def test_a_character_of_several_code_points_is_no_word(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "红 B-C\n❤️ O\n锅 B-I\n")
    assert (found.text, marked(found)) == ("红❤️锅", [("红", "C"), ("锅", "I")])


def test_tabs_part_columns_and_labels_may_hold_spaces(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "red\tJJ\tB-Shoe type\npan\tNN\tI-Shoe type\n \tO\n\t\tO\n\t O\n")
    assert (found.text, marked(found)) == ("red pan   \t \t", [("red pan", "Shoe type")])


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-X I-X O", [("ab", "X")]),
        ("I-X I-X O", [("ab", "X")]),  # IOB1
        ("I-X B-X I-X", [("a", "X"), ("bc", "X")]),  # IOB1: B only where two touch
        ("B-X I-Y O", [("a", "X"), ("b", "Y")]),
        ("B-X O I-X", [("a", "X"), ("c", "X")]),
        ("B-X I-X E-X", [("abc", "X")]),
        ("B-X M-X E-X", [("abc", "X")]),
        ("S-X S-X O", [("a", "X"), ("b", "X")]),
        ("S-X I-X O", [("a", "X"), ("b", "X")]),
        ("B-X E-X I-X", [("ab", "X"), ("c", "X")]),
        ("U-X B-X L-X", [("a", "X"), ("bc", "X")]),
        ("U-X I-X O", [("a", "X"), ("b", "X")]),
        ("B-X L-X I-X", [("ab", "X"), ("c", "X")]),
        ("E-X O B-a-b", [("a", "X"), ("c", "a-b")]),
    ],
)
def test_schemes_of_tags(tags: str, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    content = "".join(f"{one} {tag}\n" for one, tag in zip("abc", tags.split(), strict=True))
    assert marked(read(tmp_path, content, "bio")[0]) == expected


@pytest.mark.parametrize("broken", ["红\n", "红 X-C\n", "红 B-\n", "红 b-C\n", " O\n", "红 B\n", "\u3000\n"])
def test_a_broken_line_stops_the_reading_or_costs_its_text(broken: str, tmp_path: Path) -> None:
    content = f"杯 O\n\n锅 B-I\n{broken}\n杯 B-I\n"
    with pytest.raises(LabelError, match=r"1 row of file.txt cannot be read as bio: file.txt:3: Line 4 has") as caught:
        read(tmp_path, content, "bio")
    assert "--skip" in caught.value.next_step
    found = read_labels(tmp_path / "file.txt", "bio", skip=True)
    assert [item.origin for item in found.items] == ["file.txt:1", "file.txt:6"]
    assert [(problem.origin, bool(problem.fix)) for problem in found.problems] == [("file.txt:3", True)]


# ---- spans


@pytest.mark.parametrize(
    "row",
    [
        JSONL,
        {"text": "red pan", "entities": [{"start": 0, "end": 3, "label": "COLOR"}]},
        {"text": "red pan", "entities": [[0, 3, "COLOR"]]},
        {"text": "red pan", "label": [[0, 3, "COLOR"]]},
        {"text": "red pan", "entities": [{"id": 9, "start_offset": 0, "end_offset": 3, "label": "COLOR"}]},
    ],
)
def test_spans_by_all_their_names(row: dict[str, Any], tmp_path: Path) -> None:
    expected = [LabelledText("red pan", (Mention(0, 3, "COLOR"),), f"file.txt:{number}") for number in (1, 2)]
    assert read(tmp_path, rows(row, row)) == expected
    assert read(tmp_path, json.dumps([row, row], indent=2)) == expected  # elements of an array are counted


def test_relations_between_spans(tmp_path: Path) -> None:
    spans = [{"id": 7, "start": 4, "end": 7, "label": "ITEM"}, {"id": 8, "start": 0, "end": 3, "label": "BRAND"}]
    links = {"text": "Bix pan", "spans": spans, "relations": [{"head": 0, "tail": 1, "label": "made_by"}]}
    theirs = {"text": "Bix pan", "entities": spans, "relations": [{"from_id": 7, "to_id": 8, "type": "made_by"}]}
    for row in (links, theirs):
        text, pair = read(tmp_path, rows(row))
        assert marked(text) == [("Bix", "BRAND"), ("pan", "ITEM")]
        assert related(pair) == ("pan", "Bix", "made_by")
    (alone,) = read(tmp_path, rows({**links, "kind": "pairs"}))
    assert related(alone) == ("pan", "Bix", "made_by")


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"text": "red", "spans": [[0, 4, "X"]]}, "from 0 to 4 does not lie within the text of 3"),
        ({"text": "red", "spans": [[2, 2, "X"]]}, "does not lie"),
        ({"text": "red", "spans": [[-1, 2, "X"]]}, "does not lie"),
        ({"text": "red", "spans": [[0.0, 2, "X"]]}, "does not lie"),
        ({"text": "red", "spans": [[False, True, "X"]]}, "does not lie"),
        ({"text": "red", "spans": [[0, 2, " "]]}, "“re” has no label"),
        ({"text": "red \u3000 pan", "spans": [[3, 6, "colour"]]}, "nothing but white space"),
        ({"text": "red", "spans": [[0, 2]]}, "is no span"),
        ({"text": "red", "spans": [7]}, "JSON object should stand"),
        ({"text": "red", "spans": {"a": 1}}, "JSON list should stand"),
        ({"text": "red", "spans": [{"start": 0, "end": 1, "label": "X", "confidence": 2}]}, "confidence of “r” is 2"),
        ({"text": "", "spans": []}, "There is no text"),
        ({"text": "a\ud83d", "spans": []}, "Character 1 of the text is half a character"),
        ({"text": "red"}, "has no spans"),
        ({"text": "red", "spans": [[0, 1, "X"]], "relations": [{"head": 0, "tail": 1, "label": "r"}]}, "no such"),
        ({"text": "red", "spans": [[0, 1, "X"]], "relations": [{"head": 0, "tail": 0}]}, "has no name"),
        ({"text": "red", "spans": [[0, 1, "X"]], "relations": [{"from_id": 1, "to_id": 2, "type": "r"}]}, "no such"),
        ([1], "JSON object should stand"),
    ],
)
def test_broken_spans_say_what_is_wrong(row: object, what: str, tmp_path: Path) -> None:
    path = write(tmp_path / "file.jsonl", rows(JSONL) + json.dumps(row) + "\n" + rows(JSONL))
    found = read_labels(path, "jsonl", skip=True)
    assert len(found.items) == 2
    assert [problem.origin for problem in found.problems] == ["file.jsonl:2"]
    assert what in found.problems[0].what
    assert found.problems[0].fix


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ('{"text": "red", "spans": []', "no JSON"),
        ('{"text": "red\n", "spans": []}', "no JSON"),
        ('{"text": "a", "text": "b", "spans": []}', "key stands twice"),
        ('{"text": "a", "spans": [[0, %s, "X"]]}' % ("9" * 5000), "cannot be read"),
        ('{"spans": ' + "[" * 100_000, "nested too deep"),
    ],
)
def test_broken_json_costs_its_row_and_no_other(broken: str, what: str, tmp_path: Path) -> None:
    found = read_labels(write(tmp_path / "a", rows(JSONL) + broken + "\n" + rows(JSONL)), "jsonl", skip=True)
    assert [item.origin for item in found.items] == ["a:1", f"a:{3 + broken.count(chr(10))}"]
    assert [problem.origin for problem in found.problems] == ["a:2"]
    assert what in found.problems[0].what


@pytest.mark.parametrize("content", ["[" + json.dumps(JSONL), json.dumps([JSONL]) + " x"])
def test_a_broken_array_is_refused_even_when_rows_may_be_left_out(content: str, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="a:1: "):
        read_labels(write(tmp_path / "a", content), "jsonl", skip=True)


def test_many_problems_are_counted_and_the_first_named(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"5 rows of a cannot .*a:2: .*; a:3: .*; a:4: .*; and others\."):
        read_labels(write(tmp_path / "a", rows(JSONL, *[{"text": "red"}] * 5)))


# ---- Label Studio


def test_label_studio_counts_utf16_units(tmp_path: Path) -> None:
    (found,) = read(tmp_path, json.dumps([task("🔥🔥red pan", region(4, 7, "red", "COLOR"))]))
    assert found == LabelledText("🔥🔥red pan", (Mention(2, 5, "COLOR"),), "file.txt:1")


def test_label_studio_folds_white_space_in_what_it_quotes(tmp_path: Path) -> None:
    (found,) = read(tmp_path, json.dumps([task("red\n  pan", region(0, 9, "red\\n pan", "X"))]))
    assert marked(found) == [("red\n  pan", "X")]


def test_label_studio_relations_have_a_direction(tmp_path: Path) -> None:
    regions = [region(0, 3, "Bix", "BRAND", id="a"), region(4, 7, None, "ITEM", id="b")]
    link = {"type": "relation", "from_id": "b", "to_id": "a", "labels": ["made_by"]}
    for direction, expected in (
        ("right", [("pan", "Bix", "made_by")]),
        (None, [("pan", "Bix", "made_by")]),
        ("left", [("Bix", "pan", "made_by")]),
        ("bi", [("pan", "Bix", "made_by"), ("Bix", "pan", "made_by")]),
    ):
        text, *pairs = read(tmp_path, json.dumps([task("Bix pan", *regions, {**link, "direction": direction})]))
        assert marked(text) == [("Bix", "BRAND"), ("pan", "ITEM")]
        assert [related(pair) for pair in pairs] == expected


def test_each_annotator_is_heard_and_other_results_are_not_labels(tmp_path: Path) -> None:
    first, second = region(0, 3, "red", "COLOR"), region(0, 3, "red", "MOOD", "BRAND")
    choice = {"id": "c", "type": "choices", "value": {"choices": ["good"]}}
    both = {
        "data": {"title": "red pan", "price": 3},
        "annotations": [{"result": [first, choice]}, {"result": [second]}, {"was_cancelled": True, "result": []}],
    }
    one, other = read(tmp_path, json.dumps([both]))
    assert (marked(one), marked(other)) == ([("red", "COLOR")], [("red", "BRAND"), ("red", "MOOD")])


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (task("🔥red", region(1, 4, "red", "X")), "does not lie within"),  # within the emoji
        (task("a🔥red", region(2, 5, None, "X")), "does not lie within"),
        (task("🔥red pan", region(3, 6, "red", "X")), "“red” should stand at 3 to 6, where “ed ” is"),
        (task("red", region(0, 9, "red", "X")), "does not lie within"),
        (task("red", region(0, 3, "red")), "has no label"),
        ({"data": {"text": "red"}, "annotations": []}, "no annotation"),
        ({"data": {"text": "red"}, "annotations": [{"was_cancelled": True, "result": []}]}, "no annotation"),
        ({"data": {"a": "red", "b": "pan"}, "annotations": [{"result": []}]}, "There is no text"),
        (task("red", {"type": "relation", "from_id": "x", "to_id": "y", "labels": ["r"]}), "lacks an end or a name"),
        (
            task("red", region(0, 3, "red", "X"), {"type": "relation", "from_id": "a", "to_id": "a", "labels": []}),
            "lacks an end or a name",
        ),
    ],
)
def test_broken_tasks_of_label_studio(broken: dict[str, Any], what: str, tmp_path: Path) -> None:
    found = read_labels(write(tmp_path / "a.json", json.dumps([TASK, broken])), skip=True)
    assert [marked(item) for item in found.items] == [[("red", "COLOR")]]
    assert [problem.origin for problem in found.problems] == ["a.json:2"]
    assert what in found.problems[0].what


@pytest.mark.parametrize(
    "row",
    [
        {"text": "red"},
        {"text": "red", "mentions": [{"start": 0, "end": 9, "label": "X"}]},
        {"text": "red", "head": None, "tail": None, "relation": "r"},
    ],
)
def test_broken_rows_of_our_own(row: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="file.txt:2"):
        read(tmp_path, rows(OWN, row), "own")


def test_our_own_origin_never_holds_a_path(tmp_path: Path) -> None:
    assert read(tmp_path, rows({**OWN, "origin": "/home/me/secret/train.txt:7"}))[0].origin == "train.txt:7"


# ---- real files


@pytest.mark.parametrize(
    ("name", "format", "items", "mentions"),
    [
        ("mentions/taobao/train.txt", "bio", 6000, 29397),
        ("mentions/taobao/dev.txt", "bio", 998, 4941),
        ("mentions/cluener/train.json", "cluener", 10748, 23971),
        ("attributes/oa-mine/train.jsonl", "oamine", 1452, 7360),
        ("relations/semeval2010-8/train.txt", "semeval", 8000, 0),
        ("relations/finre/train.txt", "finre", 13486, 0),
        ("relations/finre/valid.txt", "finre", 1489, 0),
    ],
)
def test_real_files_are_read_whole(name: str, format: str, items: int, mentions: int) -> None:
    found = read_labels(real(name))
    assert (found.format, len(found.items), found.problems) == (format, items, ())
    assert sum(len(item.mentions) for item in found.items if isinstance(item, LabelledText)) == mentions
