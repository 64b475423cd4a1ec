"""The write log: the only commit point of a shop.

Entries are ordered, durable and chained by checksums. A producer gets its offset back only after the fsync; producers
that wait at the same time share one. How far the log goes is remembered beside it whenever something is made of it, so
that an end that is lost later (a damaged disk, an older backup) is noticed before its offsets are given a second time.
Knows bytes and order; does not know what an entry means.
"""

import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from graphsvc.errors import InputError, StorageError
from graphsvc.log_readers import Readers
from graphsvc.shop import write_durably

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    offset INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT,
    payload BLOB NOT NULL,
    source TEXT NOT NULL,
    actor TEXT NOT NULL,
    time INTEGER NOT NULL,
    checksum BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS entries_by_key ON entries (key) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_by_kind ON entries (kind, offset);
"""
FORMAT = 1
GROUP = 1024  # entries in one fsync at most: bounds how long the first of them waits
PAYLOAD_LIMIT = 16_000_000  # bytes; larger changes go to the warehouse first and are named here
RESTORE = "Restore log.db, with log.db-wal if there is one, from a backup"


@dataclass(frozen=True, slots=True)
class Change:
    """What a producer asks to be written. `key` makes it idempotent: the same key twice is one entry."""

    kind: str
    payload: dict[str, Any]
    source: str = ""
    actor: str = "local"
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in the log. `time` is in microseconds since 1970 UTC and never runs backwards."""

    offset: int
    kind: str
    key: str | None
    payload: bytes
    source: str
    actor: str
    time: int
    checksum: bytes

    def json(self) -> Any:
        """Return the payload as Python values."""
        return orjson.loads(self.payload)


