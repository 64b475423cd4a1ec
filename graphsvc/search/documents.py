"""Products as texts: what is indexed, what is encoded, and which products say the same.

The text of a product holds its neighbourhood in the graph (brand, categories, attributes), so that its vector is the
node's and not the title's alone. Prices and stock are no text: a changed price encodes nothing. Knows no index.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from embeddings.bm25 import term_key
from embeddings.words import terms
from extractors.category import SEPARATOR
from graphsvc.ontology import attribute_name
from graphsvc.warehouse.standardise import other_words

SPOKEN = 64  # attributes of a product whose names and values are indexed
LONGEST_VALUE = 80  # characters: longer values are prose
LONGEST_PASSAGE = 400  # characters: an encoder reads 128 tokens
START = 200  # characters of a description that say what the thing is
PART = "\x1f"
YES = frozenset(("yes", "y", "true", "是", "有"))
NO = frozenset(("no", "n", "false", "none", "n/a", "否", "无"))

Fact = Mapping[str, Any]  # a row of FACTS


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one product, or of many that differ in nothing a shopper can read."""

    title: str
    body: str
    facts: str
    named: str  # brand and category in words, the part of the facts that a passage opens with

    @property
    def key(self) -> int:
        """64 bits of the text: equal texts have equal keys."""
        return term_key(PART.join((self.title, self.body, self.facts)))

    @property
    def passage(self) -> str:
        """What is encoded."""
        pieces = (self.title, self.named, self.body[:START])
        return ". ".join(piece for piece in pieces if piece)[:LONGEST_PASSAGE]


def document_of(row: Mapping[str, Any], facts: Sequence[Fact]) -> Document:
    """The text of a product row (columns of PRODUCTS) and its facts (rows of FACTS)."""
    title = row["title"] or row["key"] or ""
    named = _unsaid(title, list(dict.fromkeys(_named(row, facts))))
    body = row["description"] or ""
    spoken = list(dict.fromkeys((*named, *_attributes(row), *_found(facts, f"{title}\n{body}", row))))
    return Document(title, body, ", ".join(spoken), ", ".join(named))


def _named(row: Mapping[str, Any], facts: Sequence[Fact]) -> Iterator[str]:
    if row["brand"]:
        yield row["brand"]
    yield from (str(fact["name"]) for fact in facts if fact["predicate"] == "has_brand")
    yield from reversed(row["category"] or ())
    for fact in facts:
        if fact["predicate"] == "in_category":
            yield from reversed(str(fact["name"]).split(SEPARATOR))


def _unsaid(title: str, names: list[str]) -> list[str]:
    """Names that the title does not say itself: said twice, they would only weigh twice."""
    said = title.casefold()
    return [name for name in names if name.casefold() not in said]


def _attributes(row: Mapping[str, Any]) -> Iterator[str]:
    """The shop's own attributes in words, with what the other language calls their values.

    Of what a product simply has ("bluetooth: yes") the name says it; what it lacks is better unsaid.
    """
    for attribute in (row["attributes"] or ())[:SPOKEN]:
        name, value = (attribute["name"] or "").replace("_", " "), (attribute["value"] or "").strip()
        if value.casefold() in YES:
            yield name
        elif name and value and len(value) <= LONGEST_VALUE and value.casefold() not in NO:
            yield " ".join((name, value, *other_words(attribute_name(name), value)))


def _found(facts: Sequence[Fact], said: str, row: Mapping[str, Any]) -> Iterator[str]:
    """What extractors found and neither texts nor fields say in these words: a standard word, another language's."""
    own = {attribute["value"] for attribute in row["attributes"] or ()}
    spoken = frozenset(terms(said))
    for fact in facts:
        name, value = fact["attribute"], str(fact["name"])
        if name and value not in own and len(value) <= LONGEST_VALUE:
            words = [word for word in (value, *other_words(name, value)) if not spoken.issuperset(terms(word))]
            if words:
                yield " ".join((name.replace("-", " ").replace("_", " "), *words))
