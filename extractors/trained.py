"""Claims of trained models: what a finder of mentions and a model of relations, given together, say of documents.

A mention is an attribute's value or a maker's name by its label; a relation goes from the words that name the product
itself to another mention of the same text. Knows mentions and documents; does not know which labels and relations a
shop has: that is given.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from extractors.phrases import beginning
from extractors.relations import NONE, Related
from extractors.types import Claim, Document, Mention, MentionFinder, Span

_DENIED = re.compile(  # what stands before a mention that the product has not
    r"(?:\b(?:no|non|not|never)[\s-]+|\b(?:without|free of|instead of)\s+(?:\w+\s)?|[非无没不]|不含|没有|不是)$",
    re.IGNORECASE,
)
SURE = 0.5  # a model that is less sure has abstained
BREAK = "\n"  # between title and text
MOST_TAILS = 12  # mentions of one text that are asked how the product is related to them
Sayings = Mapping[str, tuple[str, str]]


class RelationFinder(Protocol):
    """Batch of (text, head, tail) in, relations out, as `extractors.relations` has it."""

    name: str
    version: str

    def relate(self, pairs: Iterable[tuple[str, Mention, Mention]]) -> list[Related]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Language:
    """What labels and relations mean in a shop.

    `says` maps a label to predicate and qualifier of the claim that a mention makes; a label that is not there makes
    none. `relations` maps a relation to predicate and qualifier, `tails` to the labels that it may lead to. `product`
    labels the words that name the product itself. `named` is the qualifier under which a field of a document speaks.
    """

    says: Sayings = field(default_factory=dict)
    relations: Sayings = field(default_factory=dict)
    tails: Mapping[str, Sequence[str]] = field(default_factory=dict)
    product: str = "product"
    named: Callable[[str], str] = lambda field: field


class Trained:
    """See the module. Without `relations` it makes no claims of them."""

    name = "trained"

    def __init__(self, finder: MentionFinder, language: Language, relations: RelationFinder | None = None) -> None:
        self.finder, self._language, self.relations = finder, language, relations
        self.version = "+".join(one.version for one in (finder, relations) if one is not None)

    def extract(self, documents: Sequence[Document]) -> list[list[Claim]]:
        """Return the claims of each document, none that its own fields speak of."""
        asked = [document for document in documents if not document.composed]
        found = iter(self.finder.find([whole_text(one) for one in asked], [context_of(one) for one in asked]))
        return [[] if document.composed else self._claims(document, next(found)) for document in documents]

    def _claims(self, document: Document, mentions: Sequence[Mention]) -> list[Claim]:
        return list(_once(chain(self._values(document, mentions), self._related(document, mentions))))

    def _values(self, document: Document, mentions: Sequence[Mention]) -> Iterator[Claim]:
        for mention in mentions:
            said = self._language.says.get(mention.label)
            if said is not None and mention.confidence >= SURE:
                yield from self._claim(document, said, mention, mention.confidence, self.finder)

    def _related(self, document: Document, mentions: Sequence[Mention]) -> Iterator[Claim]:
        sure = [one for one in mentions if one.confidence >= SURE]
        head = next((one for one in sure if one.label == self._language.product), None)
        wanted = set(chain.from_iterable(self._language.tails.values()))
        tails = [one for one in sure if one is not head and one.label in wanted][:MOST_TAILS]
        if self.relations is None or head is None or not tails:
            return
        text = whole_text(document)
        for tail, found in zip(tails, self.relations.relate((text, head, tail) for tail in tails), strict=True):
            said = self._language.relations.get(found.relation)
            if found.relation != NONE and said is not None and found.confidence >= SURE:
                whole = found.confidence * min(head.confidence, tail.confidence)
                yield from self._claim(document, said, tail, whole, self.relations)

    def _claim(
        self, document: Document, said: tuple[str, str], mention: Mention, sure: float,
        by: MentionFinder | RelationFinder,
    ) -> Iterator[Claim]:  # fmt: skip
        predicate, qualifier = said
        span = span_in(document, mention)
        text = document.title if span.field == "title" else document.text
        if (qualifier or _FIELDS.get(predicate, "")) in map(self._language.named, document.fields):
            return
        if _DENIED.search(text[: span.start]):
            return
        quote = text[span.start : span.end]
        yield Claim(
            subject=document.id, predicate=predicate, object=quote, confidence=round(sure, 4),
            extractor=by.name, version=by.version, qualifier=qualifier,
            evidence=span, quote=quote,
        )  # fmt: skip


def whole_text(document: Document) -> str:
    """Title and beginning of the text as one, so that what the text says is said of the thing that the title names.

    What stands alone, without a title, is read whole.
    """
    return f"{document.title}{BREAK}{beginning(document.text) if document.title else document.text}"


def context_of(document: Document) -> str:
    """What kind of thing a text speaks of: the last step of its product's category."""
    return document.category[-1] if document.category else ""


def span_in(document: Document, mention: Mention) -> Span:
    """Where a mention of the whole text stands in title or text."""
    shift = len(document.title) + len(BREAK)
    if mention.start < len(document.title):
        return Span("title", mention.start, min(mention.end, len(document.title)), mention.label)
    return Span("text", max(0, mention.start - shift), mention.end - shift, mention.label)


def mention_at(document: Document, span: Span) -> Mention:
    """The inverse of `span_in`."""
    shift = 0 if span.field == "title" else len(document.title) + len(BREAK)
    return Mention(span.start + shift, span.end + shift, span.label)


_FIELDS = {"has_brand": "brand", "made_by": "manufacturer"}


def _once(claims: Iterable[Claim]) -> Iterator[Claim]:
    """Of claims that say the same of a product the surest, where it stands first among equals."""
    best: dict[tuple[str, str, str], Claim] = {}
    for claim in claims:
        key = (claim.predicate, claim.qualifier, claim.object)
        if key not in best or claim.confidence > best[key].confidence:
            best[key] = claim
    yield from best.values()
