"""Claims from category paths. Knows that a path runs from root to leaf; does not know the tree."""

from collections.abc import Sequence

from extractors.types import Claim, Document, Span

SEPARATOR = " > "


class CategoryPath:
    """One claim per document with a path: its object is the whole path, joined by " > "."""

    name = "category"
    version = "1"

    @classmethod
    def learn(cls, documents: Sequence[Document]) -> "CategoryPath":
        """Nothing is learnt: the path is given."""
        return cls()

    def extract(self, documents: Sequence[Document]) -> list[list[Claim]]:
        """Return the claim of each document's path, or none where it has no path."""
        return [[self._claim(document)] if document.category else [] for document in documents]

    def _claim(self, document: Document) -> Claim:
        path = SEPARATOR.join(document.category)
        return Claim(
            subject=document.id,
            predicate="in_category",
            object=path,
            confidence=1.0,
            extractor=self.name,
            version=self.version,
            evidence=Span("category", 0, len(path), "category"),
            quote=path,
        )
