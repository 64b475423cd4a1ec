"""Evidence over distinct texts: words, characters and meaning of each, for any query.

A base index is built once and memory-mapped; a fresh segment shares its idf, so that scores of both may be compared.
Knows texts by number; does not know products, filters or what matches.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import read_arrays, write_arrays
from embeddings.bm25 import Bm25, Bm25Builder, Field
from embeddings.quantised import Int8Vectors
from embeddings.spelling import Speller
from embeddings.words import is_chinese, is_number, terms_of_all, tokens, trigrams
from graphsvc.search.fuse import Evidence, Parts, Peaks, part
from graphsvc.search.names import under
from graphsvc.search.understand import Understanding, understand

FILE = "texts"
K1 = 0.5
FIELDS = (Field(1.0, 0.5), Field(0.7, 0.5), Field(0.2, 0.5))  # title, body, facts: weight and length norm
CHARACTER_FIELDS = (Field(1.0, 0.5),)
NUMBER_FIELDS = (Field(1.0, 0.0),)
LONGEST_BODY = 300  # words: what follows in a description is fine print
PAIRS = 4096  # random pairs of vectors that say what "nothing in common" looks like to an encoder
UNRELATED = 4.0  # standard deviations over the mean of random pairs that a chance neighbour can reach
Progress = Callable[[int, int], None]  # done, of


@dataclass(frozen=True, slots=True)
class DocumentTexts:
    """The texts of D documents, each list of length D. `facts` are brand, category and attributes in words."""

    titles: Sequence[str]
    bodies: Sequence[str]
    facts: Sequence[str]

    def __len__(self) -> int:
        return len(self.titles)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one document stands where it stands: the terms and trigrams of the query that it has, each with its share of
    the words' part and of the characters' part."""

    terms: Mapping[str, float]
    trigrams: Mapping[str, float]
    cosine: float
    parts: Parts


@dataclass(frozen=True, slots=True)
class Found:
    """Where a query's terms and trigrams stand in one segment's postings: rows, −1 where they do not."""

    terms: NDArray[np.int64]
    trigrams: NDArray[np.int64]


class TextIndex:
    """One segment: D documents with their postings, trigrams, numbers, vectors and speller.

    `floor` is the cosine under which the encoder sees nothing in common between a query and a text.
    """

    def __init__(
        self, words: Bm25, characters: Bm25, numbers: Bm25, vectors: Int8Vectors, speller: Speller, floor: float
    ) -> None:
        self.words, self.characters, self.numbers = words, characters, numbers
        self.vectors, self.speller, self.floor = vectors, speller, floor

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def build(cls, texts: DocumentTexts, vectors: NDArray[np.float32], progress: Progress | None = None) -> "TextIndex":
        """Index texts and their vectors, float32[D, d] of unit length."""
        return _index(texts, Int8Vectors.build(vectors), measure_floor(vectors), None, progress)

    def segment(self, texts: DocumentTexts, vectors: NDArray[np.float32]) -> "TextIndex":
        """Index a few documents more, comparable with this index's."""
        return _index(texts, Int8Vectors.build(vectors, mean=self.vectors.mean), self.floor, self, None)

    def save(self, folder: Path) -> None:
        """Write the index into a folder, durably."""
        arrays: dict[str, NDArray[Any]] = dict(self.vectors.arrays())
        meta: dict[str, object] = {"floor": self.floor}
        for name, index in (("words", self.words), ("characters", self.characters), ("numbers", self.numbers)):
            stored, meta[name] = index.arrays()
            arrays |= {f"{name}.{key}": array for key, array in stored.items()}
        arrays |= {f"speller.{key}": array for key, array in self.speller.arrays().items()}
        write_arrays(folder / FILE, arrays, meta)

    @classmethod
    def open(cls, folder: Path) -> "TextIndex":
        """Map the index from a folder. Raises embeddings.errors.DamagedFile."""
        arrays, meta = read_arrays(folder / FILE)
        words, characters, numbers = (
            Bm25(under(arrays, name), meta[name]) for name in ("words", "characters", "numbers")
        )
        speller = Speller(under(arrays, "speller"))
        return cls(words, characters, numbers, Int8Vectors.from_arrays(arrays), speller, meta["floor"])

    def understand(self, query: str) -> Understanding:
        """Read a query against this segment's vocabulary alone."""
        return understand_with(query, [self])

    def evidence(self, understanding: Understanding, query: NDArray[np.float32]) -> Evidence:
        """Return what speaks for each document. `query` is the encoded `understanding.corrected`, float32[d]."""
        missing = np.full(len(self), len(understanding.numbers), np.float32)
        for number in understanding.numbers:
            missing[self.numbers.documents(number)] -= 1
        return Evidence(
            self.words.score(understanding.terms),
            self.characters.score(understanding.trigrams),
            self.vectors.scan(query),
            missing,
        )

    def find(self, understanding: Understanding) -> Found:
        """Look a query's terms and trigrams up, once for all the documents that are to be explained."""
        return Found(self.words.rows(list(understanding.terms)), self.characters.rows(list(understanding.trigrams)))

    def explain(
        self, understanding: Understanding, found: Found, evidence: Evidence, top: Peaks, document: int
    ) -> Explanation:
        """Return why a document scores what it scores; the parts sum to its fused score."""
        return Explanation(
            _shares(understanding.terms, self.words.impacts(found.terms, document)),
            _shares(understanding.trigrams, self.characters.impacts(found.trigrams, document)),
            float(evidence.cosine[document]),
            part(evidence, top, document),
        )


