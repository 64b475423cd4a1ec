from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from embeddings import scan_kernels
from embeddings.arrays import read_arrays, write_arrays
from embeddings.errors import BadVectors
from embeddings.quantised import Int8Vectors

Vectors = NDArray[np.float32]


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    scan_kernels.warm()


def some_vectors(seed: int, n: int, d: int) -> Vectors:
    """Unit vectors around a common direction, as those of an encoder are."""
    vectors = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32) + 0.5
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def twin(index: Int8Vectors, query: Vectors) -> Vectors:
    """The scan in numpy."""
    scale = np.float32(np.maximum(np.abs(query).max(), 1e-12) / 127)
    totals = index.codes.astype(np.int32) @ np.rint(query / scale).astype(np.int32)
    offset = np.float32(query.astype(np.float64) @ index.mean.astype(np.float64))
    return totals.astype(np.float32) * index.scales * scale + offset


sizes = {"seed": st.integers(0, 1 << 30), "n": st.integers(1, 90), "d": st.integers(1, 70)}


@given(**sizes)
def test_the_scan_is_close_to_float32_and_equal_to_numpy(seed: int, n: int, d: int) -> None:
    vectors, query = some_vectors(seed, n, d), some_vectors(seed + 1, 1, d)[0]
    index = Int8Vectors.build(vectors)
    found = index.scan(query)
    np.testing.assert_array_equal(found, twin(index, query))
    np.testing.assert_allclose(found, vectors @ query, atol=0.02)


@given(share=st.floats(0, 1), **sizes)
def test_a_score_is_the_same_whatever_is_allowed(share: float, seed: int, n: int, d: int) -> None:
    vectors, query = some_vectors(seed, n, d), some_vectors(seed + 1, 1, d)[0]
    allowed = np.random.default_rng(seed).random(n) < share
    index = Int8Vectors.build(vectors)
    np.testing.assert_array_equal(index.scan_allowed(query, allowed), np.where(allowed, index.scan(query), -np.inf))
    part = Int8Vectors.build(vectors[allowed], mean=index.mean)
    np.testing.assert_array_equal(part.scan(query), index.scan(query)[allowed])


@given(k=st.integers(0, 40), **sizes)
def test_top_is_the_sorted_scan(k: int, seed: int, n: int, d: int) -> None:
    vectors, query = some_vectors(seed, n, d), some_vectors(seed + 1, 1, d)[0]
    vectors = np.concatenate([vectors, vectors[: n // 2]])  # equal ones
    index = Int8Vectors.build(vectors)
    rows, scores = index.top(query, k)
    expected = np.argsort(-index.scan(query), kind="stable")[:k]
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(scores, index.scan(query)[expected])
    allowed = np.arange(len(vectors)) % 3 == 0
    assert set(index.top(query, k, allowed)[0].tolist()) <= set(np.flatnonzero(allowed).tolist())


def test_rescoring_gives_the_cosines_of_float32() -> None:
    vectors = some_vectors(3, 2_000, 64)
    index = Int8Vectors.build(vectors)
    for query in some_vectors(4, 20, 64):
        rows, scores = index.top(query, 10, exact=vectors)
        np.testing.assert_array_equal(rows, np.argsort(-(vectors @ query), kind="stable")[:10])
        np.testing.assert_allclose(scores, (vectors @ query)[rows], atol=1e-6)


def test_stored_and_mapped_it_is_the_same_also_from_many_threads(tmp_path: Path) -> None:
    index = Int8Vectors.build(some_vectors(5, 3_000, 96))
    write_arrays(tmp_path / "vectors", index.arrays())
    mapped = Int8Vectors.from_arrays(read_arrays(tmp_path / "vectors")[0])
    queries = some_vectors(6, 16, 96)
    with ThreadPoolExecutor(4) as pool:
        for query, found in zip(queries, pool.map(mapped.scan, queries), strict=True):
            np.testing.assert_array_equal(found, index.scan(query))


def test_warm_leaves_nothing_to_compile(tmp_path: Path) -> None:
    index = Int8Vectors.build(some_vectors(5, 30, 96))
    write_arrays(tmp_path / "vectors", index.arrays())
    kernels = (scan_kernels.scan_codes, scan_kernels.scan_allowed_codes)
    compiled = [len(kernel.signatures) for kernel in kernels]
    for some in (index, Int8Vectors.from_arrays(read_arrays(tmp_path / "vectors")[0])):
        some.top(index.mean, 3, np.arange(30) < 2)
        some.top(index.mean, 3)
    assert [len(kernel.signatures) for kernel in kernels] == compiled


@pytest.mark.parametrize("n", [0, 1])
def test_few_rows(n: int) -> None:
    index = Int8Vectors.build(some_vectors(1, n, 8))
    query = some_vectors(2, 1, 8)[0]
    assert index.scan(query).shape == (n,)
    assert len(index.top(query, 5)[0]) == n
    assert len(index.top(query, 5, np.zeros(n, bool))[0]) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    vectors = some_vectors(1, 5, 8)
    index = Int8Vectors.build(vectors)
    vectors[3, 2] = value
    with np.errstate(invalid="ignore"):
        with pytest.raises(BadVectors):
            Int8Vectors.build(vectors)
        with pytest.raises(BadVectors):
            index.scan(vectors[3])


def test_shapes_that_do_not_fit_are_refused() -> None:
    index = Int8Vectors.build(some_vectors(1, 5, 8))
    with pytest.raises(BadVectors):
        index.scan(some_vectors(1, 1, 7)[0])
    with pytest.raises(BadVectors):
        index.scan_allowed(index.mean, np.ones(4, bool))
    with pytest.raises(BadVectors):
        Int8Vectors.build(index.mean)
    with pytest.raises(BadVectors):
        Int8Vectors(index.codes, index.scales[:3], index.mean)
