"""Chinese characters that sound alike, which is how they are mistyped. Knows characters and pypinyin's readings."""

from collections import defaultdict
from functools import cache

FIRST, LAST = 0xB0A1, 0xD7F9  # the 3,755 common characters of GB 2312


@cache
def homophones(character: str) -> str:
    """Other common characters of the same syllable and tone."""
    return _by_sound()[_sound(character)].replace(character, "")


@cache
def _by_sound() -> dict[str, str]:
    found: dict[str, str] = defaultdict(str)
    for place in range(FIRST, LAST + 1):
        character = place.to_bytes(2, "big").decode("gb2312", "ignore")
        if len(character) == 1 and not character.isascii():
            found[_sound(character)] += character
    return found


def _sound(character: str) -> str:
    from pypinyin import Style, lazy_pinyin

    return str(lazy_pinyin(character, Style.TONE3)[0])
