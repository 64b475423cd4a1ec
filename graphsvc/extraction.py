"""What one text says: mentions, attributes, relations, and the nodes of the graph that they lead to. Writes nothing.

Asks the extractors that read every import, and the taggers and relation models in production where the shop has made
some. Knows no text but the one that is asked about.
"""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

from extractors import Claim, Document
from extractors.relations import NONE, Relations
from extractors.tagger import Tagger
from extractors.types import Mention
from graphsvc.errors import InputError
from graphsvc.knowledge import NODE_ID, Reader
from graphsvc.models.registry import Registry
from graphsvc.types import Extracted, FoundAttribute, FoundMention, FoundRelation

LONGEST = 10_000  # characters of one text
MOST_PAIRS = 200  # that are asked how they are related: the nearest first
Known = Callable[[str], bool]


class Production:
    """The model of a kind that is in production, opened; another one takes its place as soon as it is promoted."""

    def __init__(self, registry: Registry, kind: str, open_model: Callable[[Path], Any]) -> None:
        self._registry, self._kind, self._open = registry, kind, open_model
        self._opened: tuple[str, Any] | None = None

    def model(self) -> Any | None:
        """The model, None while none is in production. Raises DamagedModel, StorageError."""
        version = self._registry.alias(self._kind, "production")
        if version is None:
            self._opened = None
        elif self._opened is None or self._opened[0] != version:
            self._opened = version, self._open(self._registry.path(self._kind, version))
        return self._opened[1] if self._opened else None


class TextReader:
    """See the module. `known` says whether a node is in the graph."""

    def __init__(self, registry: Registry) -> None:
        self._mentions = Production(registry, "mentions", Tagger)
        self._relations = Production(registry, "relations", Relations)

    def read(self, text: str, reader: Reader, known: Known) -> Extracted:
        """Raises InputError for a text that is empty or too long."""
        if not text.strip():
            raise InputError("The text is empty.", "Give a title, a description or a review.")
        if len(text) > LONGEST:
            raise InputError(f"The text has {len(text):,} characters.", f"Give at most {LONGEST:,}.")
        document = Document("text", text)
        attributes = tuple(_attribute(claim, known) for claim in reader.read([document]).claims)
        mentions = self._mentioned(text)
        return Extracted(text, tuple(mentions.values()), attributes, tuple(self._related(text, mentions)))

    def _mentioned(self, text: str) -> dict[Mention, FoundMention]:
        tagger = self._mentions.model()
        if tagger is None:
            return {}
        by = f"{tagger.name} {tagger.version}"
        return {one: _mention(text, one, by) for one in tagger.find([text])[0]}

    def _related(self, text: str, mentions: dict[Mention, FoundMention]) -> list[FoundRelation]:
        model = self._relations.model()
        if model is None:
            return []
        pairs = sorted(permutations(mentions, 2), key=lambda pair: abs(pair[0].start - pair[1].start))[:MOST_PAIRS]
        found = model.relate((text, head, tail) for head, tail in pairs)
        by = f"{model.name} {model.version}"
        return [
            FoundRelation(one.relation, mentions[head], mentions[tail], one.confidence, by)
            for one, (head, tail) in zip(found, pairs, strict=True)
            if one.relation != NONE
        ]


def _mention(text: str, mention: Mention, extractor: str) -> FoundMention:
    quote = text[mention.start : mention.end]
    return FoundMention(mention.start, mention.end, quote, mention.label, mention.confidence, extractor)


def _attribute(claim: Claim, known: Known) -> FoundAttribute:
    node = NODE_ID[claim.predicate](claim.qualifier, claim.object)
    span = claim.evidence
    return FoundAttribute(
        claim.predicate, claim.qualifier, claim.object, claim.confidence, span.start if span else 0,
        span.end if span else 0, claim.quote, f"{claim.extractor} {claim.version}", node, known(node), claim.number,
        claim.unit,
    )  # fmt: skip
