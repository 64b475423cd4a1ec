import os
import threading
from pathlib import Path

import pytest

from embeddings.cache import VectorCache
from graphsvc.errors import StorageError
from graphsvc.search import snapshot
from graphsvc.search.catalogue import Catalogue
from graphsvc.snapshots import read_snapshot
from graphsvc.types import SearchRequest
from tests.graphsvc.search.catalogues import LIKED, SHOP, WordEncoder, build, data_of


def make(folder: Path, encoder: WordEncoder, count: int = len(SHOP), offset: int = 7) -> Path:
    cache = VectorCache(folder / "vectors", encoder)
    snapshot.build(folder / "search", data_of(SHOP[:count], LIKED, offset), encoder, cache)
    return read_snapshot(folder / "search", snapshot.WHAT, lambda place: place)


def test_a_new_snapshot_takes_the_place_of_the_old(tmp_path: Path) -> None:
    encoder = WordEncoder()
    first = make(tmp_path, encoder, 4)
    old = Catalogue.open(tmp_path / "search", encoder)
    second = make(tmp_path, encoder, offset=9)
    assert not first.exists()
    assert second.exists()
    assert sorted(path.name for path in (tmp_path / "search").iterdir()) == [second.name, "CURRENT"]
    assert snapshot.read_meta(tmp_path / "search") == {
        "search": 6, "offset": 9, "encoder": "words", "encoder_version": "1", "dimensions": 32,
        "products": len(SHOP), "documents": 8,
    }  # fmt: skip
    assert old.search(SearchRequest("lamp")).total == 2  # who reads the old one goes on
    assert Catalogue.open(tmp_path / "search", encoder).offset == 9


def test_an_unchanged_catalogue_encodes_nothing_and_keeps_its_neighbours(tmp_path: Path) -> None:
    encoder = WordEncoder()
    make(tmp_path, encoder)
    before = Catalogue.open(tmp_path / "search", encoder).similar("shop:3", 5)
    encoder.seen.clear()
    make(tmp_path, encoder, offset=8)
    assert encoder.seen == []
    assert Catalogue.open(tmp_path / "search", encoder).similar("shop:3", 5) == before


def test_building_and_laying_over_make_the_same_products(tmp_path: Path) -> None:
    encoder = WordEncoder()
    whole = build(tmp_path / "whole", data_of(SHOP, LIKED), encoder)
    grown = build(tmp_path / "part", data_of(SHOP[:4], LIKED), encoder).with_changes(7, data_of(SHOP[4:], LIKED))
    assert sorted(whole.ids) == sorted(grown.ids)
    for name in whole.ids:
        assert whole.product(name) == grown.product(name)
        assert whole.facts_of(name) == grown.facts_of(name)
    for query in ("", "lamp", "greeting card", "保温杯"):
        asked = SearchRequest(query, facets=("*",))
        assert {hit.product.id for hit in whole.search(asked).hits} == {
            hit.product.id for hit in grown.search(asked).hits
        }


def test_a_missing_snapshot_says_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="rebuild"):
        Catalogue.open(tmp_path / "search", WordEncoder())


@pytest.mark.parametrize("name", ["meta", "columns", "products", "texts", "vectors", "completions"])
@pytest.mark.parametrize("harm", ["cut", "flipped", "gone", "empty", "other"])
def test_a_damaged_file_is_said_and_never_read(tmp_path: Path, name: str, harm: str) -> None:
    encoder = WordEncoder()
    place = make(tmp_path, encoder)
    path = place / name
    whole = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "other":
        path.write_bytes((place / ("meta" if name != "meta" else "columns")).read_bytes())
    else:
        flipped = bytearray(whole)
        flipped[-1 if name != "meta" else 30] ^= 0xFF  # the last array, or the header of what has none
        path.write_bytes({"cut": whole[: len(whole) // 2], "flipped": bytes(flipped), "empty": b""}[harm])
    with pytest.raises(StorageError, match="rebuild"):
        Catalogue.open(tmp_path / "search", encoder)
    make(tmp_path, encoder, offset=8)  # a damaged one is no obstacle to its successor
    assert Catalogue.open(tmp_path / "search", encoder).search(SearchRequest("lamp")).total == 4


@pytest.mark.parametrize("pointer", ["", "../other", ".partial-x", "nowhere", "\xff"])
def test_a_bad_pointer_is_said(tmp_path: Path, pointer: str) -> None:
    make(tmp_path, WordEncoder())
    (tmp_path / "search" / "CURRENT").write_text(pointer, "latin-1")
    with pytest.raises(StorageError, match="rebuild"):
        snapshot.read_meta(tmp_path / "search")


def test_a_half_written_folder_is_swept(tmp_path: Path) -> None:
    encoder = WordEncoder()
    make(tmp_path, encoder)
    stray = tmp_path / "search" / ".partial-000000000009-abcd"
    stray.mkdir()
    (stray / "texts").write_bytes(b"half")
    assert Catalogue.open(tmp_path / "search", encoder).offset == 7
    make(tmp_path, encoder, offset=8)
    assert not stray.exists()


def test_another_encoder_is_refused(tmp_path: Path) -> None:
    make(tmp_path, WordEncoder())
    other = WordEncoder()
    other.version = "2"
    with pytest.raises(StorageError, match="words"):
        Catalogue.open(tmp_path / "search", other)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_said(tmp_path: Path) -> None:
    make(tmp_path, WordEncoder())
    (tmp_path / "search").chmod(0o500)
    with pytest.raises(StorageError, match="Free space"):
        make(tmp_path, WordEncoder(), offset=8)


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "search").write_text("a file")
    with pytest.raises(StorageError, match="Free space"):
        make(tmp_path, WordEncoder())


def test_opening_writes_nothing_into_the_snapshot(tmp_path: Path) -> None:
    place = make(tmp_path, WordEncoder())
    before = [(path.name, path.stat().st_mtime_ns) for path in sorted(place.iterdir())]
    stamp = place.stat().st_mtime_ns
    Catalogue.open(tmp_path / "search", WordEncoder())
    assert [(path.name, path.stat().st_mtime_ns) for path in sorted(place.iterdir())] == before
    assert place.stat().st_mtime_ns == stamp  # a reader needs no leave to write there


def test_a_reader_is_not_disturbed_by_a_new_snapshot(tmp_path: Path) -> None:
    encoder = WordEncoder()
    make(tmp_path, encoder)
    done = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        while not done.is_set():
            try:
                catalogue = Catalogue.open(tmp_path / "search", WordEncoder())
                assert catalogue.search(SearchRequest("lamp")).total >= 2
            except BaseException as error:  # whatever it is fails the test
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for offset in range(8, 20):
        make(tmp_path, encoder, offset=offset)
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
