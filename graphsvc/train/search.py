"""A search for the plan that scores best within a time budget, by optuna. Knows plans; does not know tasks."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import optuna
from optuna.trial import TrialState

from graphsvc.errors import InputError
from graphsvc.train.checkpoints import run_of
from graphsvc.train.plan import Plan

Score = Callable[[Plan], float]
FILE = "search.sqlite"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
RATES: Mapping[str, tuple[float, float]] = {
    "rate": (2e-5, 1e-3),
    "head_rate": (5e-4, 2e-2),
    "tuning_rate": (1e-4, 2e-2),
}
SHARES: Mapping[str, tuple[float, float]] = {
    "layer_decay": (0.7, 1.0), "warmup": (0.0, 0.2), "weight_decay": (0.0, 0.1), "dropout": (0.0, 0.3),
    "word_dropout": (0.0, 0.3),
}  # fmt: skip
CHOICES: Mapping[str, Sequence[Any]] = {
    "schedule": ("linear", "cosine", "constant_with_warmup"), "batch": (8, 16, 32), "adversarial": ("", "fgm"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """One try: what was set, what it scored and the seconds that it took."""

    options: Mapping[str, Any]
    score: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """The best plan and every try, the best first."""

    plan: Plan
    trials: Sequence[Trial]


def seconds_of(budget: str) -> float:
    """How long "30m" is. Raises InputError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", budget.strip())
    if match is None:
        raise InputError(f"{budget!r} is no time.", "Write a number and s, m, h or d, such as 30m.")
    return float(match[1]) * UNITS[match[2]]


def search(
    score: Score,
    plan: Plan,
    budget: float,
    folder: Path,
    progress: Callable[[int, float], None] = lambda tries, best: None,
) -> Found:
    """Try plans for so many seconds, `plan` itself first, so that the best is never worse. It is a rated one.

    Tree-structured Parzen estimators (Bergstra et al. 2011). `folder` keeps the tries: a search that was killed goes
    on, and what its tries had taken counts. No try but the first begins that would likely end after the budget.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        storage=f"sqlite:///{folder / FILE}", study_name=run_of(plan), direction="maximize", load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=plan.seed),
    )  # fmt: skip
    _begin(study, plan)
    trials = _trials(study)
    while not trials or sum(one.seconds for one in trials) + max(one.seconds for one in trials) <= budget:
        study.optimize(lambda trial: _try(trial, score, plan), n_trials=1)
        trials = _trials(study)
        progress(len(trials), trials[0].score)
    return Found(replace(plan, **trials[0].options), trials)


def _begin(study: Any, plan: Plan) -> None:
    """Put the plan itself first, and a try that was broken off once more."""
    for trial in study.get_trials(states=[TrialState.RUNNING]):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)
    if not study.trials:
        study.enqueue_trial({name: getattr(plan, name) for name in (*RATES, *SHARES, *CHOICES)})


def _try(trial: Any, score: Score, plan: Plan) -> float:
    began = monotonic()
    found = score(replace(plan, **_suggested(trial, plan)))
    trial.set_user_attr("seconds", monotonic() - began)
    return found


def _suggested(trial: Any, plan: Plan) -> dict[str, Any]:
    """Values from the search's room, which is widened to what the plan itself says."""
    found: dict[str, Any] = {}
    idle = "tuning_rate" if plan.tuning == "full" else "rate"
    for room, is_log in ((RATES, True), (SHARES, False)):
        for name, (low, high) in room.items():
            own = getattr(plan, name)
            if name != idle:
                found[name] = trial.suggest_float(name, min(low, own), max(high, own), log=is_log)
    for name, choices in CHOICES.items():
        found[name] = trial.suggest_categorical(name, list(dict.fromkeys([getattr(plan, name), *choices])))
    return found


def _trials(study: Any) -> list[Trial]:
    done = study.get_trials(states=[TrialState.COMPLETE])
    found = [Trial(trial.params, trial.value, trial.user_attrs["seconds"]) for trial in done]
    return sorted(found, key=lambda trial: -trial.score)