def understand_with(text: str, segments: Sequence[TextIndex], *, correct: bool = True) -> Understanding:
    """Read a query against the vocabularies of all segments; `correct` false keeps every word as typed."""
    words, spellers = [segment.words for segment in segments], [segment.speller for segment in segments]
    return understand(text, words, spellers, correct=correct)


def is_nothing(understanding: Understanding, evidences: Sequence[Evidence], floor: float) -> bool:
    """Whether no word of a query is known after correction and no text comes near its meaning either.

    A word that only texts without a product have, for it was retired, is not known: their evidence was silenced.
    """
    heard = understanding.known and any(evidence.words.max(initial=0) > 0 for evidence in evidences)
    if understanding.lone:  # words are pairs
        heard |= any(evidence.characters.max(initial=0) > 0 for evidence in evidences)
    nearest = max((float(evidence.cosine.max()) for evidence in evidences if len(evidence.cosine)), default=-1.0)
    return nearest < -0.5 or (not heard and nearest < floor)


def measure_floor(vectors: NDArray[np.float32]) -> float:
    """Return the cosine that chance alone can reach: mean + UNRELATED deviations over random pairs of texts.

    Encoders spread their cosines differently, so that no constant serves two of them.
    """
    if len(vectors) < 2:
        return 0.0
    draw = np.random.default_rng(7)
    left, right = draw.integers(0, len(vectors), (2, PAIRS))
    cosines = np.einsum("ij,ij->i", vectors[left], vectors[right])[left != right]
    return float(cosines.mean() + UNRELATED * cosines.std())


def _index(
    texts: DocumentTexts, vectors: Int8Vectors, floor: float, base: TextIndex | None, progress: Progress | None
) -> TextIndex:
    """Read each text once and give its tokens to all the indexes."""
    words, characters, numbers = Bm25Builder(FIELDS), Bm25Builder(CHARACTER_FIELDS), Bm25Builder(NUMBER_FIELDS)
    vocabulary: Counter[str] = Counter()
    for at, (title, body, facts) in enumerate(zip(texts.titles, texts.bodies, texts.facts, strict=True)):
        titled, described, known = tokens(title), tokens(body)[:LONGEST_BODY], tokens(facts)
        words.add(terms_of_all(titled), terms_of_all(described), terms_of_all(known))
        characters.add(trigrams(titled))
        numbers.add([token for token in titled if is_number(token)])
        vocabulary.update(token for token in (*titled, *known) if not is_chinese(token))
        if progress and at % 4096 == 0:
            progress(at, len(texts))
    if progress:
        progress(len(texts), len(texts))
    return TextIndex(
        words.build(K1, base.words if base else None),
        characters.build(K1, base.characters if base else None),
        numbers.build(K1, base.numbers if base else None),
        vectors,
        Speller.build(vocabulary),
        floor,
    )


def _shares(weights: Mapping[str, float], impacts: NDArray[np.float32]) -> dict[str, float]:
    """Each matched term's share of the sum of weight × impact."""
    found = {
        term: weight * impact
        for (term, weight), impact in zip(weights.items(), impacts.tolist(), strict=True)
        if impact > 0
    }
    total = sum(found.values()) or 1.0
    return {term: share / total for term, share in found.items()}
