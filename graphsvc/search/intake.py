"""Rows of products and facts, turned into numbered rows, texts, nodes and packed bytes: for a snapshot or a change.

The same code numbers both, so that a changed product looks the same whether it was laid over a snapshot or built into
one. Knows what is numbered already; does not index or store.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from embeddings.bm25 import term_key
from graphsvc.ontology import attribute_name, slug
from graphsvc.search.columns import IN, OUT, UNKNOWN_STOCK, UNPRICED, Row
from graphsvc.search.data import CatalogueData
from graphsvc.search.documents import Document, Fact, document_of
from graphsvc.search.nodes import Nodes, nodes_of
from graphsvc.search.products import pack_facts, pack_origin, pack_product

Rows = Sequence[Mapping[str, Any]]
AVAILABILITY = "availability"
AVAILABLE = frozenset({"in-stock", "instock", "available", "有货", "现货"})  # slugs of what sources say of it
PIECE = 4096  # products held as Python objects at once


class Groups:
    """The group of each document whose products are one hit: as stored, int32[D] with −1 for none, and those new."""

    def __init__(self, stored: NDArray[np.int32], fresh: Mapping[int, int]) -> None:
        self._stored, self.fresh = stored, dict(fresh)

    def copy(self) -> "Groups":
        """The same, to be added to."""
        return Groups(self._stored, self.fresh)

    def find(self, document: int) -> int:
        """The group of a document, −1 for none."""
        stored = int(self._stored[document]) if document < len(self._stored) else -1
        return stored if stored >= 0 else self.fresh.get(document, -1)


@dataclass(slots=True)
class Numbering:
    """What has a number already. `find_document` gives the number of a text key, −1 if new."""

    nodes: Nodes = field(default_factory=Nodes.empty)
    sources: list[str] = field(default_factory=list)
    currencies: list[str] = field(default_factory=list)
    find_document: Callable[[int], int] = lambda key: -1
    documents: int = 0
    group_of: Groups = field(default_factory=lambda: Groups(np.empty(0, np.int32), {}))
    groups: int = 0


@dataclass(slots=True)
class Intake:
    """Products in their new form, in the order of their rows, and the documents that are new."""

    ids: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    products: list[bytes] = field(default_factory=list)
    facts: list[bytes] = field(default_factory=list)
    origins: list[bytes] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)


def take_in(data: CatalogueData, numbering: Numbering) -> Iterator[Intake]:
    """Yield the products of `data` piece by piece; what they bring that is new is added to `numbering`."""
    fresh: dict[int, int] = {}
    liked = _popularity(data)
    for rows, facts, own, texts in _pieces(data):
        labels = _labels(rows, numbering.nodes.labels)
        nodes = [node for each in facts for fact in each for node in nodes_of(fact)]
        numbering.nodes = numbering.nodes.with_more(nodes, labels)
        piece = Intake()
        for row, known, apart, said in zip(rows, facts, own, texts, strict=True):
            _take(row, known, numbering, fresh, liked.get(row["product_id"]), data.places, piece)
            piece.origins.append(pack_origin(row, known, apart, said))
        yield piece


def _take(
    row: Mapping[str, Any],
    facts: Sequence[Fact],
    numbering: Numbering,
    fresh: dict[int, int],
    liked: Sequence[Any] | None,
    places: Mapping[str, int],
    piece: Intake,
) -> None:
    text = document_of(row, facts)
    key = text.key
    document = fresh.get(key, numbering.find_document(key))
    if document < 0:
        document = fresh[key] = numbering.documents
        numbering.documents += 1
        piece.documents.append(text)
    popularity, rating, reviews = liked or (0.0, None, 0)
    price = _finite(row["price"])
    own, above = _numbers(facts, numbering.nodes)
    piece.ids.append(row["product_id"])
    piece.rows.append(
        Row(
            tie=term_key(row["product_id"]),
            document=document,
            group=_group(row, document, numbering),
            price=math.nan if price is None else price,
            currency=UNPRICED if price is None else _place(numbering.currencies, row["currency"] or ""),
            stock=_stock(row["stock"], facts),
            source=_place(numbering.sources, row["source"] or ""),
            popularity=popularity,
            rating=math.nan if rating is None else rating,
            reviews=reviews,
            newness=_newness(row["batch"] or "", places),
            nodes=own,
            implied=above,
        )
    )
    piece.products.append(pack_product(row, facts, numbering.nodes.labels))
    piece.facts.append(pack_facts(facts, text.facts))


def _stock(pieces: int | None, facts: Sequence[Fact]) -> int:
    """Whether a product can be had: by its number of pieces, or where nobody counts, by what the source says of it."""
    if pieces is not None:
        return IN if pieces > 0 else OUT
    said = {slug(str(fact["name"])).replace("_", "-") for fact in facts if fact["attribute"] == AVAILABILITY}
    return IN if said & AVAILABLE else UNKNOWN_STOCK


def _group(row: Mapping[str, Any], document: int, numbering: Numbering) -> int:
    """Products whose title was composed by a rule are one hit where their texts are equal; others are hits alone."""
    known = numbering.group_of.find(document) if row["title_derived"] else -1
    if known >= 0:
        return known
    group = numbering.groups
    numbering.groups += 1
    if row["title_derived"]:
        numbering.group_of.fresh[document] = group
    return group


def _numbers(facts: Sequence[Fact], nodes: Nodes) -> tuple[list[int], list[int]]:
    """The nodes of a product's facts, and the categories above them."""
    own = list(dict.fromkeys(nodes.ids.find(fact["node_id"]) for fact in facts))
    every = dict.fromkeys(nodes.ids.find(node.id) for fact in facts for node in nodes_of(fact))
    taken = set(own)
    return [number for number in own if number >= 0], [number for number in every if number not in taken]


