from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from embeddings.arrays import write_arrays
from embeddings.errors import BadVectors, DamagedFile
from embeddings.hnsw import SPARE, VectorIndex
from tests.embeddings.test_quantised import some_vectors

POOL = some_vectors(9, 60, 12)


def filled(n: int, d: int = 16) -> VectorIndex:
    index = VectorIndex(d)
    index.add(np.arange(n), some_vectors(1, n, d))
    return index


class Owners(RuleBasedStateMachine):
    """Any order of additions, replacements and retirements answers as a plain dict would."""

    def __init__(self) -> None:
        super().__init__()
        self.index, self.expected = VectorIndex(12), dict[int, int]()

    @rule(pairs=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 59)), max_size=20))
    def add(self, pairs: list[tuple[int, int]]) -> None:
        self.index.add(np.array([owner for owner, _ in pairs]), POOL[[row for _, row in pairs]])
        self.expected |= dict(pairs)

    @rule(owners=st.lists(st.integers(0, 40)))
    def retire(self, owners: list[int]) -> None:
        self.index.retire(np.array(owners))
        for owner in owners:
            self.expected.pop(owner, None)

    @rule(row=st.integers(0, 59), k=st.integers(0, 60))
    def search(self, row: int, k: int) -> None:
        ids, scores = self.index.search(POOL[row], k)
        cosines = {owner: float(POOL[row] @ POOL[at]) for owner, at in self.expected.items()}
        assert len(ids) == len(set(ids.tolist())) == min(k, len(cosines))
        np.testing.assert_allclose(scores, [cosines[owner] for owner in ids.tolist()], atol=1e-5)
        np.testing.assert_allclose(scores, sorted(cosines.values(), reverse=True)[:k], atol=1e-5)

    @invariant()
    def counts(self) -> None:
        assert len(self.index) == len(self.expected)
        assert self.index.distinct == len(set(self.expected.values()))


TestOwners = Owners.TestCase
TestOwners.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_recall_of_a_thousand_and_equal_vectors() -> None:
    vectors = some_vectors(2, 3_000, 48)
    index = VectorIndex(48)
    index.add(np.arange(4_000), np.concatenate([vectors, np.repeat(vectors[:1], 1_000, 0)]))  # 1,001 equal
    assert index.distinct == 3_000
    found = []
    for query in some_vectors(3, 50, 48):
        best = set(np.argsort(-(vectors @ query))[:10].tolist())
        found.append(len(best & set(index.search(query, 10)[0].tolist())) / 10)
    assert np.mean(found) > 0.97
    assert len(index.search(vectors[0], 2_000)[0]) == 2_000


def test_retired_are_never_found_and_the_graph_is_built_anew() -> None:
    index = filled(3 * SPARE)
    index.retire(np.arange(3 * SPARE - 5))
    ids, _ = index.search(some_vectors(1, 1, 16)[0], 100)
    assert sorted(ids.tolist()) == list(range(3 * SPARE - 5, 3 * SPARE))
    assert index._graph.get_current_count() == 5
    index.add(np.array([0]), some_vectors(1, 1, 16))
    assert index.search(some_vectors(1, 1, 16)[0], 1)[0].tolist() == [0]


def test_saved_and_loaded_it_answers_the_same(tmp_path: Path) -> None:
    index = filled(500)
    index.retire(np.arange(0, 500, 3))
    index.save(tmp_path / "index")
    loaded = VectorIndex.load(tmp_path / "index", 16)
    for query in some_vectors(8, 20, 16):
        for ours, theirs in zip(index.search(query, 30), loaded.search(query, 30), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    loaded.add(np.array([1, 900]), some_vectors(4, 2, 16))
    assert len(loaded) == len(index) + 1
    assert loaded.search(some_vectors(4, 2, 16)[1], 1)[0].tolist() == [900]
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_a_damaged_file_is_an_error_and_never_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "index"
    filled(300).save(path)
    sound, rng = path.read_bytes(), np.random.default_rng(1)
    expected = VectorIndex.load(path, 16).search(POOL[0][:12].repeat(2)[:16], 5)[0]
    for _ in range(300):
        broken = bytearray(sound)
        broken[rng.integers(len(broken))] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken if rng.random() < 0.6 else sound[: rng.integers(len(sound))])
        try:
            found = VectorIndex.load(path, 16)
        except DamagedFile:
            continue
        np.testing.assert_array_equal(found.search(POOL[0][:12].repeat(2)[:16], 5)[0], expected)  # padding was hit
    path.write_bytes(sound)
    with pytest.raises(DamagedFile, match="17 dimensions"):
        VectorIndex.load(path, 17)
    write_arrays(path, {"codes": np.zeros(3)})
    with pytest.raises(DamagedFile):
        VectorIndex.load(path, 16)
    with pytest.raises(DamagedFile):
        VectorIndex.load(tmp_path / "nothing", 16)


def test_bad_vectors_are_refused_and_change_nothing() -> None:
    index = filled(10)
    for bad in (np.full((1, 16), np.nan), np.full((1, 16), np.inf), np.zeros((1, 16)), np.ones((1, 15)), np.ones(16)):
        with pytest.raises(BadVectors):
            index.add(np.array([3]), bad.astype(np.float32))
    with pytest.raises(BadVectors):
        index.add(np.array([1, 2]), np.ones((1, 16), np.float32))
    with pytest.raises(BadVectors):
        index.search(np.full(16, np.nan, np.float32), 3)
    assert len(index) == index.distinct == 10


def test_searching_while_others_add_and_retire() -> None:
    index, vectors = filled(1_500), some_vectors(5, 1_500, 16)

    def search(seed: int) -> int:
        return sum(len(index.search(query, 10)[0]) for query in some_vectors(seed, 300, 16))

    def change(_: int) -> int:
        for at in range(0, 1_500, 100):
            index.add(np.arange(1_500 + at, 1_600 + at), vectors[at : at + 100])
            index.retire(np.arange(at, at + 100))
        return 0

    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(search, seed) for seed in range(3)]
        pool.submit(change, 0).result()
        assert [future.result() for future in found] == [3_000] * 3
    assert index.search(vectors[7], 1)[0].tolist() == [1_507]
