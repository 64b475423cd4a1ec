"""The catalogue as it is served: search, completions, neighbours, products, at one place in the write log.

Immutable and replaced whole, so any number of threads may read while the next one is made. Knows which room answers
what; what it holds is its state's business.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

import embeddings.lexical_kernels
import embeddings.scan_kernels
import graphsvc.search.kernels
from embeddings.encoders import Encoder, Vectors
from embeddings.words import tokens
from graphsvc.entities.decided import Decided
from graphsvc.entities.linker import Linker
from graphsvc.errors import StorageError
from graphsvc.search.answers import answer, ranking, score
from graphsvc.search.data import CatalogueData
from graphsvc.search.filters import Mask, read_filter
from graphsvc.search.nodes import CATEGORY
from graphsvc.search.prices import compared_in, settled
from graphsvc.search.products import Known
from graphsvc.search.snapshot import open_snapshot
from graphsvc.search.state import State
from graphsvc.search.suggestions import suggest
from graphsvc.snapshots import REBUILD
from graphsvc.types import CategoryView, Filter, Product, SearchRequest, SearchResult, Suggestion

REMEMBERED = 2_048  # queries whose vectors are kept
TITLED = 5  # hits among which the product that a name means is looked for
SPARE = 32  # neighbours asked for beyond those wanted: some are gone, some are alike


class Ids(Sequence[str]):
    """The ids of the living products, in the order of `Catalogue.allowed`."""

    def __init__(self, state: State) -> None:
        self._state, self._rows = state, state.rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._state.row_id(int(row)) for row in self._rows[index]]
        return self._state.row_id(int(self._rows[index]))

    def __iter__(self) -> Iterator[str]:
        return map(self._state.row_id, self._rows.tolist())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._state.row(name) >= 0


class QueryEncoder:
    """The catalogue's encoder; remembers the latest queries. May be shared between threads."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.vector = lru_cache(REMEMBERED)(self._query)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of products' texts, with the precision of the vector cache, so that a rebuild gives the same."""
        return self._encoder.encode(texts).astype(np.float16).astype(np.float32)

    def _query(self, text: str) -> NDArray[np.float32]:
        vector = np.array(self._encoder.encode([text], kind="query")[0])
        vector.flags.writeable = False
        return vector


class Catalogue:
    """The products of a shop at `offset` of its write log."""

    def __init__(self, state: State, encoder: QueryEncoder, ids: Ids | None = None) -> None:
        self._state, self._encoder = state, encoder
        self.offset = state.offset
        self.ids = Ids(state) if ids is None else ids

    @classmethod
    def open(cls, folder: Path, encoder: Encoder | None) -> "Catalogue":
        """Open the current snapshot of a folder. Raises StorageError when it is missing, damaged, or made with another
        encoder; its next step says how to build it again."""
        snapshot = open_snapshot(folder)
        made = (snapshot.meta["encoder"], snapshot.meta["encoder_version"])
        if encoder is None or made != (encoder.name, encoder.version):
            raise StorageError(f"The search snapshot was made with the encoder {made[0]} ({made[1]}).", REBUILD)
        return cls(State(snapshot), QueryEncoder(encoder))

    def at(self, offset: int) -> "Catalogue":
        """The same catalogue, with the same `ids`, at a later place in the log: nothing of it has changed since."""
        return Catalogue(self._state.at(offset), self._encoder, self.ids)

    def with_changes(self, offset: int, data: CatalogueData, retired: Sequence[str] = ()) -> "Catalogue":
        """The catalogue after products were changed or added (`data` holds them whole) and others retired."""
        return Catalogue(self._state.with_changes(offset, data, retired, self._encoder.passages), self._encoder)

    def search(self, request: SearchRequest) -> SearchResult:
        """Answer a question. Raises QueryError for a filter, facet, cursor, page or order that is not valid."""
        return answer(self._state, request, self._encoder.vector)

    def ranking(self, query: str, depth: int, *, matches_only: bool = False) -> list[str]:
        """The ids of the first `depth` products for a query, in the order of `search`.

        Unless `matches_only`, products that do not match follow in the order of the same score.
        """
        return ranking(self._state, query, depth, self._encoder.vector, matches_only=matches_only)

    def scores(self, query: str) -> NDArray[np.float32]:
        """The score of every product for a query, float32[len(ids)]: what `search` orders by; −inf for no answer."""
        state = self._state
        found = score(state, SearchRequest(query), self._encoder.vector)
        if found is None or not found.matched.any():
            return np.full(len(self), -np.inf, np.float32)
        return found.fused[state.columns.document[state.rows]]

    def cosines(self, query: str) -> NDArray[np.float32]:
        """The cosine of every product to a query as typed, float32[len(ids)]: meaning alone, without words."""
        state = self._state
        return state.corpus.cosines(self._encoder.vector(query))[state.columns.document[state.rows]]

    def predict(self, text: str, limit: int = 8) -> list[Suggestion]:
        """≤ `limit` completions of what is being typed: categories, brands, products."""
        return suggest(self._state, text, limit)

    def similar(self, product_id: str, k: int) -> list[tuple[str, float]]:
        """≤ k products nearest in meaning with their cosines, nearest first; alike ones once; none if unknown."""
        state, row = self._state, self._state.row(product_id)
        if row < 0 or k <= 0:
            return []
        own, vector = int(state.columns.group[row]), state.corpus.vector(int(state.columns.document[row]))
        found: dict[int, float] = {}
        asked = min(k, len(self)) + SPARE
        while True:
            near = _near(state, vector, asked)
            for document, cosine in near:
                for group in state.groups_of(document):
                    found.setdefault(group, cosine)
            found.pop(own, None)
            if len(found) >= k or asked >= len(state.corpus):
                break
            asked *= 4
        best = sorted(found, key=lambda group: -found[group])[:k]
        return [(state.row_id(int(state.best_of_group[group])), found[group]) for group in best]

    def allowed(self, wanted: Filter) -> Mask:
        """Which of `ids` pass a filter, bool[len(ids)]. Raises QueryError when it is not valid.

        Bounds of the price without a currency are of the commonest one of the whole catalogue.
        """
        state = self._state
        priced = settled(wanted, compared_in(state, wanted, "relevance", state.every_document))
        choices = read_filter(priced, state.columns, state.nodes, state.sources, state.currencies)
        passing: Mask = choices.allowed(state.columns, state.nodes, state.alive)[state.rows]
        return passing

    def __len__(self) -> int:
        return len(self.ids)

    def product(self, product_id: str) -> Product | None:
        """One product, None when there is none."""
        row = self._state.row(product_id)
        return self._state.product(row) if row >= 0 else None

    def products(self, ids: Sequence[str]) -> list[Product | None]:
        """Products in the order of `ids`."""
        return [self.product(product_id) for product_id in ids]

    def vectors(self, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        """Those of `ids` that are there and the vectors of their texts, float32[n, d] of unit length."""
        state = self._state
        rows = np.array([state.row(product_id) for product_id in ids], np.int64)
        known = np.flatnonzero(rows >= 0)
        documents = state.columns.document[rows[known]]
        distinct, places = np.unique(documents, return_inverse=True)
        found = [state.corpus.vector(int(document)) for document in distinct]
        vectors = np.stack(found)[places] if found else np.empty((0, 0), np.float32)
        return [ids[place] for place in known.tolist()], vectors

    def known(self, product_id: str) -> Known | None:
        """What a change of a product, or a text about it, builds upon; None when there is none."""
        row = self._state.row(product_id)
        return self._state.known(row) if row >= 0 else None

    def facts_of(self, product_id: str) -> list[str]:
        """The ids of the nodes that a product's facts lead to; none when it is unknown."""
        state, row = self._state, self._state.row(product_id)
        return [state.nodes.ids[int(node)] for node in state.columns.facts(row)] if row >= 0 else []

    def linker(self, decided: Decided) -> Linker:
        """What finds the node that a name means, by the names and the surroundings of all nodes."""
        state = self._state
        return Linker(
            state.nodes, state.node_counts, decided, encode=self._encoder.passages, around=state.standing_with,
            titled=self._titled,
        )  # fmt: skip

    def node_name(self, node_id: str) -> str | None:
        """How a node is written that a fact of some product leads, or led, to; None for any other."""
        number = self._state.nodes.ids.find(node_id)
        return self._state.nodes.names[number] if number >= 0 else None

    def _titled(self, name: str) -> tuple[str, str] | None:
        """The one product whose title says a name: two words at least, one of them with a digit."""
        said = frozenset(tokens(name))
        if len(said) < 2 or not any(word[0].isdigit() or word[-1].isdigit() for word in said):
            return None
        request = SearchRequest(name, first=TITLED, reasons=False, correct=False)
        found = [hit for hit in self.search(request).hits if said <= frozenset(tokens(hit.product.title))]
        return (found[0].product.id, found[0].product.title) if len(found) == 1 and not found[0].alike else None

    def category(self, category_id: str) -> CategoryView | None:
        """One category in its tree with the number of products below it; None when no product is in it."""
        nodes, counts = self._state.nodes, self._state.node_counts
        number = nodes.ids.find(category_id)
        if number < 0 or nodes.fields[nodes.field_of[number]] != CATEGORY or not counts[number]:
            return None
        parent = int(nodes.parent[number])
        children = sorted((nodes.names[child], nodes.ids[child]) for child in nodes.children(number) if counts[child])
        return CategoryView(
            id=category_id,
            name=nodes.names[number],
            path=nodes.path(number),
            count=int(counts[number]),
            parent=nodes.ids[parent] if parent >= 0 else None,
            children=tuple(child for _, child in children),
        )


def warm() -> None:
    """Compile or load every kernel that an answer needs, so that no query waits for it."""
    embeddings.lexical_kernels.warm()
    embeddings.scan_kernels.warm()
    graphsvc.search.kernels.warm()


def _near(state: State, vector: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
    """Documents by cosine: of the snapshot by its index, of the few laid over by a scan."""
    owners, cosines = state.neighbours.search(vector, k)
    documents = [state.corpus.find(owner % (1 << 64)) for owner in owners.tolist()]  # owners are keys, signed
    found = list(zip(documents, cosines.tolist(), strict=True))
    for first, segment in zip(state.corpus.starts[1:].tolist(), state.corpus.segments[1:], strict=False):
        rows, scores = segment.vectors.top(vector, k)
        found += [(first + row, score) for row, score in zip(rows.tolist(), scores.tolist(), strict=True)]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))
