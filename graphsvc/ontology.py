"""The closed list of what the graph may say: labels, predicates with domain and range, names in both languages.

Knows names and how ids are made; does not know any database.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from extractors.types import Claim


@dataclass(frozen=True, slots=True)
class Label:
    """A kind of node, with its name in English and Chinese."""

    name: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Predicate:
    """A kind of edge: which labels it may leave (`domain`) and reach (`range`), and how it is said."""

    name: str
    domain: str
    range: str
    en: str
    zh: str


LABELS: dict[str, Label] = {
    label.name: label
    for label in (
        Label("Product", "product", "商品"),
        Label("Variant", "variant (SKU)", "规格"),
        Label("Offer", "offer", "报价"),
        Label("Brand", "brand", "品牌"),
        Label("Manufacturer", "manufacturer", "制造商"),
        Label("Category", "category", "类目"),
        Label("Value", "attribute value", "属性值"),
        Label("Shopper", "shopper", "顾客"),
        Label("Basket", "basket", "订单"),
        Label("Campaign", "campaign", "活动"),
        Label("Coupon", "coupon", "优惠券"),
        Label("Review", "review", "评价"),
    )
}

PREDICATES: dict[str, Predicate] = {
    predicate.name: predicate
    for predicate in (
        Predicate("has_brand", "Product", "Brand", "brand", "品牌"),
        Predicate("made_by", "Product", "Manufacturer", "made by", "制造商"),
        Predicate("in_category", "Product", "Category", "category", "类目"),
        Predicate("has_attribute", "Product", "Value", "has", "具有"),
    )
}

# Names that sellers give to the same attribute. Left: what they write (folded by `slug`); right: ours.
ATTRIBUTE_NAMES: dict[str, str] = {
    "color": "colour",
    "colours": "colour",
    "colors": "colour",
    "颜色": "colour",
    "色": "colour",
    "顏色": "colour",
    "材质": "material",
    "材料": "material",
    "面料": "material",
    "尺寸": "size",
    "大小": "size",
    "尺码": "size",
    "规格": "size",
    "重量": "weight",
    "净含量": "net-content",
    "容量": "capacity",
    "功率": "power",
    "型号": "model",
    "产地": "origin",
    "适用": "suits",
    "适用机型": "compatible-with",
    "compatibility": "compatible-with",
}


def slug(text: str) -> str:
    """Fold a name into the part of an id that does not depend on case, width, accents or punctuation.

    Never empty: a name of punctuation only gets a short hash. Cut at 80 characters, with a hash of the rest.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    plain = re.sub(r"[^\w.+%]+", "-", folded).strip("-")
    if plain and len(plain) <= 80:
        return plain
    digest = blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return f"{plain[:60]}-{digest}".strip("-")


def attribute_name(name: str) -> str:
    """The one name under which an attribute is kept ("Color", "颜色" → "colour")."""
    folded = slug(name)
    return ATTRIBUTE_NAMES.get(folded, folded)


def brand_id(name: str) -> str:
    """Node id of a brand."""
    return f"brand:{slug(name)}"


def manufacturer_id(name: str) -> str:
    """Node id of a manufacturer."""
    return f"manufacturer:{slug(name)}"


def category_id(path: Sequence[str]) -> str:
    """Node id of a category: the path from the root, so that equal names under other parents stay apart."""
    return "category:" + "/".join(slug(part) for part in path)


def value_id(attribute: str, value: str) -> str:
    """Node id of an attribute's value."""
    return f"value:{attribute_name(attribute)}={slug(value)}"


def breach(claim: Claim) -> str | None:
    """Say what in the ontology a claim breaks, or None when it may enter the graph."""
    if claim.predicate not in PREDICATES:
        return f"unknown predicate {claim.predicate!r}; known are {', '.join(sorted(PREDICATES))}"
    if claim.predicate == "has_attribute" and not claim.qualifier:
        return "has_attribute needs the attribute's name as qualifier"
    if not claim.object.strip():
        return "the object is empty"
    if not 0.0 <= claim.confidence <= 1.0:
        return f"confidence {claim.confidence} is not between 0 and 1"
    return None
