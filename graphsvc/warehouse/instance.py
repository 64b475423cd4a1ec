"""One DuckDB that many use, each in a catalog of its own: opening one takes 25 ms of CPU, a catalog in it half of one.

Knows DuckDB in memory; does not know tables.
"""

import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from itertools import count

import duckdb


class Instance:
    """Opened with the first connection; `settings` hold for all of them. Any thread may ask for one."""

    def __init__(self, settings: Mapping[str, str | int | bool] | None = None) -> None:
        self._settings = dict(settings or {})
        self._root: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        self._numbers = count()

    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection with an empty catalog, which goes when the connection does. The caller closes it."""
        with self._lock:
            try:
                return self._attached()
            except (duckdb.FatalException, duckdb.ConnectionException):  # an inner error has ended the instance
                self._root = None
                return self._attached()

    def _attached(self) -> duckdb.DuckDBPyConnection:
        root = self._root = self._root or duckdb.connect(":memory:", config={**self._settings})
        made, name = root.cursor(), f"catalog_{next(self._numbers)}"
        made.execute(f"ATTACH ':memory:' AS {name}; USE {name}; SET TimeZone = 'UTC'")
        weakref.finalize(made, _detach, root, name).atexit = False
        return made


def _detach(root: duckdb.DuckDBPyConnection, name: str) -> None:
    with suppress(duckdb.Error), root.cursor() as own:
        own.execute(f"DETACH {name}")


PLAIN = Instance()
