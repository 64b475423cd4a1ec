"""Words of a text, folded, with their offsets: runs of letters, numbers, signs, and Chinese words by a dictionary.

Knows scripts; does not know labels.
"""

from dataclasses import dataclass

import rjieba

from extractors.crf_features import fold
from extractors.units import is_han, units_of


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word and where it stands."""

    text: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """Cut a text into words; white space belongs to none."""
    found: list[Word] = []
    units = units_of(text)
    at = 0
    while at < len(units):
        last = at
        while is_han(units[at].text) and last + 1 < len(units) and is_han(units[last + 1].text):
            if not units[last + 1].joined:
                break
            last += 1
        if is_han(units[at].text):
            found += _chinese(text[units[at].start : units[last].end], units[at].start)
        else:
            found.append(Word(fold(units[at].text), units[at].start, units[at].end))
        at = last + 1
    return found


def _chinese(run: str, start: int) -> list[Word]:
    found = []
    for word in rjieba.cut(run, True):
        found.append(Word(fold(word), start, start + len(word)))
        start += len(word)
    return found
