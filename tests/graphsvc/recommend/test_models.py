"""The models against the formulas that they are said to compute, written out."""

import numpy as np
import pytest

from graphsvc.recommend.again import DECAY, Again
from graphsvc.recommend.blend import FEWEST, Blend
from graphsvc.recommend.content import Content
from graphsvc.recommend.contract import Interactions
from graphsvc.recommend.cosine import Cosine
from graphsvc.recommend.covisit import Covisit
from graphsvc.recommend.ppmi_svd import ppmi
from graphsvc.recommend.sequences import Sequences


def walks(shoppers: int = 60, items: int = 25, seed: int = 3) -> list[list[int]]:
    draw = np.random.default_rng(seed)
    return [draw.integers(0, items, draw.integers(1, 40)).tolist() for _ in range(shoppers)]


def interactions(lists: list[list[int]], items: int = 25) -> Interactions:
    return Interactions(Sequences.of(lists), items, Sequences.of([[i % 4, 4 + i % 3] for i in range(items)]), 7)


def test_covisit_is_its_formula() -> None:
    lists, items = walks(), 25
    model = Covisit()
    model.fit(interactions(lists))
    popular = np.maximum(np.bincount(sum(lists, []), minlength=items), 1)
    wanted = np.zeros((items, items))
    for line in lists:
        for at, first in enumerate(line):
            for gap, second in enumerate(line[at + 1 : at + 21], 1):
                wanted[first, second] += gap**-0.5
                wanted[second, first] += 0.3 * gap**-0.5
    wanted /= popular[:, None] ** 0.3 * popular[None, :] ** 0.1
    found = [[model.rows.weight(i, j) for j in range(items)] for i in range(items)]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)
    ids, scores = model.score(Sequences.of([[2, 9, 4]]), 25, seen=True)
    expected = wanted[4] + 0.6 * wanted[9] + 0.36 * wanted[2]
    np.testing.assert_allclose(scores[0], expected[ids[0]], rtol=1e-4)


def test_cosine_is_its_formula() -> None:
    lists, items = walks(), 25
    model = Cosine()
    model.fit(interactions(lists))
    popular = np.maximum(np.bincount(sum(lists, []), minlength=items), 1) ** -0.3
    wanted = np.zeros((items, items))
    for line in map(set, lists):
        for first in line:
            for second in line - {first}:
                wanted[first, second] += len(line) ** -0.5
    wanted *= popular[:, None] * popular[None, :]
    found = [[model.rows.weight(i, j) for j in range(items)] for i in range(items)]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_ppmi_is_positive_and_tells_chance_from_company() -> None:
    lists = [[0, 1, 0, 1]] * 10 + [[2, 3, 2, 3]] * 10 + [[0, 2]]
    matrix = ppmi(interactions(lists, 4)).toarray()
    assert (matrix >= 0).all()
    assert matrix[0, 1] > 0
    assert matrix[0, 2] == 0
    np.testing.assert_allclose(np.diag(matrix), 0)


def test_content_is_the_cosine_of_weighted_nodes() -> None:
    model = Content()
    model.fit(interactions([[0]]))
    assert model.closeness(0, 12) == pytest.approx(1)
    assert model.closeness(0, 1) == 0
    ids, scores = model.score(Sequences.of([[0]]), 3)
    assert set(ids[0][:2]) == {12, 24}
    assert scores[0][0] == pytest.approx(1)


def test_again_is_its_formula() -> None:
    model = Again(25)
    ids, scores = model.score(Sequences.of([[7, 3, 7, 9], []]), 3, seen=True)
    assert ids.tolist() == [[7, 9, 3], [-1, -1, -1]]
    np.testing.assert_allclose(scores[0], [DECAY**3 + DECAY, 1.0, DECAY**2], rtol=1e-6)
    assert (model.score(Sequences.of([[7, 3]]), 3)[0] == -1).all()


def test_a_measure_says_little_of_a_thing() -> None:
    """Item 0 shares its size with item 1 and its type with item 2."""
    features = Sequences.of([[0, 1], [0, 2], [1], *([2], [1]) * 10])
    plain, weighed = Content(), Content()
    plain.fit(Interactions(Sequences.empty(0), 23, features, 3))
    weighed.fit(Interactions(Sequences.empty(0), 23, features, 3, worth=np.array([0.1, 1, 1], np.float32)))
    assert plain.closeness(0, 1) > plain.closeness(0, 2)
    assert weighed.closeness(0, 1) < weighed.closeness(0, 2)


def test_content_knows_what_nobody_has_taken() -> None:
    model = Blend()
    model.fit(interactions([[0, 1], [1, 2], [2, 0]]))
    ids, _ = model.score(Sequences.of([[0]]), 20)
    assert 12 in ids[0]


def test_weights_follow_what_foresees() -> None:
    """Shoppers who step to the next item by number, whatever its nodes: order foresees, content does not."""
    lists = [[(who + step) % 25 for step in range(6)] for who in range(3 * FEWEST)]
    sequences = Sequences.of(lists)
    blend = Blend()
    blend.fit(Interactions(sequences.without_last(2), 25, Sequences.of([[i % 2] for i in range(25)]), 2))
    blend.tune(sequences.without_last(2), sequences.from_end(2))
    assert blend.weights["content"] < 0.4
    ids, _ = blend.score(sequences.without_last(1), 1)
    assert (ids[:, 0] == sequences.from_end(1)).mean() > 0.9


@pytest.mark.parametrize(("again", "least"), [(True, 0.5), (False, 0.0)])
def test_the_past_weighs_what_it_foresees(again: bool, least: float) -> None:
    """Shoppers each with three things of their own to take over and over, and shoppers who never take one twice."""
    draw = np.random.default_rng(5)
    own = [draw.choice(60, 3 if again else 24, replace=False) for _ in range(3 * FEWEST)]
    lists = [(draw.choice(things, 24) if again else things).tolist() for things in own]
    sequences = Sequences.of(lists)
    blend = Blend()
    blend.fit(Interactions(sequences.without_last(10), 60, Sequences.of([[i % 2] for i in range(60)]), 2))
    blend.tune_again(sequences.without_last(10), sequences.from_end(1))
    assert (blend.weights["again"] > least) is again


def test_few_shoppers_leave_the_weights_alone() -> None:
    sequences = Sequences.of([[0, 1, 2]] * (FEWEST - 1))
    blend = Blend()
    blend.fit(interactions([[0, 1, 2]]))
    before = dict(blend.weights)
    blend.tune(sequences.without_last(2), sequences.from_end(2))
    assert blend.weights == before
