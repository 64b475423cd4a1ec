"""Asking what may hang: nobody waits longer than the patience, and after a failure nobody asks for a while.

    breaker = Breaker(rest_s=5.0)
    breaker.ask(lambda: projection.entity("shop:1"), patience_s=3.0)

Each question has a thread of its own, which lives until the driver gives up: the driver cannot be told to wait less for
an answer. Knows threads and time; does not know what is asked.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from graphsvc.errors import GraphUnavailable

T = TypeVar("T")


class Breaker:
    """One thing that may hang. Threads may share it; after a rest, one of them asks for all."""

    def __init__(self, rest_s: float) -> None:
        self._rest_s = rest_s
        self._lock = threading.Lock()
        self._failure: GraphUnavailable | None = None
        self._closed_until = 0.0
        self._asked: set[Future[Any]] = set()

    def ask(self, work: Callable[[], T], patience_s: float) -> T:
        """Return what `work` gives. Raises what it raises; GraphUnavailable when it takes too long or lately did."""
        self._admit(patience_s)
        answer: Future[T] = Future()
        self._asked.add(answer)
        answer.add_done_callback(self._asked.discard)
        threading.Thread(target=_settle, args=(answer, work), name="breaker", daemon=True).start()
        try:
            error = answer.exception(patience_s)
        except TimeoutError:
            error = GraphUnavailable(f"Neo4j gave no answer within {patience_s:g} s.", "See whether it hangs.")
        if isinstance(error, GraphUnavailable):
            self._rest(error)
            raise error
        self.reset()
        return answer.result()

    def reset(self) -> None:
        """Take note that it answers."""
        with self._lock:
            self._failure = None

    def settle(self, patience_s: float) -> None:
        """Wait for the questions that nobody waits for any more, so that what they use can be closed."""
        wait(self._asked.copy(), patience_s)

    def _admit(self, patience_s: float) -> None:
        with self._lock:
            if self._failure is None:
                return
            now = time.monotonic()
            if now < self._closed_until:
                raise GraphUnavailable(self._failure.message, self._failure.next_step)
            self._closed_until = now + patience_s  # while this one tries, the others need not

    def _rest(self, error: GraphUnavailable) -> None:
        with self._lock:
            self._failure, self._closed_until = error, time.monotonic() + self._rest_s


def _settle(answer: Future[T], work: Callable[[], T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:  # it is raised where the answer is awaited
        answer.set_exception(error)
