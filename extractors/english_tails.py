"""Where the name after "for", "compatible with" or "ideal for" ends, and what kind of thing it names.

A tail ends at a comma, bracket, dash or full stop, at a word of function or a verb, and after `LONGEST` words there is
none. Articles before it, and colours and "original" after it, are no part of it. Knows words; knows no relation.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.relation_words import relation_words
from extractors.shop_names import Names, singular
from extractors.words import Word

LONGEST = 8
_WORD = re.compile(r"\s*([^\s,;()\[\]{}|•!?<>*…“”。，、；：！？（）【】]+)")
_DASHES = frozenset("-–—/:~·+")
_ABBREVIATED = re.compile(r"(?:in|ft|gal|oz|lb|lbs|sq|cu|no|vac|dia|qt|st|mr|dr|[^\W\d_])\.", re.IGNORECASE)
_MODEL = re.compile(r"(?=[\w./-]*\d)(?=[\w./-]*[a-z])[a-z0-9][\w./-]{2,}", re.IGNORECASE)
_MEASURE = re.compile(
    r"[\d./x×-]+(?:-?(?:mm|cm|m|in|inch|inches|ft|feet|foot|w|watt|watts|v|volt|volts|amp|amps|a|gal|gallon|qt|quart|oz|lb|"
    r"lbs|kg|g|ml|l|gb|tb|mb|mah|ah|hz|khz|mhz|ghz|hp|cc|btu|psi|rpm|u|k|ct|pk|pack|piece|pcs|pc|ton|way|port|bit|pin|"
    r"speed|st|nd|rd|th|p|d|hole|gang|light|drawer|bottle|cup|cups|person|year|years|yr|month|months|ply|gauge|ga|"
    r"conductor|awg|up|degree|va|kva|lm|mp|x|tier|shelf|slot|bay|outlet|wide|in1|in-1|stage|burner|handle|door|panel|mil|"
    r"seat|car|strand|space|circuit|pole|post|hour|day|week|key|wire|core|led))?[\"'”.]*",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?=.*[a-z])(?=.*\d\d)[a-z0-9-]{5,}")
WORD_BEFORE = re.compile(r"([^\W\d_][\w'’-]*)[\s™®]*(?:\([^()]*\)\s*)?$")
_JOIN = frozenset(("and", "or", "&"))


@dataclass(frozen=True, slots=True)
class Tail:
    """The words of a name. `closed` says that a sign or the end of the text follows it, and no word."""

    words: tuple[Word, ...]
    closed: bool

    @property
    def place(self) -> tuple[int, int]:
        """Its first and last character."""
        return self.words[0].start, self.words[-1].end


def read_tail(text: str, start: int) -> Tail | None:
    """The name that begins at `start`."""
    lists = relation_words("english")
    words: list[Word] = []
    at, closed = start, True
    while match := _WORD.match(text, at):
        word = _word(match)
        if not word.text or word.text in _DASHES:
            break
        if word.text in lists["stops"] or len(words) == LONGEST + 2:
            closed = False
            break
        words.append(word)
        at = match.end()
        if word.end < match.end():
            break
    return _trimmed(words, closed)


def split_tail(tail: Tail) -> list[Tail]:
    """What "and", "or", "&" joins in a tail, each a tail of its own."""
    parts: list[list[Word]] = [[]]
    for word in tail.words:
        if word.text in _JOIN:
            parts.append([])
        else:
            parts[-1].append(word)
    return [Tail(tuple(part), tail.closed) for part in parts if part]


def head_before(text: str, end: int) -> tuple[int, int] | None:
    """The noun before a leading word; "designed", "replacement" and the like name nothing."""
    before = WORD_BEFORE.search(text, max(0, end - 40), end)
    if before is None or before[1].casefold() in relation_words("english")["stops"]:
        return None
    return before.span(1)


def is_named(words: Sequence[Word], names: Names) -> bool:
    """Whether a tail names a model, a line of models or a brand."""
    lists = relation_words("english")
    if singular(words[0].text) in lists["persons"]:
        return False
    told = [word.text.rstrip("s™®") for word in words]
    if any(word in lists["devices"] for word in told) or any(is_model(word.text) for word in words):
        return True
    joined = " ".join(word.text.strip("™®") for word in words)
    if joined in names.models:
        return True
    if words[0].text in lists["technologies"]:
        return False
    begins = [joined[: at if at >= 0 else None] for at in _spaces(joined)]
    if any(begin in names.brands or begin in lists["brands"] for begin in begins):
        return True
    return len(words) > 1 and bool(re.fullmatch(r"\d{3,5}", words[0].text)) and words[1].text == "series"


def is_kind(words: Sequence[Word], names: Names) -> bool:
    """Whether a tail ends in the name of a kind of product."""
    lists = relation_words("english")
    last = singular(words[-1].text.rpartition("/")[2])
    return last not in lists["generic"] | lists["materials"] and (last in lists["kinds"] or last in names.kinds)


def is_plural(words: Sequence[Word]) -> bool:
    """Whether a tail ends in a plural."""
    return words[-1].text != singular(words[-1].text)


def is_model(text: str) -> bool:
    """Whether a word is a model's number: letters and digits that are no measure and no technology."""
    text = text.strip("™®*")
    parts = text.split("-")
    return (
        _MODEL.fullmatch(text) is not None
        and not (is_measure(text) or all(map(is_measure, parts)))
        and not any(part in relation_words("english")["technologies"] for part in (text, *text.split("/")))
        and not (len(parts) > 1 and not re.search(r"\d{2}", text) and re.search(r"[a-z]{4}", text))
    )


def is_measure(word: str) -> bool:
    """Whether a word is a number, with or without a unit."""
    return _MEASURE.fullmatch(word) is not None


def _spaces(joined: str) -> list[int]:
    found = [at for at, sign in enumerate(joined) if sign == " "][:4]
    return [*found, -1]


def _word(match: re.Match[str]) -> Word:
    """A word without the signs at its end; "in." keeps its point."""
    text = match[1]
    kept = text if _ABBREVIATED.fullmatch(text) else text.rstrip(".:/\"'-–—")
    if re.fullmatch(r"[\d./-]+[\"']", text):
        kept = text  # inches
    return Word(kept.casefold(), match.start(1), match.start(1) + len(kept))


def _trimmed(words: list[Word], closed: bool) -> Tail | None:
    lists = relation_words("english")
    while words and (words[0].text in lists["determiners"] or not words[0].text[0].isalnum()):
        words = words[1:]
    while words and (words[-1].text in lists["trailing"] or words[-1].text in _JOIN or _is_own_code(words)):
        words, closed = words[:-1], True
    return Tail(tuple(words), closed) if 0 < len(words) <= LONGEST else None


def _is_own_code(words: Sequence[Word]) -> bool:
    """Whether the last word is the product's own number, put after its name: "for 16 inch laptops TSM103US"."""
    if len(words) < 2 or not _CODE.fullmatch(words[-1].text):
        return False
    lists = relation_words("english")
    before = words[-2].text
    return before in lists["apple"] | lists["trailing"] or singular(before) in lists["kinds"]
