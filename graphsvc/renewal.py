"""A new snapshot built in a process of its own: it takes gigabytes and both cores for a while, and answers go on.

    python -m graphsvc.renewal      # what `Renewal` starts: a line of JSON comes in, and one goes out when all is built

The process ends when its input does, which is when whoever asked has ended, however that was. Knows processes; what is
built is the business of `read_model`.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import graphsvc
from graphsvc.errors import GraphsvcError, StorageError
from graphsvc.settings import Settings

CODE = Path(graphsvc.__file__).parent.parent
PASSED_ON = ("home", "encoder", "threads", "memory_mb")
NICE = 10  # answers come first


class Renewal:
    """Snapshots of one shop at one offset, being built."""

    def __init__(self, settings: Settings, offset: int) -> None:
        given = settings.model_dump(mode="json", include=set(PASSED_ON)) | {"home": str(settings.home.absolute())}
        path = os.pathsep.join(filter(None, (str(CODE), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "graphsvc.renewal"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"settings": given, "offset": offset}) + "\n")
        self._process.stdin.flush()

    def wait(self) -> None:
        """Wait until they are on the disk. Raises what building raised, and StorageError when the process was ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._process:
            said = self._process.stdout.readline()
            self._process.stdin.close()
        found = json.loads(said) if said.strip() else {"code": StorageError.code, "message": self._ended()}
        if found:
            raise kind_of(found["code"])(found["message"], found.get("next_step", "Run: python -m graphsvc rebuild"))

    def cancel(self) -> None:
        """End the process; `wait` then raises."""
        self._process.kill()

    def _ended(self) -> str:
        return f"A new snapshot could not be built: its process ended with {self._process.returncode}."


def kind_of(code: str) -> type[GraphsvcError]:
    """The error of ours that has a code."""
    return next((kind for kind in _kinds(GraphsvcError) if kind.code == code), GraphsvcError)


def _kinds(root: type[GraphsvcError]) -> Iterator[type[GraphsvcError]]:
    yield root
    for kind in root.__subclasses__():
        yield from _kinds(kind)


def main() -> None:
    """Build what a line of standard input asks for."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    os.nice(NICE)
    try:
        build(Settings(**asked["settings"]), asked["offset"])
        said = {}
    except GraphsvcError as error:
        said = {"code": error.code, "message": error.message, "next_step": error.next_step}
    sys.stdout.write(json.dumps(said) + "\n")


def build(settings: Settings, offset: int) -> None:
    """Build the snapshots of everything up to an offset. Raises what `ReadModel.write` raises."""
    # Late, for `read_model` asks for renewals, and whoever only asks builds nothing.
    from graphsvc.history import read_history
    from graphsvc.log import WriteLog
    from graphsvc.read_model import ReadModel
    from graphsvc.shop import Shop
    from graphsvc.warehouse.tables import Warehouse

    shop = Shop.open(settings.home)
    warehouse = Warehouse(shop.warehouse, memory_mb=settings.tables_mb, threads=settings.threads)
    with closing(WriteLog(shop.log, read_only=True)) as log:
        ReadModel(shop, log, warehouse, settings).write(read_history(log, offset))


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