class WriteLog:
    """The log of one shop. One process writes; any number may read.

    Raises StorageError when the disk is full or read-only, when an entry does not match its checksum, or when the end
    of the log is lost; `accept_loss` opens it for writing all the same.
    """

    def __init__(self, path: Path, *, read_only: bool = False, accept_loss: bool = False) -> None:
        self._path = path
        self._mark_path = path.with_suffix(".mark")
        self._read_only = read_only
        self._readers = Readers(path, lambda connection: _version(connection, path))
        self._queue: queue.SimpleQueue[tuple[Sequence[Change], Future[list[int]]] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False
        if not read_only:
            self._connection = self._open_writer()
            if not accept_loss:
                self._refuse_loss()

    def append(self, change: Change) -> int:
        """Write one change and return its offset, once it is durable."""
        return self.append_many([change])[0]

    def append_many(self, changes: Sequence[Change]) -> list[int]:
        """Write changes as one transaction, all or none, and return their offsets once they are durable."""
        return self.submit(changes).result()

    def submit(self, changes: Sequence[Change]) -> "Future[list[int]]":
        """Queue changes; the future ends when they are durable, or with the error that kept them from it."""
        future: Future[list[int]] = Future()
        with self._lock:  # after close nothing may enter the queue, for nobody would answer it
            if self._writer is None or self._closed:
                raise StorageError("The write log is not open for writing.", "Open the shop as its writer.")
            self._queue.put((changes, future))
        return future

    def read(self, after: int = 0, upto: int | None = None, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield the entries with after < offset <= upto in order, of all kinds or of those given."""
        last = self.head() if upto is None else upto
        wanted = orjson.dumps(list(kinds)).decode()
        while after < last:
            rows = self._fetch(
                "SELECT offset, kind, key, payload, source, actor, time, checksum FROM entries"
                " WHERE offset > ? AND offset <= ? AND (? = '[]' OR kind IN (SELECT value FROM json_each(?)))"
                " ORDER BY offset LIMIT 2000",
                (after, last, wanted, wanted),
            )
            if not rows:
                return
            for row in rows:
                yield Entry(*row)
            after = rows[-1][0]

    def kinds(self, after: int, upto: int) -> set[str]:
        """Return the kinds of the entries with after < offset <= upto; no payload is read."""
        sql = "SELECT DISTINCT kind FROM entries WHERE offset > ? AND offset <= ?"
        return {str(kind) for (kind,) in self._fetch(sql, (after, upto))}

    def head(self) -> int:
        """Return the last durable offset, 0 for an empty log."""
        return int(self._fetch("SELECT coalesce(max(offset), 0) FROM entries", ())[0][0])

    def under(self, key: str) -> Entry | None:
        """Return the entry with that idempotency key."""
        rows = self._fetch(
            "SELECT offset, kind, key, payload, source, actor, time, checksum FROM entries WHERE key = ?", (key,)
        )
        return Entry(*rows[0]) if rows else None

    def mark(self) -> None:
        """Remember how far the log goes. To be called before anything that outlives this process is made of it."""
        rows = self._fetch("SELECT offset, checksum FROM entries ORDER BY offset DESC LIMIT 1", ())
        if not rows:
            return
        content = orjson.dumps({"offset": rows[0][0], "checksum": rows[0][1].hex()})
        try:
            if not self._mark_path.exists() or self._mark_path.read_bytes() != content:
                write_durably(self._mark_path, content)
        except OSError as error:
            raise StorageError(
                f"{self._mark_path.name} cannot be written: {error.strerror}.", "Free space on the disk and try again."
            ) from error

    def lost(self) -> str:
        """Say what is missing of what the log once held, "" when nothing is known to be."""
        try:
            mark = orjson.loads(self._mark_path.read_bytes())
            offset, checksum = int(mark["offset"]), bytes.fromhex(mark["checksum"])
        except FileNotFoundError:
            return ""
        except (OSError, ValueError, KeyError, TypeError):
            return f"{self._mark_path.name}, which says how far the log went, cannot be read."
        rows = self._fetch("SELECT checksum FROM entries WHERE offset = ?", (offset,))
        if rows and rows[0][0] == checksum:
            return ""
        if rows:
            return f"{self._path.name} is another log than the one that this shop was made of: entry {offset} differs."
        return f"The end of {self._path.name} is lost: it ends at entry {self.head()}, and {offset} were seen in it."

    def verify(self) -> int:
        """Recompute the chain of checksums over the whole log and return how many entries it holds."""
        previous, count = b"", 0
        for entry in self.read():
            if entry.checksum != _checksum(previous, entry):
                raise StorageError(
                    f"Entry {entry.offset} of {self._path.name} does not match its checksum.",
                    f"{RESTORE}; entries before it are sound.",
                )
            previous, count = entry.checksum, count + 1
        return count

    def close(self) -> None:
        """Write what is queued, then close. The writer's connection goes last: it then leaves all in log.db."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        if self._writer is not None:
            self._writer.join()
            with suppress(StorageError):  # what cannot be noted now is noted by whoever opens it next
                if not self.lost():
                    self.mark()
        self._readers.close()
        if self._writer is not None:
            self._connection.close()

    def __enter__(self) -> "WriteLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fetch(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._readers.lent() as connection:
                return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise _mapped(error, self._path) from error

    def _refuse_loss(self) -> None:
        """An offset that is given a second time would tell what followed the log that it has this entry already."""
        try:
            lost = self.lost()
        except StorageError:
            self.close()
            raise
        if lost:
            self.close()
            raise StorageError(lost, f"{RESTORE}; or go on without: python -m graphsvc rebuild --accept-loss")

    def _open_writer(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
        except sqlite3.Error as error:
            raise _mapped(error, self._path) from error
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            if not _version(connection, self._path):
                connection.executescript(SCHEMA)
                connection.execute(f"PRAGMA user_version = {FORMAT}")
        except sqlite3.Error as error:
            connection.close()
            raise _mapped(error, self._path) from error
        except StorageError:
            connection.close()
            raise
        self._writer = threading.Thread(target=self._write_groups, args=(connection,), name="write-log", daemon=True)
        self._writer.start()
        return connection

    def _write_groups(self, connection: sqlite3.Connection) -> None:
        running = True
        while running:
            first = self._queue.get()
            group = [first]
            while len(group) < GROUP and not self._queue.empty():
                group.append(self._queue.get())
            if None in group:
                running = False
            self._commit(connection, [item for item in group if item is not None])

    def _commit(
        self, connection: sqlite3.Connection, group: list[tuple[Sequence[Change], "Future[list[int]]"]]
    ) -> None:
        """Write a group in one transaction. A bad change fails alone; a failed disk fails the whole group."""
        if not group:
            return
        done: list[tuple[Future[list[int]], list[int]]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            tail = _tail(connection)
            for changes, future in group:
                try:
                    offsets, tail = _insert(connection, changes, tail)
                    done.append((future, offsets))
                except InputError as error:  # found before anything of this producer was inserted
                    future.set_exception(error)
            connection.execute("COMMIT")
        except Exception as error:  # whatever it is: a thread that ended would leave every later producer waiting
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            failure = _mapped(error, self._path) if isinstance(error, sqlite3.Error) else error
            for _, future in group:
                if not future.done():
                    future.set_exception(failure)
            return
        for future, offsets in done:
            future.set_result(offsets)


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The format of a log, 0 for a new one. Raises StorageError for one of another version."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found not in (0, FORMAT):
        raise StorageError(
            f"{path.name} has format {found}; this version reads format {FORMAT}.",
            "Use the version of graphsvc that wrote it, or import into a new folder.",
        )
    return found


Tail = tuple[int, int, bytes]  # offset, time and checksum of the last entry


def _tail(connection: sqlite3.Connection) -> Tail:
    row = connection.execute("SELECT offset, time, checksum FROM entries ORDER BY offset DESC LIMIT 1").fetchone()
    return (int(row[0]), int(row[1]), bytes(row[2])) if row else (0, 0, b"")


def _insert(connection: sqlite3.Connection, changes: Sequence[Change], tail: Tail) -> tuple[list[int], Tail]:
    payloads = [_encode(change) for change in changes]
    offsets = []
    for change, payload in zip(changes, payloads, strict=True):
        known = change.key and connection.execute("SELECT offset FROM entries WHERE key = ?", (change.key,)).fetchone()
        if known:
            offsets.append(int(known[0]))
            continue
        now = max(tail[1], time.time_ns() // 1000)  # a clock set back must not reorder history
        entry = Entry(tail[0] + 1, change.kind, change.key, payload, change.source, change.actor, now, b"")
        checksum = _checksum(tail[2], entry)
        connection.execute(
            "INSERT INTO entries (offset, kind, key, payload, source, actor, time, checksum)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (entry.offset, entry.kind, entry.key, payload, entry.source, entry.actor, now, checksum),
        )
        tail = (entry.offset, now, checksum)
        offsets.append(entry.offset)
    return offsets, tail


def _encode(change: Change) -> bytes:
    try:
        payload = orjson.dumps(change.payload)
        orjson.dumps((change.kind, change.key, change.source, change.actor))
    except TypeError as error:
        raise InputError(
            f"A change cannot be written: {error}.", "Send well-formed Unicode, and numbers of 64 bits."
        ) from error
    if len(payload) > PAYLOAD_LIMIT:
        raise InputError(
            f"A change of {len(payload):,} bytes is too large for the log.",
            "Send fewer items at a time, or import them as a file.",
        )
    return payload


def _checksum(previous: bytes, entry: Entry) -> bytes:
    """Chain: a changed, missing or reordered entry breaks every checksum after it."""
    digest = blake2b(previous, digest_size=16)
    head = (entry.offset, entry.kind, entry.key, entry.source, entry.actor, entry.time)
    digest.update(orjson.dumps(head))
    digest.update(entry.payload)
    return digest.digest()


def _mapped(error: sqlite3.Error, path: Path) -> StorageError:
    reason, name = str(error), getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return StorageError("The disk is full; nothing was written.", "Free space on it and try again.")
    if name.startswith("SQLITE_IOERR"):
        return StorageError(
            f"The disk does not take or give what {path.name} needs; nothing was written.",
            "Free space on it, look after its health, and try again.",
        )
    if "unable to open" in reason:
        with suppress(PermissionError):
            if not path.exists():
                return StorageError(f"{path.parent} holds no shop.", "Import products: python -m graphsvc ingest FILE")
        return StorageError(f"{path} cannot be opened.", "Make the data folder accessible.")
    if "readonly" in reason:
        return StorageError(f"{path} cannot be written.", "Make the data folder writable for this user.")
    return StorageError(f"{path.name} cannot be used: {reason}.", f"{RESTORE}.")
