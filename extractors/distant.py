"""Attribute values that no field holds, learnt without a label from the values that fields do hold.

Finds the known values of each attribute again in other products' texts, and new ones by the company they keep
(`lexicon`); asks of each place whether it speaks of the product itself (`occurrences`). Knows documents; blind to where
they come from.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

from extractors.crf_features import fold
from extractors.lexicon import Canonical, Lexicon, Meaning, find_values, is_held
from extractors.occurrences import Occurrences, Place
from extractors.phrases import READ, Phrase, beginning, phrases_of, read_phrases, words_with_break
from extractors.types import Claim, Document, Span
from extractors.values import phrases_in
from extractors.words import Word, words_of

NOT_ATTRIBUTES = ("brand", "manufacturer")  # names of makers stand in no company of their own: the gazetteer has them
MOST_ATTRIBUTES = 40  # that are tried, the commonest first
MOST_DOCUMENTS = 40_000  # that are learnt from: bounds memory and time
LITERAL = 60  # documents whose text says a value of the field, from which an attribute is tried
MEASURES = 0.5  # share of an attribute's values that begin with a digit, from which it is a measure
NAMES = 0.3  # share of an attribute's values that are makers' names, from which it is one of these
LEAST = 0.6  # confidence of a claim: below it the extractor abstains
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Taught:
    """One attribute: how each known or new value is called → (canonical value, share of right uses), and its places."""

    values: Mapping[Phrase, tuple[str, float]]
    occurrences: Occurrences
    measured: Mapping[str, float] = field(default_factory=dict)
    fresh: int = 0

    @cached_property
    def single(self) -> frozenset[str]:
        """The values of one word, which do not say what kind of product something is."""
        return _single(self.values)


class Distant:
    """See the module. `learn` takes an encoder's view of phrases and the shop's canonical words."""

    name = "distant"
    edition = "1"  # of this code; a version is an edition and what it has learnt

    def __init__(self, taught: Mapping[str, Taught]) -> None:
        self.taught = dict(taught)
        self.version = f"{self.edition}+{blake2b(self.learnt().encode(), digest_size=4).hexdigest()}"

    @classmethod
    def learn(
        cls,
        documents: Sequence[Document],
        meaning: Meaning,
        canonical: Canonical = lambda phrase: phrase,
        progress: Progress = lambda done, of: None,
    ) -> "Distant":
        """Learn every attribute of which fields hold enough; from an even part of very many documents."""
        documents = documents[:: -(-len(documents) // MOST_DOCUMENTS) or 1]
        attributes = _attributes(documents)
        if not attributes:
            return cls({})
        corpus = read_phrases(documents)
        words = [words_with_break(document) for document in documents]
        taught = {}
        for at, attribute in enumerate(attributes):
            progress(at, len(attributes))
            values = [_held(document, attribute) for document in documents]
            lexicon = find_values(corpus, attribute, [set(held) for held in values], meaning, canonical)
            if lexicon is not None:
                taught[attribute] = _teach(documents, words, values, lexicon, canonical)
        progress(len(attributes), len(attributes))
        return cls(taught)

    def learnt(self) -> str:
        """See `Learner`."""
        return json.dumps(
            {
                attribute: {
                    "values": [[*map(list, [phrase]), *said] for phrase, said in one.values.items()],
                    "occurrences": one.occurrences.kept(), "measured": one.measured, "fresh": one.fresh,
                }
                for attribute, one in self.taught.items()
            },
            ensure_ascii=False,
        )  # fmt: skip

    @classmethod
    def recall(cls, kept: str) -> "Distant":
        """See `Learner`. Raises ValueError for any other text."""
        try:
            return cls(
                {
                    attribute: Taught(
                        {tuple(phrase): (value, share) for phrase, value, share in one["values"]},
                        Occurrences.recall(one["occurrences"]), one["measured"], one["fresh"],
                    )
                    for attribute, one in json.loads(kept).items()
                }
            )  # fmt: skip
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("nothing that was learnt was kept here") from error

    def extract(self, documents: Sequence[Document]) -> list[list[Claim]]:
        """Return the values that each document's title or text names and none of its fields of that name holds."""
        return [list(self._claims(document)) for document in documents]

    def _claims(self, document: Document) -> Iterator[Claim]:
        asked = [name for name in self.taught if not document.fields.get(name)]
        if not asked:
            return
        words = words_with_break(document)
        phrases = list(phrases_of(words))
        for attribute in asked:
            best = self._best(attribute, document, words, phrases)
            if best is not None:
                yield self._claim(attribute, document, *best)

    def _best(
        self, attribute: str, document: Document, words: Sequence[str], phrases: Sequence[tuple[int, Phrase]]
    ) -> tuple[Place, str, float] | None:
        """The likeliest place of a value, longest first among equals; None where no place is likely enough."""
        one = self.taught[attribute]
        found = []
        for at, phrase in phrases:
            said = one.values.get(phrase)
            if said is not None:
                place = Place(words, at, phrase)
                confidence = said[1] * one.occurrences.confidence(place, document, one.single)
                found.append((confidence, len(phrase), -at, place, said[0]))
        if not found:
            return None
        confidence, _, _, place, value = max(found, key=lambda row: row[:3])
        return (place, value, confidence) if confidence >= LEAST else None

    def _claim(self, attribute: str, document: Document, place: Place, value: str, confidence: float) -> Claim:
        name, text, word_from, word_to = _where(document, place)
        return Claim(
            subject=document.id,
            predicate="has_attribute",
            object=value,
            confidence=round(confidence, 4),
            extractor=self.name,
            version=self.version,
            qualifier=attribute,
            evidence=Span(name, word_from.start, word_to.end, attribute),
            quote=text[word_from.start : word_to.end],
        )


