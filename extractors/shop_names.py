"""The names of a shop that tell relations apart: its brands, the models and the kinds of product that it speaks of.

Learnt from fields, categories and how titles begin and end. Knows documents; knows no relation.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from extractors.types import Document

MAKER_FIELDS = ("brand", "manufacturer")
MODELS = ("compatible-with", "compatibility", "compatible with", "compatible_with", "适用机型")
OFTEN = 5  # titles that must begin with a name before it is taken for a brand
FIRST = 0.6  # share of a name's places that must be the first
WITH_NEXT = 0.7  # share of the titles that begin with a name which go on with the same word: then that is part of it
HEADS = 20  # titles that must end in a noun before it is a kind of product
LONGEST = 4  # words of a brand
ENDS = frozenset(["for", "with", "in", "by", "from", "of", "and", "-", "–", "w/", "&", ","])


@dataclass(frozen=True, slots=True)
class Names:
    """Folded names, words joined by one space."""

    brands: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def kept(self) -> str:
        """These names as text."""
        return json.dumps({name: sorted(values) for name, values in asdict(self).items()}, ensure_ascii=False)

    @classmethod
    def recall(cls, kept: str) -> "Names":
        """The inverse of `kept`. Raises ValueError for any other text."""
        found = json.loads(kept)
        if not isinstance(found, dict) or set(found) != set(cls.__dataclass_fields__):
            raise ValueError("no names were kept here")
        return cls(**{name: frozenset(values) for name, values in found.items()})


def learn_names(documents: Sequence[Document]) -> Names:
    """Read the names of a catalogue."""
    titles = [folded_words(document.title) for document in documents]
    told = frozenset(_field_values(documents, MAKER_FIELDS))
    brands = told if sum("brand" in one.fields for one in documents) * 2 > len(documents) else told | _firsts(titles)
    leaves = {_singular_end(folded_words(one.category[-1])) for one in documents if one.category}
    return Names(brands, frozenset(_field_values(documents, MODELS)), frozenset(leaves - {""}) | _heads(titles))


def folded_words(text: str) -> list[str]:
    """Words by white space, without case and without signs at their ends."""
    return [word for word in (part.strip(".,;:!?()[]\"'™®©").casefold() for part in text.split()) if word]


def singular(word: str) -> str:
    """An English noun without its plural."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


def _field_values(documents: Sequence[Document], names: Sequence[str]) -> Iterator[str]:
    for document in documents:
        for name in names:
            for value in document.fields.get(name, ()):
                words = folded_words(value)
                if 0 < len(words) <= LONGEST and any(len(word) > 1 and not word.isdigit() for word in words):
                    yield " ".join(words)


def _firsts(titles: Sequence[Sequence[str]]) -> frozenset[str]:
    """The names that titles begin with and that seldom stand elsewhere, each as long as it is always said."""
    begins: Counter[tuple[str, ...]] = Counter()
    places: Counter[str] = Counter()
    for words in titles:
        begins.update(tuple(words[:length]) for length in range(1, min(LONGEST, len(words)) + 1))
        places.update(set(words))
    longer: dict[tuple[str, ...], tuple[int, tuple[str, ...]]] = {}
    for name, count in begins.items():
        longer[name[:-1]] = max(longer.get(name[:-1], (0, ())), (count, name))
    found = set()
    for name, count in begins.items():
        if len(name) > 1 or count < OFTEN or count < FIRST * places[name[0]] or not name[0][0].isalpha():
            continue
        while name in longer and longer[name][0] >= WITH_NEXT * begins[name] and longer[name][1][-1] not in ENDS:
            name = longer[name][1]
        found.add(" ".join(name))
    return frozenset(found)


def _heads(titles: Sequence[Sequence[str]]) -> frozenset[str]:
    """The nouns that titles end in, before "for", "in", "with"."""
    seen: Counter[str] = Counter()
    for words in titles:
        end = next((at for at, word in enumerate(words) if word in ENDS and at), len(words))
        seen[_singular_end(words[:end])] += 1
    return frozenset(word for word, count in seen.items() if count >= HEADS and len(word) > 2 and word.isalpha())


def _singular_end(words: Sequence[str]) -> str:
    return singular(words[-1]) if words else ""
