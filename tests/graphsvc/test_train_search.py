"""The search keeps its budget, never ends worse than it began, and goes on when it was broken off."""

from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from graphsvc.errors import InputError
from graphsvc.train.plan import FEW, Plan
from graphsvc.train.search import FILE, _suggested, search, seconds_of

SECONDS = 100.0  # that a try takes
PLAN = Plan().rated(FEW)


class Clock:
    now = 0.0


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphsvc.train.search.monotonic", lambda: Clock.now)


def score(plan: Plan) -> float:
    """Best at a rate of 1e-4, and with small batches."""
    Clock.now += SECONDS
    return 1.0 / (1.0 + abs(plan.rate / 1e-4 - 1.0)) - plan.batch / 1_000


def test_the_plan_itself_comes_first_and_the_best_is_never_worse(tmp_path: Path) -> None:
    tried: list[Plan] = []
    plan = replace(PLAN, rate=9e-4, batch=4)
    found = search(lambda one: tried.append(one) or score(one), plan, 8.5 * SECONDS, tmp_path)  # type: ignore[func-returns-value]
    assert tried[0] == plan
    assert len(tried) == len(found.trials) == 8
    assert score(found.plan) == found.trials[0].score == max(score(one) for one in tried)
    assert found.trials[0].score > score(plan)
    assert found.plan.encoder == plan.encoder
    assert len({one.rate for one in tried}) > 3
    assert {one.tuning_rate for one in tried} == {plan.tuning_rate}, "it says nothing here"


def test_no_try_begins_that_would_end_too_late(tmp_path: Path) -> None:
    found = search(score, PLAN, 4.5 * SECONDS, tmp_path)
    assert [trial.seconds for trial in found.trials] == 4 * [SECONDS]
    assert len(search(score, replace(PLAN, seed=2), 0.0, tmp_path).trials) == 1, "without a try nothing can be said"


def test_a_search_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    tried: list[Plan] = []

    def broken(plan: Plan) -> float:
        tried.append(plan)
        if len(tried) == 3:
            raise KeyboardInterrupt
        return score(plan)

    with pytest.raises(KeyboardInterrupt):
        search(broken, PLAN, 10 * SECONDS, tmp_path)
    seen: list[int] = []
    found = search(score, PLAN, 6.5 * SECONDS, tmp_path, lambda tries, best: seen.append(tries))
    assert seen[0] == 3, "two tries were kept"
    assert len(found.trials) == seen[-1] == 6, "what the two had taken counts"
    other = search(score, replace(PLAN, epochs=1), 2.5 * SECONDS, tmp_path)
    assert len(other.trials) == 2, "another plan is another search"


def test_a_try_whose_process_was_killed_is_tried_again(tmp_path: Path) -> None:
    search(score, PLAN, 0.0, tmp_path)
    (name,) = optuna.get_all_study_names(f"sqlite:///{tmp_path / FILE}")
    left = optuna.load_study(study_name=name, storage=f"sqlite:///{tmp_path / FILE}").ask()
    broken = _suggested(left, PLAN)
    tried: list[Plan] = []
    search(lambda one: tried.append(one) or score(one), PLAN, 2.5 * SECONDS, tmp_path)  # type: ignore[func-returns-value]
    assert tried == [replace(PLAN, **broken)]


def test_other_tunings_search_their_own_rate(tmp_path: Path) -> None:
    tried: list[Plan] = []
    search(lambda one: tried.append(one) or score(one), replace(PLAN, tuning="lora"), 3 * SECONDS, tmp_path)  # type: ignore[func-returns-value]
    assert len({one.tuning_rate for one in tried}) > 1
    assert {one.rate for one in tried} == {PLAN.rate}


def test_budgets_are_read() -> None:
    assert [seconds_of(text) for text in ("30m", "90s", "1.5h", "2d")] == [1800, 90, 5400, 172800]
    for text in ("30", "m", "half an hour", "-5m", ""):
        with pytest.raises(InputError, match="is no time"):
            seconds_of(text)
