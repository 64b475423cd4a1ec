"""Connections that read a SQLite file: lent to one caller at a time, a few kept for the next.

Threads come and go, and each file that is open counts. Knows connections; not what the file holds.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

SPARES = 8  # kept open between two callers


class Readers:
    """The reading connections of one file. `check` is asked of each before it is lent first; it may raise."""

    def __init__(self, path: Path, check: Callable[[sqlite3.Connection], object]) -> None:
        self._address = f"file:{quote(str(path))}?mode=ro"
        self._check = check
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._spares = SPARES

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """A connection for the block; one in which the block failed is not lent again."""
        with self._lock:
            known = self._idle.pop() if self._idle else None
        connection = known or sqlite3.connect(
            self._address, uri=True, isolation_level=None, check_same_thread=False, timeout=30
        )
        try:
            if known is None:
                self._check(connection)
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            kept = len(self._idle) < self._spares
            if kept:
                self._idle.append(connection)
        if not kept:
            connection.close()

    def close(self) -> None:
        """Close those that nobody uses; one that is lent is closed when it comes back."""
        with self._lock:
            idle, self._idle, self._spares = self._idle, [], 0
        for connection in idle:
            connection.close()
