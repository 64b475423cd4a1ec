"""One DuckDB that many use, each in a catalog of its own, which is opened many times faster: see decision 0020.

Knows DuckDB in memory; does not know tables.
"""

import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from itertools import count

import duckdb

OFFLINE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}  # that would be a download


class Instance:
    """Opened with the first connection; `settings` hold for all of them. Any thread may ask for one."""

    def __init__(self, settings: Mapping[str, str | int | bool] | None = None) -> None:
        self._settings = {**OFFLINE, **(settings or {})}
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
