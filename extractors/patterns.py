"""The relations that a shop needs, read off the words that lead to them: compatible with, accessory of, made of...

No training; what is learnt are the shop's own names, which tell a named model from a kind of product. Precision goes
before recall: a tail whose end or kind is in doubt is left out. Judged by reading: perf/_shop_relations.py.
"""

import re
from collections.abc import Iterator, Sequence

from extractors.chinese_relations import find_chinese
from extractors.english_relations import find_english
from extractors.relation_words import QUALIFIERS, Found, relation_words
from extractors.shop_names import Names, learn_names
from extractors.types import Claim, Document, Span
from extractors.units import HAN

MOST = 12  # relations of one kind that a text may say of one product; more are a list of something else
READ = 4_000  # characters of a text that are read
_HAN = re.compile(f"[{HAN}]")
_LATIN = re.compile("[A-Za-z]{2}")
NO_NAMES = Names()

__all__ = ["Found", "Patterns", "find_relations"]


def find_relations(text: str, names: Names = NO_NAMES) -> list[Found]:
    """The relations that a text says of its product, in order of place, each said once."""
    text = text[:READ]
    results: list[Found] = []
    if _LATIN.search(text):
        results += find_english(text, names)
    if _HAN.search(text):
        results += find_chinese(text, names)
    results.sort(key=lambda one: (one.tail.start, one.tail.end))
    return list(_once(text, results))


class Patterns:
    """Finds relations in titles and descriptions that no field says already."""

    name = "patterns"
    version = "2"

    def __init__(self, names: Names) -> None:
        self._names = names

    @classmethod
    def learn(cls, documents: Sequence[Document]) -> "Patterns":
        """Learn the shop's names."""
        return cls(learn_names(documents))

    def learnt(self) -> str:
        """See `Learner`."""
        return self._names.kept()

    @classmethod
    def recall(cls, kept: str) -> "Patterns":
        """See `Learner`. Raises ValueError for any other text."""
        return cls(Names.recall(kept))

    def extract(self, documents: Sequence[Document]) -> list[list[Claim]]:
        """Return the relations of each document that its fields do not say."""
        return [list(self._claims(document)) for document in documents]

    def _claims(self, document: Document) -> Iterator[Claim]:
        held = {field.casefold(): values for field, values in document.fields.items()}
        said: set[tuple[str, str]] = set()
        for place, text in (("title", document.title), ("text", document.text)):
            for one in find_relations(text, self._names):
                quote = text[one.tail.start : one.tail.end]
                value = " ".join(quote.split())
                key = (one.relation, value.casefold())
                if key in said or _in_fields(one.relation, value, held):
                    continue
                said.add(key)
                yield Claim(
                    subject=document.id,
                    predicate=one.relation,
                    object=value,
                    confidence=one.confidence,
                    extractor=self.name,
                    version=self.version,
                    qualifier=QUALIFIERS[one.relation],
                    evidence=Span(place, one.tail.start, one.tail.end, QUALIFIERS[one.relation] or one.relation),
                    quote=quote,
                )


def _once(text: str, results: Sequence[Found]) -> Iterator[Found]:
    seen: set[tuple[str, str]] = set()
    counts: dict[str, int] = {}
    for one in results:
        key = (one.relation, " ".join(text[one.tail.start : one.tail.end].casefold().split()))
        counts[one.relation] = counts.get(one.relation, 0) + 1
        if key not in seen and counts[one.relation] <= MOST:
            seen.add(key)
            yield one


def _in_fields(relation: str, value: str, held: dict[str, Sequence[str]]) -> bool:
    """Whether a field of that name says the same already."""
    low = value.casefold()
    names = relation_words("fields")[relation]
    return any(low in " ".join(other.split()).casefold() for name in names & held.keys() for other in held[name])
