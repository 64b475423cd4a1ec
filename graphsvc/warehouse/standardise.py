"""One written form for what shops write in many: numbers, money, times, GTINs, colours, sizes, text.

Every function takes one value and is meant for distinct values; the many are left to Arrow (`clean.py`). Knows
notations; does not know tables.
"""

import html
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, partial
from importlib.resources import files
from zoneinfo import ZoneInfo

import yaml
from dateutil import parser as dateparser
from ftfy import fix_encoding
from opencc import OpenCC
from stdnum import ean

_CURRENCY_WORDS = {
    "EUR": "€ eur euro 欧元",
    "USD": "$ us$ usd 美元 美金",
    "GBP": "£ gb£ gbp 英镑",
    "CNY": "¥ ￥ cn¥ rmb¥ cny rmb 元 圆 人民币 块",
    "JPY": "jp¥ jpy 円 日元",
    "HKD": "hk$ hkd 港币 港元",
    "TWD": "nt$ twd ntd 新台币 台币",
    "KRW": "₩ krw 韩元",
    "INR": "₹ inr rs rs.",
    "BRL": "r$ brl",
    "CHF": "chf sfr sfr. fr.",
    "CAD": "c$ ca$ cad",
    "AUD": "a$ au$ aud",
    "NZD": "nz$ nzd",
    "SGD": "s$ sg$ sgd",
    "MXN": "mx$ mxn",
    "SEK": "sek",
    "NOK": "nok",
    "DKK": "dkk",
    "ISK": "isk",
    "PLN": "zł pln",
    "CZK": "kč czk",
    "HUF": "huf",
    "RON": "lei ron",
    "BGN": "лв лв. bgn",
    "RUB": "₽ rub руб руб.",
    "UAH": "₴ uah",
    "TRY": "₺ try tl",
    "ILS": "₪ ils",
    "AED": "aed",
    "SAR": "sar",
    "ZAR": "zar",
    "NGN": "₦ ngn",
    "THB": "฿ thb",
    "VND": "₫ vnd",
    "PHP": "₱ php",
    "MYR": "rm myr",
    "IDR": "rp rp. idr",
    "PKR": "pkr",
    "": "kr kr.",  # of four countries: the contract says which
}
CURRENCIES = {word: code for code, words in _CURRENCY_WORDS.items() for word in words.split()}
_MARK = "|".join(  # "US $" is written too
    re.sub(r"(?<=\w)(\\?\$|[¥£])", r"\\s?\1", re.escape(mark)) for mark in sorted(CURRENCIES, key=len, reverse=True)
)
MONEY = re.compile(
    rf"(?P<minus>-)?\s*(?P<before>{_MARK})?\s*(?P<number>[-+]?[\d.,'’ \u00a0\u202f]*\d[\d.,]*)"
    rf"\s*(?P<times>万|千)?\s*(?P<after>{_MARK})?(?P<per>\s*/\s*[^\W\d_]{{1,8}})?",
    re.IGNORECASE,
)
NO_CENTS = re.compile(r"(?<=\d)[.,]\s?[-–—]{1,2}(?!\d)")  # "12,-"
# The names of zones in dates as mail writes them (RFC 2822), and others that mean one zone only; offsets in hours.
_ZONES = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "UT": 0, "WET": 0,
    "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "HKT": 8, "SGT": 8,
    "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
