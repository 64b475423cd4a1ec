"""The gate before production: what a candidate must not be worse in. Knows cards and bounds; does not know files."""

from dataclasses import asdict, dataclass
from math import isfinite

from graphsvc.errors import InputError
from graphsvc.models.card import ModelCard, megabytes, shown


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds. `worse` is how far below production the F1 on unseen texts may lie, `calibration` the largest
    calibration error, `per_second` the fewest texts a second, `size` the most bytes, `texts` the fewest unseen texts
    that prove anything.
    """

    worse: float = 0.005
    calibration: float = 0.15
    per_second: float = 20.0
    size: int = 500_000_000
    texts: int = 100

    def __post_init__(self) -> None:
        if not all(map(isfinite, asdict(self).values())):
            raise InputError("A limit of the gate is no finite number.", "Give numbers.")


@dataclass(frozen=True, slots=True)
class Check:
    """One row of a verdict: what was measured against which bound, and the same in words."""

    name: str
    measured: float | str | None
    bound: float | str | None
    passed: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks of one candidate."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check has passed."""
        return all(check.passed for check in self.checks)

    @property
    def faults(self) -> str:
        """What has not passed, in words."""
        return " ".join(check.sentence for check in self.checks if not check.passed)

    def refusal(self, model: str) -> str:
        """Why a model is not let through, in words."""
        return f"{model} does not pass the gate. {self.faults}"


DEFAULTS = Limits()


def judge(candidate: ModelCard, production: ModelCard | None, limits: Limits = DEFAULTS) -> Verdict:
    """Judge a candidate by its scores, against those of the model in production when there is one."""
    return Verdict((
        _same_texts(candidate, production), _unseen(candidate, production, limits), _enough(candidate, limits),
        _calibrated(candidate, limits), _fast(candidate, limits), _small(candidate, limits),
    ))  # fmt: skip


def _same_texts(candidate: ModelCard, production: ModelCard | None) -> Check:
    """Scores compare where both were tested on the same data and as many of its texts were new to both."""
    mine, bound = _tested(candidate), None if production is None else _tested(production)
    if not candidate.test:
        return Check("same texts", mine, bound, False, "Its scores do not say on which data it was tested.")
    if production is None:
        return Check("same texts", mine, bound, True, "It is the first.")
    if mine == bound:
        return Check("same texts", mine, bound, True, "Both were scored on the same texts.")
    words = (
        f"It was scored on {mine}, production on {bound}: score both on the same set, on texts that are new to both:"
        f" python -m graphsvc models score {production.version} --labels NAME."
    )
    return Check("same texts", mine, bound, False, words)


def _tested(card: ModelCard) -> str:
    return f"{card.test or 'unknown data'} ({shown(card.figure('unseen', 'texts'))} unseen texts)"


def _unseen(candidate: ModelCard, production: ModelCard | None, limits: Limits) -> Check:
    """A first model must be right at all."""
    mine = candidate.figure("unseen", "f1")
    theirs = 0.0 if production is None else production.figure("unseen", "f1")
    bound = None if theirs is None else round(max(0.0, theirs - limits.worse), 6)
    passed = mine is not None and bound is not None and mine >= bound and mine > 0
    beside = f"production has {shown(theirs)}, and {limits.worse:g} less is allowed"
    if production is None:
        beside = "nothing is in production, so any above 0 will do"
    return Check("unseen F1", mine, bound, passed, f"F1 on unseen texts is {shown(mine)}; {beside}.")


def _enough(candidate: ModelCard, limits: Limits) -> Check:
    texts = candidate.figure("unseen", "texts")
    words = f"{shown(texts)} unseen texts were tested; fewer than {limits.texts:,} prove nothing."
    return _at_least("unseen texts", texts, limits.texts, words)


def _calibrated(candidate: ModelCard, limits: Limits) -> Check:
    error = candidate.figure("calibration_error")
    words = f"The calibration error is {shown(error)}; {limits.calibration:g} is allowed."
    return _at_most("calibration error", error, limits.calibration, words)


def _fast(candidate: ModelCard, limits: Limits) -> Check:
    speed = candidate.figure("per_second")
    words = f"It reads {shown(speed)} texts a second; {limits.per_second:g} are needed."
    return _at_least("texts a second", speed, limits.per_second, words)


def _small(candidate: ModelCard, limits: Limits) -> Check:
    words = f"Its files take {megabytes(candidate.size)}; {megabytes(limits.size)} are allowed."
    return _at_most("bytes", candidate.size, limits.size, words)


def _at_least(name: str, measured: float | None, bound: float, words: str) -> Check:
    return Check(name, measured, bound, measured is not None and measured >= bound, words)


def _at_most(name: str, measured: float | None, bound: float, words: str) -> Check:
    return Check(name, measured, bound, measured is not None and measured <= bound, words)
