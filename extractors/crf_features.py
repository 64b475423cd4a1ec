"""What a conditional random field sees of each unit: itself, its neighbours, its word and that word's class, its shape.

Knows units and segmented Chinese words with their parts of speech; does not know labels. Features that name the unit or
its word outright can be left out (`forget`): a model that may not know a value by heart must learn its surroundings.
"""

import unicodedata
from collections.abc import Collection, Sequence
from functools import partial

import rjieba

from extractors.units import Unit, encodable, is_han

EDGE = "<>"
_SINGLE, _FIRST, _LAST, _MIDDLE = "S", "B", "E", "M"


class Sentence:
    """One text's units, folded, with the word that each stands in, its place in it and the word's part of speech.

    The dictionary that cuts Chinese also tells names of people and places from other words; with few lessons that is
    most of what there is to know of a word that none of them had.
    """

    def __init__(self, text: str, units: Sequence[Unit], context: str = "") -> None:
        self.units = units
        self.context = encodable(context)
        self.folded = [fold(unit.text) for unit in units]
        self.shapes = [shape(unit.text) for unit in units]
        self.words: list[str] = [""] * len(units)
        self.places: list[str] = [_SINGLE] * len(units)
        self.parts_of_speech: list[str] = [""] * len(units)
        self._segment(text)

    def _segment(self, text: str) -> None:
        starts = {unit.start: at for at, unit in enumerate(self.units)}
        begin = 0
        for word, part_of_speech in rjieba.tag(encodable(text), True):
            inside = [starts[place] for place in range(begin, begin + len(word)) if place in starts]
            begin += len(word)
            for at in inside:
                self.words[at] = fold(word)
                self.parts_of_speech[at] = part_of_speech
                self.places[at] = _MIDDLE
            if inside:
                self.places[inside[0]], self.places[inside[-1]] = _FIRST, _LAST
            if len(inside) == 1:
                self.places[inside[0]] = _SINGLE

    def word_borders(self, at: int) -> tuple[int, int]:
        """First and last unit of the word that a unit stands in."""
        first = last = at
        while first > 0 and self.places[first] in (_MIDDLE, _LAST):
            first -= 1
        while last < len(self.units) - 1 and self.places[last] in (_FIRST, _MIDDLE):
            last += 1
        return first, last

    def features(self, forget: Collection[int] = ()) -> list[list[str]]:
        """The features of each unit; of those in `forget` none that names the unit or its word."""
        return [
            self._context(at, forget) + ([] if at in forget else self._identity(at)) for at in range(len(self.units))
        ]

    def _context(self, at: int, forget: Collection[int]) -> list[str]:
        say = partial(_at, self.folded, forget=forget)
        look, word, place = (
            partial(_at, self.shapes),
            partial(_at, self.words, forget=forget),
            partial(_at, self.places),
        )
        first, last = self.word_borders(at)
        before, after = say(at - 1), say(at + 1)
        part_of_speech = partial(_at, self.parts_of_speech)
        return [
            f"-1={before}", f"+1={after}", f"-2={say(at - 2)}", f"+2={say(at + 2)}",
            f"-2-1={say(at - 2)}|{before}", f"+1+2={after}|{say(at + 2)}", f"-1+1={before}|{after}",
            f"s={look(at)}", f"s-1={look(at - 1)}", f"s+1={look(at + 1)}", f"s3={look(at - 1)}{look(at)}{look(at + 1)}",
            f"j={self.units[at].joined}", f"p={place(at)}", f"p3={place(at)}{place(at - 1)}{place(at + 1)}",
            f"w-1={word(first - 1)}", f"w+1={word(last + 1)}", f"wl={last - first}", *self._in_context(""),
            f"t={part_of_speech(at)}{place(at)}", f"t-1={part_of_speech(first - 1)}", f"t+1={part_of_speech(last + 1)}",
        ]  # fmt: skip

    def _identity(self, at: int) -> list[str]:
        unit, word = self.folded[at], self.words[at]
        first, last = self.word_borders(at)
        found = [
            f"0={unit}", f"w={word}", f"-10={_at(self.folded, at - 1)}|{unit}", f"01={unit}|{_at(self.folded, at + 1)}",
            f"w-10={_at(self.words, first - 1)}|{word}", f"w01={word}|{_at(self.words, last + 1)}",
            *self._in_context(word),
        ]  # fmt: skip
        if is_han(self.units[at].text):
            return [*found, f"wb={self.folded[first]}", f"we={self.folded[last]}"]
        return [*found, f"x={unit[-3:]}", f"x2={unit[-2:]}", f"y={unit[:3]}"] if len(unit) > 2 else found

    def _in_context(self, word: str) -> list[str]:
        return [f"c={self.context}|{word}"] if self.context else []


def fold(text: str) -> str:
    """One form for all widths and cases."""
    return unicodedata.normalize("NFKC", text).casefold()


def shape(unit: str) -> str:
    """What a unit looks like: "H" Chinese, "D4" a number of four digits, "T3" a capitalised word of three letters."""
    if is_han(unit):
        return "H"
    length = min(len(unit), 4)
    if unit[0].isdigit():
        return f"D{length}{'.' if '.' in unit else ''}"
    if unit.isalpha():
        return f"{'U' if unit.isupper() else 'T' if unit[0].isupper() else 'l'}{length}"
    return unit


def _at(values: Sequence[str], at: int, forget: Collection[int] = ()) -> str:
    if not 0 <= at < len(values):
        return EDGE
    return "?" if at in forget else values[at]
