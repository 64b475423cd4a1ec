"""Filters as bitmaps over the rows of a catalogue, checked before they are used. Knows columns and nodes, no scores.

A filter is taken apart by field, so that a facet can ask for all but its own. An unknown attribute is an error that
names the known ones; an unknown value is a value that no product has.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphsvc.errors import QueryError
from graphsvc.search.columns import IN, OUT, Columns
from graphsvc.search.kernels import keep_having
from graphsvc.search.nodes import BRAND, CATEGORY, Nodes
from graphsvc.types import Filter

Mask = NDArray[np.bool_]
PRICE, STOCK, SOURCE = "price", "stock", "source"
MOST_VALUES = 500  # in one field of a filter
SHOWN = 20  # known names that an error lists


@dataclass(frozen=True, slots=True)
class Choice:
    """What one field of a filter allows: the nodes that it names, or a bitmap of rows."""

    nodes: tuple[int, ...] = ()
    rows: Mask | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """A filter taken apart by field; rows must pass every choice."""

    by_field: Mapping[str, Choice]

    def allowed(self, columns: Columns, nodes: Nodes, alive: Mask, *, without: str | None = None) -> Mask:
        """The living rows that pass, as an own bool[n]; `without` leaves one field's choice out."""
        allowed = alive.copy()
        for name, choice in self.by_field.items():
            if name == without:
                continue
            if choice.rows is not None:
                allowed &= choice.rows
            else:
                wanted = np.zeros(len(nodes), np.bool_)
                wanted[list(choice.nodes)] = True
                keep_having(columns.starts, columns.nodes, wanted, allowed)
        return allowed


def read_filter(
    wanted: Filter, columns: Columns, nodes: Nodes, sources: Sequence[str], currencies: Sequence[str]
) -> Choices:
    """Check a filter, whose bounds of the price name their currency, and take it apart.

    Raises QueryError that says what is wrong and what is known.
    """
    found: dict[str, Choice] = {}
    for name, values in ((BRAND, wanted.brands), (CATEGORY, wanted.categories)):
        if values:
            found[name] = _named(name, values, nodes)
    for attribute, values in wanted.attributes.items():
        if values:
            name = known_attribute(attribute, nodes)
            before = found[name].nodes if name in found else ()  # "color" and "colour" are one field
            found[name] = Choice((*before, *_named(name, values, nodes).nodes))
    if wanted.currency is not None or is_bounded(wanted):
        found[PRICE] = Choice(rows=_priced(wanted, columns, currencies))
    if wanted.in_stock is not None:
        found[STOCK] = Choice(rows=columns.stock == (IN if wanted.in_stock else OUT))
    if wanted.sources:
        numbers = [at for at, source in enumerate(sources) if source in wanted.sources]
        found[SOURCE] = Choice(rows=np.isin(columns.source, numbers))
    return Choices(found)


def is_bounded(wanted: Filter) -> bool:
    """Whether a filter compares prices."""
    return wanted.price_min is not None or wanted.price_max is not None


def known_attribute(name: str, nodes: Nodes) -> str:
    """The field of an attribute. Raises QueryError with the known names."""
    field = nodes.field(name)
    if field is None:
        known = nodes.attributes()
        listed = ", ".join(known[:SHOWN]) + (f" and {len(known) - SHOWN:,} more" if len(known) > SHOWN else "")
        raise QueryError(f"No product has an attribute “{name[:80]}”.", f"Known are: {listed or 'none'}.")
    return field


def _named(field: str, values: Sequence[str], nodes: Nodes) -> Choice:
    if len(values) > MOST_VALUES:
        raise QueryError(f"A filter names {len(values):,} values of one field.", f"Name at most {MOST_VALUES}.")
    found = dict.fromkeys(node for value in values for node in nodes.find(field, value))
    return Choice(tuple(found))


def _priced(wanted: Filter, columns: Columns, currencies: Sequence[str]) -> Mask:
    low, high = wanted.price_min, wanted.price_max
    if any(bound is not None and not math.isfinite(bound) for bound in (low, high)):
        raise QueryError("A bound of the price is not a finite number.", "Leave it out to have none.")
    prices = columns.price
    rows: Mask = np.isin(columns.currency, [at for at, name in enumerate(currencies) if name == wanted.currency])
    if low is not None:
        rows &= prices >= low
    if high is not None:
        rows &= prices <= high
    return rows
