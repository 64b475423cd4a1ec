from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from graphsvc.errors import InputError
from graphsvc.models import Limits, ModelCard, judge
from tests.graphsvc.model_files import card, scores

LIMITS = Limits(worse=0.005, calibration=0.15, per_second=20, size=2_000, texts=100)


def failed(candidate: ModelCard, production: ModelCard | None = None, limits: Limits = LIMITS) -> set[str]:
    verdict = judge(candidate, production, limits)
    found = {check.name for check in verdict.checks if not check.passed}
    assert verdict.passed == (not found) == (not verdict.faults)
    return found


def scored(**changed: Any) -> ModelCard:
    return card(scores=scores(**changed))


def test_a_sound_candidate_passes_with_and_without_a_production() -> None:
    assert failed(card()) == set()
    assert failed(card(0.8), card(0.8)) == set()
    assert len(judge(card(), card()).checks) == 6


@pytest.mark.parametrize(
    ("mine", "theirs", "passes"),
    [(0.8, 0.805, True), (0.7949, 0.8, False), (0.795, 0.8, True), (0.895, 0.9, True), (0.9, 0.8, True)],
)
def test_it_may_be_worse_by_the_bound_and_no_more(mine: float, theirs: float, passes: bool) -> None:
    assert failed(card(mine), card(theirs)) == (set() if passes else {"unseen F1"})
    assert failed(card(mine), card(theirs), replace(LIMITS, worse=0.1)) == set()


@pytest.mark.parametrize(
    ("candidate", "row"),
    [
        (scored(f1=0.0), "unseen F1"),
        (scored(f1=nan), "unseen F1"),
        (scored(unseen={"f1": 0.8, "texts": 99}), "unseen texts"),
        (scored(unseen={"f1": 0.8}), "unseen texts"),
        (scored(calibration_error=0.1501), "calibration error"),
        (scored(calibration_error=None), "calibration error"),
        (scored(calibration_error=nan), "calibration error"),
        (scored(per_second=19.9), "texts a second"),
        (scored(per_second=None), "texts a second"),
        (scored(per_second="fast"), "texts a second"),
        (scored(per_second=True), "texts a second"),
        (card(size=2_001), "bytes"),
        (card(test=""), "same texts"),
    ],
)
def test_each_row_can_fail_alone(candidate: ModelCard, row: str) -> None:
    assert failed(candidate) == {row}
    (check,) = (check for check in judge(candidate, None, LIMITS).checks if check.name == row)
    assert check.sentence


def test_at_the_bounds_it_passes() -> None:
    edge = scored(calibration_error=0.15, per_second=20, unseen={"f1": 0.8, "texts": 100})
    assert failed(replace(edge, size=2_000)) == set()


def test_scores_on_other_texts_do_not_compare() -> None:
    other = card(0.1, test="e" * 32)
    assert failed(card(0.9), other) == {"same texts"}
    assert "score both on the same set" in judge(card(0.9), other).faults
    fewer = scored(unseen={"f1": 0.1, "texts": 400})  # the same set, but production had learnt from more of it
    assert failed(card(0.9), fewer) == {"same texts"}
    assert failed(card(test=""), card(test="")) == {"same texts"}


def test_without_scores_nothing_passes() -> None:
    bare = ModelCard("mentions")
    assert failed(bare) == {"same texts", "unseen F1", "unseen texts", "calibration error", "texts a second"}
    assert "unseen F1" in failed(card(), bare)


@pytest.mark.parametrize("wrong", [nan, inf])
def test_a_limit_is_a_number(wrong: float) -> None:
    with pytest.raises(InputError, match="no finite number"):
        Limits(worse=wrong)
