"""Facets: how many hits each choice would give, among exactly the matches.

A facet of a field that the filter names counts as if it did not, so that its other choices can be seen; every count is
what choosing that value alone gives. Counted are hits: alike products that are one hit count once. Knows bitmaps,
columns and nodes; no scores. Prices have a facet for each currency.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from embeddings.words import is_chinese, tokens
from graphsvc.search.columns import IN, OUT, UNKNOWN_STOCK
from graphsvc.search.filters import PRICE, SOURCE, STOCK, Choices, Mask, known_attribute
from graphsvc.search.kernels import choose_members, count_nodes, count_values, members_by_group
from graphsvc.search.nodes import ATTRIBUTE, BRAND, CATEGORY, NONE
from graphsvc.search.prices import by_commonness, in_ranges, price_edges, price_ranges, range_id, range_name
from graphsvc.search.state import State
from graphsvc.types import Facet, FacetValue, Filter

ALL = "*"
MOST_VALUES = 50  # of one facet, the commonest
ATTRIBUTES = 6  # attributes that "*" shows
COVERED = 0.1  # share of the hits that must have an attribute before "*" shows it
SHORT = 10  # values that a shopper looks through
HELD = 0.6  # share of the hits that those must cover: else an attribute measures or names, and offers no choice
VARIED = 0.3  # values per hit that it may have beyond those
LABELS = {PRICE: "Price", STOCK: "Stock", SOURCE: "Source"}
BOOLEANS = {"true": ("yes", "是"), "false": ("no", "否")}  # as data says it, and as people do


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one set of rows: hits by node, hits by field that have any value of it, the rows, the hits."""

    rows: NDArray[np.int32]
    nodes: NDArray[np.int64]
    coverage: NDArray[np.int64]
    hits: int


