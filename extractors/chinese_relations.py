"""The relations that Chinese titles and descriptions say of a product, by the words that lead to them.

A tail is a known word (a person, a skin, an occasion, a material, a kind of product), or a name with Latin letters or a
known brand at its beginning, up to the next sign. Knows leading words; knows no segmentation.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from extractors.chinese_accessories import find_accessories
from extractors.relation_words import Found, found, relation_words
from extractors.shop_names import Names
from extractors.units import HAN

LATIN_NAME = r"[A-Za-z0-9][A-Za-z0-9+_.'-]*(?:[ /][A-Za-z0-9][A-Za-z0-9+_.'-]*){0,5}"
_LEADS = re.compile(
    r"(?P<fits>(?:适用于?|兼容|适配于?)(?:机型|型号|机种)?[:：]?\s*)|(?P<replaces>(?:可?替代|可?代替|取代|可?替换)(?:型号|件号|原装|原厂)?[:：]?\s*)"
    r"|(?P<suits>适合(?:于)?\s*)|(?P<gift>送(?:给)?)|(?P<after>适用|专用|通用|可用)|(?P<line>系列|丛书|书系|文库)"
    r"|(?P<from>采用|选用|由)|(?P<material>材质|面料|制成|打造)|(?P<pure>纯|100 ?% ?)|(?P<maker>出品|生产|制造)"
    r"|(?P<house>出版社|有限公司|股份公司|制药厂)"
)
_NAMED = re.compile(rf"{LATIN_NAME}(?:系列)?")
_LATIN_END = re.compile(r"[A-Za-z][A-Za-z0-9.'-]*$")
_RUN_END = re.compile(rf"(?:^|[^{HAN}A-Za-z0-9])([{HAN}]{{2,4}})$")
_NO_LINE = re.compile(r"[全本同该各多此类种款大小新旧图册育文学教]$")
_SERIES_END = re.compile(rf"[A-Za-z]([{HAN}]{{2,3}})$")
_NAMED_PART = re.compile(
    rf"[{HAN}A-Za-z0-9+ -]{{2,14}}?的(?:滤芯|滤网|刷头|电池|墨盒|硒鼓|灯泡|灯管|表带|吸管|充电器|遥控器)"
)
_HOUSE = re.compile(rf"(?:^|[^{HAN}A-Za-z0-9])([{HAN}]{{2,12}})$")
_NO_HOUSE = re.compile(r"[由的本该某家为与和]|厂家|正版|现货")
_NEGATED = re.compile(r"[不非无未没勿]\w?$")
_NOT_WHOLE = re.compile(
    r"[色花签柳]|内里|里布|内衬|内胆|底裆|里衬"
)  # after a material: only a part is, or another word
_UNIT = re.compile(r"\d[\d.*x×]*(?:mm|cm|m|ml|l|g|kg|w|v|寸|p|k|d|tb|gb|t)?", re.IGNORECASE)


def find_chinese(text: str, names: Names) -> Iterator[Found]:
    """Every relation of a text. Where the accessory's host says the same as a leading word, it ends more exactly."""
    hosts = list(find_accessories(text))
    named = [one for one in hosts if one.relation == "compatible_with"]
    further = [place for one in named for place in _further(text, (one.tail.start, one.tail.end))]
    hosts += [found("compatible_with", None, place, 0.85) for place in further]
    yield from (one for one in _led(text, names) if not any(map(one.overlaps, hosts)))
    yield from hosts


def _led(text: str, names: Names) -> Iterator[Found]:
    for match in _LEADS.finditer(text):
        if _NEGATED.search(text, max(0, match.start() - 2), match.start()):
            continue
        yield from _READ[match.lastgroup or ""](text, match, names)