# What programs write where they have nothing. As an attribute "none" is an answer: a carpet without a pattern.
MISSING = ("null", "NULL", "Null", "nan", "NaN", "N/A", "n/a", "#N/A", "<NA>", "\\N", "undefined", "#REF!", "#VALUE!")
NOTHING = (*MISSING, "none", "None", "NONE")
LONGEST = 100  # characters of a number; what is longer is none
EITHER = "either"  # both decimal marks are met
NUMBER = re.compile(
    r"(?P<sign>[-+]?)\s*"
    r"(?P<whole>[1-9]\d{0,2}(?P<group>[.,' ])\d{3}(?:(?P=group)\d{3})*|\d{1,2}(?:,\d{2})+,\d{3}|\d*)"
    r"(?:(?P<mark>(?!(?P=group))[.,])(?P<part>\d*))?(?P<power>[eE][-+]?\d{1,3})?",
    re.ASCII,
)
# What is written with that decimal mark for certain: more than one group, a group and decimals, or what is no group.
WITH_COMMA, WITH_POINT = (
    re.compile(
        rf"\d{{1,3}}(?:{group}\d{{3}}){{2,}}|\d{{1,3}}(?:{group}\d{{3}})+{mark}\d+"
        rf"|(?![1-9]\d{{0,2}}{mark}\d{{3}}$)\d+{mark}\d+",
        re.ASCII,
    )
    for mark, group in ((",", r"\."), (r"\.", ","))
)
TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,2000}|![A-Za-z][^<>]*)>|<!--.*?(?:-->|$)", re.DOTALL)
SCRIPT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
BREAK = re.compile(r"<(?:br|/p|/li|/div|/tr|/h\d)\b[^<>]*>", re.IGNORECASE)
# C0 and C1 controls, zero-width marks, byte order marks, bidirectional overrides, lone surrogates.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff]")
MAC = re.compile("\x89\u00db.")
# What may need cleaning: markup, entities, controls, Latin-1 letters (a broken encoding shows there), width, spaces.
SUSPICIOUS = (
    r"[<&\x00-\x1f\x7f-\xff\x{FFFD}\x{200B}\x{200E}\x{200F}\x{2018}-\x{203A}\x{2060}\x{FEFF}\x{FF02}-\x{FF5E}]"
    r"|\s\s|^\s|\s$|\x{3000}|\x{00A0}"
)
# Two letters or signs that one of UTF-8 becomes when it is read as an encoding of one byte, or what is left of them;
# Chinese has none, and asking takes a fraction of the repair.
_BYTE = "\x80-\u04ff\u1e00-\u2bff\uf8ff\ufb00-\ufb06\ufffd"
MISREAD = re.compile(f"[{_BYTE}](?:[{_BYTE} ?\x1a]|(?<=[\x80-\x9f]))")
WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ＋－％／．＂＃＆＊＝＠＿]")
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text and the names of the rules that changed it."""

    text: str
    rules: tuple[str, ...]


def clean_text(text: str) -> Cleaned:
    """Repair a broken encoding, drop markup and controls, unify width and space. Keeps wording, case and script."""
    rules: list[str] = []
    for rule, step in TEXT_RULES:
        repaired = step(text)
        if repaired != text:
            rules.append(rule)
            text = repaired
    return Cleaned(text, tuple(rules))


def strip_markup(text: str) -> str:
    """Text of an HTML fragment; block ends become spaces, scripts go whole, entities are read. "a < b" stays.

    Markup that was escaped as a whole, as feeds do, goes too.
    """
    text = _drop_tags(text)
    return _drop_tags(html.unescape(text)) if "&" in text and ";" in text else text


def _drop_tags(text: str) -> str:
    return TAG.sub("", BREAK.sub(" ", SCRIPT.sub(" ", text))) if "<" in text else text


def unify_width(text: str) -> str:
    """Full-width letters, digits and signs to half width; Chinese punctuation stays."""
    return WIDE.sub(lambda wide: chr(ord(wide[0]) - 0xFEE0), text)


def unify_space(text: str) -> str:
    """Every run of white space is one space, none at the ends."""
    return " ".join(text.split())


def drop_controls(text: str) -> str:
    """Remove characters that print nothing and only do harm."""
    return CONTROL.sub("", text)


def repair_encoding(text: str) -> str:
    """Undo encodings that were read as another: ftfy's, and UTF-8 punctuation that went through Mac Roman."""
    return fix_encoding(MAC.sub(_from_mac, text)) if MISREAD.search(text) else text


def _from_mac(found: re.Match[str]) -> str:
    try:
        return found[0].encode("latin-1").decode("mac_roman").encode("cp1252").decode("utf-8")
    except UnicodeError:
        return "-"  # of those that went lost on the way nearly all are hyphens


TEXT_RULES = (
    ("encoding", repair_encoding),
    ("markup", strip_markup),
    ("control", drop_controls),
    ("width", unify_width),
    ("space", unify_space),
)


