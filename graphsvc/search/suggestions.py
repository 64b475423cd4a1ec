"""What to offer while someone types: categories and brands that the words begin, and titles.

First comes what begins as typed, what many ask for, and what many products stand behind; these weigh alike. A slip is
looked for where nothing begins as typed, and what meets more pieces without one comes first. Knows a catalogue's state.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from embeddings.english import is_english
from graphsvc.search.predict import Mask, Merit, read_typed
from graphsvc.search.state import LABELS, Demand, State
from graphsvc.types import Suggestion

MOST = 50  # completions of one answer
LONGEST = 200  # characters that are read of what is typed
EACH = 3  # categories, and brands, that stand before the products
TINY = 1e-300  # so that nothing is no share


def suggest(state: State, text: str, limit: int) -> list[Suggestion]:
    """≤ `limit` completions, categories first, then brands, then products; none for an empty text."""
    typed = text.strip()[:LONGEST]
    pieces = read_typed(typed)
    limit = min(limit, MOST)
    if not pieces or limit <= 0:
        return []
    found = _suggest(state, pieces, limit)
    if not found and (len(pieces) > 1 or not is_english(pieces[0])):  # a word alone may just not be sold here
        found = _suggest(state, pieces, limit, near=True)
    if not found:
        understood = state.corpus.understand(typed)
        if understood.corrections:
            found = _suggest(state, read_typed(understood.corrected), limit)
    return found


def _suggest(state: State, pieces: Sequence[str], limit: int, *, near: bool = False) -> list[Suggestion]:
    found = [each for field in LABELS for each in _nodes(state, field, state.labels[field].find(pieces, near=near))]
    found = found[: max(limit // 2, 1)]
    return [*found, *_products(state, state.titles.find(pieces, near=near), limit - len(found))]


def _nodes(state: State, field: str, found: tuple[Mask, Merit]) -> list[Suggestion]:
    """The nodes most worth offering, each name once; none without products."""
    (held, merit), names = found, state.labels[field].name_of
    numbers, demand = state.nodes.of_field(field), state.node_demand
    kept = held[names] & (demand[1][numbers] > 0)
    numbers = numbers[kept]
    worth = merit[names[kept]] + _shares(demand, numbers)
    rated = sorted(
        (-worth[at], state.nodes.names[numbers[at]], state.nodes.ids[numbers[at]]) for at in _best(worth, 2 * EACH)
    )
    offered = {name: node for _, name, node in reversed(rated)}
    return [Suggestion(field, offered[name], name) for name in dict.fromkeys(name for _, name, _ in rated)][:EACH]


def _products(state: State, found: tuple[Mask, Merit], limit: int) -> Iterator[Suggestion]:
    """The titles most worth offering, each once, with the most popular product of each."""
    held, merit = found
    titles = np.flatnonzero(held & (state.best_of_title >= 0))
    worth = merit[titles] + _shares(state.title_demand, titles)
    best = _best(worth, 2 * limit)
    rows = state.best_of_title[titles[best]]
    said: set[str] = set()
    for row in rows[np.lexsort((state.columns.tie[rows], -worth[best]))].tolist():
        product = state.product(row)
        if len(said) < limit and product.title not in said:
            said.add(product.title)
            yield Suggestion("product", product.id, product.title)


def _shares(demand: Demand, found: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much each is asked for, and how many products it has, as shares of the most among them: 0..2."""
    liked, products = (part[found] / max(float(part[found].max(initial=0)), TINY) for part in demand)
    shares: NDArray[np.float64] = liked + products
    return shares


def _best(worth: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The places of the `count` largest values, and of all that equal the least of them."""
    return np.flatnonzero(worth >= np.partition(worth, -count)[-count]) if len(worth) > count else np.arange(len(worth))
