"""One data folder is one shop: its layout, its format version, and the lock that gives it one writer.

Knows paths; does not know what the files hold.
"""

import fcntl
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from embeddings.arrays import replacing
from graphsvc.errors import ShopLockedError, StorageError

FORMAT = 2
LOCK = "writer.lock"
SHORTEST = 32  # characters of a secret: an empty or a cut one would protect nothing


@dataclass(frozen=True, slots=True)
class Shop:
    """The paths of one shop. `Shop.open` makes the folder when it is not there."""

    home: Path
    id: str

    @classmethod
    def open(cls, home: Path, *, create: bool = True) -> "Shop":
        """Open or create the folder. Raises StorageError when it cannot be written, has another format, or holds no
        shop and none may be created."""
        marker = home / "shop.json"
        if not create and not marker.exists() and not (home / "log.db").exists():
            raise StorageError(f"{home} holds no shop.", "Import products: python -m graphsvc ingest FILE")
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not marker.exists() and (home / "log.db").exists():
                raise StorageError(
                    f"{marker} is missing beside a write log.", "Restore it from a backup of the data folder."
                )
            if not marker.exists():
                write_durably(marker, json.dumps({"format": FORMAT, "id": secrets.token_hex(8)}).encode())
            found = json.loads(marker.read_text("utf-8"))
        except OSError as error:
            raise StorageError(
                f"The data folder {home} cannot be used: {error.strerror}.",
                "Give a folder that this user may write, with --data or GRAPHSVC_HOME.",
            ) from error
        except ValueError as error:
            raise StorageError(f"{marker} is damaged.", "Restore it from a backup of the data folder.") from error
        if not isinstance(found, dict) or not isinstance(found.get("id"), str):
            raise StorageError(f"{marker} is damaged.", "Restore it from a backup of the data folder.")
        if found.get("format") != FORMAT:
            raise StorageError(
                f"The data folder {home} has format {found.get('format')}; this version reads format {FORMAT}.",
                "Use the version of graphsvc that wrote it, or import into a new folder.",
            )
        return cls(home, found["id"])

    @property
    def log(self) -> Path:
        """The write log."""
        return self.home / "log.db"

    @property
    def warehouse(self) -> Path:
        """The Delta tables."""
        return self.home / "warehouse"

    @property
    def vault(self) -> Path:
        """The originals of direct identifiers."""
        return self.home / "vault.db"

    @property
    def secrets(self) -> Path:
        """Tokens and keys, each file 0600."""
        return self.home / "secrets"

    @property
    def neo4j(self) -> Path:
        """The local Neo4j's own folder."""
        return self.home / "neo4j"

    @property
    def search(self) -> Path:
        """Search snapshots."""
        return self.home / "snapshots" / "search"

    @property
    def behaviour(self) -> Path:
        """Behaviour snapshots."""
        return self.home / "snapshots" / "behaviour"

    @property
    def models(self) -> Path:
        """Models: a folder a kind, in it a folder a version."""
        return self.home / "models"

    @property
    def arrivals(self) -> Path:
        """Notes of what was brought while another process wrote."""
        return self.home / "arrivals"

    @property
    def vectors(self) -> Path:
        """Embeddings by content hash."""
        return self.home / "cache" / "embeddings"

    @property
    def contracts(self) -> Path:
        """One contract per asset."""
        return self.home / "contracts"

    @property
    def mappings(self) -> Path:
        """Saved mappings of columns to fields."""
        return self.home / "mappings"

    def secret(self, name: str) -> str:
        """Return the secret of that name, made on first use and readable by the owner only."""
        path = self.secrets / name
        try:
            if not path.exists():
                self.secrets.mkdir(mode=0o700, exist_ok=True)
                write_durably(path, secrets.token_urlsafe(32).encode(), mode=0o600)
            found = path.read_text("ascii").strip()
        except OSError as error:
            raise StorageError(
                f"{path} cannot be read or made: {error.strerror}.", "Make the data folder writable for this user."
            ) from error
        except UnicodeDecodeError:
            found = ""
        if len(found) < SHORTEST:
            raise StorageError(f"{path} is damaged.", "Restore it from a backup of the data folder.")
        return found


class WriterLock:
    """The right to write to a shop. A second process is refused and told who has it; it ends with its process."""

    def __init__(self, shop: Shop, purpose: str) -> None:
        path = shop.home / LOCK
        try:
            self._file: IO[str] = open(path, "a+", encoding="utf-8")  # noqa: SIM115 held as long as the lock
        except OSError as error:
            raise StorageError(
                f"{path} cannot be written: {error.strerror}.", "Make the data folder writable for this user."
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            owner = self._file.read().strip() or "another process"
            self._file.close()
            raise ShopLockedError(
                f"{shop.home} is being written by {owner}.",
                "Wait until it has ended or stop it; or send the change to the running service over GraphQL.",
            ) from error
        try:
            self._file.truncate(0)
            self._file.write(f"{purpose}, pid {os.getpid()}")
            self._file.flush()
        except OSError as error:
            with suppress(OSError):  # closing tries to write the rest once more
                self._file.close()
            raise StorageError(
                f"{path} cannot be written: {error.strerror}.", "Free space on the disk and try again."
            ) from error

    def release(self) -> None:
        """Give the right back."""
        with suppress(OSError):
            self._file.truncate(0)
        self._file.close()

    def __enter__(self) -> "WriterLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def writer_of(shop: Shop) -> str:
    """Who writes the shop, or wrote it last and was killed, as it said itself; empty when nobody does."""
    try:
        return (shop.home / LOCK).read_text("utf-8").strip()
    except OSError:
        return ""


def write_durably(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that after a crash it holds either the old content or the new one, and never a part."""
    with replacing(path, mode) as file:
        file.write(content)
