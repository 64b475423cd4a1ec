"""Attribute values that no field holds, learnt without a label from the values that fields do hold.

Finds the known values of each attribute again in other products' texts, by any word that the shop's vocabulary has for
them, and new ones by the company they keep (`lexicon`); asks of each place whether it speaks of the product itself
(`occurrences`). An attribute is learnt only if a part of its fields, hidden, is read again almost without fault. Knows
documents; blind to where they come from.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b

import numpy as np

from extractors.crf_features import fold
from extractors.lexicon import Known, Lexicon, Meaning, aliases_in, find_known, find_values, holds_enough
from extractors.occurrences import Occurrences, Place, makers_of
from extractors.phrases import READ, Corpus, Phrase, beginning, phrases_of, read_phrases, with_break, words_with_break
from extractors.shop_names import MAKER_FIELDS
from extractors.types import Claim, Document, Span
from extractors.units import is_han
from extractors.values import Canonical, is_held, phrases_in
from extractors.words import Word, words_of

MOST_ATTRIBUTES = 40  # that are tried, the commonest first
MOST_DOCUMENTS = 40_000  # that are learnt from: bounds memory and time
LITERAL = 20  # documents whose text says a value of the field, from which an attribute is tried
MEASURES = 0.5  # share of an attribute's values that begin with a digit, from which it is a measure
NAMES = 0.3  # share of an attribute's values that are makers' names, from which it is one of these
LEAST = 0.6  # confidence of a claim: below it the extractor abstains
FOLDS = 3  # parts of the documents that are read again in turn, where fields hold too little to find new values
AGAIN = 20  # claims that this must bring
PRECISION = 0.9  # of them
MOST_READ = 2_000  # products of a part that are read again
LONG = 8  # words of a field's value, of which a text may say a part: "USB" of "USB Type-A"
Progress = Callable[[int, int], None]
Held = Mapping[Phrase, str]  # what a field holds, as phrases, and how it writes them


@dataclass(frozen=True)
class Taught:
    """One attribute: how each known or new value is called → (canonical value, share of right uses), and its places.

    `fresh` are those that no field and no vocabulary has.
    """

    values: Mapping[Phrase, tuple[str, float]]
    occurrences: Occurrences
    measured: Mapping[str, float] = field(default_factory=dict)
    fresh: frozenset[Phrase] = frozenset()

    @cached_property
    def single(self) -> frozenset[str]:
        """The values of one word, which do not say what kind of product something is."""
        return _single(self.values)


@dataclass(frozen=True, slots=True)
class _Found:
    """A place of a value. Longer known values go before parts of them; of new ones the surer, longer among equals."""

    place: Place
    value: str
    confidence: float
    known: bool
    share: float

    @property
    def likeliness(self) -> tuple[float, int, int]:
        return self.confidence, len(self.place.phrase), -self.place.at

    @property
    def exactness(self) -> tuple[bool, float, float, int]:
        length = len(self.place.phrase)
        return self.known, length if self.known else self.share, self.confidence, -self.place.at

    def overlaps(self, other: "_Found") -> bool:
        """Whether two places share a word."""
        one, two = self.place, other.place
        return one.at < two.at + len(two.phrase) and two.at < one.at + len(one.phrase)


class Distant:
    """See the module. `learn` takes an encoder's view of phrases and the shop's canonical words."""

    name = "distant"
    edition = "3"  # of this code; a version is an edition and what it has learnt

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
        corpus = _read(documents, canonical)
        attributes = _attributes(documents, corpus, canonical)
        words = [words_with_break(document) for document in documents] if attributes else []
        taught = {}
        for at, attribute in enumerate(attributes):
            progress(at, len(attributes))
            texts = Texts(documents, words, [_held(document, attribute) for document in documents], corpus)
            one = _teach_attribute(attribute, texts, meaning, canonical)
            if one is not None:
                taught[attribute] = one
        progress(len(attributes), len(attributes))
        return cls(taught)

    def learnt(self) -> str:
        """See `Learner`."""
        return json.dumps(
            {
                attribute: {
                    "values": [[*map(list, [phrase]), *said] for phrase, said in one.values.items()],
                    "occurrences": one.occurrences.kept(), "measured": one.measured, "fresh": sorted(one.fresh),
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
                        Occurrences.recall(one["occurrences"]), one["measured"],
                        frozenset(map(tuple, one["fresh"])),
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
        read, makers = _Read.of(document), makers_of(document)
        phrases = [(at, phrase) for at, phrase in phrases_of(read.words) if not makers.issuperset(phrase)]
        for attribute in asked:
            best = self._best(attribute, read, phrases)
            if best is not None:
                yield self._claim(attribute, read, best)

    def _best(self, attribute: str, read: "_Read", phrases: Sequence[tuple[int, Phrase]]) -> _Found | None:
        """The likeliest place of a value, or a more exact one there; None where no place is likely enough."""
        one = self.taught[attribute]
        found = []
        for at, phrase in phrases:
            said = one.values.get(phrase)
            if said is not None:
                place = Place(read.words, at, phrase)
                confidence = said[1] * one.occurrences.confidence(place)
                if confidence >= LEAST and read.is_whole(place):
                    found.append(_Found(place, said[0], confidence, phrase not in one.fresh, said[1]))
        if not found or not one.occurrences.are_had(read.document, one.single):
            return None
        likeliest = max(found, key=lambda one: one.likeliness)
        return max(filter(likeliest.overlaps, found), key=lambda one: one.exactness)

    def _claim(self, attribute: str, read: "_Read", found: _Found) -> Claim:
        name, text, word_from, word_to = read.where(found.place)
        return Claim(
            subject=read.document.id,
            predicate="has_attribute",
            object=found.value,
            confidence=round(found.confidence, 4),
            extractor=self.name,
            version=self.version,
            qualifier=attribute,
            evidence=Span(name, word_from.start, word_to.end, attribute),
            quote=text[word_from.start : word_to.end],
        )


@dataclass(frozen=True, slots=True)
class Texts:
    """Documents as one attribute's lessons: their words, and what the attribute's field holds in each."""

    documents: Sequence[Document]
    words: Sequence[Sequence[str]]
    held: Sequence[Held]
    corpus: Corpus

    def known(self, canonical: Canonical) -> Known:
        """The values that fields hold, by all their names."""
        return find_known(self.corpus, [set(held) for held in self.held], canonical)

    def part(self, fold: int) -> list[int]:
        """A part of the documents whose field holds something."""
        return [at for at, held in enumerate(self.held) if held][fold::FOLDS]

    def without(self, part: Collection[int]) -> "Texts":
        """The lessons of all other documents; the corpus stays, its fields are read no more."""
        hidden = set(part)
        left = [at for at in range(len(self.documents)) if at not in hidden]
        corpus = replace(self.corpus, stands=self.corpus.stands[left])
        documents, words, held = (
            [self.documents[at] for at in left], [self.words[at] for at in left], [self.held[at] for at in left]
        )  # fmt: skip
        return Texts(documents, words, held, corpus)


@dataclass(frozen=True, slots=True)
class _Read:
    """A document, cut once: `words` are those of its title and the beginning of its text, with a break between."""

    document: Document
    title: Sequence[Word]
    text: Sequence[Word]
    words: Sequence[str]

    @classmethod
    def of(cls, document: Document) -> "_Read":
        title, text = words_of(document.title), words_of(beginning(document.text))
        return cls(document, title, text, with_break(title, text))

    def where(self, place: Place) -> tuple[str, str, Word, Word]:
        """The text that a place stands in, with its first and last word."""
        last = place.at + len(place.phrase) - 1
        if last < len(self.title):
            return "title", self.document.title, self.title[place.at], self.title[last]
        shift = len(self.title) + 1
        return "text", self.document.text, self.text[place.at - shift], self.text[last - shift]

    def is_whole(self, place: Place) -> bool:
        """Whether a place is cut out of no longer word: "ac" of "802.11ac" is none, "db9" of "DB9F" is none either."""
        _, text, first, last = self.where(place)
        return not (_is_glued(text, first.start) or _is_glued(text, last.end))


def _is_glued(text: str, at: int) -> bool:
    """Whether letters or digits of a script with spaces stand on both sides."""
    sides = text[max(0, at - 1) : at + 1]
    return len(sides) == 2 and all(one.isalnum() and not is_han(one) for one in sides)


def _read(documents: Sequence[Document], canonical: Canonical) -> Corpus:
    """The corpus, with all words for what fields hold, however seldom they stand."""
    spoken = {
        phrase
        for document in documents
        for values in document.fields.values()
        for value in values
        for phrase in phrases_in(value)
    }
    return read_phrases(documents, lambda phrase: bool(aliases_in([phrase], spoken, canonical)))


def _attributes(documents: Sequence[Document], corpus: Corpus, canonical: Canonical) -> list[str]:
    """Attributes by how many documents say a value of theirs, the commonest first; makers' names are left out."""
    literal: Counter[str] = Counter()
    types: dict[str, set[str]] = {}
    own = {at: word for at, one in enumerate(corpus.phrases) if (word := canonical(one)) != one}
    for at, document in enumerate(documents):
        text = fold(f"{document.title} {document.text[:READ]}")
        named = {own[int(place)] for place in corpus.of(at) if int(place) in own}
        for name, values in document.fields.items():
            for value in map(fold, values):
                types.setdefault(name, set()).add(value)
                said = value in text or not named.isdisjoint(phrases_in(value))
                literal[name] += any(map(str.isalpha, value)) and said
    makers = types.get("brand", set()) | types.get("manufacturer", set())
    return [
        name
        for name, count in literal.most_common(MOST_ATTRIBUTES)
        if count >= LITERAL and name not in MAKER_FIELDS and _are_words(types[name], makers)
    ]


