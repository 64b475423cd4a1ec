"""What to offer while someone types: categories and brands that the words begin, and the most liked titles.

A word that nothing has is corrected before it is given up. Knows a catalogue's state; scores nothing.
"""

from collections.abc import Iterable, Iterator

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


def _nodes(state: State, field: str, typed: str) -> Iterable[Suggestion]:
    """Nodes with products of whose name some word starts with what is typed, those with most products first."""
    nodes, counts = state.nodes, state.node_counts
    begun = fold(typed).strip()
    rated = []
    for number in nodes.of_field(field).tolist():
        name = nodes.names[number]
        folded = fold(name)
        if counts[number] and (folded.startswith(begun) or f" {begun}" in folded):
            rated.append((not folded.startswith(begun), -int(counts[number]), name, nodes.ids[number]))
    return [Suggestion(field, node, name) for _, _, name, node in sorted(rated)[:EACH]]


def _products(state: State, typed: str, limit: int) -> Iterator[Suggestion]:
    """Products whose titles have the words typed and one that the last begins, most popular first."""
    whole, begun = read_typed(typed)
    if not begun or limit <= 0:
        return
    best, columns = state.best_of_document, state.columns
    rows, first = [], 0
    for part in state.completions:
        rows += [int(best[first + at]) for at in part.find(whole, begun).tolist()]
        first += len(part)
    rows = [row for row in rows if row >= 0]
    said: set[str] = set()
    for row in sorted(rows, key=lambda row: (-columns.popularity[row], columns.tie[row])):
        product = state.product(row)
        if product.title not in said:
            said.add(product.title)
            yield Suggestion("product", product.id, product.title)
        if len(said) >= limit:
            return
