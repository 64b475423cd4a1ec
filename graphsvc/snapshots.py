"""Snapshot folders: written under a temporary name, renamed, then pointed at; a reader sees the old one or the new one.

Layout: FOLDER/CURRENT holds the name of a folder beside it. Knows names and durability; does not know what is inside,
but how it is called ("search snapshot") when something is wrong with it.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from embeddings.arrays import replacing, sync_folder
from graphsvc.errors import StorageError

POINTER = "CURRENT"
PARTIAL = ".partial-"
REBUILD = "Build it again from the log: python -m graphsvc rebuild"
Read = TypeVar("Read")


@contextmanager
def new_snapshot(folder: Path, offset: int, what: str) -> Iterator[Path]:
    """Give an empty folder to fill; if the block ends well it becomes the current one, and older ones are removed.

    Files must be durable when the block ends (`write_arrays` sees to it). Raises StorageError when the disk fails.
    """
    name = f"{offset:012d}-{secrets.token_hex(4)}"
    partial = folder / f"{PARTIAL}{name}"
    try:
        partial.mkdir(parents=True)
        yield partial
        sync_folder(partial)
        os.replace(partial, folder / name)
        sync_folder(folder)
        with replacing(folder / POINTER) as file:
            file.write(name.encode())
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(
            f"The {what} cannot be written: {error.strerror or error}.",
            "Free space on the disk of the data folder, or make it writable; nothing is lost, the old one stands.",
        ) from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _sweep(folder, name)


def read_snapshot(folder: Path, what: str, read: Callable[[Path], Read]) -> Read:
    """Read the folder that the pointer names; one that was swept meanwhile, for another took its place, is no failure.

    Raises StorageError when there is none, and what `read` raises.
    """
    while True:
        name = _pointed(folder, what)
        try:
            if not (folder / name).is_dir():
                raise StorageError(f"The {what} that is pointed at is not there.", REBUILD)
            return read(folder / name)
        except StorageError:
            if _pointed(folder, what) == name:
                raise


def _pointed(folder: Path, what: str) -> str:
    try:
        name = (folder / POINTER).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"There is no {what}.", REBUILD) from error
    if not name or "/" in name or name.startswith("."):
        raise StorageError(f"What should name the {what} is damaged.", REBUILD)
    return name


def _sweep(folder: Path, keep: str) -> None:
    """Remove every other snapshot. Who still reads one has it mapped, and keeps its bytes."""
    for other in folder.iterdir():
        if other.is_dir() and other.name != keep:
            with suppress(OSError):
                shutil.rmtree(other)
