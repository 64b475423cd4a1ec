"""Small catalogues made of templates, English and Chinese, in which some products' fields say nothing.

In each the last colour stands in texts and in no field, and books, which have no colour, name colours all the same.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import product
from random import Random

import numpy as np

from extractors.phrases import Phrase
from extractors.types import Document, Floats

COLOURS = [
    "red", "blue", "black", "white", "green", "purple", "pink", "beige", "yellow", "teal", "orange", "grey", "brown",
    "coral", "olive", "ivory", "navy", "cream",
]  # fmt: skip
NEW = "mauve"
MATERIALS = ["cotton", "silk", "wool", "linen", "denim", "leather", "velvet", "suede", "satin", "nylon"]
THINGS = ["shirt", "dress", "jacket", "scarf", "skirt", "blouse"]
FITS = ["slim", "loose", "long", "short", "wide", "classic"]
ZH_COLOURS = ["红色", "蓝色", "黑色", "白色", "绿色", "紫色", "粉色", "黄色", "灰色", "橙色", "棕色", "银色"]
ZH_NEW = "青色"
OWN = ["red", "blue", "black", "white", "green", "purple", "pink", "yellow", "grey", "orange", "brown", "silver"]
ALIASES = {(colour,): (own,) for colour, own in zip(ZH_COLOURS, OWN, strict=True)}
ZH_THINGS = ["连衣裙", "毛衣", "衬衫", "外套", "围巾", "裙子"]
ZH_MATERIALS = ["真丝", "棉", "羊毛", "亚麻", "皮革", "丝绒"]
ZH_FITS = ["修身", "宽松", "长款", "短款", "经典"]
SENSES = [{*COLOURS, NEW}, {*MATERIALS}, {*THINGS}, {*FITS}, {*ZH_COLOURS, ZH_NEW}, {*ZH_MATERIALS}, {*ZH_THINGS}]


def english(count: int = 400) -> list[Document]:
    """Clothes: every third has no colour in its fields; those in the new colour never have."""
    chance = Random(5)
    found = []
    for at in range(count):
        colour, material = chance.choice([*COLOURS, NEW]), chance.choice(MATERIALS)
        thing, fit = chance.choice(THINGS), chance.choice(FITS)
        fields = {"material": [material], "brand": ["Nordholm"]}
        if colour != NEW and at % 3:
            fields["colour"] = [colour.capitalize()]
        title = f"Nordholm {fit} {colour} {material} {thing}"
        text = f"A {thing} of {material}, machine washable."
        found.append(Document(f"p{at}", title, text, fields, ["Clothes", thing]))
    return found + books()


def books() -> list[Document]:
    """Novels with a colour in their title; none has a colour."""
    places = ["garden", "river", "house", "door", "letter"]
    return [
        Document(f"b{at}", f"The {colour} {place} novel", "", {"brand": ["Quill"]}, ["Books"])
        for at, (colour, place) in enumerate(product(COLOURS, places))
    ]


def chinese(count: int = 330) -> list[Document]:
    """The same in Chinese, the new colour among it."""
    chance = Random(6)
    found = []
    for at in range(count):
        colour, material = chance.choice([*ZH_COLOURS, ZH_NEW]), chance.choice(ZH_MATERIALS)
        thing, fit = chance.choice(ZH_THINGS), chance.choice(ZH_FITS)
        fields = {"品牌": ["云栖"], "材质": [material]}
        if colour != ZH_NEW and at % 3:
            fields["颜色"] = [colour]
        title = f"云栖{fit}{colour}{material}{thing}"
        found.append(Document(f"p{at}", title, f"{thing}，可机洗。", fields, ["服装", thing], "zh"))
    places = ["花园", "房子", "信件", "河流"]
    found += [
        Document(f"b{at}", f"{colour}{place}小说", "", {"品牌": ["书山"]}, ["图书"], "zh")
        for at, (colour, place) in enumerate(product(ZH_COLOURS, places))
    ]
    return found


def standardised(count: int = 330) -> list[Document]:
    """The Chinese shop after an import: its fields have the shop's own words, its texts have not."""
    return [
        replace(one, fields={"colour": [canonical((one.fields["颜色"][0],))[0]]} if "颜色" in one.fields else {})
        for one in chinese(count)
    ]


def canonical(phrase: Phrase) -> Phrase:
    """The shop's own word for a Chinese colour."""
    return ALIASES.get(phrase, phrase)


def meaning(phrases: Sequence[Phrase]) -> Floats:
    """Unit rows such as an encoder gives: words of one sense lie together, others where their letters say."""
    return np.stack([_vector(phrase) for phrase in phrases])


def _vector(phrase: Phrase) -> Floats:
    found = np.zeros(64, np.float32)
    for word in phrase:
        for at in range(len(word) + 1):
            found[16 + _digest(f" {word} "[at : at + 2]) % 48] += 0.3
        for at, sense in enumerate(SENSES):
            found[at] += 1.5 * (word in sense)
    unit: Floats = found / max(float(np.linalg.norm(found)), 1e-9)
    return unit


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest())
