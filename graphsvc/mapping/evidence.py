"""What the values of a column look like: numbers, times, codes, addresses, paths. Evidence for or against a guess.

Knows notations through the warehouse's own readers; does not know names of columns.
"""

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from graphsvc.warehouse.fields import EVENT_KINDS, EVENT_WORDS, STATUS_WORDS
from graphsvc.warehouse.standardise import check_gtin, parse_currency, parse_money, parse_number, parse_time

URL = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
PICTURE = re.compile(r"\S+\.(?:jpe?g|png|webp|gif|avif|bmp)(?:\?\S*)?(?: \| .*)?", re.IGNORECASE)
MARKED = re.compile(r"[$€£¥￥₹₩]|元|\b(?:USD|EUR|GBP|CNY|RMB)\b", re.IGNORECASE)
JUDGED = 300  # values
MOST = 0.8  # of the values must agree


class Values:
    """The filled values of one column of a sample."""

    def __init__(self, cells: Sequence[str | None]) -> None:
        filled = [cell.strip() for cell in cells if cell and cell.strip()]
        self.filled = len(filled) / len(cells) if cells else 0.0
        self.given = filled
        self.judged = filled[:JUDGED]

    def share(self, test: Callable[[str], object]) -> float:
        """The share of the values that pass a test: it gives neither None nor False (0 is a number)."""
        found = map(test, self.judged)
        passed = sum(1 for one in found if one is not None and one is not False)
        return passed / len(self.judged) if self.judged else 0.0

    @cached_property
    def distinct(self) -> float:
        """How many of the values are different ones, from 0 to 1."""
        return len(set(self.given)) / len(self.given) if self.given else 0.0

    @cached_property
    def numbers(self) -> float:
        """The share that are plain numbers."""
        return self.share(lambda value: parse_number(value) is not None)

    @cached_property
    def length(self) -> float:
        """Characters in the mean."""
        return sum(map(len, self.judged)) / len(self.judged) if self.judged else 0.0

    @cached_property
    def words(self) -> float:
        """The share that have letters of any script."""
        return self.share(lambda value: any(map(str.isalpha, value)))


def fit(kind: str, field: str, values: Values) -> float:
    """How well values suit a field, from 0 (they cannot be it) to 1; .7 where they say nothing."""
    if not values.judged:
        return 0.5
    test = FIELDS.get(field) or KINDS.get(kind)
    return test(values) if test else 0.7


def _mostly(test: Callable[[str], object], no: float = 0.2) -> Callable[[Values], float]:
    return lambda values: 1.0 if values.share(test) >= MOST else no


def _key(values: Values) -> float:
    return 1.0 if values.distinct > 0.98 else 0.8 if values.distinct > 0.9 else 0.5


def _title(values: Values) -> float:
    if values.numbers > 0.5 or values.share(URL.fullmatch) > 0.5:
        return 0.3
    return 1.0 if values.words > MOST else 0.6


def _gtin(values: Values) -> float:
    return 1.0 if values.share(check_gtin) >= 0.5 else 0.3


def _text(values: Values) -> float:
    return 0.3 if values.share(URL.fullmatch) > 0.5 else 0.7 if values.words > 0.5 else 0.6


def _category(values: Values) -> float:
    if values.share(URL.fullmatch) > 0.5 or values.length > 200:
        return 0.2
    return 1.0 if values.words > MOST else 0.5


_structure = _mostly(lambda value: value[0] in "[{", 0.0)
KINDS: dict[str, Callable[[Values], float]] = {
    "money": _mostly(parse_money),
    "number": _mostly(parse_number),
    "integer": _mostly(parse_number),
    "time": _mostly(parse_time),
    "currency": _mostly(parse_currency),
    "gtin": _gtin,
    "json": _structure,
    "path": _category,
    "event": _mostly(lambda value: value.lower() in EVENT_WORDS or value.lower() in EVENT_KINDS),
    "status": _mostly(lambda value: value.lower() in STATUS_WORDS, 0.0),
    "text": _text,
}
FIELDS: dict[str, Callable[[Values], float]] = {
    "key": _key,
    "title": _title,
    "url": _mostly(URL.fullmatch, 0.3),
    "image": _mostly(lambda value: PICTURE.fullmatch(value) or URL.match(value), 0.3),
    "attributes": _structure,
}


def code(values: Values) -> bool:
    """Whether every value is another short word without spaces, as ids are."""
    return values.distinct > 0.98 and values.length < 40 and values.share(lambda value: " " not in value) > 0.98


def priced(values: Values) -> bool:
    """Whether values are amounts with a currency's mark."""
    return values.share(lambda value: MARKED.search(value) and parse_money(value)) >= MOST


def heard(values: Values, words: set[str]) -> bool:
    """Whether half of the values are among these words."""
    return values.share(lambda value: value.casefold() in words) >= 0.5
