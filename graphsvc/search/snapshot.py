"""A catalogue as one folder of files that never change: built, written beside the old one, swapped in, opened.

FOLDER/<offset>-<random>/ holds `meta`, `columns`, `products`, `texts`, `vectors`, `completions`, each with its
checksums. Knows files; what is in them is the rooms' business, how one folder takes another's place that of
`snapshots`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import read_arrays, write_arrays
from embeddings.cache import VectorCache
from embeddings.encoders import Encoder, Vectors
from embeddings.errors import DamagedFile
from embeddings.hnsw import VectorIndex
from graphsvc.errors import StorageError
from graphsvc.search.columns import Columns
from graphsvc.search.corpus import Corpus, texts_of
from graphsvc.search.data import CatalogueData
from graphsvc.search.intake import Intake, Numbering, take_in
from graphsvc.search.names import Names, under
from graphsvc.search.nodes import Nodes
from graphsvc.search.predict import Completions
from graphsvc.search.text_index import TextIndex
from graphsvc.snapshots import REBUILD, new_snapshot, read_snapshot

FORMAT, WHAT = 6, "search snapshot"
META, COLUMNS, PRODUCTS, NEIGHBOURS, COMPLETIONS = "meta", "columns", "products", "vectors", "completions"
Progress = Callable[[str, int, int], None]  # step, done, of


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a folder holds, opened."""

    meta: Mapping[str, Any]
    ids: Names
    columns: Columns
    nodes: Nodes
    sources: tuple[str, ...]
    currencies: tuple[str, ...]  # of prices; an empty name where the shop names none
    group_of: NDArray[np.int32]  # of each document the group of its alike products, −1 for none
    groups: int
    products: "Packed"
    facts: "Packed"
    origins: "Packed"
    corpus: Corpus
    completions: Completions
    neighbours: VectorIndex


class Packed:
    """Stored bytes of each row, and of the rows laid over."""

    def __init__(self, blob: NDArray[np.uint8], starts: NDArray[np.int64], more: Sequence[bytes] = ()) -> None:
        self._blob, self._starts, self._more = blob, starts, more

    def __getitem__(self, row: int) -> bytes:
        known = len(self._starts) - 1
        return bytes(self._blob[self._starts[row] : self._starts[row + 1]]) if row < known else self._more[row - known]

    def with_more(self, more: Sequence[bytes]) -> "Packed":
        """These rows and more behind them."""
        return Packed(self._blob, self._starts, [*self._more, *more])


def build(
    folder: Path,
    data: CatalogueData,
    encoder: Encoder,
    cache: VectorCache,
    progress: Progress = lambda step, done, of: None,
) -> None:
    """Build the snapshot of `data`, make it the current one, and remove older ones.

    Vectors come from `cache`, which encodes only texts that it has not seen. Nearest neighbours of the snapshot before
    are taken over where texts are the same. Raises StorageError when the disk fails; the old one then stands.
    """
    numbering, whole = Numbering(), Intake()
    columns = Columns.empty()
    for piece in take_in(data, numbering):
        columns = columns.with_rows(piece.rows)
        for name in ("ids", "products", "facts", "origins", "documents"):
            getattr(whole, name).extend(getattr(piece, name))
        progress("products", len(whole.ids), data.products.num_rows)
    vectors = cache.vectors(
        [document.passage for document in whole.documents], progress=lambda done, of: progress("vectors", done, of)
    )
    texts = TextIndex.build(texts_of(whole.documents), vectors, lambda done, of: progress("words", done, of))
    keys = np.array([document.key for document in whole.documents], np.uint64)
    neighbours = _neighbours(folder, encoder, keys, vectors, progress)
    completions = Completions.build([document.title for document in whole.documents])
    with new_snapshot(folder, data.offset, WHAT) as place:
        progress("writing", 0, 1)
        texts.save(place)
        neighbours.save(place / NEIGHBOURS)
        completions.save(place / COMPLETIONS)
        _write_products(place / PRODUCTS, whole)
        _write_columns(place / COLUMNS, whole.ids, columns, numbering, keys)
        write_arrays(place / META, {}, _meta(data, encoder, len(whole.ids), len(keys)))
    progress("writing", 1, 1)


def read_meta(folder: Path) -> dict[str, Any]:
    """What the current snapshot says of itself: offset, encoder, its version and dimensions, products, documents.

    Raises StorageError when there is no sound one.
    """
    return read_snapshot(folder, WHAT, _read_meta)


def open_snapshot(folder: Path) -> Snapshot:
    """Open the current snapshot, every checksum verified. Raises StorageError when one does not hold."""
    return read_snapshot(folder, WHAT, _open)


def _read_meta(place: Path) -> dict[str, Any]:
    with _damage():
        _, meta = read_arrays(place / META)
    if meta.get("search") != FORMAT:
        raise StorageError(f"The search snapshot has format {meta.get('search')}, not {FORMAT}.", REBUILD)
    return meta


