"""One contract for every row of the table of recommenders."""

from pathlib import Path

import numpy as np
import pytest

from embeddings.errors import DamagedFile
from graphsvc.recommend.contract import RECOMMENDERS, Interactions, Recommender, recommender_class
from graphsvc.recommend.sequences import Sequences

SIDE = 20  # items of each of two worlds that share no shopper and no node


def checkerboard() -> Interactions:
    """Even shoppers walk through the first world, odd ones through the second, each from a place of its own."""
    lists = [[(step * (1 + who % 3) + who) % SIDE + SIDE * (who % 2) for step in range(8)] for who in range(80)]
    features = [[item // SIDE, 2 + item // 5] for item in range(2 * SIDE)]
    return Interactions(Sequences.of(lists), 2 * SIDE, Sequences.of(features), 2 + 2 * SIDE // 5)


def fitted(name: str, data: Interactions | None = None) -> Recommender:
    model = recommender_class(name)()
    model.fit(data or checkerboard())
    return model


each = pytest.mark.parametrize("name", RECOMMENDERS)


@each
def test_answers_are_arrays_best_first_without_repeats(name: str) -> None:
    ids, scores = fitted(name).score(Sequences.of([[0, 1, 2], [25], []]), 7)
    assert ids.shape == scores.shape == (3, 7)
    assert (ids.dtype, scores.dtype) == (np.int32, np.float32)
    assert (np.diff(scores, axis=1) <= 0).all()
    assert (scores[ids >= 0] > 0).all()
    assert (scores[ids < 0] == 0).all()
    for row in ids:
        assert len(set(row[row >= 0])) == (row >= 0).sum()


@each
def test_the_history_is_left_out_unless_asked_for(name: str) -> None:
    model, histories = fitted(name), Sequences.of([[3, 4, 5]])
    assert not np.isin([3, 4, 5], model.score(histories, 40)[0]).any()
    if name in ("popular", "again"):
        assert np.isin([3, 4, 5], model.score(histories, 40, seen=True)[0]).all()


@each
def test_only_allowed_items_are_found_however_few(name: str) -> None:
    allowed = np.zeros(2 * SIDE, bool)
    allowed[[7, 9, 33]] = True
    history = [3, 4, 5] if name != "again" else [3, 9, 33]
    ids, _ = fitted(name).score(Sequences.of([history]), 10, allowed, seen=name == "again")
    assert set(ids[0][ids[0] >= 0]) <= {7, 9, 33}
    assert 7 in ids[0] or 9 in ids[0]


@each
def test_a_history_leads_to_its_own_world(name: str) -> None:
    if name == "popular":
        pytest.skip("popular gives everyone the same")
    ids, _ = fitted(name).score(Sequences.of([[3, 4, 5], [23, 24, 25]]), 3, seen=name == "again")
    assert (ids[0] < SIDE).all()
    assert (ids[1] >= SIDE).all()


@each
def test_a_batch_is_its_histories_one_by_one(name: str) -> None:
    model = fitted(name)
    histories = Sequences.of([[3, 4, 5], [], [23], [1, 30]])
    ids, scores = model.score(histories, 5)
    for at in range(len(histories)):
        one_ids, one_scores = model.score(histories.rows(np.array([at])), 5)
        np.testing.assert_array_equal(one_ids[0], ids[at])
        np.testing.assert_allclose(one_scores[0], scores[at], rtol=1e-5)


@each
def test_fitting_twice_gives_the_same_and_forgets(name: str) -> None:
    once, twice = fitted(name), fitted(name)
    twice.fit(Interactions(Sequences.of([[0, 39]] * 9), 40, Sequences.empty(40)))
    twice.fit(checkerboard())
    histories = Sequences.of([[3, 4, 5], [30]])
    np.testing.assert_array_equal(once.score(histories, 9)[0], twice.score(histories, 9)[0])


@each
def test_saved_and_loaded_it_answers_the_same(name: str, tmp_path: Path) -> None:
    model = fitted(name)
    model.save(tmp_path)
    again = recommender_class(name).load(tmp_path)
    histories = Sequences.of([[3, 4, 5], [30], []])
    for mine, theirs in zip(model.score(histories, 9), again.score(histories, 9), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@each
def test_a_damaged_file_is_said(name: str, tmp_path: Path) -> None:
    fitted(name).save(tmp_path)
    for path in tmp_path.iterdir():
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedFile):
        recommender_class(name).load(tmp_path)


@each
@pytest.mark.parametrize("lists", [[], [[]], [[0]], [[0, 0, 0]], [[0, 1]]], ids=str)
def test_next_to_nothing_to_learn_from_is_no_failure(name: str, lists: list[list[int]]) -> None:
    model = fitted(name, Interactions(Sequences.of(lists), 3, Sequences.empty(3)))
    ids, scores = model.score(Sequences.of([[0], [], [2, 1]]), 4)
    assert ids.shape == (3, 4)
    assert np.isfinite(scores).all()


@each
def test_no_item_at_all_is_no_failure(name: str, tmp_path: Path) -> None:
    model = fitted(name, Interactions(Sequences.empty(0), 0, Sequences.empty(0)))
    model.save(tmp_path)
    ids, _ = recommender_class(name).load(tmp_path).score(Sequences.of([[]]), 4)
    assert (ids == -1).all()


@each
def test_equal_scores_do_not_follow_the_numbering(name: str) -> None:
    data = Interactions(Sequences.of([list(range(30))] * 3), 31, Sequences.of([[0]] * 31), 1)
    ids, scores = fitted(name, data).score(Sequences.of([[30]]), 30)
    found = ids[0][(ids[0] >= 0) & (scores[0] == scores[0][0])]
    assert len(found) < 3 or list(found) != sorted(found)
