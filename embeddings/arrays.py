"""Arrays in one checked file: written whole or not at all, read back memory-mapped.

Layout: 8 bytes magic, u32 version, u32 length of the header, 16 bytes blake2b of the header, the header (JSON: meta,
and for each array dtype, shape, offset and blake2b), then the arrays, each on a boundary of 64 bytes. Little-endian.
Knows bytes; does not know what the arrays mean.
"""

import json
import mmap
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import get_ident
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import DamagedFile

MAGIC = b"GSARRAYS"
VERSION = 1
PREFIX = struct.Struct("<8sII16s")
ALIGNMENT = 64

Array = NDArray[Any]


def write_arrays(path: Path, arrays: Mapping[str, Array], meta: Mapping[str, object] | None = None) -> None:
    """Write arrays and a JSON-able `meta` so that after a crash the file is the old one or the new one."""
    whole = {name: np.ascontiguousarray(array).reshape(np.shape(array)) for name, array in arrays.items()}
    header = _header(whole, meta or {})
    start = _aligned(PREFIX.size + len(header))
    with replacing(path) as file:
        file.write(PREFIX.pack(MAGIC, VERSION, len(header), blake2b(header, digest_size=16).digest()))
        file.write(header)
        for array in whole.values():
            file.seek(_aligned(file.tell()))
            file.write(_bytes(array))
        file.truncate(max(file.tell(), start))


def read_arrays(path: Path, *, verify: bool = True) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays, read-only views of the mapped file, and the meta.

    Raises DamagedFile when the file is missing, cut, or does not match its checksums. `verify=False` leaves the arrays'
    own checksums unread (the header's is always checked), for files verified before.
    """
    try:
        with open(path, "rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise DamagedFile(f"{path.name} cannot be read: {error}") from error
    header, start = _read_header(path, mapped)
    arrays = {name: _view(path, mapped, start, entry, verify) for name, entry in header["arrays"].items()}
    if verify and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)  # what was read for its checksum alone need not stay in memory
    return arrays, header["meta"]


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Give a new file that takes the place of `path`, durably, if the block ends well, and else is removed.

    `mode` is who may read it, from its first byte on.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _header(arrays: Mapping[str, Array], meta: Mapping[str, object]) -> bytes:
    entries, at = {}, 0
    for name, array in arrays.items():
        at = _aligned(at)
        if array.dtype.hasobject or array.dtype.names:
            raise TypeError(f"{name}: write plain arrays; objects and records have no stable bytes")
        digest = blake2b(_bytes(array), digest_size=16).hexdigest()
        entries[name] = {"dtype": array.dtype.str, "shape": list(array.shape), "offset": at, "digest": digest}
        at += array.nbytes
    return json.dumps({"meta": dict(meta), "arrays": entries}).encode()


def _read_header(path: Path, mapped: mmap.mmap) -> tuple[dict[str, Any], int]:
    if len(mapped) < PREFIX.size:
        raise DamagedFile(f"{path.name} is cut")
    magic, version, length, digest = PREFIX.unpack_from(mapped)
    if magic != MAGIC:
        raise DamagedFile(f"{path.name} is not a file of arrays")
    if version != VERSION:
        raise DamagedFile(f"{path.name} has version {version}; this one reads {VERSION}")
    raw = mapped[PREFIX.size : PREFIX.size + length]
    if len(raw) != length or blake2b(raw, digest_size=16).digest() != digest:
        raise DamagedFile(f"{path.name}: the header does not match its checksum")
    return json.loads(raw), _aligned(PREFIX.size + length)


def _view(path: Path, mapped: mmap.mmap, start: int, entry: Mapping[str, Any], verify: bool) -> Array:
    dtype, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
    at, count = start + entry["offset"], int(np.prod(shape, dtype=np.int64))
    if at + count * dtype.itemsize > len(mapped):
        raise DamagedFile(f"{path.name} is cut")
    if count == 0:
        return np.empty(shape, dtype)
    array = np.frombuffer(mapped, dtype, count, at).reshape(shape)
    if verify and blake2b(_bytes(array), digest_size=16).hexdigest() != entry["digest"]:
        raise DamagedFile(f"{path.name}: an array does not match its checksum")
    return array


def _bytes(array: Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data if array.size else memoryview(b"")


def _aligned(at: int) -> int:
    return -(-at // ALIGNMENT) * ALIGNMENT
