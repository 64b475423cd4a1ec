"""Results that are kept: a file for each figure and seed, written whole or not at all, so that a killed run goes on.

A result belongs to what was asked, to the data and to the code; of another of these it is another result. They stand
in $GRAPHSVC_PERF, else in perf/results, which is committed: hours of measuring outlive a machine. Knows JSON files;
does not know what is measured.
"""

import fcntl
import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from graphsvc.shop import write_durably

Found = dict[str, Any]
HERE = Path(__file__).parent


def results_folder(room: str) -> Path:
    """Where results of one kind are kept."""
    return Path(os.environ.get("GRAPHSVC_PERF") or HERE / "results") / room


def models_folder(room: str) -> Path:
    """Where models that measurements were made of are kept; they are not committed."""
    return Path(os.environ.get("GRAPHSVC_PERF") or HERE / ".cache") / room


def marks_of(*said: Any) -> str:
    """A name for what was asked and the data: equal ones have equal names."""
    return blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=8).hexdigest()


def machine() -> str:
    """What a result was measured on, without its name or paths."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


@dataclass(frozen=True)
class Key:
    """`marks` name what was asked and the data."""

    figure: str
    seed: int
    marks: str
    code: str

    @property
    def file(self) -> str:
        return f"{self.figure}.{self.seed}.{self.marks}.{self.code.replace('/', '-')}.json"


@dataclass(frozen=True)
class Result:
    key: Key
    made: str
    machine: str
    found: Found


class Kept:
    """The results of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: Key) -> Result | None:
        """The result; None where there is none, or a file that does not say it whole."""
        return _read(self._folder / key.file, key)

    def put(self, key: Key, found: Mapping[str, Any]) -> Result:
        """Keep a result: after a crash it is there whole or not at all."""
        made = Result(key, datetime.now(UTC).isoformat(timespec="seconds"), machine(), dict(found))
        self._folder.mkdir(parents=True, exist_ok=True)
        write_durably(self._folder / key.file, json.dumps(asdict(made), ensure_ascii=False).encode())
        return made

    def of(self, figure: str, marks: str, code: str) -> list[Result]:
        """A result for each seed, in order: that of this code, else the newest of another."""
        found = [
            result
            for path in self._folder.glob(f"{figure}.*.{marks}.*.json")
            if (result := _read(path)) is not None and (result.key.figure, result.key.marks) == (figure, marks)
        ]
        by_age = sorted(found, key=lambda result: (result.key.code == code, result.made))
        best = {result.key.seed: result for result in by_age}
        return [best[seed] for seed in sorted(best)]

    @contextmanager
    def held(self, key: Key) -> Iterator[bool]:
        """Whether a result is ours to make: False while another process is at it. A killed process holds nothing."""
        locks = self._folder / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        with open(locks / key.file, "a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True


def _read(path: Path, key: Key | None = None) -> Result | None:
    with suppress(OSError, ValueError, TypeError, KeyError):
        said = json.loads(path.read_text("utf-8"))
        result = Result(Key(**said["key"]), str(said["made"]), str(said["machine"]), dict(said["found"]))
        if key in (None, result.key) and path.name == result.key.file:
            return result
    return None
