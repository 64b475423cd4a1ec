"""The vault: the only place that holds direct identifiers, and the pseudonyms that stand for them everywhere else.

A pseudonym is an HMAC under the shop's key: equal originals get equal pseudonyms in every source, and without key and
vault nothing leads back. Knows values; does not know which columns hold them.
"""

import hmac
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from graphsvc.contacts import AT, DISGUISED, PLAIN, replace
from graphsvc.errors import StorageError

SCHEMA = """
CREATE TABLE IF NOT EXISTS originals (pseudonym TEXT PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS links (
    shopper TEXT NOT NULL, pseudonym TEXT NOT NULL, PRIMARY KEY (shopper, pseudonym)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS key_check (pseudonym TEXT NOT NULL) STRICT;
"""
CHECKED = "graphsvc"  # its pseudonym tells whether a key is the one that all others were made with
Column = Any  # a pa.Array of strings; the stubs of pyarrow cannot say so
CACHE = 200_000  # pseudonyms remembered; bounds memory, for every HMAC can be made again


class Vault:
    """Makes pseudonyms and keeps what they stand for. `key` is the shop's secret. Threads may share it.

    Raises StorageError when its file cannot be used, or the key is not the one that it was made with.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._cache: dict[str, str] = {}
        self._lock = threading.RLock()  # one connection has one transaction
        try:
            path.touch(mode=0o600, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"{path.name} cannot be opened: {error}.", "Make it writable for this user.") from error
        try:
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(SCHEMA)
            self._check_key()
        except sqlite3.Error as error:
            self._connection.close()
            raise StorageError(
                f"The vault {path.name} cannot be used: {error}.",
                "Make it writable and free space on its disk; if it is damaged, restore it from a backup.",
            ) from error

    def _check_key(self) -> None:
        """Another key would give everybody another pseudonym: nobody's past would be found again."""
        mine = self.pseudonym(CHECKED)
        known = self._connection.execute("SELECT pseudonym FROM key_check").fetchone()
        if known is None:
            self._connection.execute("INSERT INTO key_check VALUES (?)", (mine,))
        elif known[0] != mine:
            self._connection.close()
            raise StorageError(
                "The key in secrets/pseudonyms is not the one that this shop's pseudonyms were made with.",
                "Restore it from a backup of the data folder.",
            )

    def pseudonym(self, value: str) -> str:
        """The pseudonym of a value, 32 hexadecimal digits. Nothing is stored."""
        folded = fold_identifier(value)
        return hmac.new(self._key, folded.encode("utf-8", "surrogatepass"), sha256).hexdigest()[:32]

    def derive_key(self, purpose: str) -> str:
        """A key of its own for one purpose, 64 hexadecimal digits: what it signs says nothing about pseudonyms."""
        return hmac.new(self._key, f"key for {purpose}".encode(), sha512).hexdigest()[:64]

    def digest(self, text: str, purpose: str) -> str:
        """32 hexadecimal digits that stand for a text as it is spelt, under a key of the purpose. Nothing is stored."""
        key = self.derive_key(purpose).encode()
        return hmac.new(key, text.encode("utf-8", "surrogatepass"), sha256).hexdigest()[:32]

    def shield_column(self, column: Column, kind: str, *, store: bool = True) -> Column:
        """Replace each value of a string column by its pseudonym and keep the originals; null and empty become null."""
        encoded = column.dictionary_encode()
        values = encoded.dictionary.to_pylist()
        pseudonyms = self._keep(kind, values, store)
        return pa.array(pseudonyms, pa.string()).take(encoded.indices)

    def mask_column(self, column: Column, *, store: bool = True) -> Column:
        """Replace e-mail addresses and telephone numbers inside free text by `[kind:pseudonym]`."""
        matching: Column = pc.match_substring_regex(column, rf"{PLAIN}|{DISGUISED}")
        chosen: Column = pc.fill_null(matching, False)
        if not pc.any(chosen).as_py():
            return column
        encoded = column.filter(chosen).dictionary_encode()
        found: dict[str, str] = {}
        values = [self._replace(value, found) for value in encoded.dictionary.to_pylist()]
        if not found:
            return column
        self._keep_found(found, store)
        return pc.replace_with_mask(column, chosen, pa.array(values, pa.string()).take(encoded.indices))

    def mask(self, text: str, *, store: bool = True) -> str:
        """Replace e-mail addresses and telephone numbers in one text, and those that only cleaning would show."""
        found: dict[str, str] = {}
        masked = self._replace(text, found)
        self._keep_found(found, store)
        return masked

    def link(self, shoppers: Column, columns: Iterable[Column]) -> None:
        """Remember which identifiers stand in one row with which shopper, so that erasing the shopper finds them."""
        pairs: set[tuple[str, str]] = set()
        for column in columns:
            table = pa.table({"s": shoppers, "p": column}).group_by(["s", "p"]).aggregate([])
            rows = zip(table["s"].to_pylist(), table["p"].to_pylist(), strict=True)
            pairs.update((s, p) for s, p in rows if s is not None and p is not None)
        self._write("INSERT OR IGNORE INTO links VALUES (?, ?)", sorted(pairs))

    def original(self, pseudonym: str) -> str | None:
        """What a pseudonym stands for, or None when it is unknown or was erased."""
        with self._lock:
            row = self._connection.execute("SELECT value FROM originals WHERE pseudonym = ?", (pseudonym,)).fetchone()
        return None if row is None else str(row[0])

    def erase(self, shopper: str) -> int:
        """Erase a shopper (given as a pseudonym): their originals and those linked to nobody else. Returns how many."""
        linked = "SELECT pseudonym FROM links WHERE shopper = ?"
        shared = "SELECT pseudonym FROM links WHERE shopper <> ?"
        with self._transaction() as connection:
            self._cache.clear()
            cursor = connection.execute(
                "DELETE FROM originals"
                f" WHERE pseudonym = ? OR (pseudonym IN ({linked}) AND pseudonym NOT IN ({shared}))",
                (shopper, shopper, shopper),
            )
            connection.execute("DELETE FROM links WHERE shopper = ?", (shopper,))
        return cursor.rowcount

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _replace(self, text: str, found: dict[str, str]) -> str:
        """Mask one text. What was found joins `found` with its kind, so that all is kept in one write."""

        def token(kind: str, value: str) -> str:
            found[value] = kind
            return f"[{kind}:{self.pseudonym(value)}]"

        return replace(text, token)

    def _keep_found(self, found: Mapping[str, str], store: bool) -> None:
        for kind in sorted(set(found.values())):
            self._keep(kind, [value for value, its in found.items() if its == kind], store)

    def _keep(self, kind: str, values: list[str | None], store: bool) -> list[str | None]:
        """Pseudonyms of the values; new originals go into the vault, durably."""
        fresh: dict[str, str] = {}
        result: list[str | None] = []
        for value in values:
            if value is None or not value.strip():
                result.append(None)
                continue
            known = self._cache.get(value)
            if known is None:
                known = fresh[value] = self.pseudonym(value)
            result.append(known)
        if fresh and store:
            with self._lock:  # an erasure in between would leave a value that is remembered and not there
                self._write(
                    "INSERT OR IGNORE INTO originals VALUES (?, ?, ?)", [(p, kind, value) for value, p in fresh.items()]
                )
                self._remember(fresh)
        return result

    def _remember(self, fresh: Mapping[str, str]) -> None:
        if len(self._cache) + len(fresh) > CACHE:
            self._cache.clear()
        self._cache.update(fresh)

    def _write(self, sql: str, rows: list[tuple[str, ...]]) -> None:
        if rows:
            with self._transaction() as connection:
                connection.executemany(sql, rows)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One thread's transaction: all of it or, with a StorageError, nothing."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                finally:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise StorageError(f"The vault cannot be written: {error}.", "Free space and try again.") from error


def fold_identifier(value: str) -> str:
    """Fold spellings of one identifier together: case and space, and "17850.0", a number that passed a spreadsheet."""
    plain = AT.sub("@", value.strip()).casefold()
    return plain[:-2] if plain.endswith(".0") and plain[:-2].isdigit() else plain
