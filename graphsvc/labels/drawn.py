"""Labels drawn from the shop itself, where nobody has labelled a text (distant supervision, Mintz et al. 2009).

Mentions are the values that a product's own fields hold, what the extractors read in its texts with confidence, and the
words that name kinds of product. Pairs are the relations that patterns and fields tell, and beside them mentions of the
same text that have none. They are silver, not gold: a model that learns them goes by more than their words, and is
judged as any. Knows documents and claims; does not know tables or models.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from extractors.measures import read_measure
from extractors.patterns import find_relations
from extractors.phrases import Phrase, beginning, phrases_of
from extractors.relations import NONE
from extractors.shop_names import ENDS, Names, learn_names, singular
from extractors.trained import mention_at, whole_text
from extractors.types import Claim, Document, LabelledPair, LabelledText, Mention, Span
from extractors.units import is_han
from extractors.values import phrases_in
from extractors.words import Word, words_of
from graphsvc.errors import LabelError
from graphsvc.ontology import PRODUCT_MENTION, TAILS, attribute_name
from graphsvc.warehouse.standardise import vocabulary

SURE = 0.8  # a claim that is less sure labels nothing
FEWEST = 8  # mentions of a label, or pairs of a relation, from which it is kept
KIND_TITLES = 3  # titles of one category that must hold a word before it names a kind of product
KIND_SHARE = 0.7  # share of a word's titles that must stand in that category
MAKERS = {"has_brand": "brand", "made_by": "maker"}
RELATED = frozenset(tail for tails in TAILS.values() for tail in tails)
MATERIAL = "material"
Told = tuple[str, Mention]  # a relation of the product, and where it leads


@dataclass(slots=True)
class Drawn:
    """Texts with mentions, and pairs with relations."""

    texts: list[LabelledText] = field(default_factory=list)
    pairs: list[LabelledPair] = field(default_factory=list)


def draw(documents: Sequence[Document], claims: Iterable[Claim]) -> Drawn:
    """Label the titles and descriptions of a catalogue. Raises LabelError for one that tells too little."""
    drawing = _Drawing(documents, claims)
    found = Drawn()
    for document in documents:
        text = whole_text(document)
        told = list(drawing.told(document))
        mentions = drawing.mentions(document, text, told)
        found.texts.append(LabelledText(text, tuple(mentions), document.id))
        found.pairs += _pairs(document, text, mentions, told)
    found.texts = _of_common_labels(found.texts)
    found.pairs = _of_common_relations(found.pairs)
    if not any(one.mentions for one in found.texts):
        raise LabelError("The shop's own texts and fields tell no labels.", "Import products with attributes first.")
    return found


class _Drawing:
    """What is known while texts are labelled, one after the other."""

    def __init__(self, documents: Sequence[Document], claims: Iterable[Claim]) -> None:
        self._names = learn_names(documents)
        self._kinds = kinds_of(documents)
        self._claims: dict[str, list[Mention]] = defaultdict(list)
        known = {document.id: document for document in documents}
        for claim in claims:
            label, span = _label_of(claim), claim.evidence
            if span is not None and span.field in ("title", "text") and claim.confidence >= SURE and label:
                place = mention_at(known[claim.subject], replace(span, label=label))
                self._claims[claim.subject].append(place)

    def mentions(self, document: Document, text: str, told: Sequence[Told]) -> list[Mention]:
        """The mentions of a product's whole text, none over another: the longest stay."""
        words = words_of(text)
        found = [
            *(tail for _, tail in told),
            *(one for one in self._claims[document.id] if one.end <= len(text)),
            *_stated(document, words),
            *self._named_kinds([word for word in words if word.end <= len(document.title)]),
        ]
        return _apart(found)

    def told(self, document: Document) -> Iterator[Told]:
        """The relations that patterns read, each with its tail under the label that the ontology gives it."""
        for place, text in (("title", document.title), ("text", beginning(document.text))):
            for one in find_relations(text, self._names):
                if one.relation in TAILS and one.confidence >= SURE:
                    span = Span(place, one.tail.start, one.tail.end, TAILS[one.relation][0])
                    yield one.relation, mention_at(document, span)

    def _named_kinds(self, words: Sequence[Word]) -> Iterator[Mention]:
        """The word that names the product's kind: the last such word of the first clause that has one."""
        for clause in _clauses(words):
            kinds = [word for word in clause if word.text in self._kinds or _is_kind(word, self._names)]
            if kinds:
                yield Mention(kinds[-1].start, kinds[-1].end, PRODUCT_MENTION)
                return


def _pairs(document: Document, text: str, mentions: Sequence[Mention], told: Sequence[Told]) -> Iterator[LabelledPair]:
    """The product's own words with what they are related to, and with mentions that they are not."""
    own = next((one for one in mentions if one.label == PRODUCT_MENTION), None)
    if own is None:
        return
    related = {tail: relation for relation, tail in told if tail in mentions}
    stuff = [one for name, values in document.fields.items() if attribute_name(name) == MATERIAL for one in values]
    for tail in mentions:
        if tail in related:
            yield LabelledPair(text, own, tail, related[tail], document.id)
        elif tail.label == MATERIAL and stuff:
            made = _holds(stuff, text[tail.start : tail.end])
            yield LabelledPair(text, own, tail, "made_from" if made else NONE, document.id)
        elif tail.label not in RELATED and tail.label != PRODUCT_MENTION:
            yield LabelledPair(text, own, tail, NONE, document.id)


