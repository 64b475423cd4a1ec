"""How the words that a text and a query share are said: as they stand there, corrected, by sound, or in part.

Chinese is matched by pairs of characters; pairs that follow each other in the query are said as one. Knows what matched
and its shares; does not know documents, and never says that a text has a word which it only resembles.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from embeddings.words import PINYIN, SYMBOLS, bigrams, is_chinese, terms_of
from graphsvc.search.understand import Understanding
from graphsvc.types import Reason

HAS, SOUNDS, TAKEN = "has", "sounds", "taken"  # how a text meets a typed word


@dataclass(slots=True)
class Wording:
    """What matched, by typed word (of Chinese: by pair): its share of the score and how it is met.

    `letters` are the shares of trigrams (of Chinese: single characters) by typed word, for words not met otherwise.
    """

    shares: dict[str, float] = field(default_factory=dict)
    met: dict[str, str] = field(default_factory=dict)
    letters: dict[str, dict[str, float]] = field(default_factory=dict)

    def reasons(self, understanding: Understanding) -> Iterator[Reason]:
        """One reason for each word, run of Chinese and resemblance."""
        taken = {correction.typed: correction.taken for correction in understanding.corrections}
        for word in understanding.words:
            if is_chinese(word):
                yield from self._runs(word)
        for word, share in self.shares.items():
            if is_chinese(word):
                continue
            if self.met[word] == HAS:
                yield Reason("word", f"has “{SYMBOLS.get(word, word)}”", share, word)
            else:
                instead = taken.get(word) or word.replace(" ", "")
                yield Reason("correction", f"“{word}” read as “{instead}”", share, word)
        for word, grams in self.letters.items():
            yield _resemblance(word, grams)

    def _runs(self, word: str) -> Iterator[Reason]:
        """The stretches of a Chinese word that a text has, or has by sound."""
        run, how, share = "", "", 0.0
        for piece in [*bigrams(word), ""]:
            met = self.met.get(piece, "")
            if run and met == how:
                run, share = run + piece[-1:], share + self.shares.pop(piece, 0.0)
                continue
            if run:
                yield _run(run, how, share)
            run, how, share = (piece, met, self.shares.pop(piece, 0.0)) if met else ("", "", 0.0)


def word_matches(understanding: Understanding, terms: Mapping[str, float], grams: Mapping[str, float]) -> Wording:
    """Gather the shares of matched index terms and trigrams under the words as typed."""
    found = Wording()
    for term, share in terms.items():
        word = understanding.origins[term]
        found.shares[word] = found.shares.get(word, 0.0) + share
        how = TAKEN if term not in terms_of(word) else SOUNDS if term.startswith(PINYIN) else HAS
        if found.met.get(word) != HAS:
            found.met[word] = how
    for gram, share in grams.items():
        word = understanding.spelled[gram]
        owner = next((met for met in found.shares if gram in met), None) if is_chinese(gram) else word
        if owner in found.shares:
            found.shares[owner] += share
        else:
            found.letters.setdefault(word, {})[gram] = share
    return found


def _run(run: str, how: str, share: float) -> Reason:
    return Reason("word", f"has “{run}”" if how == HAS else f"has what sounds like “{run}”", share, run)


def _resemblance(word: str, grams: Mapping[str, float]) -> Reason:
    share = sum(grams.values())
    if is_chinese(word):
        characters = "”, “".join(character for character in dict.fromkeys(word) if character in grams)
        return Reason("word", f"has “{characters}”" + (f" of “{word}”" if characters != word else ""), share, word)
    return Reason("word", f"has parts of “{SYMBOLS.get(word, word)}”", share, word)
