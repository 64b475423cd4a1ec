"""Variants: products whose titles say the same but for values that vary, such as colour and size.

A family is a node that its products lead to, named by what is left of their titles, so that a product's family follows
from its own title and facts alone: n variants make n edges, and no product is compared with another. Knows titles and
values; no database.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphsvc.ontology import FAMILY, slug, value_id, varies
from graphsvc.warehouse.standardise import other_words

_WORD = re.compile(r"[^\W\d_]{2,}")
_HAN = re.compile("[㐀-鿿]")
_GLUE = re.compile(r"[\s,;/|·–—()\[\]【】（），-]+")
LEAST = 2  # words that must be left of a title, or characters of a Chinese word


@dataclass(frozen=True, slots=True)
class Family:
    """The node of a product's variants and how it is named, with the claims that this follows from."""

    node: str
    name: str
    confidence: float
    claims: tuple[str, ...]


def family_of(title: str, facts: Iterable[Mapping[str, Any]]) -> Family | None:
    """The family of a product by its title and facts (predicate, attribute, node_id, name, confidence, claims).

    None where the title holds no value that varies, where too little is left of it, or without a brand or category.
    """
    known = sorted(facts, key=lambda fact: (-len(fact["name"]), fact["node_id"]))
    rest, premises = title, []
    for fact in known:
        if fact["predicate"] == "has_attribute" and varies(fact["attribute"]):
            left = _written(fact["attribute"], fact["name"]).sub(" ", rest)
            premises += [fact] if left != rest else []
            rest = left
    same = [fact for fact in known if fact["predicate"] in ("has_brand", "in_category")]
    name = _GLUE.sub(" ", rest).strip()
    if not (premises and same and _says_enough(name)):
        return None
    key = " ".join([*sorted(fact["node_id"] for fact in same), slug(name)])
    rests = [*premises, *same]
    claims = {claim: None for fact in rests for claim in fact["claims"]}
    return Family(value_id(FAMILY, key), name, min(fact["confidence"] for fact in rests), tuple(claims))


def _says_enough(name: str) -> bool:
    words: Sequence[str] = _WORD.findall(name)
    return len(words) >= LEAST or any(len(_HAN.findall(word)) >= LEAST for word in words)


@lru_cache(50_000)
def _written(attribute: str, name: str) -> re.Pattern[str]:
    """A value as titles write it, in either language: whole words, "28 cm" also as "28cm"; a bare number is none."""
    words = [word for word in (name, *other_words(attribute, name)) if not word.strip().isdigit()]
    forms = [r"[\s-]*".join(map(re.escape, re.findall(r"[\d.,]+|[^\d\s-]+", word))) for word in words]
    either = "|".join(sorted(filter(None, forms), key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])" if either else r"(?!)", re.IGNORECASE)
