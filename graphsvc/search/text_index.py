"""Evidence over distinct texts: words, characters and meaning of each, for any query.

A base index is built once and memory-mapped; a fresh segment shares its idf, so that scores of both may be compared.
Knows texts by number; does not know products, filters or what matches.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import read_arrays, write_arrays
from embeddings.bm25 import Bm25
from embeddings.quantised import Int8Vectors
from embeddings.spelling import Speller
from embeddings.words import is_number, terms, tokens, trigrams
from graphsvc.search.fuse import Evidence
from graphsvc.search.understand import Understanding, understand

FILE = "texts"
K1, B = 0.5, 0.5
TITLE, FACTS, BODY = 1.0, 0.4, 0.1  # weight of a word by where it stands
LONGEST_BODY = 300  # words: what follows in a description is fine print


@dataclass(frozen=True, slots=True)
class DocumentTexts:
    """The texts of D documents, each list of length D. `facts` are brand, category and attributes in words."""

    titles: Sequence[str]
    bodies: Sequence[str]
    facts: Sequence[str]

    def __len__(self) -> int:
        return len(self.titles)


class TextIndex:
    """One segment: D documents with their postings, trigrams, numbers, vectors and speller."""

    def __init__(self, words: Bm25, characters: Bm25, numbers: Bm25, vectors: Int8Vectors, speller: Speller) -> None:
        self.words, self.characters, self.numbers = words, characters, numbers
        self.vectors, self.speller = vectors, speller

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def build(cls, texts: DocumentTexts, vectors: NDArray[np.float32]) -> "TextIndex":
        """Index texts and their vectors, float32[D, d] of unit length."""
        words = Bm25.build(_bags(texts), k1=K1, b=B)
        characters = Bm25.build((Counter(trigrams(title)) for title in texts.titles), k1=K1, b=B)
        numbers = Bm25.build((Counter(_numbers(title)) for title in texts.titles), k1=K1, b=B)
        return cls(words, characters, numbers, Int8Vectors.build(vectors), Speller.build(_vocabulary(texts)))

    def segment(self, texts: DocumentTexts, vectors: NDArray[np.float32]) -> "TextIndex":
        """Index a few documents more, comparable with this index's."""
        words = self.words.segment(_bags(texts))
        characters = self.characters.segment(Counter(trigrams(title)) for title in texts.titles)
        numbers = self.numbers.segment(Counter(_numbers(title)) for title in texts.titles)
        fresh = Int8Vectors.build(vectors, mean=self.vectors.mean)
        return TextIndex(words, characters, numbers, fresh, Speller.build(_vocabulary(texts)))

    def save(self, folder: Path) -> None:
        """Write the index into a folder, durably."""
        arrays: dict[str, NDArray[Any]] = dict(self.vectors.arrays())
        meta: dict[str, object] = {}
        for name, index in (("words", self.words), ("characters", self.characters), ("numbers", self.numbers)):
            stored, meta[name] = index.arrays()
            arrays |= {f"{name}.{key}": array for key, array in stored.items()}
        arrays |= {f"speller.{key}": array for key, array in self.speller.arrays().items()}
        write_arrays(folder / FILE, arrays, meta)

    @classmethod
    def open(cls, folder: Path) -> "TextIndex":
        """Map the index from a folder. Raises embeddings.errors.DamagedFile."""
        arrays, meta = read_arrays(folder / FILE)
        parts = {name: Bm25(_part(arrays, name), meta[name]) for name in ("words", "characters", "numbers")}
        speller = Speller(_part(arrays, "speller"))
        return cls(vectors=Int8Vectors.from_arrays(arrays), speller=speller, **parts)

    def evidence(self, understanding: Understanding, query: NDArray[np.float32]) -> Evidence:
        """Return what speaks for each document. `query` is the encoded query, float32[d] of unit length."""
        missing = np.zeros(len(self), np.float32)
        for number in understanding.numbers:
            missing += 1
            missing[self.numbers.documents(number)] -= 1
        return Evidence(
            self.words.score(understanding.terms),
            self.characters.score(understanding.trigrams),
            self.vectors.scan(query),
            missing,
        )


def understand_with(text: str, segments: Sequence[TextIndex]) -> Understanding:
    """Read a query against the vocabularies of all segments."""
    return understand(text, [segment.words for segment in segments], [segment.speller for segment in segments])


def _bags(texts: DocumentTexts) -> Iterator[dict[str, float]]:
    for title, body, facts in zip(texts.titles, texts.bodies, texts.facts, strict=True):
        bag: dict[str, float] = {}
        for weight, found in ((TITLE, terms(title)), (FACTS, terms(facts)), (BODY, terms(body)[:LONGEST_BODY])):
            for term in found:
                bag[term] = bag.get(term, 0.0) + weight
        yield bag


def _numbers(title: str) -> Iterable[str]:
    return (token for token in tokens(title) if is_number(token))


def _vocabulary(texts: DocumentTexts) -> Counter[str]:
    counts: Counter[str] = Counter()
    for title, facts in zip(texts.titles, texts.facts, strict=True):
        counts.update(tokens(title))
        counts.update(tokens(facts))
    return counts


def _part(arrays: Mapping[str, NDArray[Any]], name: str) -> dict[str, NDArray[Any]]:
    return {key.partition(".")[2]: array for key, array in arrays.items() if key.startswith(f"{name}.")}