class FacetCounter:
    """Counts the facets of one answer. `matched`, bool[D], says which documents match the query.

    `choices` are those of `wanted`, whose bounds of the price name their currency.
    """

    def __init__(self, state: State, choices: Choices, matched: Mask, wanted: Filter) -> None:
        self._state, self._columns, self._nodes = state, state.columns, state.nodes
        self._choices, self._matched, self._wanted = choices, matched, wanted

    def count(self, names: Iterable[str]) -> tuple[Facet, ...]:
        """The facets of these names in their order, empty ones left out. Raises QueryError for an unknown attribute."""
        fields = dict.fromkeys(field for name in names for field in self._fields(name))
        facets = (facet for field in fields for facet in self._facets(field))
        return tuple(facet for facet in facets if facet.values)

    def _fields(self, name: str) -> Iterator[str]:
        if name == ALL:
            yield from (CATEGORY, BRAND, PRICE, STOCK, *([SOURCE] if len(self._state.sources) > 1 else []))
            yield from self._telling()
        elif name in (BRAND, CATEGORY, PRICE, STOCK, SOURCE):
            yield name
        else:
            yield known_attribute(name, self._nodes)

    def _telling(self) -> list[str]:
        """Attributes worth showing: known of enough hits, with several values, and those that the filter names."""
        tally, nodes = self._whole, self._nodes
        found = np.flatnonzero(tally.nodes)
        found = found[np.lexsort((-tally.nodes[found], nodes.field_of[found]))]
        fields, counts = nodes.field_of[found], tally.nodes[found]
        rank = np.arange(len(found)) - np.searchsorted(fields, fields)
        held = np.bincount(fields[rank < SHORT], counts[rank < SHORT], minlength=len(nodes.fields))
        values = np.bincount(fields, minlength=len(nodes.fields))
        enough = (tally.coverage >= max(2.0, COVERED * tally.hits)) & (values >= 2) & (held >= HELD * tally.coverage)
        enough &= (values <= SHORT) | (values <= VARIED * tally.coverage)
        order = sorted(np.flatnonzero(enough).tolist(), key=lambda at: (-int(tally.coverage[at]), nodes.fields[at]))
        named = [name for name in self._choices.by_field if name.startswith(ATTRIBUTE)]
        telling = [nodes.fields[at] for at in order if nodes.fields[at].startswith(ATTRIBUTE)]
        return list(dict.fromkeys((*named, *telling[:ATTRIBUTES])))

    def _facets(self, field: str) -> Iterator[Facet]:
        if field == PRICE:
            yield from self._prices()
            return
        label = LABELS.get(field) or self._nodes.label(field)
        if field == STOCK:
            values = tuple(self._stock())
        elif field == SOURCE:
            values = tuple(self._from_sources())
        elif field == CATEGORY:
            values = tuple(self._categories())
        else:
            values = tuple(self._values(self._nodes.of_field(field), self._tally(field), self._chosen(field)))
            values = tuple(replace(value, name=_spoken(value.name, label)) for value in values)
        yield Facet(field.removeprefix(ATTRIBUTE), label, values)

    def _values(self, numbers: NDArray[np.int64], tally: Tally, chosen: Sequence[int]) -> Iterator[FacetValue]:
        """The commonest of some nodes, and those chosen already even if nothing has them."""
        counts = tally.nodes[numbers]
        order = numbers[np.argsort(-counts, kind="stable")][:MOST_VALUES]
        shown = [int(node) for node in order if tally.nodes[node] > 0 and int(node) not in chosen]
        for node in (*chosen, *shown):
            yield FacetValue(
                self._nodes.ids[node], self._nodes.names[node], int(tally.nodes[node]), selected=node in chosen
            )

    def _categories(self) -> Iterator[FacetValue]:
        """What stands below the chosen categories, or beside one that has nothing below; else the roots."""
        tally, chosen = self._tally(CATEGORY), self._chosen(CATEGORY)
        below = [self._nodes.children(node) for node in chosen] or [self._nodes.children(NONE)]
        if chosen and not sum(map(len, below)):
            below = [self._nodes.children(int(self._nodes.parent[node])) for node in chosen]
        yield from self._values(np.unique(np.concatenate(below)), tally, chosen)

    def _prices(self) -> Iterator[Facet]:
        """A facet for each currency with several prices, the commonest first."""
        rows, currencies = self._tally(PRICE).rows, self._state.currencies
        found = self._columns.currency[rows]
        for number in by_commonness(found, currencies):
            values = tuple(self._ranges(rows[found == number], currencies[number]))
            which = f", {currencies[number] or 'currency unknown'}" if len(currencies) > 1 else ""
            yield Facet(PRICE, f"{LABELS[PRICE]}{which}", values, currencies[number])

    def _ranges(self, rows: NDArray[np.int32], currency: str) -> Iterator[FacetValue]:
        """The ranges of the prices of some rows, all of one currency; none for one price, which offers no choice."""
        prices, wanted = self._columns.price[rows], self._wanted
        edges = price_edges(prices)
        if not edges:
            return
        value = np.full(len(self._columns), -1, np.int32)
        value[rows] = in_ranges(prices, edges)
        ranges = price_ranges(edges)
        for (low, high), count in zip(ranges, self._counted(rows, value, len(ranges)), strict=True):
            selected = (low, high, currency) == (wanted.price_min, wanted.price_max, wanted.currency)
            if count or selected:
                yield FacetValue(range_id(low, high), range_name(low, high), count, selected)

    def _stock(self) -> Iterator[FacetValue]:
        values = np.where(self._columns.stock == UNKNOWN_STOCK, -1, self._columns.stock).astype(np.int32)
        counts = self._counted(self._tally(STOCK).rows, values, 2)
        for value, name in ((IN, "In stock"), (OUT, "Out of stock")):
            selected = self._wanted.in_stock is (value == IN)
            if counts[value] or selected:
                yield FacetValue("true" if value == IN else "false", name, counts[value], selected)

    def _from_sources(self) -> Iterator[FacetValue]:
        sources = self._state.sources
        counts = self._counted(self._tally(SOURCE).rows, self._columns.source, len(sources))
        for at in np.argsort(-np.array(counts), kind="stable").tolist():
            selected = sources[at] in self._wanted.sources
            if counts[at] or selected:
                yield FacetValue(sources[at], sources[at], counts[at], selected)

    def _counted(self, rows: NDArray[np.int32], values: NDArray[np.int32], size: int) -> list[int]:
        counts = np.zeros(size, np.int64)
        count_values(rows, self._columns.group, values, counts)
        return [int(count) for count in counts]

    def _chosen(self, field: str) -> tuple[int, ...]:
        choice = self._choices.by_field.get(field)
        return choice.nodes if choice else ()

    def _tally(self, field: str) -> Tally:
        return self._tallied(field) if field in self._choices.by_field else self._whole

    @cached_property
    def _whole(self) -> Tally:
        return self._tallied(None)

    def _tallied(self, without: str | None) -> Tally:
        columns, nodes = self._columns, self._nodes
        allowed = self._choices.allowed(columns, nodes, self._state.alive, without=without)
        best, count = np.empty(self._state.groups, np.int32), np.empty(self._state.groups, np.int32)
        hits = choose_members(
            allowed, columns.document, columns.group, columns.popularity, columns.tie, self._matched, best, count
        )
        rows = members_by_group(allowed, columns.document, columns.group, self._matched, count)
        counts, coverage = np.zeros(len(nodes), np.int64), np.zeros(len(nodes.fields), np.int64)
        count_nodes(rows, columns.group, columns.starts, columns.nodes, nodes.field_of, counts, coverage)
        return Tally(rows, counts, coverage, hits)


def _spoken(name: str, label: str) -> str:
    """A truth value in the language of the attribute that has it; other names as they are."""
    words = BOOLEANS.get(name.casefold())
    return words[any(map(is_chinese, tokens(label)))] if words else name
