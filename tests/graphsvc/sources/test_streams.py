"""Archives that mean harm and files larger than memory."""

import gzip
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import zstandard

from graphsvc.errors import SourceError
from graphsvc.sources import open_source
from graphsvc.sources.streams import chunks

ROOT = Path(__file__).parents[3]


def zipped(path: Path, members: dict[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return str(path)


@pytest.mark.parametrize(
    ("members", "word"),
    [
        ({"../../etc/evil.csv": b"a,b\n"}, "points outside"), ({"/abs.csv": b"a,b\n"}, "points outside"),
        ({"..\\evil.csv": b"a,b\n"}, "points outside"), ({"a.csv": b"a\n", "b.csv": b"b\n"}, "a.csv, b.csv"),
        ({}, "without a file"), ({"xl/workbook.xml": b"", "a": b""}, "office document"),
        ({"a.zip": b"PK\x03\x04...."}, "packed twice"),
    ],
)  # fmt: skip
def test_archives_that_are_refused(tmp_path: Path, members: dict[str, bytes], word: str) -> None:
    with pytest.raises(SourceError, match=word):
        open_source(zipped(tmp_path / "p.zip", members))
    assert [path.name for path in tmp_path.iterdir()] == ["p.zip"]


@pytest.mark.parametrize("packing", ["gz", "zst", "zip"])
def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"bomb.csv.{packing}"
    block = b"id,name\n" + b"1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n" * 20_000
    if packing == "gz":
        with gzip.open(path, "wb") as file:
            for _ in range(300):
                file.write(block)
    elif packing == "zst":
        with path.open("wb") as raw, zstandard.ZstdCompressor(19).stream_writer(raw) as out:
            for _ in range(300):
                out.write(block)
    else:
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("a.csv", "w", force_zip64=True) as member,
        ):
            for _ in range(300):
                member.write(block)
    sizes = (len(chunk) for chunk in chunks(str(path)))
    seen = []
    with pytest.raises(SourceError, match="200 times its size"):
        seen.extend(sizes)
    assert sum(seen) < 300 << 20


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_a_cut_archive_is_said_so(tmp_path: Path, packing: str) -> None:
    content = b"id,name\n" + b"".join(b"%d,cup %d\n" % (n, n * n) for n in range(50_000))
    packed = gzip.compress(content) if packing == "gz" else zstandard.compress(content)
    path = tmp_path / f"p.csv.{packing}"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SourceError, match="ends in the middle"):
        list(open_source(str(path)).batches())


def test_frames_one_after_the_other_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "p.csv.zst"
    path.write_bytes(zstandard.compress(b"id,name\n1,a\n") + zstandard.compress(b"2,b\n"))
    assert sum(batch.num_rows for batch in open_source(str(path)).batches()) == 2


def test_an_encrypted_archive(tmp_path: Path) -> None:
    path = Path(zipped(tmp_path / "p.zip", {"a.csv": b"id\n1\n"}))
    raw = bytearray(path.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(SourceError, match="encrypted"):
        open_source(str(path))


GIANT = """
import resource, sys
from graphsvc.sources import open_source
def read(path):
    source = open_source(path)
    rows = sum(batch.num_rows for batch in source.batches())
    return rows, [(r.line, r.rule, len(r.text)) for r in source.rejects]
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sys.stdout.write(repr(read(sys.argv[1])) + "\\n")
sys.stdout.write(str((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) // 1024))
"""


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl"])
def test_a_giant_line_is_refused_and_never_held(tmp_path: Path, name: str) -> None:
    """A line of 300 MB costs no more memory than one of 10."""
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(b'id,name\n1,a\n2,"' if name == "p.csv" else b'{"id": 1}\n{"id": "')
        for _ in range(300):
            file.write(b"x" * (1 << 20))
        file.write(b'"\n3,b\n' if name == "p.csv" else b'"}\n{"id": 3}\n')
    done = subprocess.run(
        [sys.executable, "-c", GIANT, str(path)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    found, grown = done.stdout.split("\n")
    line = 3 if name == "p.csv" else 2
    assert found.startswith(f"(2, [({line}, 'line_too_long'")
    assert int(grown) < 150
