"""The relations that English titles and descriptions say of a product, by the words that lead to them.

Knows leading words; where a tail ends and what it names is told by `english_tails`.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from extractors.english_makers import read_collection, read_line, read_maker, read_material
from extractors.english_tails import (
    Tail,
    head_before,
    is_kind,
    is_measure,
    is_model,
    is_named,
    is_plural,
    read_tail,
    split_tail,
)
from extractors.relation_words import Found, found, relation_words
from extractors.shop_names import Names, singular

Place = tuple[int, int]
_WITH = r"(?: use (?:with|in|on|at))?"
_LEADS = re.compile(
    r"\b(?:"
    rf"(?P<explicit>(?:backwards? )?compatible (?:with|to)|works? with|for use (?:with|in|on)|designed for{_WITH})"
    r"|(?P<fits>fits|to fit)"
    rf"|(?P<ideal>(?:ideal|perfect|suitable|recommended|great|safe|best)(?: choice| gifts?)? for{_WITH})"
    r"|(?P<replaces>replaces(?: (?:oem|part|model|numbers?|nos?\.?|p/n|#))*"
    r"|(?:replacement|substitute) for|equivalent (?:to|of)|supersedes|successor (?:to|of)|alternative to)"
    r"|(?P<for>for)"
    r"|(?P<of>(?:part of|from) the)"
    r"|(?P<made>(?:made|constructed|crafted|built|woven|handcrafted)(?: entirely)? (?:of|from|with|out of)|100 ?% ?)"
    r"|(?P<by>(?:(?:made|manufactured|produced) )?by))(?=[\s#]|(?<=%))"
    r"|\b(?P<ages>(?:ages?|aged) (?:\d+ ?(?:-|–|to) ?\d+|\d+ ?\+|\d+ (?:and|&) (?:up|over|older|above))"
    r"(?: (?:years?|yrs?|months?))?)"
    r"|\b(?P<line>collection|series)\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|n't|never|nor|without|isn't|aren't|unsuitable|in)\W*$", re.IGNORECASE)


def find_english(text: str, names: Names) -> Iterator[Found]:
    """Every relation of a text, from left to right."""
    for match in _LEADS.finditer(text):
        kind = match.lastgroup or ""
        if kind != "line" and _NOT.search(text, max(0, match.start() - 14), match.start()):
            continue
        yield from _READ[kind](text, match, names)


def _explicit(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    head = head_before(text, match.start())
    for tail in _tails(text, match.end(), names):
        if is_named(tail.words, names):
            yield found("compatible_with", head, tail.place, 0.9)
        elif _is_suit(tail):
            yield found("suits", head, tail.place, 0.85)
        elif is_kind(tail.words, names):
            belongs = head is not None and _is_accessory(text, head)
            yield found("accessory_of" if belongs else "compatible_with", head, tail.place, 0.85)


def _fits(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    for tail in _tails(text, match.end(), names):
        if is_named(tail.words, names):
            yield found("compatible_with", head_before(text, match.start()), tail.place, 0.85)


def _ideal(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    head = head_before(text, match.start())
    for tail in _tails(text, match.end(), names):
        if is_named(tail.words, names):
            yield found("compatible_with", head, tail.place, 0.85)
        elif _is_suit(tail) or (tail.closed and len(tail.words) <= 5 and not _has_digit(tail)):
            yield found("suits", head, tail.place, 0.85)


def _for(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    head = head_before(text, match.start())
    for tail in _tails(text, match.end(), names):
        if is_named(tail.words, names):
            yield found("compatible_with", head, tail.place, 0.9)
        elif _is_suit(tail):
            yield found("suits", head, tail.place, 0.85)
        elif head is not None and _is_accessory(text, head) and is_kind(tail.words, names):
            yield found("accessory_of", head, tail.place, 0.85)


def _replaces(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    for tail in _tails(text, match.end(), names):
        if len(tail.words) <= 4 and any(is_model(word.text) for word in tail.words):
            yield found("replaces", head_before(text, match.start()), tail.place, 0.9)


def _ages(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    yield found("suits", None, match.span(), 0.9)


_READ: Mapping[str, Callable[[str, re.Match[str], Names], Iterator[Found]]] = {
    "explicit": _explicit, "fits": _fits, "ideal": _ideal, "for": _for, "replaces": _replaces, "of": read_collection,
    "line": read_line, "made": read_material, "by": read_maker, "ages": _ages,
}  # fmt: skip


def _tails(text: str, start: int, names: Names) -> list[Tail]:
    """The tail at `start`; what "and" joins comes apart where all of it is named, or all of it is a kind of product."""
    tail = read_tail(text, start)
    if tail is None:
        return []
    parts = split_tail(tail)
    apart = len(parts) > 1 and any(
        all(judge(part) for part in parts)
        for judge in (
            lambda part: is_named(part.words, names),
            lambda part: is_plural(part.words) and is_kind(part.words, names),
            _is_suit,
        )
    )
    return parts if apart else [tail]


def _is_suit(tail: Tail) -> bool:
    """Whether a tail ends in a person, an occasion or a part of the body."""
    lists = relation_words("english")
    last = singular(tail.words[-1].text)
    said = (last, tail.words[-1].text)
    if len(tail.words) > 4 or is_measure(tail.words[0].text):
        return False
    if any(singular(word.text) in lists["accessories"] for word in tail.words[:-1]):
        return False
    return any(word in lists["persons"] or word in lists["occasions"] for word in said)


def _is_accessory(text: str, head: Place) -> bool:
    """Whether a head is a thing that belongs to another, and not what the product comes with."""
    if re.search(r"\bwith\b[^,;(-]*$", text[: head[0]], re.IGNORECASE):
        return False
    return singular(text[slice(*head)].casefold()) in relation_words("english")["accessories"]


def _has_digit(tail: Tail) -> bool:
    return any(sign.isdigit() for word in tail.words for sign in word.text)