def _are_words(values: set[str], makers: set[str]) -> bool:
    """Whether values are words, and no makers' names nor measures: those have extractors of their own."""
    measures = sum(value[:1].isdigit() for value in values)
    return len(values & makers) < NAMES * len(values) and measures < MEASURES * len(values)


def _held(document: Document, attribute: str) -> dict[Phrase, str]:
    """The phrases that a field holds, each with how the field writes it; long ones too, which texts say in parts."""
    return {phrase: value for value in document.fields.get(attribute, ()) for phrase in phrases_in(value, LONG)}


def _teach(texts: Texts, lexicon: Lexicon, canonical: Canonical) -> Taught:
    written = _written(texts.held)
    named = {phrase: (written[one.value], one.share) for phrase, one in lexicon.known.items()}
    places = list(_places(texts, lexicon.known, canonical))
    for phrase, share in lexicon.found.items():
        own = canonical(phrase)
        named[phrase] = (written.get(own, " ".join(own)), share)
    columns = [texts.corpus.places[one] for one in lexicon.known]
    says: list[int] = np.flatnonzero(texts.corpus.stands[:, columns].sum(1)).tolist()
    documents, held = [texts.documents[at] for at in says], [bool(texts.held[at]) for at in says]
    occurrences = Occurrences.learn(documents, places, held, _single(named))
    return Taught(named, occurrences, lexicon.measured, frozenset(lexicon.found))


