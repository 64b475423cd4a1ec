"""The units that a tagger labels: a Chinese character, a run of letters, a number, any other single character.

Knows scripts; does not know labels or models. Offsets are characters of the original text.
"""

import re
from dataclasses import dataclass

HAN = "㐀-鿿豈-﫿"
_LETTER = rf"[^\W\d_{HAN}]"
_UNIT = re.compile(rf"[{HAN}]|{_LETTER}+(?:['’]{_LETTER}+)*|\d++(?:\.\d++(?!\.?\d))?|[^\s]")
_HAN = re.compile(f"[{HAN}]")
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Unit:
    """`text` is what stands from `start` to `end`; `joined` says that no space stands before it."""

    text: str
    start: int
    end: int
    joined: bool


def units_of(text: str) -> list[Unit]:
    """Cut a text into units; white space belongs to none."""
    text = encodable(text)
    found: list[Unit] = []
    last = -1
    for match in _UNIT.finditer(text):
        found.append(Unit(match.group(), match.start(), match.end(), match.start() == last))
        last = match.end()
    return found


def encodable(text: str) -> str:
    """The text with a replacement character for each half of a surrogate pair, which no library takes; as long."""
    return _HALF.sub("\ufffd", text)


def is_han(unit: str) -> bool:
    """Whether a unit is a Chinese character."""
    return len(unit) == 1 and _HAN.match(unit) is not None
