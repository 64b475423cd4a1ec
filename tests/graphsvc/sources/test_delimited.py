import csv
import io
import os
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsvc.errors import SourceError
from graphsvc.sources import open_source
from graphsvc.sources.dialect import Dialect, detect_dialect, records
from graphsvc.sources.rows import Reading

DATA = os.environ.get("GRAPHSVC_DATA")


def source(tmp_path: Path, content: str | bytes, name: str = "p.csv") -> Reading:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_source(str(path))


def rows(reading: Reading) -> list[dict[str, object]]:
    return [row for batch in reading.batches() for row in batch.to_pylist()]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "\x01"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, newline: str) -> None:
    lines = [["id", "name", "price"], ["1", "Cup", "2.5"], ["2", f'"a{delimiter} b"', "3"], ["3", "Jug", ""]]
    found = rows(source(tmp_path, newline.join(delimiter.join(line) for line in lines)))
    assert [row["name"] for row in found] == ["Cup", f"a{delimiter} b", "Jug"]
    assert [row["_line"] for row in found] == [2, 3, 4]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"])
def test_encodings_of_chinese_files(tmp_path: Path, encoding: str) -> None:
    text = "id,标题,价格,note\n1,陶瓷杯 红色,12.5,plain text here\n2,不锈钢水壶,30,some more of it\n"
    if encoding in ("utf-16-le", "utf-16-be"):
        text = text.replace("标题", "title").replace("陶瓷杯 红色", "a cup of tea 杯")
    found = rows(source(tmp_path, text.encode(encoding)))
    assert found[1]["_line"] == 3
    assert "杯" in str(list(found[0].values())[1])


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_encodings_of_western_files(tmp_path: Path, encoding: str) -> None:
    euro = "€" if encoding == "cp1252" else "é"
    found = rows(source(tmp_path, f"id;Größe;Name\n1;groß;Müller {euro}\n2;klein;Café crème\n".encode(encoding)))
    assert found[0]["Größe"] == "groß"
    assert found[0]["Name"] == f"Müller {euro}"


def test_an_encoding_that_shows_late_is_found(tmp_path: Path) -> None:
    plain = "".join(f"{n},cup\n" for n in range(300_000))
    found = rows(source(tmp_path, f"id,name\n{plain}".encode() + "x,不锈钢水壶和陶瓷杯\n".encode("gb18030")))
    assert found[-1] == {"id": "x", "name": "不锈钢水壶和陶瓷杯", "_line": 300_002}


def test_bytes_that_are_no_text_refuse_their_row_alone(tmp_path: Path) -> None:
    reading = source(tmp_path, "id,name\n1,杯子\n2,".encode() + b"\xff\xfe\n" + "3,水壶和杯子\n4,好\n".encode())
    assert [row["id"] for row in rows(reading)] == ["1", "3", "4"]
    assert [(r.line, r.rule) for r in reading.rejects] == [(3, "encoding")]
    pa.array([reading.rejects[0].text])


def test_nul_bytes_refuse_their_row_alone(tmp_path: Path) -> None:
    lines = b"".join(b"%d,cup and saucer\n" % n for n in range(50))
    reading = source(tmp_path, b"id,name\n" + lines + b"x,a\0b\n50,jug\n")
    assert len(rows(reading)) == 51
    assert [(r.line, r.rule) for r in reading.rejects] == [(52, "nul")]


def test_ragged_rows_are_refused_with_their_line(tmp_path: Path) -> None:
    reading = source(tmp_path, 'id,name,price\n1,"two\nlines",3\n2,Cup\n3,Cup,1,2\n\n4,Jug,5\n5,Pot,6,,\n')
    assert [(row["id"], row["_line"]) for row in rows(reading)] == [("1", 2), ("4", 7), ("5", 8)]
    found = [(r.line, r.rule, r.text) for r in reading.rejects]
    assert found == [(4, "ragged", "2,Cup"), (5, "ragged", "3,Cup,1,2")]
    assert "3" in reading.rejects[0].reason
    assert reading.rejects[0].fix


def test_an_open_quote_takes_no_other_row_along(tmp_path: Path) -> None:
    lines = [f'{n},"Cup, {n}",1' for n in range(10)]
    lines[3] = '3,"Cup, 3,1'
    lines.append('10,"Pot, 10,1')
    lines.append("11,Jug,1")
    reading = source(tmp_path, "id,name,price\n" + "\n".join(lines))
    assert [row["id"] for row in rows(reading)] == ["0", "1", "2", "4", "5", "6", "7", "8", "9", "11"]
    assert [(r.line, r.rule) for r in reading.rejects] == [(5, "quotes"), (12, "quotes")]


