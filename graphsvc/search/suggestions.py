"""What to offer while someone types: categories and brands that the words begin, and the most liked titles.

A word that nothing has is corrected before it is given up. Knows a catalogue's state; scores nothing.
"""

from collections.abc import Iterator

import numpy as np

from embeddings.words import fold
from graphsvc.search.nodes import BRAND, CATEGORY
from graphsvc.search.predict import read_typed
from graphsvc.search.state import State
from graphsvc.types import Suggestion

MOST = 50  # completions of one answer
LONGEST = 200  # characters that are read of what is typed
EACH = 3  # categories, and brands, that stand before the products


def suggest(state: State, text: str, limit: int) -> list[Suggestion]:
    """≤ `limit` completions, categories first, then brands, then products; none for an empty text."""
    typed = text.strip()[:LONGEST]
    limit = min(limit, MOST)
    if not typed or limit <= 0:
        return []
    found = [*_nodes(state, CATEGORY, typed), *_nodes(state, BRAND, typed)][: max(limit // 2, 1)]
    found += _products(state, typed, limit - len(found))
    if not found:
        understood = state.corpus.understand(typed)
        if understood.corrections:
            found = list(_products(state, understood.corrected, limit))
    return found


def _nodes(state: State, field: str, typed: str) -> list[Suggestion]:
    """Nodes with products of whose name some word starts with what is typed, those with most products first."""
    nodes, counts = state.nodes, state.node_counts
    begun = fold(typed).strip()
    rated = [
        (not folded.startswith(begun), -int(counts[number]), nodes.names[number], nodes.ids[number])
        for number, folded in state.folded_names(field)
        if counts[number] and (folded.startswith(begun) or f" {begun}" in folded)
    ]
    return [Suggestion(field, node, name) for _, _, name, node in sorted(rated)[:EACH]]


def _products(state: State, typed: str, limit: int) -> Iterator[Suggestion]:
    """Products whose titles have words that begin like those typed, most popular first, each title once."""
    pieces = read_typed(typed)
    if not pieces or limit <= 0:
        return
    first, documents = 0, []
    for part in state.completions:
        documents.append(first + part.find(pieces))
        first += len(part)
    rows = state.best_of_document[np.concatenate(documents)]
    rows = rows[rows >= 0]
    said: set[str] = set()
    for row in rows[np.lexsort((state.columns.tie[rows], -state.columns.popularity[rows]))].tolist():
        product = state.product(row)
        if product.title not in said:
            said.add(product.title)
            yield Suggestion("product", product.id, product.title)
        if len(said) >= limit:
            return
