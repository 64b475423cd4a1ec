import json
from pathlib import Path

import pytest

from graphsvc.errors import SourceError
from graphsvc.sources import open_source
from graphsvc.sources.rows import Reading


def source(tmp_path: Path, content: str | bytes, name: str = "p.json") -> Reading:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_source(str(path))


def rows(reading: Reading) -> list[dict[str, object]]:
    return [row for batch in reading.batches() for row in batch.to_pylist()]


RECORD = {
    "id": 12345678901234567890123,
    "brand": {"name": "Nordholm", "country": {"code": "NO"}},
    "tags": ["tea", "pot", None],
    "price": 12.5,
    "sold": True,
    "none": None,
    "variants": [{"sku": "a", "price": 1}],
    "attributes": {"colour": "red", "size": ["S", "M"]},
}


def test_nested_values_become_dotted_columns(tmp_path: Path) -> None:
    row = rows(source(tmp_path, json.dumps(RECORD)))[0]
    assert row["id"] == "12345678901234567890123"
    assert (row["brand.name"], row["brand.country.code"], row["tags"]) == ("Nordholm", "NO", "tea | pot")
    assert (row["price"], row["sold"], row["none"]) == ("12.5", "true", None)
    assert json.loads(str(row["variants"])) == [{"sku": "a", "price": 1}]
    assert json.loads(str(row["attributes"])) == {"colour": "red", "size": ["S", "M"]}


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ('[{"id": 1},\n {"id": 2}]', [1, 2]),
        ('{"count": 2,\n"products": [{"id": 1},{"id": 2}], "next": null}', [2, 2]),
        ('{\n"id": 1\n}\n{\n"id": 2\n}', [1, 4]),
        ('{"id": 1}\n\n{"id": 2}\n', [1, 3]),
        ('\ufeff[\n\n{"id": 1}\n,\n{"id": 2}\n]\n', [3, 5]),
    ],
)
def test_every_shape_of_a_document(tmp_path: Path, content: str, lines: list[int]) -> None:
    found = rows(source(tmp_path, content))
    assert [row["id"] for row in found] == ["1", "2"]
    assert [row["_line"] for row in found] == lines


@pytest.mark.parametrize("content", ["[]", '{"products": []}'])
def test_an_empty_list_has_no_rows(tmp_path: Path, content: str) -> None:
    assert rows(source(tmp_path, content)) == []


def test_other_encodings(tmp_path: Path) -> None:
    for encoding in ("utf-16", "gb18030"):
        content = '[{"id": 1, "title": "不锈钢水壶"}, {"id": 2, "title": "陶瓷杯子"}]'.encode(encoding)
        assert rows(source(tmp_path, content))[0]["title"] == "不锈钢水壶"


def test_a_broken_line_is_refused_alone(tmp_path: Path) -> None:
    deep = '{"a":' * 5_000 + "1" + "}" * 5_000
    middling = '{"a":' * 50 + "1" + "}" * 50
    lines = ['{"id": 1}', '{"id": 2', "[1, 2]", deep, '{"id": 3, "id": 4}', "{}", '{"id": "\\ud800"}', middling,
             '{"id": 5, "price": NaN}']  # fmt: skip
    reading = source(tmp_path, "\n".join(lines), "p.jsonl")
    assert [(row["id"], row["_line"]) for row in rows(reading)] == [("1", 1), ("5", 9)]
    assert sorted((r.line, r.rule) for r in reading.rejects) == [
        (2, "broken_json"), (3, "no_object"), (4, "broken_json"), (5, "broken_json"), (6, "no_object"),
        (7, "encoding"), (8, "too_deep"),
    ]  # fmt: skip
    assert all(r.fix for r in reading.rejects)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ('[{"id": 1}, {"id": 2}', "ends|missing"), ('[{"id": 1} {"id": 2}]', "missing"), ('[{"id": 1}] x', "follows"),
        ("[" * 100_000, "deep"), ('[{"id": 1}, {"id": tru}]', "line 1"), ("hello", "no JSON"),
    ],
)  # fmt: skip
def test_a_broken_document_says_where(tmp_path: Path, content: str, word: str) -> None:
    with pytest.raises(SourceError, match=word):
        rows(source(tmp_path, content))


def test_a_large_array_is_read_piece_by_piece(tmp_path: Path) -> None:
    text = "x" * 1_000
    content = "[" + ",\n".join(json.dumps({"id": n, "text": text}) for n in range(5_000)) + "]"
    found = rows(source(tmp_path, content))
    assert [found[-1][key] for key in ("id", "_line")] == ["4999", 5_000]


def test_columns_that_come_late_are_there(tmp_path: Path) -> None:
    lines = [json.dumps({"id": n}) for n in range(20_000)] + ['{"id": "x", "colour": "red"}']
    batches = list(source(tmp_path, "\n".join(lines), "p.jsonl").batches())
    assert batches[0].schema.names == ["id", "_line"]
    assert batches[-1].to_pylist()[-1] == {"colour": "red", "id": "x", "_line": 20_001}


def test_too_many_columns_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="attributes"):
        rows(source(tmp_path, json.dumps({f"k{n}": 1 for n in range(3_000)})))
