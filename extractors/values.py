"""Values of attributes as phrases: lists taken apart, spellings that mean the same, the shop's own words for them.

Knows how values are written; does not know which attribute they belong to.
"""

import re
from collections.abc import Callable, Collection, Iterator

from extractors.phrases import LONGEST, Phrase
from extractors.words import words_of

_LIST = re.compile(r"[,;/、，；|]")
_SPELLED = {"gray": "grey", "color": "colour", "colored": "coloured", "aluminum": "aluminium", "fiber": "fibre"}
_SIGNS = re.compile(r"[\W_]")
Canonical = Callable[[Phrase], Phrase]  # the shop's own word for a phrase, such as "red" for "maroon" and "红色"


def phrases_in(value: str, longest: int = LONGEST) -> Iterator[Phrase]:
    """The phrases that a field's value lists ("Black, Silver"), of so many words at most: sentences are left out."""
    for part in _LIST.split(value):
        phrase = tuple(word.text for word in words_of(part))
        if 0 < len(phrase) <= longest and any(word.isalpha() for word in phrase):
            yield phrase


def plain(phrase: Phrase) -> str:
    """One form for spellings that mean the same: no signs, no spaces, British ("RJ-45" → "rj45", "gray" → "grey")."""
    return _SIGNS.sub("", "".join(_SPELLED.get(word, word) for word in phrase))


def is_same(found: Phrase, held: Phrase) -> bool:
    """Whether a phrase is a value or a fragment of it: "navy" of "navy blue", "rj45" of "RJ-45"."""
    if plain(found) == plain(held):
        return True
    return {_SPELLED.get(word, word) for word in found} <= {_SPELLED.get(word, word) for word in held}


def is_held(phrase: Phrase, held: Collection[Phrase], canonical: Canonical) -> bool:
    """Whether a phrase, or the shop's own word for it, is one of the values that a field holds."""
    return any(is_same(one, other) for one in (phrase, canonical(phrase)) for other in held)