def test_quotes_inside_quoted_cells(tmp_path: Path) -> None:
    reading = source(tmp_path, 'id,name\n1,"a ""b"" c"\n2,"17.3" screen"\n3,17.3" screen\n')
    assert [row["name"] for row in rows(reading)] == ['a "b" c', '17.3" screen']
    assert [(r.line, r.rule) for r in reading.rejects] == [(3, "quotes")]


def test_other_ways_of_quoting(tmp_path: Path) -> None:
    escaped = 'id,name\n1,"17.3\\" screen, big"\n2,"b"\n'
    assert [row["name"] for row in rows(source(tmp_path, escaped))] == ['17.3" screen, big', "b"]
    single = "id,name\n1,'a, b'\n2,'c'\n3,'d, e'\n"
    assert [row["name"] for row in rows(source(tmp_path, single))] == ["a, b", "c", "d, e"]
    none = 'id\tname\n1\t"Big" Mug\n2\t"Small" Mug\n'
    assert [row["name"] for row in rows(source(tmp_path, none))] == ['"Big" Mug', '"Small" Mug']
    excel = "sep=;\nid;name\n1;a, b\n"
    assert rows(source(tmp_path, excel)) == [{"id": "1", "name": "a, b", "_line": 3}]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"), (b" \n\n", "empty"), (b"\xef\xbb\xbf", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture"), (bytes(range(256)) * 8, "no text"),
        (b"id,Name,name\n1,a,b\n", "two columns"), (b"id,_line\n1,2\n", "our own word"),
        (b'id,"name\n1,2\n', "header"), (b"<!doctype html><p>no</p>", "web page"), (b"<a>x</a>", "XML"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_the_next_step(tmp_path: Path, content: bytes, word: str) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        source(tmp_path, content)
    assert caught.value.next_step
    assert str(tmp_path) not in str(caught.value)


def test_empty_names_are_numbered(tmp_path: Path) -> None:
    assert list(rows(source(tmp_path, ",name,\n0,a,\n"))[0]) == ["column_1", "name", "column_3", "_line"]


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert rows(source(tmp_path, "id,name\n")) == []


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file"):
        open_source(str(tmp_path / "none.csv"))
    with pytest.raises(SourceError, match="folder"):
        open_source(str(tmp_path))
    with pytest.raises(SourceError, match="Download"):
        open_source("https://x.example/p.csv")


def test_columns_are_bounded(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="2,000 columns"):
        source(tmp_path, ",".join(f"c{n}" for n in range(3_000)) + "\n")


def test_a_tail_of_the_sample_is_no_error(tmp_path: Path) -> None:
    content = "id;text\n" + "".join(f'{n};"{"x" * 300}\n, {n}"\n' for n in range(2_000))
    found = rows(source(tmp_path, content))
    assert len(found) == 2_000
    assert found[-1]["_line"] == 4_000


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")).map(lambda s: s)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([",", ";", "\t", "|"]))
def test_what_csv_writes_is_read_back(data: st.DataObject, delimiter: str) -> None:
    width = data.draw(st.integers(2, 4))
    cells = data.draw(st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=8))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([[f"c{n}" for n in range(width)], *cells])
    lines = out.getvalue().splitlines(keepends=True)
    text = out.getvalue()
    found = list(records(iter(io.StringIO(text, newline="\n")), Dialect(delimiter)))
    assert [record.cells for record in found[1:]] == cells
    assert not any(record.error for record in found)
    assert detect_dialect(text, True).delimiter == delimiter
    assert len(lines) >= len(cells)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=200))
def test_every_line_of_any_text_is_accounted_for(text: str) -> None:
    """Whatever stands in a file, each of its lines is part of exactly one record."""
    lines = list(io.StringIO(text, newline="\n"))
    at = 1
    for record in records(iter(lines), Dialect()):
        assert record.line == at
        at += len(record.lines)
    assert at == len(lines) + 1


@pytest.mark.skipif(not DATA, reason="GRAPHSVC_DATA is not set")
@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("homedepot/catalogue.csv.gz", 54_667), ("electronics/catalogue.csv.gz", 19_406),
        ("fashion/products.csv.gz", 44_072), ("online-retail/transactions.csv.gz", 541_909),
        ("entity-resolution/walmart-amazon/walmart.csv", 2_554),
    ],
)  # fmt: skip
def test_real_files_are_read_whole(file: str, count: int) -> None:
    reading = open_source(str(Path(str(DATA)) / file))
    assert sum(batch.num_rows for batch in reading.batches()) == count
    assert not reading.rejects
