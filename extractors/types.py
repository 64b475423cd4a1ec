"""What every extractor speaks: documents in, claims out. Knows texts; does not know products, tables or graphs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Document:
    """One text with the structured fields that came with it.

    `fields` maps a field's name ("brand", "colour") to its values; `category` is the path from root to leaf.
    `language` is "en", "zh" or "mixed". `composed`: the title was made of the fields by a rule and says nothing new.
    """

    id: str
    title: str
    text: str = ""
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    category: Sequence[str] = ()
    language: str = "en"
    composed: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Where something stands: character offsets `start` (inclusive) and `end` (exclusive) in the original text.

    `field` names the text: "title", "text", or the name of a structured field.
    """

    field: str
    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A triple with its proof: `subject` `predicate` `object`, how sure, where it stands and who says so.

    `predicate` comes from a closed list that the caller checks. `qualifier` narrows it: the name of the attribute for
    "has_attribute" ("colour"), else "". `number` and `unit` hold a measured value in its canonical unit.
    `quote` is the very text under `evidence`. `document` names the text that was read, where that is none of the
    subject's own.
    """

    subject: str
    predicate: str
    object: str
    confidence: float
    extractor: str
    version: str
    qualifier: str = ""
    number: float | None = None
    unit: str | None = None
    evidence: Span | None = None
    quote: str = ""
    document: str = ""

    @property
    def id(self) -> str:
        """A stable identifier of this claim: equal claims, in any run, have equal ids."""
        where = (self.evidence.field, self.evidence.start, self.evidence.end) if self.evidence else ()
        text = (self.document,) if self.document else ()
        parts = (self.subject, self.predicate, self.qualifier, self.object, self.extractor, self.version, *where, *text)
        return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of a text that means something: offsets as in `Span`, what it is, and how sure."""

    start: int
    end: int
    label: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and what is mentioned in it: a lesson for a tagger.

    `context` is what is known of it besides, such as the category of a product. `origin` says where it was read
    ("train.txt:12").
    """

    text: str
    mentions: tuple[Mention, ...] = ()
    origin: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two mentions of one text and the relation from `head` to `tail`, "" for none."""

    text: str
    head: Mention
    tail: Mention
    relation: str
    origin: str = ""


class MentionFinder(Protocol):
    """Batch of texts in, mentions out. `name` and `version` are stamped into every claim that follows from them."""

    name: str
    version: str

    def find(self, texts: Sequence[str], contexts: Sequence[str] = ()) -> list[list[Mention]]:
        """Return the mentions of each text, in the order of `texts`, without overlaps and in order of place.

        `contexts` has what is known of each text besides, as in `LabelledText`, or is empty.
        """
        ...


class Extractor(Protocol):
    """Batch in, claims out. `name` and `version` are stamped into every claim."""

    name: str
    version: str

    def extract(self, documents: Sequence[Document]) -> list[list[Claim]]:
        """Return one list of claims per document, in the order of `documents`."""
        ...


@runtime_checkable
class Learner(Protocol):
    """An extractor whose lessons are worth keeping: `recall` is a class method that takes what `learnt` gave."""

    def learnt(self) -> str:
        """What was learnt, as text."""
        ...
