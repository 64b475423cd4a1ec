"""Running text to index terms, English and Chinese: folding, units, stems, bigrams, pinyin.

Knows how words are written; does not know any catalogue. A term of Chinese is a bigram of characters, with a second
term of its pinyin (marked by "~"), so that a homophone typo still meets its word.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files

import Stemmer

# Pairs of characters are heard, so that the readings of whole phrases, 44 MB in every process, would rarely matter.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "1")
from pypinyin import lazy_pinyin

PINYIN = "~"  # marks a term as a sound and not a spelling
HAN = "㐀-鿿"
TOKEN = re.compile(rf"[{HAN}]+|\d+/\d+|\d*\.\d+|\d+|[^\W\d_{HAN}]+")
NUMBER = re.compile(r"\d*\.?\d+|\d+/\d+")
NOT_HAN = re.compile(rf"[^{HAN}]")

UNITS: dict[str, str] = {
    written: unit
    for unit, forms in {
        "inch": "in inch inches",
        "foot": "ft foot feet",
        "yard": "yd yard yards",
        "pound": "lb lbs pound pounds",
        "ounce": "oz ounce ounces",
        "gallon": "gal gallon gallons",
        "quart": "qt quart quarts",
        "pint": "pt pint pints",
        "square": "sq square",
        "cubic": "cu cubic",
        "volt": "v volt volts",
        "watt": "w watt watts",
        "amp": "a amp amps ampere",
        "count": "ct count",
        "pack": "pk pack packs",
        "piece": "pc pcs piece pieces",
        "liter": "l lt ltr liter litre liters litres",
        "milliliter": "ml milliliter",
        "gram": "g gm gr gram grams",
        "kilogram": "kg kgs kilo kilogram",
        "meter": "m meter metre meters metres",
        "centimeter": "cm centimeter",
        "millimeter": "mm millimeter",
        "gigabyte": "gb gigabyte",
        "terabyte": "tb terabyte",
    }.items()
    for written in forms.split()
}
SYMBOLS = {unit: written for written, unit in reversed(UNITS.items())}  # the first way of writing each
SHORT_UNITS = {unit for unit in UNITS if len(unit) <= 2}  # read as units only after a number: "a", "in", "l"

# Applied to the folded text, so that fractions, feet and inches keep their meaning when punctuation goes. Each with the
# characters of which one must stand in the text: most texts have none, and a search for a character is cheap.
REWRITES: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("'\"”″", re.compile(r"(?<=\d)\s*(?:''|\"|”|″)"), " inch "),
    ("'’′", re.compile(r"(?<=\d)\s*['’′](?![a-z])"), " foot "),
    (",", re.compile(r"(?<=\d),(?=\d{3}\b)"), ""),
    ("'’", re.compile(r"['’]s\b"), "s"),
    ("'’", re.compile(r"(?<=[a-z])['’](?=[a-z])"), ""),
    ("升", re.compile(r"(?<=\d)\s*毫升"), " ml "),
    ("升", re.compile(r"(?<=\d)\s*升"), " l "),
    ("克", re.compile(r"(?<=\d)\s*(?:千克|公斤)"), " kg "),
    ("克", re.compile(r"(?<=\d)\s*克"), " g "),
    ("斤", re.compile(r"(?<=\d)\s*公斤"), " kg "),
)
# Words that say nothing of the thing: a query of these alone is not "known".
FUNCTION_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "for",
        "with",
        "and",
        "or",
        "in",
        "on",
        "at",
        "to",
        "by",
        "from",
        "is",
        "are",
        "my",
        "your",
    ]
    + ["的", "了", "和", "与", "或", "在"]
)
SINGLE = re.compile(f"([{HAN}])\t([{HAN}])(?: .*)?")  # a line of OpenCC's table: a character, and what it becomes
_STEMMER = Stemmer.Stemmer("english", 100_000)


def _simplified() -> dict[int, str]:
    """Traditional characters to simplified ones, one by one."""
    table = (files("opencc") / "dictionary" / "TSCharacters.txt").read_text("utf-8")
    return {ord(found[1]): found[2] for line in table.splitlines() if (found := SINGLE.fullmatch(line))}


_SIMPLE = _simplified()


def fold(text: str) -> str:
    """Fold width, case, accents and traditional characters, and write feet, inches and thousands out."""
    folded = unicodedata.normalize("NFKC", text).lower()
    if not folded.isascii():
        folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
        folded = folded.translate(_SIMPLE)
    for signs, pattern, replacement in REWRITES:
        if any(sign in folded for sign in signs):
            folded = pattern.sub(replacement, folded)
    return folded


def tokens(text: str) -> list[str]:
    """Folded words in their order: letters, numbers and fractions, runs of Chinese. Units are written out."""
    found: list[str] = []
    for token in TOKEN.findall(fold(text)):
        after_number = bool(found) and is_number(found[-1])
        if token in UNITS and (after_number or token not in SHORT_UNITS):
            found.append(UNITS[token])
        else:
            found.append(_plain_number(token) if token[0] in ".0123456789" else token)
    return found


def terms(text: str) -> list[str]:
    """Index terms of a text: stems, numbers, bigrams of Chinese with their sounds."""
    return terms_of_all(tokens(text))


def terms_of_all(words: Iterable[str]) -> list[str]:
    """Index terms of tokens, in their order."""
    return [term for token in words for term in terms_of(token)]


@lru_cache(200_000)
def terms_of(token: str) -> tuple[str, ...]:
    """Index terms of one token."""
    if is_chinese(token):
        pieces = bigrams(token)
        return (*pieces, *(PINYIN + sound(piece) for piece in pieces))
    return (_STEMMER.stemWord(token),)


def bigrams(run: str) -> list[str]:
    """Overlapping pairs of characters; a single character stays alone."""
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


@lru_cache(100_000)
def sound(piece: str) -> str:
    """Pinyin without tones, character by character."""
    return "".join(lazy_pinyin(piece))


def is_chinese(token: str) -> bool:
    """Whether a token is a run of Chinese characters."""
    return not NOT_HAN.match(token)


def is_number(token: str) -> bool:
    """Whether a token is a number or a fraction."""
    return NUMBER.fullmatch(token) is not None


def trigrams(words: Iterable[str]) -> list[str]:
    """Character trigrams of each token with its edges marked; single characters of Chinese."""
    return [gram for token in words for gram in trigrams_of(token)]


@lru_cache(200_000)
def trigrams_of(token: str) -> tuple[str, ...]:
    """Character trigrams of one token."""
    if is_chinese(token):
        return tuple(token)
    padded = f"^{token}$"
    return tuple(padded[at : at + 3] for at in range(len(padded) - 2))


def adjacent(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each pair of neighbouring words."""
    return zip(words, words[1:], strict=False)


def _plain_number(token: str) -> str:
    """ ".50" and "0.5" are one number, "1.0" is 1."""
    if "/" in token:
        return token
    if "." in token:
        return f"{float(token):g}"
    return token.lstrip("0") or "0"
