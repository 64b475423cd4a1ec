"""Claims from structured fields: what the shop itself says of a product. Knows fields; reads no running text."""

from collections.abc import Iterator, Sequence

from extractors.measures import read_measure
from extractors.types import Claim, Document, Span

PREDICATES = {"brand": "has_brand", "manufacturer": "made_by"}


class Fields:
    """One claim per value of a field, with the whole value as evidence and full confidence."""

    name = "fields"
    version = "1"

    @classmethod
    def learn(cls, documents: Sequence[Document]) -> "Fields":
        """Nothing is learnt: fields speak for themselves."""
        return cls()

    def extract(self, documents: Sequence[Document]) -> list[list[Claim]]:
        """Return the claims of each document's fields."""
        return [list(self._claims(document)) for document in documents]

    def _claims(self, document: Document) -> Iterator[Claim]:
        for field, values in document.fields.items():
            for value in values:
                predicate = PREDICATES.get(field, "has_attribute")
                measure = read_measure(value) if predicate == "has_attribute" else None
                yield Claim(
                    subject=document.id,
                    predicate=predicate,
                    object=value,
                    confidence=1.0,
                    extractor=self.name,
                    version=self.version,
                    qualifier=field if predicate == "has_attribute" else "",
                    number=measure.number if measure else None,
                    unit=measure.unit if measure else None,
                    evidence=Span(field, 0, len(value), field),
                    quote=value,
                )
