"""Labels into files: which formats can be written, and how a file comes to be there whole or not at all."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name

from graphsvc.errors import LabelError, StorageError
from graphsvc.labels.items import Item

WRITERS = {
    "own": "graphsvc.labels.own:write",
    "jsonl": "graphsvc.labels.spans:write",
    "bio": "graphsvc.labels.columns:write",
    "labelstudio": "graphsvc.labels.labelstudio:write",
}


def write_labels(items: Iterable[Item], path: Path, format: str = "own") -> None:
    """Write items into a new file.

    Raises LabelError when the format is unknown, cannot hold an item, or the file is there already; StorageError when
    it cannot be written.
    """
    if format not in WRITERS:
        raise LabelError(f"Labels cannot be written as {format!r}.", f"Use one of {', '.join(WRITERS)}.")
    if path.exists():
        raise LabelError(f"{path.name} is there already.", "Name another file, or take it away first.")
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="") as file:
            file.writelines(resolve_name(WRITERS[format])(items))
        part.replace(path)
    except OSError as error:
        raise StorageError(f"{path.name} cannot be written: {error.strerror}.", "Name another place.") from error
    finally:
        with suppress(OSError):
            part.unlink()
