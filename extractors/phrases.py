"""The phrases of a corpus and the company that each keeps: in which documents it stands, and between which words.

Distributional similarity (Harris 1954; context counts, tf-idf, truncated SVD: Deerwester et al. 1990). Knows texts;
does not know attributes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from extractors.types import Document, Floats
from extractors.units import is_han, units_of
from extractors.words import Word, words_of

Phrase = tuple[str, ...]
LONGEST = 3  # words in a phrase
FEWEST = 3  # documents that a phrase must stand in
READ = 400  # characters of a description that are read
WIDTH = 100  # numbers that describe a company
BREAK = "¶"  # stands between title and description
ENGLISH = "a an the of and or for with to in on at by from is are as it this that your you our not no"
CHINESE = "的和与及或在了是"
FUNCTION = frozenset((*ENGLISH.split(), *CHINESE))  # words that no value begins or ends with


@dataclass(frozen=True, slots=True)
class Corpus:
    """`phrases` in order, `stands` csr[documents, phrases] of ones, `counts` documents of each, `company` unit rows."""

    phrases: Sequence[Phrase]
    places: dict[Phrase, int]
    stands: sparse.csr_matrix
    counts: Floats
    company: Floats

    def of(self, document: int) -> np.ndarray:
        """The phrases that stand in a document."""
        found: np.ndarray = self.stands.indices[self.stands.indptr[document] : self.stands.indptr[document + 1]]
        return found


def read_phrases(documents: Sequence[Document], keep: Callable[[Phrase], bool] = lambda phrase: False) -> Corpus:
    """Count the phrases of all documents; those to `keep` may stand in fewer than `FEWEST`."""
    texts = [words_with_break(document) for document in documents]
    seen: Counter[Phrase] = Counter()
    for words in texts:
        seen.update({phrase for _, phrase in phrases_of(words)})
    phrases = sorted(phrase for phrase, count in seen.items() if count >= FEWEST or keep(phrase))
    places = {phrase: at for at, phrase in enumerate(phrases)}
    beside: Counter[tuple[int, str]] = Counter()
    rows: list[int] = []
    ends = [0]
    for words in texts:
        inside = set()
        for at, phrase in phrases_of(words):
            place = places.get(phrase)
            if place is not None:
                inside.add(place)
                beside[place, f"<{words[at - 1] if at else BREAK}"] += 1
                beside[place, f">{words[at + len(phrase)] if at + len(phrase) < len(words) else BREAK}"] += 1
        rows += sorted(inside)
        ends.append(len(rows))
    stands = sparse.csr_matrix((np.ones(len(rows), np.float32), rows, ends), shape=(len(texts), len(phrases)))
    counts = np.asarray(stands.sum(0), np.float32).ravel()
    return Corpus(phrases, places, stands, counts, _company(beside, len(phrases)))


def words_with_break(document: Document) -> list[str]:
    """The folded words of title and description."""
    return with_break(words_of(document.title), words_of(beginning(document.text)))


def with_break(title: Sequence[Word], text: Sequence[Word]) -> list[str]:
    """The folded words of a title and of the beginning of a description that were cut already."""
    return [*_folded(title), BREAK, *_folded(text)]


def beginning(text: str) -> str:
    """The part of a description that is read; it cuts no word."""
    if len(text) <= READ:
        return text
    return text[: max((unit.end for unit in units_of(text[: 2 * READ]) if unit.end <= READ), default=0)]


def phrases_of(words: Sequence[str]) -> Iterator[tuple[int, Phrase]]:
    """Every phrase that could be a value, with the place of its first word."""
    for length in range(1, LONGEST + 1):
        for at in range(len(words) - length + 1):
            phrase = tuple(words[at : at + length])
            if _could_be_value(phrase):
                yield at, phrase


def _folded(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]


def _could_be_value(phrase: Phrase) -> bool:
    if phrase[0] in FUNCTION or phrase[-1] in FUNCTION:
        return False
    if not all(word[0].isalnum() or word == "-" for word in phrase) or "-" in (phrase[0], phrase[-1]):
        return False
    letters = sum(character.isalpha() for word in phrase for character in word)
    return letters > 1 or (letters == 1 and is_han(phrase[0]))


def _company(beside: Counter[tuple[int, str]], count: int) -> Floats:
    from sklearn.decomposition import TruncatedSVD

    names: dict[str, int] = {}
    entries = [(phrase, names.setdefault(word, len(names)), np.sqrt(times)) for (phrase, word), times in beside.items()]
    if not entries:
        return np.zeros((count, 1), np.float32)
    rows, columns, values = zip(*entries, strict=True)
    table = sparse.csr_matrix((np.array(values, np.float32), (rows, columns)), shape=(count, len(names)))
    table = sparse.diags(1 / np.maximum(_lengths(table), 1e-9)) @ table
    spread = np.asarray((table > 0).sum(0)).ravel()
    table = table @ sparse.diags(np.log(count / np.maximum(1, spread)).astype(np.float32))
    if not table.count_nonzero():  # all stand between the same words
        return np.zeros((count, 1), np.float32)
    width = max(1, min(WIDTH, min(table.shape) - 1))
    found = TruncatedSVD(width, random_state=0).fit_transform(table)
    unit: Floats = (found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return unit


def _lengths(table: sparse.csr_matrix) -> Floats:
    squared: Floats = np.asarray(table.multiply(table).sum(1)).ravel()
    return np.sqrt(squared)
