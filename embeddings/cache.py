"""Vectors by the hash of their text and the version of their encoder, so that nothing is encoded twice.

Two append-only files: 20 bytes a record in `.keys` (16 of blake2b, 4 of the vector's CRC) and the vectors as float16 in
`.vectors` (half the size; the error, 2^-11, is below that of the int8 that search uses). Vectors are made durable
before their keys; a torn tail is cut on opening and a damaged record is a miss. Knows texts; not whose they are.
"""

import os
import zlib
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders import Encoder, Kind, Progress, Vectors

KEY = np.dtype([("high", "<u8"), ("low", "<u8"), ("crc", "<u4")])
CHUNK = 4096  # texts between two durable writes: what a kill loses at most


class VectorCache:
    """The vectors of one encoder in one folder. One process writes at a time."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._encoder = encoder
        name = f"{encoder.name}-{encoder.version}-{encoder.dimensions}"
        self._keys_path, self._vectors_path = folder / f"{name}.keys", folder / f"{name}.vectors"
        self.encoded = 0  # texts encoded since opening: an unchanged catalogue leaves it at 0
        self._cut_torn_tail()
        self._index()

    def vectors(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        """Return float32[n, d] for texts, encoding each distinct one that is not known."""
        distinct = list(dict.fromkeys(texts))
        keys = _hashes(distinct, kind)
        found, rows = self._lookup(keys)
        missing = np.flatnonzero(~found)
        for at in range(0, len(missing), CHUNK):
            self._encode([distinct[i] for i in missing[at : at + CHUNK]], keys[missing[at : at + CHUNK]], kind)
            if progress is not None:
                progress(min(at + CHUNK, len(missing)), len(missing))
        if len(missing):
            self._index()
            found, rows = self._lookup(keys)
        place = dict(zip(distinct, rows.tolist(), strict=True))
        return self._read(np.fromiter((place[text] for text in texts), np.int64, len(texts)))

    def _encode(self, texts: list[str], keys: NDArray[np.uint64], kind: Kind) -> None:
        vectors = self._encoder.encode(texts, kind=kind).astype("<f2")
        records = np.empty(len(texts), KEY)
        records["high"], records["low"] = keys[:, 0], keys[:, 1]
        records["crc"] = [zlib.crc32(row.tobytes()) for row in vectors]
        for path, block in ((self._vectors_path, vectors.tobytes()), (self._keys_path, records.tobytes())):
            with open(path, "ab") as file:
                file.write(block)
                file.flush()
                os.fsync(file.fileno())
        self.encoded += len(texts)

    def _read(self, rows: NDArray[np.int64]) -> Vectors:
        if not len(rows):
            return np.empty((0, self._encoder.dimensions), np.float32)
        stored = np.memmap(self._vectors_path, "<f2", "r").reshape(-1, self._encoder.dimensions)
        vectors: Vectors = stored[rows].astype(np.float32)
        return vectors

    def _lookup(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which keys are known and in which row, the newest where one was written again."""
        at = np.searchsorted(self._sorted["high"], keys[:, 0], side="right") - 1
        candidate = self._sorted[np.maximum(at, 0)] if len(self._sorted) else np.zeros(len(keys), KEY)
        found = (at >= 0) & (candidate["high"] == keys[:, 0]) & (candidate["low"] == keys[:, 1])
        rows = np.where(found, self._rows[np.maximum(at, 0)] if len(self._rows) else 0, -1)
        return found, rows.astype(np.int64)

    def _index(self) -> None:
        """Read the keys whose vectors match their checksum, sorted for searching."""
        records = np.fromfile(self._keys_path, KEY) if self._keys_path.exists() else np.empty(0, KEY)
        order = np.argsort(records["high"], kind="stable")
        self._sorted, self._rows = records[order], order

    def _cut_torn_tail(self) -> None:
        """Keep the records that are whole in both files, and drop from the first damaged one on."""
        width = 2 * self._encoder.dimensions
        if not self._keys_path.exists() or not self._vectors_path.exists():
            self._truncate(0)
            return
        records = np.fromfile(self._keys_path, KEY)
        count = min(len(records), self._vectors_path.stat().st_size // width)
        with open(self._vectors_path, "rb") as file:
            for row in range(count):
                if zlib.crc32(file.read(width)) != records["crc"][row]:
                    count = row
                    break
        self._truncate(count)

    def _truncate(self, count: int) -> None:
        for path, size in ((self._keys_path, KEY.itemsize), (self._vectors_path, 2 * self._encoder.dimensions)):
            if path.exists() and path.stat().st_size != count * size:
                os.truncate(path, count * size)


def _hashes(texts: Sequence[str], kind: Kind) -> NDArray[np.uint64]:
    """uint64[n, 2]: 128 bits of blake2b over kind and text."""
    digests = b"".join(
        blake2b(f"{kind}\x1f{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts
    )
    return np.frombuffer(digests, "<u8").reshape(-1, 2)
