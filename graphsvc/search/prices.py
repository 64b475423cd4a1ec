"""Prices: amounts of one currency are compared, those of two never.

An answer compares prices in the currency that its filter names, else in the commonest one of what its words match:
taken before any filter, or choosing a brand would change what a bound of the price means. Knows columns; no products.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from graphsvc.search.filters import Mask, is_bounded
from graphsvc.search.state import State
from graphsvc.types import Filter, Sort

BY_PRICE = ("price", "price_desc")
SPAN = 2.0**40  # what sets currencies apart in one sort key: far more than any price
RANGES = 5  # of prices
ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0)
CENT = 0.01


def compared_in(state: State, wanted: Filter, order: Sort, matched: Mask) -> str | None:
    """The currency in which an answer compares prices, None when it compares none or finds none.

    `matched`, bool[D], says which documents match the query. A name in the filter is spelt as the catalogue spells it.
    """
    columns, currencies = state.columns, state.currencies
    if wanted.currency is not None:
        name = wanted.currency.strip()
        return next((known for known in currencies if known.casefold() == name.casefold()), name)
    if not is_bounded(wanted) and order not in BY_PRICE:
        return None
    common = by_commonness(columns.currency[state.alive & matched[columns.document]], currencies)
    return currencies[common[0]] if common else None


def settled(wanted: Filter, currency: str | None) -> Filter:
    """The filter with the currency of its bounds."""
    return replace(wanted, currency=currency) if is_bounded(wanted) or wanted.currency is not None else wanted


def by_commonness(found: NDArray[np.int32], currencies: Sequence[str]) -> list[int]:
    """The numbers of the currencies found, the commonest first, of equally common ones the first by name."""
    counts = np.bincount(found[found >= 0], minlength=len(currencies))
    return sorted(np.flatnonzero(counts).tolist(), key=lambda at: (-int(counts[at]), currencies[at]))


def price_keys(state: State, rows: NDArray[np.int32], first: str | None, *, falling: bool) -> NDArray[np.float64]:
    """What orders rows by price, lower first: those priced in `first`, those of each other currency, the unpriced."""
    columns, currencies = state.columns, state.currencies
    order = sorted(range(len(currencies)), key=lambda at: (currencies[at] != first, currencies[at]))
    behind = np.full(len(currencies) + 1, np.inf)  # the last is the unpriced, whose number is −1
    behind[order] = np.arange(len(order)) * SPAN
    prices = np.clip(np.nan_to_num(columns.price[rows]), -SPAN / 4, SPAN / 4)
    keys: NDArray[np.float64] = (-prices if falling else prices) + behind[columns.currency[rows]]
    return keys


def price_edges(prices: NDArray[np.float64]) -> list[float]:
    """At most RANGES − 1 round numbers that cut prices into parts of like size, ascending."""
    if not len(prices):
        return []
    cuts = np.quantile(prices, np.arange(1, RANGES) / RANGES)
    edges = {_rounded(float(cut)) for cut in cuts}
    return sorted(edge for edge in edges if max(float(prices.min()), CENT) < edge <= prices.max())


def price_ranges(edges: Sequence[float]) -> list[tuple[float | None, float | None]]:
    """The ranges between edges, lowest and highest price of each."""
    return list(zip([None, *edges], [*(round(edge - CENT, 2) for edge in edges), None], strict=True))


def in_ranges(prices: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.int32]:
    """The range that each price is in, −1 for one between two: less than a cent under an edge."""
    value = np.searchsorted(np.array(edges), prices, side="right").astype(np.int32)
    highs = np.array([math.inf if high is None else high for _, high in price_ranges(edges)])
    value[prices > highs[value]] = -1
    return value


def range_id(low: float | None, high: float | None) -> str:
    """A range for programs: "10..19.99", with nothing where it has no end."""
    return f"{_plain(low)}..{_plain(high)}"


def range_name(low: float | None, high: float | None) -> str:
    """A range for people."""
    if low is None:
        return f"up to {_plain(high)}"
    return f"{_plain(low)} – {_plain(high)}" if high is not None else f"{_plain(low)} and more"


def _rounded(price: float) -> float:
    if price < CENT:
        return 0.0
    power = 10.0 ** math.floor(math.log10(price))
    return float(round(min(ROUND, key=lambda step: abs(step * power - price)) * power, 2))


def _plain(bound: float | None) -> str:
    return "" if bound is None else f"{bound:.2f}".rstrip("0").rstrip(".")