def _where(document: Document, place: Place) -> tuple[str, str, Word, Word]:
    """The text that a place stands in, with its first and last word."""
    title = words_of(document.title)
    last = place.at + len(place.phrase) - 1
    if last < len(title):
        return "title", document.title, title[place.at], title[last]
    shift = len(title) + 1
    text = words_of(beginning(document.text))
    return "text", document.text, text[place.at - shift], text[last - shift]


def _attributes(documents: Sequence[Document]) -> list[str]:
    """Attributes by how many documents say a value of theirs, the commonest first; makers' names are left out."""
    literal: Counter[str] = Counter()
    types: dict[str, set[str]] = {}
    for document in documents:
        text = fold(f"{document.title} {document.text[:READ]}")
        for name, values in document.fields.items():
            for value in map(fold, values):
                types.setdefault(name, set()).add(value)
                literal[name] += any(map(str.isalpha, value)) and value in text
    makers = types.get("brand", set()) | types.get("manufacturer", set())
    return [
        name
        for name, count in literal.most_common(MOST_ATTRIBUTES)
        if count >= LITERAL and name not in NOT_ATTRIBUTES and _are_words(types[name], makers)
    ]


def _are_words(values: set[str], makers: set[str]) -> bool:
    """Whether values are words, and no makers' names nor measures: those have extractors of their own."""
    measures = sum(value[:1].isdigit() for value in values)
    return len(values & makers) < NAMES * len(values) and measures < MEASURES * len(values)


def _held(document: Document, attribute: str) -> dict[Phrase, str]:
    """The phrases that a field holds, each with how the field writes it."""
    return {phrase: value for value in document.fields.get(attribute, ()) for phrase in phrases_in(value)}


def _teach(
    documents: Sequence[Document],
    words: Sequence[Sequence[str]],
    values: Sequence[Mapping[Phrase, str]],
    lexicon: Lexicon,
    canonical: Canonical,
) -> Taught:
    known = set(lexicon.known)
    written = _written(values)
    places = list(_places(words, values, known, canonical))
    named: dict[Phrase, tuple[str, float]] = {phrase: (written[phrase], 1.0) for phrase in known}
    for phrase, share in lexicon.found.items():
        own = canonical(phrase)
        named[phrase] = (written.get(own, " ".join(own)), share)
    occurrences = Occurrences.learn(documents, places, [bool(held) for held in values], _single(named))
    return Taught(named, occurrences, lexicon.measured, len(lexicon.found))


def _single(values: Iterable[Phrase]) -> frozenset[str]:
    return frozenset(phrase[0] for phrase in values if len(phrase) == 1)


def _written(values: Sequence[Mapping[Phrase, str]]) -> dict[Phrase, str]:
    """The commonest way to write each value that stands alone in its field."""
    counts = Counter((phrase, value) for held in values for phrase, value in held.items() if len(held) == 1)
    found: dict[Phrase, str] = {}
    for (phrase, value), _ in counts.most_common():
        found.setdefault(phrase, value)
    for held in values:
        for phrase in held:
            found.setdefault(phrase, " ".join(phrase))
    return found


def _places(
    words: Sequence[Sequence[str]], values: Sequence[Mapping[Phrase, str]], known: set[Phrase], canonical: Canonical
) -> Iterator[tuple[Place, bool]]:
    """Places of known values in documents whose field says something, with whether it says that."""
    for text, held in zip(words, values, strict=True):
        if held:
            for at, phrase in phrases_of(text):
                if phrase in known:
                    yield Place(text, at, phrase), is_held(phrase, held, canonical)
