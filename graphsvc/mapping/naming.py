"""How well a column's name says that it is a field: the words of `names.yaml` and how names are compared.

Knows names only.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from graphsvc.warehouse.standardise import fold

FIRST, STEP, LEAST = 0.99, 0.01, 0.8  # of the first name in the list, less for each after it, of the last
PART = 0.62  # of a name that ends or begins with a known one
OWN = re.compile(r"^(?:product|item|商品|产品)[\W_]*(?=.)", re.IGNORECASE)
MINOR = re.compile(r"[\W_]*(?:in[\W_]*)?(?:cents?|minor)$|[(（]?分[)）]?$", re.IGNORECASE)
ENDING = re.compile(r"\.(?:name|value|text|amount|title|label)$", re.IGNORECASE)  # brand.name is the brand
WRAPPER = re.compile(r"^(?:(?:info|data|fields|basic|general|node|_source|基本信息)\.)+", re.IGNORECASE)
LANGUAGES = ("en", "英文", "zh", "中文", "cn", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "ja", "ko", "ru")
LANGUAGE = re.compile(
    rf"[._]({'|'.join(LANGUAGES)})(?:[-_](?:[a-z]{{2}}|han[st]))?$", re.IGNORECASE
)  # title.en, name.zh-CN


@cache
def words() -> Mapping[str, Any]:
    """The tables of `names.yaml`, names folded."""
    table = yaml.safe_load((files(__package__) / "names.yaml").read_text("utf-8"))
    return {
        part: [[compact(str(name)) for name in level] for level in content]
        if part == "levels"
        else [compact(str(name)) for name in content]
        if isinstance(content, list)
        else {field: [str(name) if part == "values" else compact(str(name)) for name in names]
              for field, names in content.items()}
        for part, content in table.items()
    }  # fmt: skip


@cache
def compact(name: str) -> str:
    """A name without case, width, traditional characters, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", fold(name))


def likeness(asset: str, field: str, column: str) -> float:
    """How much a column's name says that it is a field, from 0 to 1; our own word for it says so fully."""
    if column == field:
        return 1.0
    plain = LANGUAGE.sub("", WRAPPER.sub("", MINOR.sub("", column) if is_minor(column) else column))
    known = words()[asset].get(field, [])
    return max(_score(known, name) for name in {plain, ENDING.sub("", plain)}) * (1 - STEP * _language(column))


def level_of(column: str) -> int | None:
    """The level of a category path that a column's name says, from the root."""
    name = compact(column)
    return next((level for level, names in enumerate(words()["levels"]) if name in names), None)


def is_ignored(column: str) -> bool:
    """Whether a name says that the column says nothing about a product."""
    name = compact(column)
    return name in words()["ignored"] or bool(re.fullmatch(r"column\d+|unnamed\d*", name)) or "/" in column


def is_minor(column: str) -> bool:
    """Whether a name says that amounts are in cents."""
    return bool(MINOR.search(column)) and len(MINOR.sub("", column)) > 1


def plain_attribute(column: str) -> str:
    """The name of an attribute without what all columns of products may begin with."""
    return OWN.sub("", ENDING.sub("", column)).strip() or column


def _score(known: list[str], column: str) -> float:
    name = compact(column)
    if name in known:
        return max(LEAST, FIRST - STEP * known.index(name))
    for other in known:
        long = len(other) >= (2 if not other.isascii() else 5)
        if long and (name.endswith(other) or name.startswith(other)):
            return PART
    return 0.0


def _language(column: str) -> int:
    """The place of the language that a name ends with; 0 where it says none."""
    found = LANGUAGE.search(column)
    return LANGUAGES.index(found[1].lower()) if found else 0