def parse_number(text: str, decimal: str = ".") -> float | None:
    """Read "1,299.00", "1.234,56", "1 299", "1'299.5", "1,00,000", "１２". None for what is no number.

    `decimal` says what a single mark before three digits is ("1.234"): the decimal one if it is that mark, else it
    groups. With EITHER it always groups. Groups have three digits: "9, 10, 16" is no number.
    """
    if len(text) > LONGEST:
        return None
    match = NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip().replace("−", "-").replace("’", "'"))
    if match is None or not (match["whole"] or match["part"]):
        return None
    whole = match["whole"]
    if match["group"] == decimal and match["mark"] is None and whole.count(decimal) == 1:
        plain = whole.replace(decimal, ".")
    else:
        plain = f"{re.sub(r'[^0-9]', '', whole)}.{match['part'] or 0}"
    value = float(match["sign"] + plain + (match["power"] or ""))
    return value if math.isfinite(value) else None


def parse_money(text: str, decimal: str = ".") -> tuple[float, str | None] | None:
    """Read an amount with its currency: "¥1,299.00", "1.234,56 €", "12.5元", "1.2万". Currency is ISO 4217 or None.

    "¥" is read as CNY; a shop that sells in yen says JPY in its currency column. Brackets are a bookkeeper's minus;
    after a slash, as in "12.50元/件", stands what the price is for.
    """
    if len(text) > LONGEST:
        return None
    plain = NO_CENTS.sub("", unicodedata.normalize("NFKC", text).strip())
    if plain.startswith("(") and plain.endswith(")"):
        plain = "-" + plain[1:-1]
    match = MONEY.fullmatch(plain)
    if match is None:
        return None
    mark = match["before"] or match["after"]
    if match["per"] and not mark:
        return None
    number = parse_number(match["number"], decimal)
    if number is None or (match["minus"] and match["number"].strip()[0] in "+-"):
        return None
    factor = {"万": 10_000.0, "千": 1_000.0}.get(match["times"] or "", 1.0)
    currency = CURRENCIES["".join(mark.casefold().split())] if mark else ""
    return (-number if match["minus"] else number) * factor, currency or None


def parse_currency(text: str) -> str | None:
    """ISO 4217 code of a sign, name or code."""
    plain = unicodedata.normalize("NFKC", text).strip()
    known = CURRENCIES.get(plain.casefold())
    return known or (plain.upper() if re.fullmatch(r"[A-Za-z]{3}", plain) else None)


def parse_time(text: str, zone: str = "UTC", day_first: bool = False) -> datetime | None:
    """Read a date or time as UTC; one without an offset is the shop's local time. Reads ISO, "2024年3月5日", epochs.

    The name of a zone that nobody knows makes a time unreadable: it would be hours off.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if re.fullmatch(r"\d{10}|\d{13}", plain):
        return datetime.fromtimestamp(int(plain) / (1000 if len(plain) == 13 else 1), UTC)
    plain = re.sub(r"\s*[年月]\s*", "-", plain).replace("日", " ").replace("号", " ")
    plain = re.sub(r"(上午|下午)\s*([\d:]+)", lambda found: found[2] + (" AM" if found[1] == "上午" else " PM"), plain)
    try:
        found = dateparser.parse(
            plain, dayfirst=day_first, default=datetime(1, 1, 1), tzinfos=partial(_zone, local=zone)
        )
        if found.year < 2:  # dateutil fills in what a text like "10:30" lacks
            return None
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):  # the end of 9999 lies in no year of UTC when it is written west of it
        return None


def _zone(name: str | None, offset: int | None, *, local: str) -> tzinfo | None:
    """The zone that a time names, by offset in seconds or by name; the shop's own zone knows its names best."""
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name is None:
        return None
    if name in _names(local):
        return ZoneInfo(local)
    if name not in _ZONES:
        raise ValueError(name)
    return timezone(timedelta(hours=_ZONES[name]))


@cache
def _names(zone: str) -> set[str | None]:
    return {datetime(2024, month, 1, tzinfo=ZoneInfo(zone)).tzname() for month in (1, 7)}


