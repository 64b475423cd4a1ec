"""How e-mail addresses and telephone numbers look in a text, and in one that only cleaning makes plain.

Knows characters, and what cleaning does to them; does not know what is put in their place.
"""

import re
from collections import Counter
from collections.abc import Callable

import orjson

from graphsvc.warehouse.standardise import SUSPICIOUS, clean_text

# Chinese text runs on into an address without a space, so an address ends where another script begins; one whose name
# or host is itself written in Chinese is taken with all that touches it. A run of letters is tried from its beginning
# only, which keeps the search linear. The sign may be an entity or full width: cleaning will make it plain.
_HAN = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
_NAME = rf"[^\W{_HAN}]|[.+%-]"
AT = re.compile("[@＠]|&(?:#0*64|#[xX]0*40|commat);")
_AT_BEGINS = ("@", "＠", "&#", "&commat;")  # asked first, for nearly every text has none
_LABEL = rf"(?:[^\W{_HAN}]|-)+"
EMAIL = re.compile(
    rf"(?:(?<!{_NAME})(?:{_NAME})+|(?<![{_HAN}])[{_HAN}]+)(?:{AT.pattern})"
    rf"(?:{_LABEL}(?:\.{_LABEL})+|[\w-]+(?:\.[\w-]+)+)"
)
# Written as people write telephone numbers: international with +, a Chinese mobile, or groups with separators. Bounded
# by ASCII letters only: Chinese text runs on into a number without a space.
_NUMBER = (
    r"\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,4}\d{2,4}|1[3-9]\d{9}|1[3-9]\d[ -]\d{4}[ -]\d{4}"
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"
)
PHONE = re.compile(rf"(?<![A-Za-z0-9_.])(?:{_NUMBER})(?![A-Za-z0-9_])")
_DENSE = re.compile(r"[\d](?:[ .()-]{0,3}\d){4}")  # what every number has, and few texts: asked first
# For Arrow, whose expressions cannot look around: every text that may hold one as it stands, with digits of other
# scripts asked for apart, for they make an expression slow to compile; and every text that cleaning may change.
PLAIN = rf"{AT.pattern}|(?:^|[^A-Za-z0-9_.])(?:{_NUMBER})(?:$|[^A-Za-z0-9_])|[^\P{{Nd}}0-9]"
DISGUISED = rf"{SUSPICIOUS}|[\x{{1680}}\x{{2000}}-\x{{206F}}\x{{FE52}}-\x{{FE6B}}]|\\u"
# What cleaning leaves and a reader does not see: small signs, and characters without width.
_SIGNS = str.maketrans("﹒․﹢﹣﹙﹚﹫", "..+-()@", "\u00ad\u180e\u200c\u200d\u2061\u2062\u2063\u2064")
_ODD = re.compile(f"[{''.join(map(chr, _SIGNS))}]")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')  # of JSON
ROUNDS = 4  # of cleaning; a text that goes on to show more after them is replaced whole
Found = tuple[str, str]  # its kind, and how it is spelt
Word = Callable[[str, str], str]  # kind, found → what stands in its place


def find(text: str) -> list[Found]:
    """The addresses and numbers that stand in a text, each after its kind: email or phone."""
    found: list[Found] = []

    def note(kind: str, value: str) -> str:
        found.append((kind, value))
        return "[]"

    _in_place(text, note)
    return found


def holds_address(text: str) -> bool:
    """Whether a text holds an e-mail address, as it stands or once it is cleaned."""
    return any(kind == "email" for form in (str, _clean, _bare) for kind, _ in find(form(text)))


def replace(text: str, word: Word) -> str:
    """The text with `word(kind, found)` in the place of each address and number.

    A text that shows more of them when it is cleaned comes back clean. One of digits alone may be any code, and stays.
    In JSON each string is a text of its own.
    """  # fmt: skip
    if text.strip().isdigit():
        return text
    if text.lstrip()[:1] in ("[", "{") and _is_json(text):
        return _STRING.sub(lambda match: _replace_string(match[0], word), text)
    return _replace(text, word, ROUNDS)


def _replace(text: str, word: Word, rounds: int) -> str:
    here = find(text)
    clean = _clean(text)
    forms = {clean: _clean, _without_odd(clean): _bare}
    for shown, form in forms.items():
        if shown != text and _shows_more(text, here, shown, form):
            return _replace(shown, word, rounds - 1) if rounds else word("text", text)
    return _in_place(text, word) if here else text


def _shows_more(text: str, here: list[Found], shown: str, form: Callable[[str], str]) -> bool:
    """Whether a form of a text has what the text has not, or has it in another place."""
    there = find(shown)
    if not there:
        return False
    return bool(Counter(there) - Counter(here) or find(form(_in_place(text, lambda kind, found: "[]"))))


def _in_place(text: str, word: Word) -> str:
    if any(sign in text for sign in _AT_BEGINS) and AT.search(text):
        text = EMAIL.sub(lambda match: word("email", match[0]), text)
    return PHONE.sub(lambda match: word("phone", match[0]), text) if _DENSE.search(text) else text


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _replace_string(literal: str, word: Word) -> str:
    text = orjson.loads(literal)
    masked = replace(text, word)
    return literal if masked == text else orjson.dumps(masked).decode()


def _clean(text: str) -> str:
    return clean_text(text).text


def _bare(text: str) -> str:
    return _without_odd(_clean(text))


def _without_odd(text: str) -> str:
    return text.translate(_SIGNS) if _ODD.search(text) else text
