"""What one text says: mentions, attributes, relations, and the nodes of the graph that they lead to. Writes nothing.

Asks the extractors that read every import, and the tagger and the relation model in production where the shop has made
them; those two read imports, too. Knows no text but the one that is asked about.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

from extractors import Claim, Document
from extractors.errors import DamagedModel
from extractors.relation_words import QUALIFIERS
from extractors.relations import NONE, Relations
from extractors.remembered import RememberedMentions, RememberedRelations
from extractors.tagger import Tagger
from extractors.trained import Language, RelationFinder, Trained, context_of, whole_text
from extractors.types import Mention, MentionFinder
from graphsvc.entities.linker import Asked, Linker
from graphsvc.entities.links import Link
from graphsvc.errors import InputError, StorageError
from graphsvc.knowledge import Reader
from graphsvc.models.registry import Registry
from graphsvc.ontology import MAKERS, NAMES_NOTHING, NODE_ID, PRODUCT_MENTION, TAILS, attribute_name
from graphsvc.types import Extracted, FoundAttribute, FoundMention, FoundRelation

LONGEST = 10_000  # characters of one text
LABELS = {predicate: label for label, (predicate, _) in MAKERS.items()}  # of claims without a qualifier
MOST_PAIRS = 200  # that are asked how they are related: the nearest first


class Production:
    """The model of a kind that is in production, opened; another one takes its place as soon as it is promoted."""

    def __init__(self, registry: Registry, kind: str, open_model: Callable[[Path], Any]) -> None:
        self._registry, self._kind, self._open = registry, kind, open_model
        self._opened: tuple[str, Any] | None = None

    def model(self) -> Any | None:
        """The model, None while none is in production. Raises StorageError."""
        version = self._registry.alias(self._kind, "production")
        if version is None:
            self._opened = None
        elif self._opened is None or self._opened[0] != version:
            try:
                self._opened = version, self._open(self._registry.path(self._kind, version))
            except DamagedModel as error:
                raise StorageError(
                    f"The model {self._kind} {version} in production cannot be opened: {error.message}",
                    f"Promote another version, or take it out: python -m graphsvc models withdraw {self._kind}",
                ) from error
        return self._opened[1] if self._opened else None


class TextReader:
    """See the module."""

    def __init__(self, registry: Registry) -> None:
        self._mentions = Production(registry, "mentions", Tagger)
        self._relations = Production(registry, "relations", Relations)
        self._trained: Trained | None = None

    def trained(self) -> Trained | None:
        """The models in production as an extractor, None while there is no tagger. Raises StorageError."""
        tagger = self._mentions.model()
        if tagger is None:
            return None
        relations = self._relations.model()
        found = Trained(tagger, language_of(tagger), relations)
        if self._trained is None or self._trained.version != found.version:
            self._trained = found
        return self._trained

    def read(self, text: str, reader: Reader, linker: Linker) -> Extracted:
        """What a text says, linked to the nodes of a graph. Raises InputError for a text that is empty or too long.

        `reader` has no models in production: they read the text once, for mentions and claims alike.
        """
        if not text.strip():
            raise InputError("The text is empty.", "Give a title, a description or a review.")
        if len(text) > LONGEST:
            raise InputError(f"The text has {len(text):,} characters.", f"Give at most {LONGEST:,}.")
        document, models = Document("text", text), self._once()
        claims = reader.beside(models).read([document]).claims
        found = linker.link_all(Asked(claim.object, claim.predicate, claim.qualifier) for claim in claims)
        beside = frozenset(link.node for link in found if link.known)
        attributes = tuple(_attribute(claim, link) for claim, link in zip(claims, found, strict=True))
        if models is None:
            return Extracted(text, tuple(_spoken(text, attributes)), attributes)
        found_mentions = _mentioned(document, models.finder)
        mentions = {one: _linked(each, linker, beside) for one, each in found_mentions.items()}
        relations = tuple(_related(document, models.relations, mentions, linker, beside))
        return Extracted(text, tuple(mentions.values()), attributes, relations)

    def _once(self) -> Trained | None:
        """The models in production, to be asked about one text."""
        tagger, relations = self._mentions.model(), self._relations.model()
        if tagger is None:
            return None
        relator = RememberedRelations(relations) if relations is not None else None
        return Trained(RememberedMentions(tagger), language_of(tagger), relator)


def language_of(tagger: Tagger) -> Language:
    """What a tagger's labels and the ontology's relations mean."""
    labels = sorted({tag.partition("-")[2] for tag in tagger.card.tags} - {""} - NAMES_NOTHING)
    return Language(
        {label: MAKERS.get(label, ("has_attribute", attribute_name(label))) for label in labels},
        {relation: (relation, qualifier) for relation, qualifier in QUALIFIERS.items()},
        TAILS,
        PRODUCT_MENTION,
        attribute_name,
    )


def _mentioned(document: Document, finder: MentionFinder) -> dict[Mention, FoundMention]:
    by = f"{finder.name} {finder.version}"
    found = finder.find([whole_text(document)], [context_of(document)])[0]
    return {one: _mention(document.title, one, by) for one in found}


def _spoken(text: str, attributes: Sequence[FoundAttribute]) -> Iterator[FoundMention]:
    """The words that claims go by, in their order: what is mentioned, as far as that is known without a tagger."""
    told: dict[tuple[int, int, str], FoundMention] = {}
    for one in attributes:
        label = one.name or LABELS.get(one.predicate, "")
        if label and one.end > one.start:
            quote = text[one.start : one.end]
            said = FoundMention(one.start, one.end, quote, label, one.confidence, one.extractor, one.link)
            told.setdefault((one.start, one.end, label), said)
    yield from (told[place] for place in sorted(told))


def _linked(mention: FoundMention, linker: Linker, beside: frozenset[str]) -> FoundMention:
    """A mention with its node, where its label names a kind of node."""
    if mention.label in NAMES_NOTHING:
        return mention
    predicate, qualifier = MAKERS.get(mention.label, ("has_attribute", mention.label))
    return replace(mention, link=linker.link(Asked(mention.text, predicate, qualifier, beside)))


def _related(
    document: Document, model: RelationFinder | None, mentions: dict[Mention, FoundMention], linker: Linker,
    beside: frozenset[str],
) -> Iterator[FoundRelation]:  # fmt: skip
    """What the nearest pairs of mentions are to each other."""
    if model is None:
        return
    pairs = sorted(permutations(mentions, 2), key=lambda pair: abs(pair[0].start - pair[1].start))[:MOST_PAIRS]
    found = model.relate((whole_text(document), head, tail) for head, tail in pairs)
    by = f"{model.name} {model.version}"
    for one, (head, tail) in zip(found, pairs, strict=True):
        if one.relation != NONE:
            link = _tail(one.relation, mentions[tail], linker, beside)
            yield FoundRelation(one.relation, mentions[head], mentions[tail], one.confidence, by, link)


def _mention(text: str, mention: Mention, extractor: str) -> FoundMention:
    quote = text[mention.start : mention.end]
    return FoundMention(mention.start, mention.end, quote, mention.label, mention.confidence, extractor)


def _attribute(claim: Claim, link: Link) -> FoundAttribute:
    node = NODE_ID[claim.predicate](claim.qualifier, claim.object)
    span = claim.evidence
    return FoundAttribute(
        claim.predicate, claim.qualifier, claim.object, claim.confidence, span.start if span else 0,
        span.end if span else 0, claim.quote, f"{claim.extractor} {claim.version}", node, link.how == "exact",
        claim.number, claim.unit, link,
    )  # fmt: skip


def _tail(relation: str, tail: FoundMention, linker: Linker, beside: frozenset[str]) -> Link | None:
    """The node that the tail of a relation means; None for a relation that the ontology does not know."""
    if relation not in QUALIFIERS:
        return None
    return linker.link(Asked(tail.text, relation, QUALIFIERS[relation], beside))
