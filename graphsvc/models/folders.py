"""Folders of models: a copy that is durable before it has its name, and whose name is the digest of its content.

Layout: ROOT/KIND/VERSION. Knows files and digests; does not know the log, cards, or what the files hold.
"""

import json
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import blake2b, file_digest
from pathlib import Path

from embeddings.arrays import replacing, sync_folder
from graphsvc.errors import InputError, StorageError

PARTIAL = ".partial-"


def digest_of(kind: str, folder: Path) -> str:
    """The version that a folder's content is: 12 hexadecimal digits over names and bytes, another for each kind."""
    found = {}
    for path in _files(folder):
        with open(path, "rb") as file:
            found[path.relative_to(folder).as_posix()] = file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
    return blake2b(json.dumps([kind, found], sort_keys=True).encode(), digest_size=6).hexdigest()


def size_of(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in _files(folder))


def is_sound(folder: Path) -> bool:
    """Whether a kept folder is what its name says. Reads it whole."""
    try:
        return digest_of(folder.parent.name, folder) == folder.name
    except OSError:
        return False


def keep(root: Path, kind: str, folder: Path) -> Path:
    """Copy a folder durably and return the copy, ROOT/KIND/VERSION; a damaged copy of before is replaced.

    Raises InputError for a folder without files or one that changes meanwhile, StorageError when the disk fails.
    """
    with disk_errors("kept"):
        if not _files(folder):
            raise InputError(f"{folder} holds no files of a model.", "Give the folder that a training wrote.")
        target = root / kind / digest_of(kind, folder)
        if not is_sound(target):
            partial = target.with_name(f"{PARTIAL}{secrets.token_hex(4)}")
            try:
                _copy(folder, partial)
                _take_place(kind, partial, target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        for above in (target.parent, root, root.parent):
            sync_folder(above)
        return target


def make_durable(folder: Path) -> None:
    """Make a folder's files and their names durable where they stand. Raises StorageError."""
    with disk_errors("kept"):
        for path in (*folder.rglob("*"), folder, folder.parent, folder.parent.parent):
            sync_folder(path)  # a file is made durable just so


def sweep(root: Path, named: Collection[str]) -> set[str]:
    """Remove whatever stands below a kind and is not the folder of a named version; return what is gone."""
    with disk_errors("swept"):
        gone = [path for kind in root.glob("*/") for path in kind.iterdir() if path.name not in named]
        for path in gone:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return {path.name for path in gone}


@contextmanager
def disk_errors(done: str) -> Iterator[None]:
    """Turn what the disk raises into a StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"A model cannot be {done}: {error.strerror or error}.",
            "Free space on the disk of the data folder, or make it writable; nothing is lost.",
        ) from error


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _copy(folder: Path, partial: Path) -> None:
    for path in _files(folder):
        copy = partial / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "rb") as source, replacing(copy) as target:
            shutil.copyfileobj(source, target)
    for inner in (*(path for path in partial.rglob("*") if path.is_dir()), partial):
        sync_folder(inner)


def _take_place(kind: str, partial: Path, target: Path) -> None:
    if digest_of(kind, partial) != target.name:
        raise InputError("The folder of the model changes while it is copied.", "Wait until its training has ended.")
    if target.exists():
        shutil.rmtree(target)
    os.replace(partial, target)
