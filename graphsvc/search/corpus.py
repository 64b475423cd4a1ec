"""The distinct texts of a catalogue: a base that is mapped, and small segments laid over it since.

Scores every text for a query and says which match: those within DELTA of the best of the whole, unfiltered corpus.
Knows documents by number, in the order of segments; does not know products.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders import Vectors
from graphsvc.search.documents import Document
from graphsvc.search.fuse import DELTA, Evidence, Peaks, fuse, peaks
from graphsvc.search.text_index import DocumentTexts, Explanation, Found, TextIndex, is_nothing, understand_with
from graphsvc.search.understand import Understanding

SMALL = 128  # documents of the newest segment that are indexed again with what comes next
ABSENT = -1.0  # cosine of a text that no product has any more
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """What a query makes of every document: its evidence by segment, the fused score, float32[D], and who matches."""

    understanding: Understanding
    evidences: Sequence[Evidence]
    top: Peaks
    fused: NDArray[np.float32]
    matched: Mask
    found: dict[int, Found] = field(default_factory=dict)  # by segment, filled when a hit there is explained


class Corpus:
    """Immutable; `with_more` gives another that shares what is the same."""

    def __init__(self, base: TextIndex, keys: NDArray[np.uint64]) -> None:
        self.segments: tuple[TextIndex, ...] = (base,)
        self._keys = keys  # of the base's documents, by number
        self._order = np.argsort(keys, kind="stable")
        self._sorted = keys[self._order]
        self._numbers: Mapping[int, int] = {}
        self._newest: tuple[list[Document], Vectors] = ([], np.empty((0, base.vectors.codes.shape[1]), np.float32))

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first document of each segment, and behind them how many there are."""
        return np.cumsum([0, *map(len, self.segments)])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to store beside the base."""
        return {"keys": self._keys}

    def find(self, key: int) -> int:
        """The number of the document with that text key, −1 when there is none."""
        at = int(np.searchsorted(self._sorted, np.uint64(key)))
        if at < len(self._sorted) and int(self._sorted[at]) == key:
            return int(self._order[at])
        return self._numbers.get(key, -1)

    def with_more(self, documents: Sequence[Document], vectors: Vectors) -> "Corpus":
        """This corpus and more documents, none of which it has; float32[n, d] of unit length."""
        if not documents:
            return self
        grown = object.__new__(Corpus)
        grown._keys, grown._order, grown._sorted = self._keys, self._order, self._sorted
        fresh = {document.key: len(self) + at for at, document in enumerate(documents)}
        grown._numbers = {**self._numbers, **fresh}
        held, encoded = self._newest
        kept = self.segments
        if 0 < len(held) <= SMALL:  # a few segments of some size, not one per change
            kept, documents, vectors = kept[:-1], [*held, *documents], np.concatenate([encoded, vectors])
        grown.segments = (*kept, self.segments[0].segment(texts_of(documents), vectors))
        grown._newest = (list(documents), vectors)
        return grown

    def understand(self, text: str, *, correct: bool = True) -> Understanding:
        """Read a query against the whole vocabulary."""
        return understand_with(text, self.segments, correct=correct)

    def score(self, understanding: Understanding, query: NDArray[np.float32], living: Mask | None = None) -> Scores:
        """Score every document. `query` is the encoded `understanding.corrected`; `living`, bool[D], None for all."""
        evidences = [segment.evidence(understanding, query) for segment in self.segments]
        if living is not None:
            for evidence, first in zip(evidences, self.starts, strict=False):
                _silence(evidence, ~living[first : first + len(evidence.words)])
        fused = _joined(fuse(evidences))
        if not len(fused) or is_nothing(understanding, evidences, self.segments[0].floor):
            matched = np.zeros(len(fused), np.bool_)
        else:
            best = fused.max() if living is None else fused[living].max()
            matched = fused >= best - np.float32(DELTA)
            if living is not None:
                matched &= living
        return Scores(understanding, evidences, peaks(evidences), fused, matched)

    def cosines(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosine of every document to an encoded query, float32[D]."""
        return _joined([segment.vectors.scan(query) for segment in self.segments])

    def explain(self, scores: Scores, document: int) -> Explanation:
        """Why a document scores what it scores."""
        at, local = self.locate(document)
        segment, understanding = self.segments[at], scores.understanding
        if at not in scores.found:
            scores.found[at] = segment.find(understanding)
        return segment.explain(understanding, scores.found[at], scores.evidences[at], scores.top, local)

    def locate(self, document: int) -> tuple[int, int]:
        """The segment of a document and its number there."""
        at = int(np.searchsorted(self.starts, document, side="right")) - 1
        return at, document - int(self.starts[at])

    def key(self, document: int) -> int:
        """The text key of a document of the base."""
        return int(self._keys[document])

    def vector(self, document: int) -> NDArray[np.float32]:
        """The vector of a document as its int8 codes have it, float32[d] of unit length."""
        at, local = self.locate(document)
        stored = self.segments[at].vectors
        vector = stored.mean + stored.codes[local].astype(np.float32) * stored.scales[local]
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)


def texts_of(documents: Sequence[Document]) -> DocumentTexts:
    """Documents as a text index takes them."""
    return DocumentTexts(
        [document.title for document in documents],
        [document.body for document in documents],
        [document.facts for document in documents],
    )


def _joined(arrays: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _silence(evidence: Evidence, gone: Mask) -> None:
    """Take the word from texts that no product has any more: they must not be the best."""
    evidence.words[gone] = 0
    evidence.characters[gone] = 0
    evidence.cosine[gone] = ABSENT
