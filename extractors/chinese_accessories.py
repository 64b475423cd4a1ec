"""What a Chinese title says its accessory is for: 手机支架, 洗衣机专用网袋, 电梯配件, 苹果6s手机壳.

The host is a known kind of thing or a named device, right before a known accessory, 专用 or 配件. Knows words; knows no
segmentation.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from extractors.relation_words import Found, found, relation_words
from extractors.units import HAN

MOST = 60  # characters of a title; a description that speaks of a case, or of a phone's battery, need not be of one
_GIVEN = re.compile(
    r"[送赠含带配连]$|附赠.?$|赠送.?$|有[^,，。]{1,3}的$"
)  # what comes with the product, or what it has
_LIKE = re.compile(r"[款型]$|玩具$|仿真$|迷你$|模型$")
_OTHER = re.compile(
    r"刷机|解锁|解屏|回收|维修|出租|全网通|双卡|移动联通|话费|流量|换屏|修复"
)  # the device itself, or a service
_MACHINE = re.compile(rf"(?:^|[^{HAN}A-Za-z0-9])([{HAN}]{{1,4}}[机车泵梯])$")  # 砖机配件: all that stands before
_PHONE = re.compile(
    r"(?:苹果\s?)?(?:iphone|ipad|ipod)(?:\s?(?:touch|mini|air|pro|se|x[sr]?(?![a-z])|1[0-7](?!\d)|\d(?!\d)[sc]?))?"
    r"(?:\s?(?:plus|pro|max|mini)){0,2}(?![a-z])"
    r"|苹果\s?(?:x[sr]?(?![a-z])|1[0-7](?!\d)|[4-9](?![\d.斤箱元g个k/]))[sc]?(?:\s?(?:plus|pro|max)){0,2}(?![a-z])"
    r"|华为\s?(?:荣耀|mate|nova|畅享|麦芒|p)\s?\d{1,2}[a-z]?(?:\s?(?:plus|pro|max|lite))?(?![a-z\d])"
    r"|(?:oppo|vivo)\s?[a-z]{1,4}\d{1,3}[a-z]?(?:\s?plus)?(?![a-z\d])"
    r"|(?:小米|红米)\s?(?:note|max|mix)?\s?\d[a-z]?(?![a-z\d.元个])|三星\s?(?:galaxy\s?)?(?:note|[sacj])\s?\d{1,2}(?![a-z\d])",
    re.IGNORECASE,
)


def find_accessories(text: str) -> Iterator[Found]:
    """Hosts of the accessory that a title is of: `accessory_of` a kind of thing, `compatible_with` a named one.

    A longer text, or one of sentences, is no title, and gives none.
    """
    if len(text) > MOST or "。" in text:
        return
    for match in _hosts().finditer(text):
        start, end = match.span("host")
        if not (_is_given(text, start) or _LIKE.search(text, max(0, start - 3), start)):
            named = _named_before(text, start)
            if named is None:
                yield found("accessory_of", None, (start, end), 0.85)
            else:
                yield found("compatible_with", None, (named, end), 0.85)
    yield from _spare_parts(text)
    yield from _phones(text)
    yield from _cars(text)


def _spare_parts(text: str) -> Iterator[Found]:
    for match in re.finditer("配件", text):
        machine = _MACHINE.search(text[: match.start()])
        if machine and not machine[1].endswith(tuple(relation_words("chinese")["hosts"])):
            yield found("accessory_of", None, machine.span(1), 0.85)


def _phones(text: str) -> Iterator[Found]:
    """Every device that the title of a case, a film, a cable names."""
    if _OTHER.search(text) or all(
        _is_given(text, match.start()) for match in _one_of("phone_accessories").finditer(text)
    ):
        return
    for match in _PHONE.finditer(text):
        before, after = text[max(0, match.start() - 2) : match.start()], text[match.end() : match.end() + 1]
        if re.search(r"\d", match.group()) and not re.search(r"[A-Za-z送]$", before) and after not in ("代", "年"):
            yield found("compatible_with", None, match.span(), 0.85)


def _is_given(text: str, start: int) -> bool:
    """Whether what stands there comes with the product: "送手机壳"."""
    return _GIVEN.search(text, max(0, start - 5), start) is not None


def _cars(text: str) -> Iterator[Found]:
    for match in _car_parts().finditer(text):
        yield found("compatible_with", None, match.span("car"), 0.85)


def _named_before(text: str, start: int) -> int | None:
    """Where the name of a device begins that its kind ends: 富士拍立得mini8相机, 小霸王d99电视游戏机."""
    match = _brand_named().search(text[:start])
    return match.start() if match else None


@cache
def _hosts() -> re.Pattern[str]:
    """A host before an accessory, with words of its make between; or before 专用 and 配件."""
    hosts, nouns, between = (_words(name) for name in ("hosts", "accessories", "between"))
    end = r"(?![邮月年餐机车])"
    return re.compile(
        rf"(?P<host>{hosts})(?=(?:{between}){{0,3}}(?:{nouns}){end}|配件|专用(?![车膜卡])[{HAN}]{{2}})", re.IGNORECASE
    )


@cache
def _car_parts() -> re.Pattern[str]:
    cars, parts = _words("cars"), _words("car_parts")
    return re.compile(
        rf"(?P<car>(?:{cars})(?:{cars})?[a-z]{{0,3}}-?\d{{0,3}}[a-z]?)(?:专车|专用|汽车|改装|原厂|原装|前|后){{0,2}}(?:{parts})",
        re.IGNORECASE,
    )


@cache
def _brand_named() -> re.Pattern[str]:
    return re.compile(rf"(?:{_words('known')})(?:拍立得)?\s?[a-z][a-z0-9-]{{0,12}}$", re.IGNORECASE)


@cache
def _one_of(name: str) -> re.Pattern[str]:
    return re.compile(_words(name), re.IGNORECASE)


def _words(name: str) -> str:
    words: Sequence[str] = sorted(relation_words("chinese")[name], key=len, reverse=True)
    return "|".join(map(re.escape, words))
