"""A gazetteer learnt from a shop's own structured values and found again in its texts, English and Chinese.

Knows surfaces, how often each means what, and in which category; knows no dictionary of its own. Longest match wins,
overlaps are resolved from the left, and a word that means several things is decided by counts of its context.
"""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from extractors.types import Claim, Document, Span

PREDICATES = {"brand": "has_brand", "manufacturer": "made_by"}
TOKEN = re.compile(r"[㐀-鿿]|[^\W_]+(?:['’&.-][^\W_]+)*", re.UNICODE)
LONGEST = 8  # tokens in a surface; Chinese counts a token per character
FEWEST = 2  # documents that must carry a value before it is trusted
SURE = 0.5  # share of a surface's appearances that must mean this value
MOST_VALUES = 4  # words of a value: longer ones are sentences, not names

Surface = tuple[str, ...]
Meaning = tuple[str, str]  # attribute, value


@dataclass(slots=True)
class Sense:
    """What one surface means as one value: how often rightly, how often not, by root category."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    def confidence(self, category: str) -> float:
        """Share of right uses, in this category where it was seen, else everywhere; Laplace-smoothed."""
        right, wrong = self.right[category], self.wrong[category]
        if right + wrong < FEWEST:
            right, wrong = self.right.total(), self.wrong.total()
        return (right + 1) / (right + wrong + 2)


class Gazetteer:
    """Finds the shop's own brands, colours, materials... in texts whose fields do not hold them."""

    name = "gazetteer"
    version = "1"

    def __init__(self, senses: Mapping[Surface, Mapping[Meaning, Sense]]) -> None:
        self._senses = senses

    @classmethod
    def learn(cls, documents: Sequence[Document]) -> "Gazetteer":
        """Learn surfaces from fields, then count in the texts what each of them means."""
        values = _values(documents)
        senses: dict[Surface, dict[Meaning, Sense]] = defaultdict(lambda: defaultdict(Sense))
        for document in documents:
            _count(document, values, senses)
        return cls({surface: dict(meanings) for surface, meanings in senses.items()})

    def learnt(self) -> str:
        """See `Learner`."""
        return json.dumps(
            [
                [surface, [[*meaning, sense.right, sense.wrong] for meaning, sense in meanings.items()]]
                for surface, meanings in self._senses.items()
            ],
            ensure_ascii=False,
        )

    @classmethod
    def recall(cls, kept: str) -> "Gazetteer":
        """See `Learner`. Raises ValueError for any other text."""
        try:
            return cls(
                {
                    tuple(surface): {
                        (attribute, value): Sense(Counter(right), Counter(wrong))
                        for attribute, value, right, wrong in meanings
                    }
                    for surface, meanings in json.loads(kept)
                }
            )
        except TypeError as error:
            raise ValueError("no gazetteer was kept here") from error

    def extract(self, documents: Sequence[Document]) -> list[list[Claim]]:
        """Return the values that each document's title or text names and none of its fields of that name holds."""
        return [list(self._claims(document)) for document in documents]

    def _claims(self, document: Document) -> Iterator[Claim]:
        said: set[Meaning] = set()
        for place, text in (("title", document.title), ("text", document.text)):
            for start, end, surface in _matches(text, self._senses):
                best = self._decide(surface, document)
                if best is None or best[0] in said:
                    continue
                (attribute, value), confidence = best
                said.add((attribute, value))
                yield Claim(
                    subject=document.id,
                    predicate=PREDICATES.get(attribute, "has_attribute"),
                    object=value,
                    confidence=round(confidence, 4),
                    extractor=self.name,
                    version=self.version,
                    qualifier="" if attribute in PREDICATES else attribute,
                    evidence=Span(place, start, end, attribute),
                    quote=text[start:end],
                )

    def _decide(self, surface: Surface, document: Document) -> tuple[Meaning, float] | None:
        """Pick the likeliest meaning in this document's category, or none when no meaning is likely enough."""
        root = document.category[0] if document.category else ""
        rated = [(sense.confidence(root), meaning) for meaning, sense in self._senses[surface].items()]
        confidence, meaning = max(rated, key=lambda pair: (pair[0], pair[1]))
        if confidence <= SURE or document.fields.get(meaning[0]):
            return None
        return meaning, confidence


def _tokens(text: str) -> list[tuple[str, int, int]]:
    """Folded tokens with their offsets in the original: words of letters, single characters of Chinese."""
    return [(_fold(match.group()), match.start(), match.end()) for match in TOKEN.finditer(text)]


def _fold(token: str) -> str:
    return unicodedata.normalize("NFKC", token).casefold()


def _values(documents: Sequence[Document]) -> dict[Surface, dict[Meaning, int]]:
    """Surfaces of all structured values that are names: not numbers, not sentences, carried by several documents."""
    counts: dict[Surface, Counter[Meaning]] = defaultdict(Counter)
    for document in documents:
        for attribute, values in document.fields.items():
            for value in values:
                surface = tuple(token for token, _, _ in _tokens(value))
                if _is_name(surface, value):
                    counts[surface][(attribute, value)] += 1
    return {surface: dict(c) for surface, c in counts.items() if c.total() >= FEWEST}


def _is_name(surface: Surface, value: str) -> bool:
    letters = sum(character.isalpha() for character in value)
    chinese = any(len(token) == 1 and token > "㐀" for token in surface)
    longest = LONGEST if chinese else MOST_VALUES
    return 0 < len(surface) <= longest and letters >= 2 and letters * 2 >= len(value.replace(" ", ""))


def _count(
    document: Document,
    values: Mapping[Surface, Mapping[Meaning, int]],
    senses: dict[Surface, dict[Meaning, Sense]],
) -> None:
    """Count a surface seen in a text as right where the field agrees and as wrong where the field says another."""
    root = document.category[0] if document.category else ""
    seen = {surface for text in (document.title, document.text) for _, _, surface in _matches(text, values)}
    for surface in seen:
        for attribute, value in _canonical(values[surface]):
            held = document.fields.get(attribute)
            if held:
                agrees = any(tuple(t for t, _, _ in _tokens(other)) == surface for other in held)
                sense = senses[surface][(attribute, value)]
                (sense.right if agrees else sense.wrong)[root] += 1


def _canonical(meanings: Mapping[Meaning, int]) -> list[Meaning]:
    """One spelling of a value per attribute: the commonest ("Red" and "red" are one)."""
    best: dict[str, tuple[int, str]] = {}
    for (attribute, value), count in meanings.items():
        best[attribute] = max(best.get(attribute, (0, "")), (count, value))
    return [(attribute, value) for attribute, (_, value) in best.items()]


def _matches(text: str, known: Mapping[Surface, object]) -> Iterator[tuple[int, int, Surface]]:
    """Yield the longest known surfaces from left to right, without overlaps."""
    tokens = _tokens(text)
    at = 0
    while at < len(tokens):
        for length in range(min(LONGEST, len(tokens) - at), 0, -1):
            surface = tuple(token for token, _, _ in tokens[at : at + length])
            if surface in known:
                yield tokens[at][1], tokens[at + length - 1][2], surface
                at += length
                break
        else:
            at += 1
