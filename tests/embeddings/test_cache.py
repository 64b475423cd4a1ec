import multiprocessing
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from embeddings import cache as cache_module
from embeddings.cache import VectorCache
from embeddings.encoders import Kind, Progress, Vectors
from embeddings.errors import BadVectors
from embeddings.onnx_encoder import unit_length

TEXTS = [f"{chr(97 + n)}{chr(98 + n)}" for n in range(20)]


class Letters:
    """A small real encoder: counts of letters, so that the cache's tests load no model."""

    name, version, dimensions = "letters", "1", 26

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        counts = np.array([[text.count(chr(97 + n)) for n in range(26)] for text in texts], np.float32).reshape(-1, 26)
        if progress is not None:
            progress(len(texts), len(texts))
        return unit_length(counts)


class Broken(Letters):
    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        return super().encode(texts) / np.float32(0 if "bad" in texts else 1)


def test_each_text_is_encoded_once(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, Letters())
    texts = ["abc", "abd", "abc", "xyz"]
    vectors = cache.vectors(texts)
    np.testing.assert_allclose(vectors, Letters().encode(texts), atol=1e-3)
    assert cache.encoded == 3
    again = VectorCache(tmp_path, Letters())
    np.testing.assert_array_equal(again.vectors(texts), vectors)  # fresh ones are rounded as stored ones are
    assert again.encoded == 0
    again.vectors(["new", "abc"])
    assert again.encoded == 1
    assert cache.vectors(["new"]).shape == (1, 26)
    assert cache.encoded == 3  # what another has written is seen
    assert cache.vectors([]).shape == (0, 26)
    cache.vectors(["abc"], kind="query")
    assert cache.encoded == 4  # a query is another text than the same passage


def test_progress_counts_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "CHUNK", 8)
    cache, reports = VectorCache(tmp_path, Letters()), []
    cache.vectors(TEXTS[:2])
    cache.vectors(TEXTS, progress=lambda done, of: reports.append((done, of)))
    assert reports == [(8, 18), (16, 18), (18, 18)]


def test_any_flip_and_any_cut_costs_only_what_it_hit(tmp_path: Path) -> None:
    expected = VectorCache(tmp_path, Letters()).vectors(TEXTS)
    files = sorted(path for path in tmp_path.iterdir() if path.stat().st_size)
    sound = {path: path.read_bytes() for path in files}
    rng = np.random.default_rng(1)
    for path in files:
        for _ in range(40):
            broken = bytearray(sound[path])
            broken[rng.integers(len(broken))] ^= 1 << int(rng.integers(8))
            path.write_bytes(broken)
            check(tmp_path, expected, at_most=20 if broken[:24] != sound[path][:24] else 1)
            restore(sound)
            path.write_bytes(sound[path][: rng.integers(len(broken))])
            check(tmp_path, expected, at_most=20)
            restore(sound)


def test_a_torn_tail_is_cut_before_more_is_written(tmp_path: Path) -> None:
    VectorCache(tmp_path, Letters()).vectors(TEXTS[:10])
    for path in tmp_path.iterdir():
        if path.stat().st_size:
            with open(path, "ab") as file:
                file.write(b"torn")
    cache = VectorCache(tmp_path, Letters())
    np.testing.assert_allclose(cache.vectors(TEXTS), Letters().encode(TEXTS), atol=1e-3)
    assert cache.encoded == 10
    check(tmp_path, Letters().encode(TEXTS), at_most=0, within=1e-3)


def test_bad_vectors_are_not_kept(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, Broken())
    with np.errstate(all="ignore"), pytest.raises(BadVectors):
        cache.vectors(["a", "bad"])
    assert cache.vectors(["a"]).shape == (1, 26)
    assert cache.encoded == 1


def write_some(folder: Path, first: int) -> None:
    cache = VectorCache(folder, Letters())
    for n in range(first, first + 50):
        cache.vectors([f"{'abcdefghij'[n % 10]}{'z' * (n // 10)}"])


def test_processes_may_write_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(write_some, [(tmp_path, 0), (tmp_path, 25)])
    cache = VectorCache(tmp_path, Letters())
    texts = [f"{'abcdefghij'[n % 10]}{'z' * (n // 10)}" for n in range(75)]
    np.testing.assert_allclose(cache.vectors(texts), Letters().encode(texts), atol=1e-3)
    assert cache.encoded == 0


def restore(sound: dict[Path, bytes]) -> None:
    for path, content in sound.items():
        path.write_bytes(content)


def check(folder: Path, expected: Vectors, at_most: int, within: float = 0) -> None:
    cache = VectorCache(folder, Letters())
    np.testing.assert_allclose(cache.vectors(TEXTS), expected, atol=within)
    assert cache.encoded <= at_most
