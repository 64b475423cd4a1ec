"""What a query asks for: its terms, the corrections made, its numbers, and whether anything of it is known.

Knows a vocabulary and a speller; does not know documents or scores. A word that the catalogue has is never corrected,
nor is one with digits in it: brands and model codes stay as typed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from embeddings.bm25 import Bm25
from embeddings.spelling import Speller
from embeddings.words import PINYIN, adjacent, is_chinese, is_number, terms_of, tokens, trigrams

JOINED = 0.6  # weight of "screwdriver" for "screw driver"
SPLIT = 0.8  # weight of each half of "dishsoap"
CORRECTED = 0.9  # weight of a correction beside the word as typed, which may be a brand
SOUND = 0.4  # weight of a Chinese bigram's sound where its spelling is known; 1 where only the sound is


@dataclass(frozen=True, slots=True)
class Correction:
    """A word as typed and what it was taken for."""

    typed: str
    taken: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """A query as the index sees it. `terms` and `trigrams` map index terms to weights."""

    text: str
    words: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    terms: dict[str, float] = field(default_factory=dict)
    trigrams: dict[str, float] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    known: bool = False

    @property
    def corrected(self) -> str:
        """The query with its corrections, as it is encoded and shown."""
        if not self.corrections:
            return self.text
        taken = {correction.typed: correction.taken for correction in self.corrections}
        return " ".join(taken.get(word, word) for word in self.words)


def understand(text: str, words: Sequence[Bm25], spellers: Sequence[Speller]) -> Understanding:
    """Read a query against the vocabularies of all segments."""
    typed = tuple(tokens(text))
    weights: dict[str, float] = {}
    corrections: list[Correction] = []
    for word in typed:
        if is_chinese(word):
            _add_chinese(word, words, weights)
        else:
            _add_word(word, words, spellers, weights, corrections)
    for _, joined in adjacent([word for word in typed if not is_chinese(word)]):
        if joined.isalpha():
            _add_known(joined, JOINED, words, weights)
    shown = " ".join({c.typed: c.taken for c in corrections}.get(word, word) for word in typed)
    grams = dict.fromkeys(trigrams(shown), 1.0)
    known = any(_has(words, term) for term in weights if not is_number(term))
    numbers = tuple(word for word in typed if is_number(word))
    return Understanding(text, typed, tuple(corrections), weights, grams, numbers, known)


def _add_word(
    word: str,
    words: Sequence[Bm25],
    spellers: Sequence[Speller],
    weights: dict[str, float],
    corrections: list[Correction],
) -> None:
    """Add a word as typed; where nothing has it, its correction, or the two words it was written from."""
    (term,) = terms_of(word)
    weights[term] = 1.0
    if _has(words, term) or is_number(word):
        return
    halves = _split(word, words)
    best = max((found for speller in spellers if (found := speller.correct(word))), key=lambda f: f[1], default=None)
    if best is not None and (halves is None or len(word) < 7):
        corrections.append(Correction(word, best[0]))
        _add_known(best[0], CORRECTED, words, weights)
    elif halves is not None:
        for half in halves:
            _add_known(half, SPLIT, words, weights)


def _add_chinese(word: str, words: Sequence[Bm25], weights: dict[str, float]) -> None:
    pieces = terms_of(word)
    spelled = [piece for piece in pieces if not piece.startswith(PINYIN)]
    for piece, heard in zip(spelled, pieces[len(spelled) :], strict=True):
        weights[piece] = 1.0
        weights[heard] = SOUND if _has(words, piece) else 1.0


def _split(word: str, words: Sequence[Bm25]) -> tuple[str, str] | None:
    """The two known words that were written as one, the pair whose rarer half is commonest."""
    pairs = [(word[:at], word[at:]) for at in range(3, len(word) - 2)] if word.isalpha() else []
    rated = [(min(_frequency(words, left), _frequency(words, right)), (left, right)) for left, right in pairs]
    best = max(rated, default=(0, ("", "")))
    return best[1] if best[0] > 0 else None


def _add_known(word: str, weight: float, words: Sequence[Bm25], weights: dict[str, float]) -> None:
    for term in terms_of(word):
        if _has(words, term):
            weights[term] = max(weight, weights.get(term, 0.0))


def _has(words: Sequence[Bm25], term: str) -> bool:
    return any(term in index for index in words)


def _frequency(words: Sequence[Bm25], word: str) -> int:
    (term,) = terms_of(word)
    return sum(index.frequency(term) for index in words)
