"""What every row of SOURCES owes: strings and `_line`, the same rows each time, and its format found by itself."""

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphsvc.errors import SourceError
from graphsvc.sources import SOURCES, open_source
from graphsvc.sources.formats import recognise
from graphsvc.warehouse.stage import Reject

ROWS = [("1", "Tea pot, red", "12.50"), ("2", '陶瓷杯 "大"', "3")]


def make_csv(path: Path) -> Path:
    path = path / "p.csv"
    path.write_text('id,title,price\n1,"Tea pot, red",12.50\n2,"陶瓷杯 ""大""",3\n', "utf-8")
    return path


def make_json(path: Path) -> Path:
    path = path / "p.json"
    path.write_text(json.dumps([{"id": i, "title": t, "price": p} for i, t, p in ROWS], indent=1), "utf-8")
    return path


def make_jsonl(path: Path) -> Path:
    path = path / "p.jsonl"
    lines = [json.dumps({"id": i, "title": t, "price": p}, ensure_ascii=False) for i, t, p in ROWS]
    path.write_text("\n".join(lines), "utf-8")
    return path


def make_parquet(path: Path) -> Path:
    path = path / "p.parquet"
    ids, titles, prices = zip(*ROWS, strict=True)
    pq.write_table(pa.table({"id": ids, "title": titles, "price": prices}), path)
    return path


def make_merchant_xml(path: Path) -> Path:
    path = path / "p.xml"
    items = "".join(f"<item><g:id>{i}</g:id>\n<title>{t}</title><g:price>{p}</g:price></item>\n" for i, t, p in ROWS)
    path.write_text(
        f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>\n{items}</channel></rss>', "utf-8"
    )
    return path


def make_merchant_tsv(path: Path) -> Path:
    path = path / "p.tsv"
    rows = "".join(f'{i}\t"{t.replace(chr(34), chr(34) * 2)}"\t{p}\thttps://x.example/{i}\tnew\n' for i, t, p in ROWS)
    path.write_text("id\ttitle\tprice\tlink\tcondition\n" + rows, "utf-8")
    return path


def make_shopify(path: Path) -> Path:
    path = path / "export.csv"
    rows = "".join(f'{i},"{t.replace(chr(34), chr(34) * 2)}",Title,Default Title,s{i},{p}\n' for i, t, p in ROWS)
    path.write_text("Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\n" + rows, "utf-8")
    return path


MAKE: dict[str, Callable[[Path], Path]] = {
    "csv": make_csv, "json": make_json, "jsonl": make_jsonl, "parquet": make_parquet,
    "merchant-xml": make_merchant_xml, "merchant-tsv": make_merchant_tsv, "shopify": make_shopify,
}  # fmt: skip
FILES = sorted(SOURCES.keys() - {"neo4j"})  # test_neo4j.py asks the same of a real one


@pytest.fixture(params=FILES)
def format_and_file(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    return request.param, MAKE[request.param](tmp_path)


def read(path: str | Path) -> list[dict[str, object]]:
    return [row for batch in open_source(str(path)).batches() for row in batch.to_pylist()]


def test_every_row_of_the_table_is_a_reader() -> None:
    for target in SOURCES.values():
        assert callable(resolve_name(target))


def test_a_format_is_found_by_what_the_file_holds(format_and_file: tuple[str, Path]) -> None:
    name, path = format_and_file
    assert recognise(str(path)) == name


def test_batches_are_strings_with_lines(format_and_file: tuple[str, Path]) -> None:
    _, path = format_and_file
    source = open_source(str(path))
    assert source.name == path.name
    batches = list(source.batches())
    for batch in batches:
        assert batch.schema.field("_line").type == pa.int64()
        assert all(field.type == pa.string() for field in batch.schema if field.name != "_line")
    rows = [{k.lower(): v for k, v in row.items()} for batch in batches for row in batch.to_pylist()]
    assert [row["title"] for row in rows] == [title for _, title, _ in ROWS]
    assert [float(row["price"]) for row in rows] == [12.5, 3.0]
    assert [row["_line"] for row in rows] == sorted(row["_line"] for row in rows)
    assert list(source.rejects) == []


def test_a_second_reading_gives_the_same(format_and_file: tuple[str, Path]) -> None:
    _, path = format_and_file
    source = open_source(str(path))
    assert list(source.batches()) == list(source.batches())


def test_a_reading_can_be_left_in_the_middle(format_and_file: tuple[str, Path]) -> None:
    _, path = format_and_file
    batches = open_source(str(path)).batches()
    next(batches)
    assert isinstance(batches, Iterator)
    del batches  # an open file would be a ResourceWarning, which is an error here


@pytest.mark.parametrize("packing", [".gz", ".zst", ".zip"])
def test_every_text_format_may_be_packed(format_and_file: tuple[str, Path], packing: str, tmp_path: Path) -> None:
    name, path = format_and_file
    packed = pack(path, packing)
    if name == "parquet":
        with pytest.raises(SourceError, match="Parquet inside"):
            open_source(str(packed))
        return
    assert recognise(str(packed)) == name
    assert read(packed) == read(path)


def pack(path: Path, packing: str) -> Path:
    import gzip

    import zstandard

    target = path.with_name(path.name + packing)
    if packing == ".gz":
        target.write_bytes(gzip.compress(path.read_bytes()))
    elif packing == ".zst":
        target.write_bytes(zstandard.compress(path.read_bytes()))
    else:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, path.name)
            archive.writestr("__MACOSX/._" + path.name, b"\0")
    return target


@pytest.mark.parametrize("name", FILES)
def test_what_is_cut_is_said_so(name: str, tmp_path: Path) -> None:
    """A quarter of every format away: an error with a next step, or refused rows; never a crash, never silence."""
    path = MAKE[name](tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    with suppress(SourceError):
        source = open_source(str(path))
        rows = sum(batch.num_rows for batch in source.batches())
        assert rows + len(source.rejects) <= 2
        for refused in source.rejects:
            check: Reject = refused
            assert check.line
            assert check.rule
            assert check.reason
            assert check.fix


@pytest.mark.parametrize("name", sorted({*FILES} - {"parquet"}))
def test_damage_anywhere_is_an_error_or_a_refused_row(name: str, tmp_path: Path) -> None:
    path = MAKE[name](tmp_path)
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        for wrong in (b"\0", b"\xff", b'"', b"\n", b"<", b"{"):
            path.write_bytes(whole[:at] + wrong + whole[at + 1 :])
            with suppress(SourceError):
                source = open_source(str(path))
                for batch in source.batches():
                    batch.validate(full=True)
