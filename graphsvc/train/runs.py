"""The runs of a shop: a folder a training, with what it was asked, how far it came and what came of it.

A run that was killed is found again by what it was asked. Knows folders and their records; trains nothing.
"""

import fcntl
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from graphsvc.errors import InputError, NotFoundError, RefusedError, StorageError
from graphsvc.models import DataPart
from graphsvc.models.code_version import code_version
from graphsvc.shop import write_durably
from graphsvc.train.plan import Plan

RECORD, LOCK, REPORT, MODEL = "run.json", "lock", "report.html", "model"
RUNNING, DONE, FAILED, KILLED = "running", "done", "failed", "killed"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its folder, and its record as it stands there."""

    folder: Path
    record: dict[str, Any]

    @property
    def id(self) -> str:
        """Its name."""
        return self.folder.name

    @property
    def kind(self) -> str:
        """The kind of its model in the registry: values of attributes are mentions, and served as they are."""
        task = str(self.record["task"])
        return "mentions" if task == "attributes" else task

    @property
    def status(self) -> str:
        """As its record says; what says that it is running while no process does so was killed."""
        said = str(self.record["status"])
        return KILLED if said == RUNNING and not is_running(self.folder) else said

    def note(self, **facts: Any) -> None:
        """Add to the record, durably. Raises StorageError."""
        self.record.update(facts)
        self.write(RECORD, json.dumps(self.record, ensure_ascii=False, indent=1))

    def write(self, name: str, content: str) -> None:
        """Write a file into the run's folder, durably. Raises StorageError."""
        try:
            write_durably(self.folder / name, content.encode())
        except OSError as error:
            raise StorageError(
                f"{self.folder / name} cannot be written: {error.strerror}.", "Free space, then go on by --resume."
            ) from error


def marks_of(task: str, plan: Plan, data: tuple[DataPart, ...], search: str) -> str:
    """A name for what a run is asked: the same training of the same data by the same code."""
    said = json.dumps([task, asdict(plan), [one.digest for one in data], search, code_version()], sort_keys=True)
    return blake2b(said.encode(), digest_size=12).hexdigest()


def begin(root: Path, task: str, plan: Plan, data: tuple[DataPart, ...], search: str = "", resume: str = "") -> Run:
    """The run that is named, or the newest unfinished one that was asked the same, or a new one.

    `data` has the training first and then the test. Raises NotFoundError for a name that no run has, InputError when
    that one was asked something else.
    """
    marks = marks_of(task, plan, data, search)
    if resume:
        found = find(root, resume)
        if found.record["marks"] != marks:
            raise InputError(f"The run {resume} was asked something else.", f"See {found.folder / RECORD}.")
        return found
    for run in reversed(runs(root)):
        if run.record["marks"] == marks and run.status in (KILLED, FAILED):
            return run
    folder = root / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}.", "Make the data folder writable.") from error
    run = Run(folder, {"id": folder.name, "task": task, "status": FAILED, "marks": marks})
    run.note(
        created=datetime.now(UTC).isoformat(timespec="seconds"), asked=asdict(plan), search=search, seed=plan.seed,
        data=[asdict(one) for one in data], seconds={},
    )  # fmt: skip
    return run


def find(root: Path, name: str) -> Run:
    """The run of that name. Raises NotFoundError."""
    for run in runs(root):
        if run.id == name:
            return run
    raise NotFoundError(f"The shop has no run {name[:40]!r}.", "See: python -m graphsvc train list")


def runs(root: Path) -> list[Run]:
    """All runs, the oldest first; a folder without a whole record is none."""
    found = []
    for path in sorted(root.glob(f"*/{RECORD}")):
        with suppress(OSError, ValueError):
            found.append(Run(path.parent, json.loads(path.read_text("utf-8"))))
    return found


@contextmanager
def running(run: Run) -> Iterator[None]:
    """Hold a run while it trains: its record says so, and how it ended. Raises RefusedError when another process does.

    A killed process leaves "running" behind, and its lock to nobody.
    """
    with open(run.folder / LOCK, "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RefusedError(f"Another process trains {run.id}.", "Wait until it has ended.") from error
        run.note(status=RUNNING, code=code_version(), error="")
        try:
            yield
        except Exception as error:
            run.note(status=FAILED, error=str(error), ended=_now())
            raise
        run.note(status=DONE, ended=_now())


@contextmanager
def timed(run: Run, step: str) -> Iterator[None]:
    """Note how many seconds a step takes, added to what it took before."""
    began = time.monotonic()
    yield
    seconds: Mapping[str, float] = run.record["seconds"]
    run.note(seconds={**seconds, step: round(seconds.get(step, 0.0) + time.monotonic() - began, 1)})


def is_running(folder: Path) -> bool:
    """Whether a process holds a run."""
    with suppress(OSError), open(folder / LOCK) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