def _teach_attribute(attribute: str, texts: Texts, meaning: Meaning, canonical: Canonical) -> Taught | None:
    """What finds its values; None where a part of the fields that is hidden is not read again rightly.

    Where there is little to go by, every part is hidden in turn, and known values alone are found.
    """
    known, values = texts.known(canonical), [set(held) for held in texts.held]
    enough = holds_enough(texts.corpus, values, known, canonical)
    again = _read_again(attribute, texts, canonical, (0,) if enough else range(FOLDS))
    if again.said < AGAIN or again.precision < PRECISION:
        return None
    if enough:
        return _teach(texts, find_values(texts.corpus, attribute, values, known, meaning, canonical), canonical)
    measured = {"precision": round(again.precision, 4), "share": round(again.said / again.read, 4)}
    taught = _teach(texts, Lexicon(attribute, known, {}, measured), canonical)
    sure = {phrase: (value, round(again.precision * often, 4)) for phrase, (value, often) in taught.values.items()}
    return replace(taught, values=sure)


@dataclass(frozen=True, slots=True)
class _Again:
    """How many documents were read again, how many values were said of them, and the share of these that is right."""

    read: int
    said: int
    precision: float


def _read_again(attribute: str, texts: Texts, canonical: Canonical, parts: Iterable[int]) -> _Again:
    """Find in hidden parts of the fields what the others' known values find there."""
    right = said = count = 0
    for part in map(texts.part, parts):
        others = texts.without(part)
        taught = _teach(others, Lexicon(attribute, others.known(canonical), {}, {}), canonical)
        rows = part[:: -(-len(part) // MOST_READ) or 1]
        read = Distant({attribute: taught}).extract([_without(texts.documents[at], attribute) for at in rows])
        told = [(at, claim) for at, claims in zip(rows, read, strict=True) for claim in claims]
        said, count = said + len(told), count + len(rows)
        right += sum(_is_right(claim, texts.held[at], canonical) for at, claim in told)
    return _Again(count, said, (right + 1) / (said + 2))


def _without(document: Document, attribute: str) -> Document:
    """A document whose field of that name is empty."""
    return replace(document, fields={name: held for name, held in document.fields.items() if name != attribute})


def _is_right(claim: Claim, held: Held, canonical: Canonical) -> bool:
    return any(is_held(phrase, held, canonical) for phrase in phrases_in(claim.object))


def _single(values: Iterable[Phrase]) -> frozenset[str]:
    return frozenset(phrase[0] for phrase in values if len(phrase) == 1)


def _written(values: Sequence[Held]) -> dict[Phrase, str]:
    """The commonest way to write each value that stands alone in its field."""
    counts = Counter((phrase, value) for held in values for phrase, value in held.items() if len(held) == 1)
    found: dict[Phrase, str] = {}
    for (phrase, value), _ in counts.most_common():
        found.setdefault(phrase, value)
    for held in values:
        for phrase in held:
            found.setdefault(phrase, " ".join(phrase))
    return found


def _places(texts: Texts, known: Known, canonical: Canonical) -> Iterator[tuple[Place, bool]]:
    """Places of known values in documents whose field says something, with whether it says that."""
    for text, held in zip(texts.words, texts.held, strict=True):
        if held:
            for at, phrase in phrases_of(text):
                if phrase in known:
                    yield Place(text, at, phrase), is_held(phrase, held, canonical)