def _newness(batch: str, places: Mapping[str, int]) -> int:
    if batch in places:
        return places[batch]
    return int(batch[1:]) if batch.startswith("l") and batch[1:].isdecimal() else 0


def _place(names: list[str], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


def _labels(rows: Iterable[Mapping[str, Any]], known: Mapping[str, str]) -> dict[str, str]:
    """How people write the names of attributes that are not known yet: as they first stand in the catalogue."""
    labels: dict[str, str] = {}
    for written in dict.fromkeys(a["name"] for row in rows for a in row["attributes"] or () if a["name"]):
        folded = attribute_name(written)
        if folded not in known:
            labels.setdefault(folded, written.replace("_", " ").strip())
    return labels


def _pieces(data: CatalogueData) -> Iterator[tuple[list[dict[str, Any]], list[Rows], list[Rows], list[Rows]]]:
    """Rows of products, some thousand at once, and of each the facts, those of its own claims, and claims of texts."""
    ids = data.products["product_id"].combine_chunks()
    held = [_Held(data.facts, "product_id", ids), _Held(data.own, "product_id", ids), _Held(data.texts, "subject", ids)]
    for at in range(0, data.products.num_rows, PIECE):
        rows = data.products.slice(at, PIECE).to_pylist()
        facts, own, texts = (one.of(at, len(rows)) for one in held)
        yield rows, facts, own, texts


class _Held:
    """Rows of a table by the product that they belong to; products by their place among `ids`."""

    def __init__(self, table: pa.Table, key: str, ids: Any) -> None:
        owners: Any = pc.index_in(table[key], value_set=ids)
        owner = np.asarray(pc.fill_null(owners, -1))
        self._table = table
        self._order = np.argsort(owner, kind="stable")
        self._owner = owner[self._order]

    def of(self, at: int, count: int) -> list[Rows]:
        """The rows of each of some products."""
        begin, end = np.searchsorted(self._owner, (at, at + count))
        found: list[list[dict[str, Any]]] = [[] for _ in range(count)]
        rows = self._table.take(self._order[begin:end]).to_pylist()
        for number, row in zip(self._owner[begin:end].tolist(), rows, strict=True):
            found[number - at].append(row)
        return list(found)


def _popularity(data: CatalogueData) -> dict[str, tuple[float, float | None, int]]:
    table = data.popularity
    count = table.num_rows
    columns = [
        table[name].to_pylist() if name in table.column_names else [None] * count
        for name in ("product_id", "popularity", "rating", "reviews")
    ]
    return {
        name: (_finite(popularity) or 0.0, _finite(rating), reviews or 0)
        for name, popularity, rating, reviews in zip(*columns, strict=True)
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