def _clauses(words: Sequence[Word]) -> Iterator[list[Word]]:
    """A title's words up to a sign or a word such as "for"; Chinese is parted by spaces, too."""
    clause: list[Word] = []
    for word in words:
        parted = bool(clause) and is_han(word.text[0]) and word.start > clause[-1].end
        if word.text in ENDS or not word.text[0].isalnum() or parted:
            yield clause
            clause = []
        clause.append(word)
    yield clause


def kinds_of(documents: Sequence[Document]) -> frozenset[str]:
    """Chinese words that titles of one category share and others hardly have: they name what it holds."""
    held: dict[str, Counter[str]] = defaultdict(Counter)
    sizes = Counter(document.category[-1] for document in documents if document.category)
    for document in documents:
        if document.category:
            own = {word for name in ("brand", "manufacturer") for word in _words(document.fields.get(name, ()))}
            for word in set(_words([document.title])) - own:
                held[word][document.category[-1]] += 1
    return frozenset(word for word, counts in held.items() if _names_category(word, counts, sizes))


def _names_category(word: str, counts: Counter[str], sizes: Mapping[str, int]) -> bool:
    category, count = counts.most_common(1)[0]
    return (
        len(word) > 1
        and is_han(word[0])
        and count >= max(KIND_TITLES, sizes[category] / 4)
        and count >= KIND_SHARE * counts.total()
    )


def _words(texts: Iterable[str]) -> Iterator[str]:
    return (word.text for text in texts for word in words_of(text))


def _is_kind(word: Word, names: Names) -> bool:
    return word.text.isalpha() and singular(word.text) in names.kinds


def _label_of(claim: Claim) -> str:
    """What a claim's words are; "" where they name nothing that a mention could be, or a measure, which rules read."""
    if claim.number is not None:
        return ""
    if claim.predicate in TAILS:
        return TAILS[claim.predicate][0]
    return attribute_name(claim.qualifier) if claim.predicate == "has_attribute" else MAKERS.get(claim.predicate, "")


def _stated(document: Document, words: Sequence[Word]) -> Iterator[Mention]:
    """Where a text says what the product's fields hold; in other words only what it does not say in these."""
    held: dict[Phrase, str] = {}
    for name, values in document.fields.items():
        for value in (one for one in values if read_measure(one) is None):
            label = "maker" if name == "manufacturer" else attribute_name(name)
            held |= dict.fromkeys(phrases_in(value), label)
    if not held:
        return
    places = list(phrases_of([word.text for word in words]))
    said = {phrase for _, phrase in places if phrase in held}
    own = {value: label for value, label in held.items() if value not in said}
    for at, phrase in places:
        if found := held.get(phrase) or _in_other_words(phrase, own):
            yield Mention(words[at].start, words[at + len(phrase) - 1].end, found)


def _in_other_words(phrase: Phrase, held: Mapping[Phrase, str]) -> str:
    """The attribute of which a phrase is another spelling of a value that is held, "" for none."""
    spelling = ("" if is_han(phrase[0][0]) else " ").join(phrase)
    for value, label in held.items():
        word = vocabulary().get(label, {}).get(spelling)
        if word is not None and tuple(word.casefold().split()) == value:
            return label
    return ""


def _holds(values: Collection[str], quote: str) -> bool:
    """Whether a field says what material is quoted, in other words too, or has it in it."""
    said = tuple(_words([quote]))
    held = {phrase: MATERIAL for value in values for phrase in phrases_in(value)}
    return bool(_in_other_words(said, held)) or any(set(said) <= set(phrase) for phrase in held)


def _apart(found: Sequence[Mention]) -> list[Mention]:
    taken: list[Mention] = []
    for one in sorted(found, key=lambda mention: mention.start - mention.end):
        if all(_are_apart(one, other) for other in taken):
            taken.append(one)
    return sorted(taken, key=lambda mention: mention.start)


def _are_apart(one: Mention, other: Mention) -> bool:
    return one.end <= other.start or other.end <= one.start


def _of_common_labels(texts: Sequence[LabelledText]) -> list[LabelledText]:
    """Texts, each once, with mentions of labels that are not rare."""
    counts = Counter(mention.label for text in texts for mention in text.mentions)
    found: dict[str, LabelledText] = {}
    for one in texts:
        kept = tuple(mention for mention in one.mentions if counts[mention.label] >= FEWEST)
        found.setdefault(one.text, LabelledText(one.text, kept, one.origin))
    return list(found.values())


def _of_common_relations(pairs: Sequence[LabelledPair]) -> list[LabelledPair]:
    """Pairs, each once, of relations that are not rare; of those without one at most as many as have one."""
    counts = Counter(one.relation for one in pairs)
    found: dict[tuple[str, int, int, int], LabelledPair] = {}
    for one in pairs:
        if counts[one.relation] >= FEWEST:
            found.setdefault((one.text, one.head.start, one.tail.start, one.tail.end), one)
    related = sum(one.relation != NONE for one in found.values())
    without = [one for one in found.values() if one.relation == NONE][:related]
    return [one for one in found.values() if one.relation != NONE] + without
