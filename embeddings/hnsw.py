"""Nearest neighbours by hnswlib, for what needs no totals: more-like-this, recommendations, linking.

Owners (whole numbers of the caller's) have vectors; equal vectors are indexed once, since thousands of equal ones spoil
the graph (recall .68 instead of .957 on the grocer's). hnswlib's own labels only ever grow: giving a label again
duplicates or resurrects it. A file is checked before hnswlib sees it, for it dies of a damaged one.
Knows owners and vectors; not what they stand for. Exact answers: `quantised`.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any

import hnswlib
import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import read_arrays, write_arrays
from embeddings.errors import BadVectors, DamagedFile

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]
NEIGHBOURS, BUILD_BREADTH, BREADTH = 16, 200, 160  # M, efConstruction, ef: ef 40 loses a tenth on titles
FORMAT = 2
DIGEST = 16  # bytes of a vector's digest
PIECE = 32  # vectors added while searches wait: some 20 ms
SPARE = 1024  # dead labels that are no reason to build anew


class VectorIndex:
    """Owners and their unit vectors. Any number of threads may search while one at a time changes it."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._graph = _new_graph(dimensions, SPARE)
        self._label_of: dict[int, int] = {}  # owner → label
        self._owners_of: dict[int, set[int]] = {}  # live label → owners
        self._label_for: dict[bytes, int] = {}  # digest of a vector → live label
        self._next = 0
        self._changing, self._reading = Lock(), Lock()

    def __len__(self) -> int:
        return len(self._label_of)

    @property
    def distinct(self) -> int:
        """How many different vectors are indexed."""
        return len(self._owners_of)

    def owners(self) -> Ids:
        """All owners, int64[n]."""
        with self._reading:
            return np.fromiter(self._label_of, np.int64, len(self._label_of))

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add owners, or replace the vectors of those known. int64[n], float32[n, d]; a zero vector is refused."""
        scaled = self._checked(vectors)
        if len(ids) != len(scaled):
            raise BadVectors(f"{len(ids)} ids came with {len(scaled)} vectors.")
        last = {owner: row for row, owner in enumerate(np.asarray(ids, np.int64).tolist())}
        owners, rows = list(last), list(last.values())
        with self._changing:
            for at in range(0, len(owners), PIECE):
                with self._reading:
                    self._add(owners[at : at + PIECE], scaled[rows[at : at + PIECE]])
            self._tidy()

    def retire(self, ids: Ids) -> None:
        """Take owners out; unknown ones are ignored. They are found no more once this returns."""
        with self._changing:
            with self._reading:
                for owner in np.asarray(ids, np.int64).tolist():
                    if owner in self._label_of:
                        self._release(owner, self._label_of.pop(owner))
            self._tidy()

    def search(self, query: NDArray[np.float32], k: int) -> tuple[Ids, NDArray[np.float32]]:
        """Return ≤ k owners and their cosines to a query float32[d], nearest first, equal ones by id."""
        scaled = self._checked(query[None, :])
        with self._reading:
            labels, scores = self._nearest(scaled, min(k, len(self._owners_of)))
            found = [(-score, owner) for label, score in zip(labels, scores, strict=True)
                     for owner in self._owners_of[label]]  # fmt: skip
        found = sorted(found)[: max(k, 0)]
        return np.array([owner for _, owner in found], np.int64), np.array([-s for s, _ in found], np.float32)

    def save(self, path: Path) -> None:
        """Write the index, whole or not at all."""
        with self._changing, _scratch(path.parent) as scratch:
            self._graph.save_index(str(scratch))
            owners = np.fromiter(self._label_of, np.int64, len(self))
            labels = np.fromiter(self._label_of.values(), np.int64, len(self))
            arrays: dict[str, NDArray[Any]] = {
                "graph": np.memmap(scratch, np.uint8, "r"),
                "owners": owners,
                "labels": labels,
                "known": np.fromiter(self._label_for.values(), np.int64, len(self._label_for)),
                "digests": np.frombuffer(b"".join(self._label_for), np.uint8),
            }
            write_arrays(path, arrays, {"hnsw": FORMAT, "dimensions": self.dimensions, "next": self._next})

    @classmethod
    def load(cls, path: Path, dimensions: int) -> "VectorIndex":
        """Read an index. Raises DamagedFile when it is damaged, or is of another kind or dimension."""
        arrays, meta = read_arrays(path)
        if meta.get("hnsw") != FORMAT or meta.get("dimensions") != dimensions:
            raise DamagedFile(f"{path.name} is no vector index of {dimensions} dimensions; build it again.")
        index = cls(dimensions)
        with _scratch(None) as scratch:  # elsewhere: who only reads may not be able to write beside it
            scratch.write_bytes(arrays["graph"].data)
            index._graph = hnswlib.Index("ip", dimensions)
            try:
                index._graph.load_index(str(scratch))
            except RuntimeError as error:
                raise DamagedFile(f"{path.name} was written by another hnswlib ({error}); build it again.") from error
        index._graph.set_ef(BREADTH)
        index._graph.set_num_threads(1)
        index._next = meta["next"]
        for owner, label in zip(arrays["owners"].tolist(), arrays["labels"].tolist(), strict=True):
            index._label_of[owner] = label
            index._owners_of.setdefault(label, set()).add(owner)
        digests, known = arrays["digests"].tobytes(), arrays["known"].tolist()
        index._label_for = {digests[DIGEST * at : DIGEST * (at + 1)]: label for at, label in enumerate(known)}
        return index

    def _add(self, owners: list[int], vectors: Vectors) -> None:
        """Index the vectors not known yet, move the owners to theirs, and only then let go of those they left."""
        labels, fresh = [], []
        for row, vector in enumerate(vectors):
            label = self._label_for.setdefault(_digest(vector), self._next)
            if label == self._next:
                self._next += 1
                self._owners_of[label] = set()
                fresh.append(row)
            labels.append(label)
        _insert(self._graph, [labels[row] for row in fresh], vectors[fresh])
        left = [(owner, self._label_of.get(owner)) for owner in owners]
        for owner, label in zip(owners, labels, strict=True):
            self._label_of[owner] = label
            self._owners_of[label].add(owner)
        for (owner, old), label in zip(left, labels, strict=True):
            if old is not None and old != label:
                self._release(owner, old)

    def _release(self, owner: int, label: int) -> None:
        self._owners_of[label].discard(owner)
        if not self._owners_of[label]:
            (vector,) = self._vectors([label])
            del self._owners_of[label], self._label_for[_digest(vector)]
            self._graph.mark_deleted(label)

    def _nearest(self, query: Vectors, k: int) -> tuple[list[int], list[float]]:
        if k <= 0:
            return [], []
        breadth = max(BREADTH, 2 * k)
        while breadth < 8 * self._graph.get_current_count():
            self._graph.set_ef(breadth)
            try:
                labels, distances = self._graph.knn_query(query, k)
            except RuntimeError:  # fewer than k were reached: many of the near ones are dead
                breadth *= 8
                continue
            return labels[0].tolist(), (1 - distances[0]).tolist()
        live = list(self._owners_of)
        cosines = self._vectors(live) @ query[0]
        best = np.argsort(-cosines, kind="stable")[:k]
        return [live[at] for at in best], cosines[best].tolist()

    def _tidy(self) -> None:
        """Build the graph anew when more of it is dead than alive; searches go on in the old one meanwhile."""
        live = sorted(self._owners_of)
        if self._graph.get_current_count() - len(live) <= max(SPARE, len(live)):
            return
        graph = _new_graph(self.dimensions, len(live) + SPARE)
        _insert(graph, live, self._vectors(live))
        with self._reading:
            self._graph = graph

    def _vectors(self, labels: list[int]) -> Vectors:
        if not labels:
            return np.empty((0, self.dimensions), np.float32)
        return np.asarray(self._graph.get_items(labels, return_type="numpy"), np.float32)

    def _checked(self, vectors: Vectors) -> Vectors:
        if vectors.ndim != 2 or vectors.shape[1] != self.dimensions:
            raise BadVectors(f"Vectors must be float32[n, {self.dimensions}]; these have shape {vectors.shape}.")
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or (lengths < 1e-9).any():
            raise BadVectors("Vectors must be finite and not zero.")
        scaled: Vectors = (vectors / lengths).astype(np.float32)
        return scaled


def _new_graph(dimensions: int, capacity: int) -> Any:
    graph = hnswlib.Index("ip", dimensions)
    graph.init_index(capacity, ef_construction=BUILD_BREADTH, M=NEIGHBOURS)
    graph.set_num_threads(1)  # several would build another graph each time
    return graph


def _insert(graph: Any, labels: list[int], vectors: Vectors) -> None:
    needed = graph.get_current_count() + len(labels)
    if needed > graph.get_max_elements():
        graph.resize_index(2 * needed)
    if labels:
        graph.add_items(vectors, labels, num_threads=1)


def _digest(vector: Vectors) -> bytes:
    return blake2b(vector.tobytes(), digest_size=DIGEST).digest()


@contextmanager
def _scratch(folder: Path | None) -> Iterator[Path]:
    """A file in a folder, or where temporary files are, for hnswlib reads and writes only whole files by their name."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".hnsw.")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
