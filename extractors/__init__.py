"""Text to claims. Blind to products and databases.

`EXTRACTORS` names every extractor that needs no training on labels; rows are resolved on use, so that importing this
package imports none of them.
"""

from collections.abc import Sequence
from pkgutil import resolve_name

from extractors.types import Claim, Document, Extractor, Learner, Span

EXTRACTORS: dict[str, str] = {
    "fields": "extractors.fields:Fields",
    "category": "extractors.category:CategoryPath",
    "measures": "extractors.measures:Measures",
    "gazetteer": "extractors.gazetteer:Gazetteer",
    "patterns": "extractors.patterns:Patterns",
}


def load_extractor(name: str, documents: Sequence[Document] = ()) -> Extractor:
    """Make the extractor of that name; those that learn from structured values learn them from `documents`."""
    extractor: Extractor = resolve_name(EXTRACTORS[name]).learn(documents)
    return extractor


def recall_extractor(name: str, kept: str) -> Extractor:
    """Make the extractor of that name from what it said it had learnt. Raises ValueError when it did not say so."""
    extractor: Extractor = resolve_name(EXTRACTORS[name]).recall(kept)
    return extractor


__all__ = ["EXTRACTORS", "Claim", "Document", "Extractor", "Learner", "Span", "load_extractor", "recall_extractor"]
