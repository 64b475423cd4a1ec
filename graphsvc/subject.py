"""Which product a text speaks of, where nobody says it: found by the catalogue's own search, and taken only when sure.

The rule: of the words of a title, the text's beginning has six in ten and two at least, and the product's brand where
it has one; and either no other candidate's title is as well said (two in ten less), or this one is said whole and no
other is. A product that shoppers cannot tell from another is never sure. Knows titles and brands; reads nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.words import terms
from graphsvc.errors import InputError
from graphsvc.search.catalogue import Catalogue
from graphsvc.types import Hit, SearchRequest

BEGINNING = 200  # characters of a text in which it names its product
CANDIDATES = 10
SAID, LEAST, AHEAD = 0.6, 2, 0.2
SHOWN = 3  # candidates that a refusal names


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product with the share of its title's words that a text says."""

    hit: Hit
    said: float
    words: int
    with_brand: bool


def find_subject(text: str, catalogue: Catalogue) -> str:
    """The id of the product that a text speaks of. Raises InputError, which names the nearest, when none is sure."""
    beginning = text[:BEGINNING]
    request = SearchRequest(beginning, first=CANDIDATES, reasons=False, correct=False)
    rated = sorted(_rated(set(terms(beginning)), catalogue.search(request).hits), key=lambda one: -one.said)
    if rated and _is_sure(rated[0], rated[1].said if rated[1:] else 0.0):
        return rated[0].hit.product.id
    named = ", ".join(f"{one.hit.product.id} ({one.hit.product.title[:60]})" for one in rated[:SHOWN])
    raise InputError(
        "The text does not say surely which product it is about.",
        f"Give productId; nearest are: {named}." if named else "Give productId.",
    )


def _rated(said: set[str], hits: Sequence[Hit]) -> list[Candidate]:
    found = []
    for hit in hits:
        title, brand = set(terms(hit.product.title)), set(terms(hit.product.brand or ""))
        shared = len(title & said)
        found.append(Candidate(hit, shared / max(len(title), 1), shared, brand <= said))
    return found


def _is_sure(best: Candidate, next_said: float) -> bool:
    if best.hit.alike or best.said < SAID or best.words < LEAST or not best.with_brand:
        return False
    return next_said <= best.said - AHEAD or next_said < best.said == 1.0