def _fits(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    person = _word_at(text, match.end(), "persons", "skins", "occasions")
    kind = _word_at(text, match.end(), "kinds")
    if person and not (kind and kind[1] > person[1]):
        yield found("suits", None, person, 0.85)
        return
    named = _named_at(text, match.end(), names)
    if named:
        for place in (named, *_further(text, named)):
            yield found("compatible_with", None, place, 0.9)
    elif kind:
        yield found("compatible_with", None, kind, 0.8)
    else:
        yield from _after(text, match, names)


def _replaces(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    named = _named_at(text, match.end(), names)
    part = _NAMED_PART.match(text, match.end())
    if named and part is None:
        yield found("replaces", None, named, 0.85)
    elif part:
        yield found("replaces", None, part.span(), 0.85)


def _suits(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    word = _word_at(text, match.end(), "persons", "skins", "occasions")
    months = re.compile(r"\d+(?:-\d+)?(?:个月|岁|周岁)(?:以上|以下)?").match(text, match.end())
    if months:
        yield found("suits", None, months.span(), 0.9)
    elif word:
        yield found("suits", None, word, 0.9)
    elif named := _named_at(text, match.end(), names):
        for place in (named, *_further(text, named)):
            yield found("compatible_with", None, place, 0.8)


def _gift(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    before = text[match.start() - 1 : match.start()]
    word = _word_at(text, match.end(), "receivers")
    if word and before not in ("配", "赠", "买", "发", "派", "包"):
        yield found("suits", None, word, 0.9)


def _after(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    """ "孕妇适用", "婴儿专用": who or what stands before."""
    said = match.group()
    word = _word_before(text, match.start(), "persons", "skins")
    if word and (not said.startswith("通用") or text[slice(*word)].startswith("男女")):
        yield found("suits", None, word, 0.85)


def _line(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    before = text[: match.start()].rstrip()
    if not before or _NO_LINE.search(before) or text.count(match.group()) > 1:
        return
    place = _line_name(before, names)
    if place is not None:
        yield found("part_of", None, (place, match.end()), 0.85)


def _line_name(before: str, names: Names) -> int | None:
    """Where the name of a line begins: after a known brand, at a Latin word, or at a sign."""
    for length in range(2, 6):
        brand = before[: len(before) - length]
        for known in range(2, 7):
            if brand[-known:] in names.brands and len(brand) >= known:
                return len(brand)
    latin = _LATIN_END.search(before)
    if latin and not re.search(r"[\d.]$|[A-Za-z0-9][,_ ]$", before[: latin.start()]):
        return latin.start()
    if latin:
        return None
    run = _RUN_END.search(before) or _SERIES_END.search(before)
    return run.start(1) if run else None


def _from(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    if match.group() == "由":
        return
    word = _word_at(text, match.end(), "materials")
    if word:
        yield found("made_from", None, word, 0.9)


def _material(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    colon = re.compile(r"\s*[:：]\s*").match(text, match.end())
    if colon and match.group() in ("材质", "面料"):
        word = _word_at(text, colon.end(), "materials")
    else:
        word = _word_before(text, match.start(), "materials")
        already = word and re.search(r"(?:采用|选用|[仿非])$", text[: word[0]])
        word = None if already else word
    if word:
        yield found("made_from", None, word, 0.9)


def _pure(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    """ "纯棉" whole, "100%棉" without the share."""
    word = _word_at(text, match.end(), "pure")
    if not word or _NOT_WHOLE.match(text, word[1]):
        return
    start = match.start() if match.group() == "纯" else word[0]
    if text[start:].startswith("纯钢") or text[match.start() - 1 : match.start()] in tuple("单清比似如仿胜半"):
        return
    yield found("made_from", None, (start, word[1]), 0.9)


def _maker(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    before = text[: match.start()]
    by = before.rfind("由", max(0, len(before) - 16))
    name = before[by + 1 :].strip() if by >= 0 else ""
    if re.fullmatch(rf"[{HAN}A-Za-z0-9 ]{{2,15}}", name):
        start = by + 1 + len(before[by + 1 :]) - len(before[by + 1 :].lstrip())
        yield found("made_by", None, (start, start + len(name)), 0.85)


def _house(text: str, match: re.Match[str], names: Names) -> Iterator[Found]:
    """A publisher or a company, from a sign on or by its known name: "清华大学出版社", ",万源大面山酒业有限公司"."""
    known = _word_before(text, match.start(), "publishers") if match.group() == "出版社" else None
    run = _HOUSE.search(text, max(0, match.start() - 14), match.start())
    place = known[0] if known else run.start(1) if run and not _NO_HOUSE.search(run[1]) else None
    if place is not None and text[:place].strip(" ,，"):
        yield found("made_by", None, (place, match.end()), 0.85)


_READ: Mapping[str, Callable[[str, re.Match[str], Names], Iterator[Found]]] = {
    "fits": _fits, "replaces": _replaces, "suits": _suits, "gift": _gift, "after": _after, "line": _line,
    "from": _from, "material": _material, "pure": _pure, "maker": _maker,
    "house": _house,
}  # fmt: skip


def _named_at(text: str, start: int, names: Names) -> tuple[int, int] | None:
    """A name at `start`: with Latin letters, a known brand before them or not; or a known brand."""
    brand = _word_at(text, start, "known")
    match = _NAMED.match(text, brand[1] if brand else start)
    if match is None or not re.search("[A-Za-z]", match.group()) or _UNIT.fullmatch(match.group()):
        return brand
    end = match.end()
    count = re.compile(r" \d+$").search(match.group())
    if count and text[end : end + 1] in tuple("个支只对条片卷盒包件"):
        end = match.start() + count.start()
    return brand[0] if brand else match.start(), end


def _further(text: str, first: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The models after the first that begin with its letters: "hq7260,hq7290,hq7300"."""
    letters = re.search(r"[A-Za-z]+-?(?=\d)", text[slice(*first)])
    if letters:
        at = re.compile(rf"\s?[,/、，]\s?({re.escape(letters.group())}\d[A-Za-z\d-]*)(?![A-Za-z\d])", re.IGNORECASE)
        end = first[1]
        while more := at.match(text, end):
            yield more.span(1)
            end = more.end()


def _word_at(text: str, start: int, *lists: str) -> tuple[int, int] | None:
    match = _one_of(*lists).match(text, start)
    return match.span() if match else None


def _word_before(text: str, end: int, *lists: str) -> tuple[int, int] | None:
    """The longest known word that ends at `end`."""
    low = text[:end].casefold()
    words = [word for name in lists for word in relation_words("chinese")[name] if low.endswith(word)]
    return (end - max(map(len, words)), end) if words else None


@cache
def _one_of(*lists: str) -> re.Pattern[str]:
    words = sorted({word for name in lists for word in relation_words("chinese")[name]}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