def day_comes_first(values: Iterable[str]) -> bool:
    """Whether dates such as 25/12/2010 are written day first: some first part exceeds 12 and no second one does."""
    parts = [re.match(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}", value) for value in values]
    pairs = [(int(part[1]), int(part[2])) for part in parts if part]
    return any(first > 12 for first, _ in pairs) and not any(second > 12 for _, second in pairs)


def decimal_mark(values: Iterable[str]) -> str:
    """How a column writes decimals: ".", "," or, where both are met, EITHER.

    "12,5" and "1.234,56" speak for the comma, "12.5" and "1,299.00" for the point. So does "1,299", for thousands are
    written so more often than three decimals, unless the column shows that it has these ("0,125").
    """
    numbers = [re.sub(r"[^0-9.,]", "", value).strip(".,") for value in values]
    commas = sum(1 for number in numbers if WITH_COMMA.fullmatch(number))
    points = sum(1 for number in numbers if WITH_POINT.fullmatch(number))
    if not any(re.fullmatch(r"0,\d{3}", number) for number in numbers):
        points += sum(1 for number in numbers if re.fullmatch(r"[1-9]\d{0,2},\d{3}", number))
    if not commas or points > commas:
        return "."
    return EITHER if points else ","


def check_gtin(text: str) -> str | None:
    """The GTIN-8, -12, -13 or -14 that a text holds, when its check digit is right; spaces and hyphens dropped."""
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    plain = plain[:-2] if plain.endswith(".0") else plain
    return plain if len(plain) in (8, 12, 13, 14) and ean.is_valid(plain) else None


def language_of(text: str) -> str | None:
    """en, zh or mixed, by the share of Chinese characters among letters; None for a text without letters."""
    han = len(HAN.findall(text))
    letters = sum(map(str.isalpha, text))
    if not letters:
        return None
    words = han + (letters - han) / 4  # a Chinese character says about as much as four Latin letters
    share = han / words
    return "zh" if share > 0.7 else "en" if share < 0.05 else "mixed"


def fold(text: str) -> str:
    """The form in which texts are compared: NFKC, lower case, simplified characters, single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unify_space(_simplify().convert(folded) if HAN.search(folded) else folded)


@cache
def _simplify() -> OpenCC:
    return OpenCC("t2s")


@cache
def vocabulary() -> Mapping[str, Mapping[str, str]]:
    """Attribute → folded spelling → our word, from `vocabulary.yaml`."""
    table = yaml.safe_load((files(__package__) / "vocabulary.yaml").read_text("utf-8"))
    return {
        attribute: {fold(spelling): word for word, others in words.items() for spelling in (word, *others)}
        for attribute, words in table.items()
    }


def other_words(attribute: str, value: str) -> tuple[str, ...]:
    """What the other language calls a value of an attribute that is kept under words of ours ("red" → "红色").

    Parts joined by "/" are called one by one; empty for any other value.
    """
    words = _others().get(attribute, {})
    return tuple(words[part] for part in value.split("/") if part in words)


@cache
def _others() -> Mapping[str, Mapping[str, str]]:
    """Our words by attribute with their commonest Chinese spelling: the first of two characters or more."""
    table = yaml.safe_load((files(__package__) / "vocabulary.yaml").read_text("utf-8"))
    return {
        attribute: {
            word: next(one for one in others if _is_chinese_word(one))
            for word, others in words.items()
            if any(map(_is_chinese_word, others))
        }
        for attribute, words in table.items()
    }


def _is_chinese_word(spelling: str) -> bool:
    return len(spelling) > 1 and all("㐀" <= character <= "鿿" for character in spelling)


def standard_value(attribute: str, value: str) -> str:
    """Our word for a colour or size; any other value as it stands. Parts joined by "/" or "|" are read one by one."""
    words = vocabulary().get(attribute)
    if words is None:
        return value
    whole = words.get(fold(value))
    if whole:
        return whole
    parts = [part.strip() for part in re.split(r"\s*[/,、+&|]\s*", value) if part.strip()]
    found = [words.get(fold(part)) for part in parts]
    return "/".join(word for word in found if word) if parts and all(found) else value
