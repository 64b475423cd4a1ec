"""Where a quote stands in a text: as it is written, else with other case, width or white space.

Knows characters and the borders of words; does not know who quotes. "red" does not stand in "covered".
"""

import unicodedata

from extractors.units import units_of


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Return the offsets in `text` of the first place where the quote stands between borders of words, or None."""
    quote = quote.strip()
    if not quote:
        return None
    units = units_of(text)
    starts, ends = {unit.start for unit in units}, {unit.end for unit in units}
    exact = [(at, at + len(quote)) for at in _places(quote, text)]
    for start, end in [*exact, *_folded_places(quote, text)]:
        if start in starts and end in ends:
            return start, end
    return None


def _folded_places(quote: str, text: str) -> list[tuple[int, int]]:
    (wanted, _), (folded, spans) = _fold(quote), _fold(text)
    found = [(spans[at][0], spans[at + len(wanted) - 1][1]) for at in _places(wanted, folded)]
    return [(start, end) for start, end in found if _fold(text[start:end])[0] == wanted]  # no part of "㎏"


def _places(wanted: str, text: str) -> list[int]:
    found, at = [], text.find(wanted)
    while at >= 0:
        found.append(at)
        at = text.find(wanted, at + 1)
    return found


def _fold(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text by NFKC and case, white space as one space, and for each character of it where it comes from."""
    folded: list[str] = []
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _belongs(text[end], text[start]):
            end += 1
        part = " " if text[start].isspace() else unicodedata.normalize("NFKC", text[start:end]).casefold()
        folded.append(part)
        spans += [(start, end)] * len(part)
        start = end
    return "".join(folded), spans


def _belongs(character: str, first: str) -> bool:
    """Whether a character is folded together with the one before it: an accent, or more white space."""
    return bool(unicodedata.combining(character)) or (first.isspace() and character.isspace())
