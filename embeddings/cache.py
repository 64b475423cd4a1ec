"""Vectors by the hash of their text and the version of their encoder, so that nothing is encoded twice.

Two append-only files. `.keys`: a header, then 24 bytes a record: blake2b of kind and text, the row of its vector, and a
CRC over both hash and vector. `.vectors`: float16 rows, half the size of float32; their error, 2^-11, is an eighth of
that of the int8 which search uses. Vectors are durable before their keys, so a key always has its vector; a torn tail
is never read and is cut before the next write; a damaged record is a miss and is encoded again.
Knows texts; not whose they are.
"""

import os
import zlib
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders import Encoder, Kind, Progress, Vectors
from embeddings.errors import BadVectors
from embeddings.locks import locked

KEY = np.dtype([("high", "<u8"), ("low", "<u8"), ("row", "<u4"), ("crc", "<u4")])
HEADER = b"GSVECTOR" + (1).to_bytes(4, "little") + bytes(KEY.itemsize - 12)
CHUNK = 4096  # texts between two durable writes: what a kill loses at most
Halves = NDArray[np.float16]
Keys = NDArray[np.void]


class VectorCache:
    """The vectors of one encoder in one folder. Several processes may use it at once; one thread of each."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._encoder = encoder
        name = f"{encoder.name}-{encoder.version}-{encoder.dimensions}"
        self._keys_path, self._vectors_path = folder / f"{name}.keys", folder / f"{name}.vectors"
        self._lock_path = folder / f".{name}.lock"
        self._known: Keys = np.empty(0, KEY)  # sorted by hash, the newest of equal ones last
        self._seen = 0  # records of the file that `_known` holds
        self.encoded = 0  # texts encoded since opening: an unchanged catalogue leaves it at 0

    def vectors(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        """Return float32[n, d] for texts, encoding each distinct one that is not known.

        Raises BadVectors, and keeps nothing of the batch, when the encoder gives a wrong shape or values not finite.
        """
        distinct = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        names, keys = list(distinct), _hashes(list(distinct), kind)
        vectors = np.empty((len(names), self._encoder.dimensions), np.float32)
        self._follow()
        missing = np.flatnonzero(~self._read(keys, vectors))
        for at in range(0, len(missing), CHUNK):
            rows = missing[at : at + CHUNK]
            report = None if progress is None else _shifted(progress, at, len(missing))
            halves = self._encode([names[row] for row in rows], kind, report)
            self._append(keys[rows], halves)
            vectors[rows] = halves
        if len(names) == len(texts):
            return vectors
        return vectors[[distinct[text] for text in texts]]

    def _encode(self, texts: list[str], kind: Kind, progress: Progress | None) -> Halves:
        found = self._encoder.encode(texts, kind=kind, progress=progress)
        if found.shape != (len(texts), self._encoder.dimensions) or not np.isfinite(found).all():
            raise BadVectors(f"The encoder {self._encoder.name} gave vectors of a wrong shape or not finite.")
        self.encoded += len(texts)
        return found.astype("<f2")

    def _append(self, keys: Keys, halves: Halves) -> None:
        """Write vectors, then their keys, each durable before the next; a failed write is cut away again."""
        with locked(self._lock_path):
            width = 2 * self._encoder.dimensions
            row = _whole(self._vectors_path, width)
            records = keys.copy()
            records["row"] = np.arange(row, row + len(keys))
            records["crc"] = [_crc(key, half) for key, half in zip(keys, halves, strict=True)]
            _write(self._vectors_path, row * width, halves.tobytes())
            if not self._keys_path.exists() or not _has_header(self._keys_path):
                _write(self._keys_path, 0, HEADER)
            _write(self._keys_path, _whole(self._keys_path, KEY.itemsize) * KEY.itemsize, records.tobytes())
        self._follow()

    def _follow(self) -> None:
        """Take in the records that were written since, by this process or another."""
        if not self._keys_path.exists() or not _has_header(self._keys_path):
            self._known, self._seen = np.empty(0, KEY), 0
            return
        count = _whole(self._keys_path, KEY.itemsize) - 1
        if count < self._seen:  # cut by someone's repair
            self._known, self._seen = np.empty(0, KEY), 0
        fresh = np.fromfile(self._keys_path, KEY, count - self._seen, offset=(1 + self._seen) * KEY.itemsize)
        fresh = fresh[np.argsort(fresh["high"], kind="stable")]
        places = np.searchsorted(self._known["high"], fresh["high"], side="right")
        self._known, self._seen = np.insert(self._known, places, fresh), count

    def _read(self, keys: Keys, vectors: Vectors) -> NDArray[np.bool_]:
        """Fill in the vectors that are known and sound; return which."""
        sound = np.zeros(len(keys), bool)
        if not len(self._known) or not self._vectors_path.exists():
            return sound
        known = self._known[np.maximum(np.searchsorted(self._known["high"], keys["high"], side="right") - 1, 0)]
        rows = _whole(self._vectors_path, 2 * self._encoder.dimensions)
        found = (known["high"] == keys["high"]) & (known["low"] == keys["low"]) & (known["row"] < rows)
        if not found.any():
            return sound
        stored = np.memmap(self._vectors_path, "<f2", "r", shape=(rows, self._encoder.dimensions))
        for place in np.flatnonzero(found):
            half = stored[known["row"][place]]
            if _crc(keys[place], half) == known["crc"][place]:
                vectors[place], sound[place] = half, True
        return sound


def _hashes(texts: Sequence[str], kind: Kind) -> Keys:
    digests = [blake2b(f"{kind}\x1f{text}".encode("utf-8", "surrogatepass"), digest_size=16) for text in texts]
    halves = np.frombuffer(b"".join(digest.digest() for digest in digests), "<u8").reshape(-1, 2)
    keys = np.zeros(len(texts), KEY)
    keys["high"], keys["low"] = halves[:, 0], halves[:, 1]
    return keys


def _crc(key: np.void, half: Halves) -> int:
    return zlib.crc32(half.tobytes(), zlib.crc32(key.tobytes()[:16]))


def _whole(path: Path, width: int) -> int:
    """How many whole records of that width the file holds."""
    return path.stat().st_size // width if path.exists() else 0


def _has_header(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(HEADER)) == HEADER


def _write(path: Path, at: int, block: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(descriptor, "r+b") as file:
        file.truncate(at)
        try:
            file.seek(at)
            file.write(block)
            file.flush()
        except OSError:
            file.truncate(at)
            raise
        os.fsync(file.fileno())


def _shifted(progress: Progress, at: int, total: int) -> Progress:
    return lambda done, _: progress(at + done, total)
