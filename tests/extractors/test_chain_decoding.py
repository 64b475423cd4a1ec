from itertools import product

import numpy as np
import pytest

from extractors.chain_decoding import best_path, marginals
from extractors.linear_chain import FORBIDDEN
from extractors.types import Floats

CHANCE = np.random.default_rng(7)


def chain(units: int, tags: int) -> tuple[Floats, Floats, Floats, Floats]:
    shapes = [(units, tags), (tags, tags), (tags,), (tags,)]
    emissions, between, first, last = (CHANCE.normal(size=shape).astype(np.float32) for shape in shapes)
    return emissions, between, first, last


def scores(emissions: Floats, between: Floats, first: Floats, last: Floats) -> dict[tuple[int, ...], float]:
    """The score of every path."""
    found = {}
    for path in product(range(emissions.shape[1]), repeat=len(emissions)):
        moved = sum(between[before, now] for before, now in zip(path, path[1:], strict=False))
        emitted = sum(row[tag] for row, tag in zip(emissions, path, strict=True))
        found[path] = float(first[path[0]] + emitted + moved + last[path[-1]])
    return found


@pytest.mark.parametrize("units", [1, 2, 5])
@pytest.mark.parametrize("tags", [1, 2, 4])
def test_the_best_path_and_the_marginals_are_those_of_all_paths(units: int, tags: int) -> None:
    for _ in range(5):
        given = chain(units, tags)
        every = scores(*given)
        assert tuple(best_path(*given)) == max(every, key=lambda path: every[path])
        weights = {path: np.exp(score) for path, score in every.items()}
        expected = np.zeros((units, tags))
        for path, weight in weights.items():
            expected[np.arange(units), list(path)] += weight / sum(weights.values())
        found = marginals(*given)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_no_path_goes_where_it_is_forbidden() -> None:
    emissions, between, first, last = chain(6, 3)
    between[1, 2] = first[0] = FORBIDDEN
    emissions[:, 2] += 20
    emissions[2, 1] += 50
    path = best_path(emissions, between, first, last)
    assert path[0] != 0
    assert path[2] == 1
    assert path[3] != 2
    sure = marginals(emissions, between, first, last)
    assert sure[0, 0] == 0
    np.testing.assert_allclose(sure.sum(1), 1, atol=1e-5)


def test_very_long_and_very_sure_chains_stay_finite() -> None:
    emissions, between, first, last = chain(20_000, 3)
    sure = marginals(emissions * 1_000, between, first, last)
    assert np.isfinite(sure).all()
    np.testing.assert_allclose(sure.sum(1), 1, atol=1e-4)
    assert len(best_path(emissions, between, first, last)) == 20_000
