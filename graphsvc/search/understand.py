"""What a query asks for: its terms, the corrections made, its numbers, and whether anything of it is known.

Knows a vocabulary and a speller; does not know documents or scores. A word that the catalogue has is never corrected,
nor is one with digits in it: brands and model codes stay as typed. An English word that the catalogue lacks ("coke") is
corrected only where the rest of the query speaks for it. What was typed always keeps its own term too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from embeddings.bm25 import Bm25
from embeddings.english import is_english
from embeddings.spelling import SHORTEST, Speller
from embeddings.words import FUNCTION_WORDS, adjacent, is_chinese, is_number, terms_of, tokens, trigrams

JOINED = 0.6  # weight of "screwdriver" for "screw driver"
SPLIT = 0.8  # weight of each half of "dishsoap"
CORRECTED = 0.9  # weight of a correction beside the word as typed, which may be a brand
SOUND = 0.4  # weight of a Chinese bigram's sound where its spelling is known; 1 where only the sound is
FAINT = 0.2  # weight of a Chinese pair with a function word in it, as 的 is: it joins two words
SLIPS = 3  # a word that fewer descriptions than this have, and no title, may itself be a slip
CANDIDATES = 8  # corrections weighed against the rest of the query
ALONE = 0.02  # how likely a correction is whose texts have no other word of the query
SUPPORTED = 0.05  # share of a correction's texts with another word of the query, below which an English word stays
MISSED = 4.0  # how much likelier a slip is than a gap left out, where both are as common
PLURAL = "s"
SHORTEST_HALF = 3  # letters of each of two words written as one


@dataclass(frozen=True, slots=True)
class Correction:
    """A word as typed and what it was taken for: another word, or two."""

    typed: str
    taken: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """A query as the index sees it. `terms` and `trigrams` map index terms to weights; `origins` and `spelled` say from
    which typed word each of them comes.

    `known` says whether any word of it that means something stands in the catalogue, after correction.
    """

    text: str
    words: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    terms: Mapping[str, float] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    trigrams: Mapping[str, float] = field(default_factory=dict)
    spelled: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    known: bool = False

    @property
    def lone(self) -> bool:
        """Whether it asks for single Chinese characters that mean something, and nothing else."""
        telling = [word for word in self.words if word not in FUNCTION_WORDS]
        return bool(telling) and all(len(word) == 1 and is_chinese(word) for word in telling)

    @property
    def corrected(self) -> str:
        """The query with its corrections, as it is encoded and shown."""
        return " ".join(_taken(self.words, self.corrections)) if self.corrections else self.text


def understand(text: str, words: Sequence[Bm25], spellers: Sequence[Speller], *, correct: bool = True) -> Understanding:
    """Read a query against the vocabularies of all segments; `correct` false keeps every word as typed."""
    typed = tuple(tokens(text))
    reading = _Reading(typed, words, spellers, correct)
    for word in typed:
        reading.take(word)
    for left, right in adjacent([word for word in typed if not is_chinese(word)]):
        if (left + right).isalpha():
            reading.add_known(left + right, f"{left} {right}", JOINED)
    corrections = tuple(reading.corrections)
    spelled = _spelled(typed, corrections)
    return Understanding(
        text=text,
        words=typed,
        corrections=corrections,
        terms=reading.weights,
        origins=reading.origins,
        trigrams=dict.fromkeys(spelled, 1.0),
        spelled=spelled,
        numbers=tuple(dict.fromkeys(word for word in typed if is_number(word))),
        known=reading.is_known(),
    )


class _Reading:
    """One query being read: collects terms, where each came from, and corrections."""

    def __init__(self, typed: Sequence[str], words: Sequence[Bm25], spellers: Sequence[Speller], correct: bool) -> None:
        self._typed, self._words, self._spellers, self._correct = typed, words, spellers, correct
        self.weights: dict[str, float] = {}
        self.origins: dict[str, str] = {}
        self.corrections: list[Correction] = []

    def take(self, word: str) -> None:
        """Add a word as typed; where nothing has it, its correction, or the two words it was written from."""
        if is_chinese(word):
            self._take_chinese(word)
            return
        (term,) = terms_of(word)
        self._add(term, word, 1.0)
        if not self._correct or is_number(word) or self._is_word(word):
            return
        taken = self._repair(word)
        if taken:
            self.corrections.append(Correction(word, " ".join(taken)))
            for part in taken:
                self.add_known(part, word, CORRECTED if len(taken) == 1 else SPLIT)

    def add_known(self, word: str, origin: str, weight: float) -> None:
        """Add a word that was not typed like this, if the catalogue has it."""
        for term in terms_of(word):
            if self._has(term):
                self._add(term, origin, weight)

    def is_known(self) -> bool:
        """Whether any term that means something stands in the catalogue."""
        telling = (term for term in self.weights if not is_number(term) and not _has_function_word(term))
        return any(self._has(term) for term in telling)

    def _take_chinese(self, word: str) -> None:
        pieces = terms_of(word)
        spelled, heard = pieces[: len(pieces) // 2], pieces[len(pieces) // 2 :]
        for piece, sound in zip(spelled, heard, strict=True):
            telling = FAINT if _has_function_word(piece) else 1.0
            self._add(piece, piece, telling)
            self._add(sound, piece, telling * (SOUND if self._has(piece) else 1.0))

    def _is_word(self, word: str) -> bool:
        """Whether a title or fact has the word, in any form, or enough texts do that it is no slip of theirs."""
        if self._frequency(word) >= SLIPS or any(word in speller for speller in self._spellers):
            return True
        forms = (form for speller in self._spellers for form in speller.starting(word))
        return any(terms_of(form) == terms_of(word) for form in forms)

    def _repair(self, word: str) -> tuple[str, ...]:
        """The likeliest word one slip away, or the two words written as one, whichever is commoner; or nothing."""
        halves, together = self._halves(word)
        near = self._nearest(word)
        if MISSED * near[0] >= together or len(word) < 2 * SHORTEST:
            return (near[1],) if near[1] else halves
        return halves

    def _nearest(self, word: str) -> tuple[float, str]:
        """The word one slip away that is likeliest beside the other words of the query, and how common it is."""
        counts = self._near(word)
        if not counts and word.endswith(PLURAL):  # of a thing that the catalogue has only one by one
            counts = {near + PLURAL: count for near, count in self._near(word.removesuffix(PLURAL)).items()}
        others = [term for other in self._typed if other != word for term in terms_of(other)]
        least = SUPPORTED if is_english(word) else 0.0
        beside = {near: self._company(near, others) for near in counts}
        rated = [(counts[near] * (ALONE + part), counts[near], near) for near, part in beside.items() if part >= least]
        return max(rated, default=(0.0, 0.0, ""))[1:]

    def _near(self, word: str) -> dict[str, float]:
        """The words one slip away and how often each stands in the catalogue."""
        counts: dict[str, float] = {}
        for speller in self._spellers:
            for count, near in speller.near(word)[:CANDIDATES]:
                counts[near] = counts.get(near, 0.0) + count
        return counts

    def _company(self, word: str, others: Sequence[str]) -> float:
        """Share of the texts with a word that have one of the others too."""
        (term,) = terms_of(word)
        both = total = 0
        for index in self._words:
            found = index.documents(term)
            beside = np.zeros(len(index), np.bool_)
            for other in others:
                beside[index.documents(other)] = True
            both, total = both + int(beside[found].sum()), total + len(found)
        return both / total if total else 0.0

    def _halves(self, word: str) -> tuple[tuple[str, ...], float]:
        """The two known words that were written as one, the pair whose rarer half is commonest, and its count."""
        if not word.isalpha():
            return (), 0.0
        cuts = range(SHORTEST_HALF, len(word) - SHORTEST_HALF + 1)
        rated = [(float(min(self._frequency(word[:at]), self._frequency(word[at:]))), at) for at in cuts]
        together, at = max(rated, default=(0.0, 0))
        return ((word[:at], word[at:]), together) if together else ((), 0.0)

    def _add(self, term: str, origin: str, weight: float) -> None:
        if weight > self.weights.get(term, 0.0):
            self.weights[term], self.origins[term] = weight, origin

    def _has(self, term: str) -> bool:
        return any(term in index for index in self._words)

    def _frequency(self, word: str) -> int:
        (term,) = terms_of(word)
        return sum(index.frequency(term) for index in self._words)


def _has_function_word(term: str) -> bool:
    """Whether a term is a word that says nothing of the thing, or a pair of characters with one in it."""
    return term in FUNCTION_WORDS or not FUNCTION_WORDS.isdisjoint(term) and is_chinese(term)


def _spelled(words: Sequence[str], corrections: Sequence[Correction]) -> dict[str, str]:
    """The trigrams of the words as taken, each with the first typed word that has it."""
    found: dict[str, str] = {}
    for word in words:
        for gram in trigrams(_taken([word], corrections)):
            found.setdefault(gram, word)
    return found


def _taken(words: Iterable[str], corrections: Iterable[Correction]) -> list[str]:
    taken = {correction.typed: correction.taken for correction in corrections}
    return [part for word in words for part in taken.get(word, word).split()]
