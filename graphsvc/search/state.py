"""One state of a catalogue: a snapshot and what has changed since laid over it. Immutable.

A changed product gets a new row behind the others and its old one is marked as gone; its text is indexed and encoded
only if no product had it before. Knows rows, documents, nodes and how they belong together; answers no question.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders import Vectors
from graphsvc.search.columns import Columns
from graphsvc.search.corpus import Corpus
from graphsvc.search.data import CatalogueData
from graphsvc.search.filters import Mask
from graphsvc.search.intake import Groups, Numbering, take_in
from graphsvc.search.kernels import choose_members
from graphsvc.search.nodes import BRAND, CATEGORY, Nodes
from graphsvc.search.predict import Completions
from graphsvc.search.products import Known, unpack_origin, unpack_product
from graphsvc.search.snapshot import Snapshot
from graphsvc.types import Product

LABELS = (CATEGORY, BRAND)  # fields whose nodes are offered while someone types
Encode = Callable[[Sequence[str]], Vectors]
Demand = tuple[NDArray[Any], NDArray[np.int64]]  # popularity and products, of each title or node


class State:
    """What a catalogue holds at `offset` of the write log."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.offset = int(snapshot.meta["offset"])
        self.columns: Columns = snapshot.columns
        self.nodes: Nodes = snapshot.nodes
        self.corpus: Corpus = snapshot.corpus
        self.sources: tuple[str, ...] = snapshot.sources
        self.currencies: tuple[str, ...] = snapshot.currencies
        self.groups = snapshot.groups
        self.alive: Mask = np.ones(len(snapshot.columns), np.bool_)
        self.titles: Completions = snapshot.completions  # of the documents
        self.labels = {field: Completions.build(_names(self.nodes, field)) for field in LABELS}  # of their nodes
        self.neighbours = snapshot.neighbours
        self._names, self._products, self._facts = snapshot.ids, snapshot.products, snapshot.facts
        self._origins = snapshot.origins
        self._group_of = Groups(snapshot.group_of, {})
        self._changed = False

    # ---- change

    def at(self, offset: int) -> "State":
        """The same at a later place in the log."""
        later = self._copy(_COMPUTED)
        later.offset = offset
        return later

    def with_changes(self, offset: int, data: CatalogueData, retired: Sequence[str], encode: Encode) -> "State":
        """The state after products were changed or added (`data` holds them whole) and others retired."""
        new = self._copy()
        new.offset, new._changed, new.alive = offset, True, self.alive.copy()
        gone: list[Any] = [*data.products["product_id"].to_pylist(), *retired]
        new.alive[[row for row in map(self.row, gone) if row >= 0]] = False
        numbering = Numbering(
            self.nodes, list(self.sources), list(self.currencies), self.corpus.find, len(self.corpus),
            self._group_of.copy(), self.groups,
        )  # fmt: skip
        for piece in take_in(data, numbering):
            new.corpus = new.corpus.with_more(piece.documents, encode([text.passage for text in piece.documents]))
            new.columns = new.columns.with_rows(piece.rows)
            new.alive = np.concatenate([new.alive, np.ones(len(piece.rows), np.bool_)])
            new._names = new._names.with_more(piece.ids)
            new._products = new._products.with_more(piece.products)
            new._facts = new._facts.with_more(piece.facts)
            new._origins = new._origins.with_more(piece.origins)
            new.titles = new.titles.with_more([text.title for text in piece.documents])
        new.sources, new.currencies = tuple(numbering.sources), tuple(numbering.currencies)
        new.nodes, new.groups, new._group_of = numbering.nodes, numbering.groups, numbering.group_of
        if new.nodes is not self.nodes:
            fresh = {field: _names(new.nodes, field, known=len(self.nodes)) for field in LABELS}
            new.labels = {field: self.labels[field].with_more(names) for field, names in fresh.items()}
        return new

    # ---- rows

    def row(self, product_id: str) -> int:
        """The row of a living product, −1 when there is none."""
        row = self._names.find(product_id)
        return row if row >= 0 and self.alive[row] else -1

    def row_id(self, row: int) -> str:
        """The id of the product in a row."""
        return self._names[row]

    def product(self, row: int) -> Product:
        """The product in a row."""
        rating = float(self.columns.rating[row])
        return unpack_product(
            self._products[row],
            float(self.columns.popularity[row]),
            None if np.isnan(rating) else rating,
            int(self.columns.reviews[row]),
        )

    def known(self, row: int) -> Known:
        """What is known of the product in a row, for a change that lays it anew."""
        return unpack_origin(self._origins[row], self._products[row], self._facts[row], int(self.columns.newness[row]))

    def packed_facts(self, row: int) -> bytes:
        """The facts of a row as `pack_facts` made them."""
        return self._facts[row]

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The living rows, ascending."""
        return np.flatnonzero(self.alive)

    @cached_property
    def best_of_group(self) -> NDArray[np.int32]:
        """The most popular living row of each group, −1 for none."""
        return self._most_popular(self.columns.group, self.groups)

    @cached_property
    def best_of_title(self) -> NDArray[np.int32]:
        """The most popular living row of each title, −1 for none."""
        return self._most_popular(self._title, len(self.titles))

    @cached_property
    def title_demand(self) -> Demand:
        """How popular the products of each title are together, and how many there are."""
        titles = self._title[self.alive]
        liked = np.bincount(titles, self.columns.popularity[self.alive], len(self.titles))
        return liked, np.bincount(titles, minlength=len(self.titles)).astype(np.int64)

    @cached_property
    def _title(self) -> NDArray[np.int32]:
        return self.titles.name_of[self.columns.document]

    def groups_of(self, document: int) -> list[int]:
        """The groups of the living products that have a document."""
        order, starts = self._by_document
        mine = order[starts[document] : starts[document + 1]]
        return list(dict.fromkeys(self.columns.group[mine[np.argsort(self.columns.tie[mine])]].tolist()))

    # ---- documents and nodes

    @cached_property
    def every_document(self) -> Mask:
        """Which documents some product has, bool[D]."""
        held = np.zeros(len(self.corpus), np.bool_)
        held[self.columns.document[self.alive]] = True
        return held

    @cached_property
    def living(self) -> Mask | None:
        """The same, None when all have one: as it is before anything changed."""
        return self.every_document if self._changed else None

    @cached_property
    def node_counts(self) -> NDArray[np.int64]:
        """How many products have each node, or one below it."""
        living = np.repeat(self.alive, np.diff(self.columns.starts))
        return np.bincount(self.columns.nodes[living] >> 1, minlength=len(self.nodes))

    def standing_with(self, nodes: Sequence[int], neighbours: frozenset[str]) -> list[float]:
        """Of the living products of each node, the share that have some of `neighbours` too."""
        columns = self.columns
        held = columns.nodes >> 1
        beside = self._having(held, [self.nodes.ids.find(name) for name in neighbours])
        found = [self._having(held, [number]) for number in nodes]
        return [float((rows & beside).sum() / max(rows.sum(), 1)) for rows in found]

    def _having(self, held: NDArray[np.int32], nodes: Sequence[int]) -> Mask:
        """Which rows are living and have some of these nodes."""
        places = np.flatnonzero(np.isin(held, [number for number in nodes if number >= 0]))
        rows = np.zeros(len(self.columns), np.bool_)
        rows[np.searchsorted(self.columns.starts, places, "right") - 1] = True
        return rows & self.alive

    @cached_property
    def node_demand(self) -> Demand:
        """How popular the products of each node are together, and how many there are; those below it included."""
        living = np.where(self.alive, self.columns.popularity, 0.0)
        liked = np.repeat(living, np.diff(self.columns.starts))
        return np.bincount(self.columns.nodes >> 1, liked, len(self.nodes)), self.node_counts

    @cached_property
    def _by_document(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Living rows by document, and where those of each begin."""
        order = self.rows[np.argsort(self.columns.document[self.rows], kind="stable")]
        return order, np.searchsorted(self.columns.document[order], np.arange(len(self.corpus) + 1))

    def _most_popular(self, owner: NDArray[np.int32], count: int) -> NDArray[np.int32]:
        best, counts, columns = np.empty(count, np.int32), np.empty(count, np.int32), self.columns
        choose_members(
            self.alive, columns.document, owner, columns.popularity, columns.tie, self.every_document, best, counts
        )
        return best

    def _copy(self, and_names: frozenset[str] = frozenset()) -> "State":
        """Another with the same parts; what was computed of this one is left out unless it is named."""
        other = object.__new__(State)
        vars(other).update({name: part for name, part in vars(self).items() if name not in _COMPUTED - and_names})
        return other


def _names(nodes: Nodes, field: str, known: int = 0) -> list[str]:
    """The names of a field's nodes from number `known` on."""
    return [nodes.names[number] for number in nodes.of_field(field).tolist() if number >= known]


_COMPUTED = frozenset(name for name, value in vars(State).items() if isinstance(value, cached_property))
