"""What was asked, what it cost, and what may still be spent.

Knows tokens, money and seconds; does not know questions. Money is in whatever currency the prices are in. A try that
was never answered is not counted: nobody says what it cost.
"""

import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from extractors.llm_client import Answer

Reservation = tuple[int, float]  # tokens, money


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that may be spent, None for no bound, and the prices of a million tokens."""

    tokens: int | None = None
    money: float | None = None
    price_prompt: float = 0.0
    price_completion: float = 0.0

    def cost(self, prompt: int, completion: int) -> float:
        """The price of so many tokens."""
        return (prompt * self.price_prompt + completion * self.price_completion) / 1e6


@dataclass(frozen=True, slots=True)
class Usage:
    """A report. `calls` were answered and paid, `cached` had been paid before, `unasked` did not fit the budget."""

    calls: int = 0
    cached: int = 0
    unasked: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: float = 0.0
    latency_p50_s: float = 0.0
    latency_p95_s: float = 0.0
    refused: Mapping[str, int] = field(default_factory=dict)


class Account:
    """The running sum of one extractor. Threads share it."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._changed = threading.Condition()
        self._held: list[Reservation] = []  # questions on their way, at the most that they can cost
        self._used_up = False
        self._calls = self._cached = self._unasked = self._retries = 0
        self._prompt_tokens = self._completion_tokens = 0
        self._seconds: list[float] = []
        self._refused: Counter[str] = Counter()

    def reserve(self, prompt: int, completion: int) -> Reservation | None:
        """Set aside the most that a question can cost. None once one did not fit: then the budget is used up.

        A question that fits only if others cost less than they might waits for them.
        """
        wanted = (prompt + completion, self._budget.cost(prompt, completion))
        with self._changed:
            while not self._used_up and not self._fits(wanted):
                self._used_up = not self._held
                if self._held:
                    self._changed.wait()
            if self._used_up:
                self._unasked += 1
                return None
            self._held.append(wanted)
            return wanted

    def release(self, reserved: Reservation) -> None:
        """Give back what was set aside; what was spent is recorded before."""
        with self._changed:
            self._held.remove(reserved)
            self._changed.notify_all()

    def record(self, answer: Answer, prompt: int, completion: int) -> None:
        """Note a paid answer. Where its tokens were not counted, it cost what it can have cost at most."""
        with self._changed:
            self._calls += 1
            self._retries += answer.tries - 1
            self._prompt_tokens += prompt if answer.prompt_tokens is None else answer.prompt_tokens
            self._completion_tokens += completion if answer.completion_tokens is None else answer.completion_tokens
            self._seconds.append(answer.seconds)

    def record_cached(self) -> None:
        """Note an answer that had been paid before."""
        with self._changed:
            self._cached += 1

    def refuse(self, reason: str) -> None:
        """Note an answer, or a part of one, that is not used, with the reason."""
        with self._changed:
            self._refused[reason] += 1

    def usage(self) -> Usage:
        """The report so far."""
        with self._changed:
            return Usage(
                self._calls, self._cached, self._unasked, self._retries, self._prompt_tokens, self._completion_tokens,
                self._money(), _quantile(self._seconds, 0.5), _quantile(self._seconds, 0.95), dict(self._refused),
            )  # fmt: skip

    def _money(self) -> float:
        return self._budget.cost(self._prompt_tokens, self._completion_tokens)

    def _fits(self, wanted: Reservation) -> bool:
        tokens = self._prompt_tokens + self._completion_tokens + sum(tokens for tokens, _ in self._held) + wanted[0]
        money = self._money() + sum(money for _, money in self._held) + wanted[1]
        return (self._budget.tokens is None or tokens <= self._budget.tokens) and (
            self._budget.money is None or money <= self._budget.money
        )


def _quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share does not exceed; 0 for none."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else 0.0