def _open(place: Path) -> Snapshot:
    meta = _read_meta(place)
    with _damage():
        arrays, rest = read_arrays(place / COLUMNS)
        packed, _ = read_arrays(place / PRODUCTS)
        return Snapshot(
            meta=meta,
            ids=Names(under(arrays, "ids")),
            columns=Columns.from_arrays(under(arrays, "columns")),
            nodes=Nodes.from_arrays(under(arrays, "nodes"), rest["nodes"]),
            sources=tuple(rest["sources"]),
            currencies=tuple(rest["currencies"]),
            group_of=arrays["group_of"],
            groups=rest["groups"],
            products=Packed(packed["products"], packed["product_starts"]),
            facts=Packed(packed["facts"], packed["fact_starts"]),
            origins=Packed(packed["origins"], packed["origin_starts"]),
            corpus=Corpus(TextIndex.open(place), arrays["keys"]),
            completions=Completions.open(place / COMPLETIONS),
            neighbours=VectorIndex.load(place / NEIGHBOURS, meta["dimensions"]),
        )


def _neighbours(
    folder: Path, encoder: Encoder, keys: NDArray[np.uint64], vectors: Vectors, progress: Progress
) -> VectorIndex:
    """The index of nearest neighbours: the old one brought up to date, or a new one."""
    index = _old_neighbours(folder, encoder)
    owners = keys.view(np.int64)
    known = index.owners()
    index.retire(np.setdiff1d(known, owners))
    fresh = np.flatnonzero(~np.isin(owners, known) & (np.abs(vectors).max(1, initial=0) > 0))
    for at in range(0, len(fresh), 1024):
        rows = fresh[at : at + 1024]
        index.add(owners[rows], vectors[rows])
        progress("neighbours", at + len(rows), len(fresh))
    return index


def _old_neighbours(folder: Path, encoder: Encoder) -> VectorIndex:
    try:
        meta = read_meta(folder)
        if (meta["encoder"], meta["encoder_version"]) == (encoder.name, encoder.version):
            return read_snapshot(folder, WHAT, lambda place: VectorIndex.load(place / NEIGHBOURS, encoder.dimensions))
    except (StorageError, DamagedFile):
        pass  # there is none, or it is damaged: what is built now takes its place
    return VectorIndex(encoder.dimensions)


def _meta(data: CatalogueData, encoder: Encoder, products: int, documents: int) -> dict[str, Any]:
    return {
        "search": FORMAT,
        "offset": data.offset,
        "encoder": encoder.name,
        "encoder_version": encoder.version,
        "dimensions": encoder.dimensions,
        "products": products,
        "documents": documents,
    }


def _write_columns(
    path: Path, ids: Sequence[str], columns: Columns, numbering: Numbering, keys: NDArray[np.uint64]
) -> None:
    node_arrays, node_rest = numbering.nodes.packed().arrays()
    group_of = np.full(len(keys), -1, np.int32)
    group_of[list(numbering.group_of.fresh)] = list(numbering.group_of.fresh.values())
    arrays: dict[str, NDArray[Any]] = {"keys": keys, "group_of": group_of}
    for name, held in (("ids", Names.build(ids).arrays()), ("columns", columns.arrays()), ("nodes", node_arrays)):
        arrays |= {f"{name}.{key}": array for key, array in held.items()}
    rest = {"sources": numbering.sources, "currencies": numbering.currencies, "groups": numbering.groups}
    write_arrays(path, arrays, {"nodes": node_rest, **rest})


def _write_products(path: Path, whole: Intake) -> None:
    products, product_starts = _pack(whole.products)
    facts, fact_starts = _pack(whole.facts)
    origins, origin_starts = _pack(whole.origins)
    write_arrays(
        path,
        {
            "products": products, "product_starts": product_starts, "facts": facts, "fact_starts": fact_starts,
            "origins": origins, "origin_starts": origin_starts,
        },
    )  # fmt: skip


def _pack(pieces: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    starts = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum([len(piece) for piece in pieces], out=starts[1:])
    return np.frombuffer(b"".join(pieces), np.uint8), starts


@contextmanager
def _damage() -> Iterator[None]:
    """Say of a damaged file what to do about it."""
    try:
        yield
    except DamagedFile as error:
        raise StorageError(f"The search snapshot is damaged: {error}", REBUILD) from error
    except OSError as error:
        raise StorageError(
            f"The search snapshot cannot be read: {error.strerror or error}.",
            "Free space where temporary files are kept (TMPDIR), and try again.",
        ) from error
    except (KeyError, ValueError, TypeError) as error:
        raise StorageError(f"The search snapshot is not what this version writes: {error!r}", REBUILD) from error
