"""The threads that keep answers and the graph up with the log while a service runs, and take in what arrives.

Whatever goes wrong in one step is kept for `status` to say, or logged where that does not ask, and tried again: a
thread that ended would be missed by nobody. Knows when to look and how long to rest; what a step does is given.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from graphsvc.arrivals import Arrivals
from graphsvc.errors import GraphsvcError, GraphUnavailable, LagError
from graphsvc.graph_door import GraphDoor
from graphsvc.log import WriteLog
from graphsvc.read_model import ReadModel

LOGGER = logging.getLogger("graphsvc")
POLL = 0.5  # seconds between two looks at the log when nobody knocked
RETRY = 2.0  # seconds before what failed is tried again
REST = 4.0  # times as long as a step of the graph took before the next: answers, which do not need it, come first
PATIENCE = 30.0  # seconds that a stop waits for a step to end
Step = Callable[[], None]


class Followers:
    """Threads, once started. `arrivals` are taken in, and snapshots written, where this process writes; else None.

    `failures` are by projection.
    """

    def __init__(
        self, log: WriteLog, model: ReadModel, graph: GraphDoor, follow_graph: Step, arrivals: Arrivals | None
    ) -> None:
        self._log, self._model, self._graph = log, model, graph
        self._follow_graph, self._arrivals, self._build = follow_graph, arrivals, arrivals is not None
        self._moved = threading.Condition()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self.failures: dict[str, str] = {}

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._closing.is_set()

    @property
    def running(self) -> bool:
        """Whether `start` was called."""
        return bool(self._threads)

    def start(self) -> None:
        """Follow from now on. Neo4j is joined when it is there."""
        works = {"answers": self._keep_answers, "texts": self._keep_texts, "graph": self._keep_graph}
        if self._arrivals is not None:
            works["arrivals"] = partial(self._keep_arrivals, self._arrivals)
        for name, work in works.items():
            thread = threading.Thread(target=work, name=f"follow-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End after the steps under way."""
        self._closing.set()
        self.knock()
        for thread in self._threads:
            thread.join(timeout=PATIENCE)

    def knock(self) -> None:
        """Say that the log went on."""
        with self._moved:
            self._moved.notify_all()

    def wait(self, offset: int, timeout_s: float) -> None:
        """Wait until answers speak of an offset. Raises LagError after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        if not self._threads:
            self._model.follow(build=False)
        with self._moved:
            while self._model.offset < offset:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise LagError(
                        f"Answers have reached offset {self._model.offset}, not {offset}, after {timeout_s:g} s.",
                        "Try again; status shows what holds them up.",
                    )
                self._moved.wait(left)

    def _keep_answers(self) -> None:
        while not self._closing.is_set():
            before, stuck = self._model.offset, False
            try:
                behind = before < self._log.head()
                if behind or self._model.renewing:
                    self._model.follow(build=self._build)
                    self.failures.pop("columns", None)
                    stuck = behind and self._model.offset == before  # as a reader is before an import
            except Exception as error:
                self._note("columns", error)
                self._closing.wait(RETRY)
            with self._moved:
                self._moved.notify_all()
                if stuck or self._idle():
                    self._moved.wait(POLL)

    def _idle(self) -> bool:
        """Whether the log holds nothing new; asked under the lock of `knock`, so that no knock is missed."""
        try:
            return self._model.offset >= self._log.head()
        except GraphsvcError:
            return True

    def _keep_graph(self) -> None:
        while not self._closing.is_set():
            began, rest = time.monotonic(), 0.0
            try:
                self._graph.revive()
                self._follow_texts()  # before looking how far it is: texts alone need none of the long way
                if self._graph.bare or self._graph.progress()[0] < self._model.offset:
                    self._follow_graph()
                self._graph.warm()
                self.failures.pop("graph", None)
                rest = max(POLL, REST * (time.monotonic() - began))
            except GraphUnavailable:
                rest = RETRY
            except Exception as error:
                self._note("graph", error)
                rest = 5 * RETRY
            self._closing.wait(rest)

    def _keep_texts(self) -> None:
        """What texts say is in the graph at once, without a rest and without all that `_keep_graph` prepares."""
        while not self._closing.is_set():
            began, before = time.monotonic(), self._model.offset
            try:
                self._follow_texts()
            except GraphUnavailable:
                self._closing.wait(RETRY)
            except Exception as error:
                self._note("graph", error)
                self._closing.wait(5 * RETRY)
            self._closing.wait(min(POLL, time.monotonic() - began))  # half the time at most: answers come first
            with self._moved:
                if self._model.offset == before:
                    self._moved.wait(POLL)

    def _follow_texts(self) -> None:
        if self._model.catalogue is not None:
            self._graph.follow_texts(self._log, self._model.catalogue)

    def _keep_arrivals(self, arrivals: Arrivals) -> None:
        while not self._closing.wait(POLL):
            before = list(map(str, arrivals.failed))
            try:
                arrivals.take_in()
            except Exception:
                LOGGER.exception("what arrived could not be taken in")
            for failure in set(map(str, arrivals.failed)).difference(before):
                LOGGER.warning(failure)
            if arrivals.failed:
                self._closing.wait(RETRY)

    def _note(self, name: str, error: Exception) -> None:
        self.failures[name] = str(error) if isinstance(error, GraphsvcError) else f"{type(error).__name__}: {error}"
        if not isinstance(error, GraphsvcError):
            LOGGER.exception("following stopped for a moment")
