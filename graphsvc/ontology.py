"""The closed list of what the graph may say: labels, predicates with domain and range, names in both languages.

Knows names and how ids are made; does not know any database.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from extractors.category import SEPARATOR
from extractors.types import Claim


@dataclass(frozen=True, slots=True)
class Label:
    """A kind of node, with its name in English and Chinese."""

    name: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Predicate:
    """A kind of edge: which labels it may leave (`domain`) and reach (`range`), how it is said, and whether a product
    has one at most (`single`)."""

    name: str
    domain: str
    range: str
    en: str
    zh: str
    single: bool = False


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
        Predicate("has_brand", "Product", "Brand", "brand", "品牌", single=True),
        Predicate("made_by", "Product", "Manufacturer", "made by", "制造商", single=True),
        Predicate("in_category", "Product", "Category", "category", "类目"),
        Predicate("has_attribute", "Product", "Value", "has", "具有"),
        Predicate("compatible_with", "Product", "Value", "compatible with", "适用于"),
        Predicate("accessory_of", "Product", "Value", "accessory of", "配件属于"),
        Predicate("replaces", "Product", "Value", "replaces", "替代"),
        Predicate("part_of", "Product", "Value", "part of", "属于"),
        Predicate("made_from", "Product", "Value", "made from", "由…制成"),
        Predicate("suits", "Product", "Value", "suits", "适合"),
        Predicate("variant_of", "Product", "Value", "variant of", "同款"),
    )
}

# Attributes of which a product has one value. Not: colours, materials, sizes and uses, for there may be several; nor
# what titles measure (weight, power, capacity): a title gives several, and fields write the same in other units.
SINGLE_VALUED = frozenset(("model", "origin", "net-content"))

# Predicates that say of a value what the shop's attribute of that name says ("material: wool" is "made from wool").
EQUIVALENT: dict[str, str] = {
    "compatible_with": "compatible-with", "accessory_of": "accessory-of", "replaces": "replaces", "part_of": "part-of",
    "made_from": "material", "suits": "suits",
}  # fmt: skip

# How an edge is said from its other end, in English and Chinese. No edge is written twice for it.
INVERSE: dict[str, tuple[str, str]] = {
    "has_brand": ("brand of", "旗下有"), "made_by": ("makes", "生产"), "in_category": ("holds", "包含"),
    "has_attribute": ("had by", "见于"), "compatible_with": ("works with", "可搭配"),
    "accessory_of": ("has accessory", "的配件有"), "replaces": ("replaced by", "可被替代为"),
    "part_of": ("has part", "包括"), "made_from": ("used for", "用于制作"), "suits": ("suited by", "适用商品有"),
    "variant_of": ("has variant", "的同款有"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """That a fact by `given` of an attribute's value says the same by `gives`, where nothing else is said by that."""

    given: str
    attribute: str
    gives: str


RULES: tuple[Rule, ...] = tuple(
    Rule(given, attribute, gives)
    for relation, attribute in EQUIVALENT.items()
    for given, gives in (("has_attribute", relation), (relation, "has_attribute"))
)

# Rules that need more than one product are followed when the graph is asked, by the statement `chain_PREDICATE`:
# bounded in steps and count, marked as derived, with the claims of every step. What lies in a category lies in those
# above; what replaces a model replaces what that model replaces.
CHAINS: tuple[str, ...] = ("in_category", "replaces")

# Values by which variants of one product differ (`graphsvc.families`), and the attribute of the node that holds them.
VARYING = frozenset(
    ("colour", "size", "capacity", "net-content", "weight", "length", "volume", "flavour", "scent", "pack")
)
FAMILY = "variant-of"
_LONGER = tuple(f"{sign}{name}" for name in VARYING for sign in "-_")


def varies(attribute: str) -> bool:
    """Whether variants may differ by an attribute: one of VARYING, or a longer name of one ("product_colour")."""
    return attribute in VARYING or attribute.endswith(_LONGER)


# What labels of mentions and relations of trained models mean: predicate and qualifier of the claims that they make.
# Labels that name no attribute make none by themselves; any other is the attribute of its name.
PRODUCT_MENTION = "product"
NAMES_NOTHING = frozenset((PRODUCT_MENTION, "host", "model", "series", "use"))  # "host": what an accessory is for
MAKERS: dict[str, tuple[str, str]] = {
    "brand": ("has_brand", ""), "manufacturer": ("made_by", ""), "maker": ("made_by", ""),
}  # fmt: skip
TAILS: dict[str, tuple[str, ...]] = {
    "compatible_with": ("model",), "accessory_of": ("host",), "replaces": ("model",), "part_of": ("series",),
    "made_from": ("material",), "suits": ("use",), "made_by": ("maker",),
}  # fmt: skip

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


# The node that an object stands for, by predicate: of a qualifier and the object as it is written.
NODE_ID: Mapping[str, Callable[[str, str], str]] = {
    "has_brand": lambda qualifier, value: brand_id(value),
    "made_by": lambda qualifier, value: manufacturer_id(value),
    "in_category": lambda qualifier, value: category_id(value.split(SEPARATOR)),
    **{name: value_id for name, predicate in PREDICATES.items() if predicate.range == "Value"},
}


def is_single(predicate: str, qualifier: str) -> bool:
    """Whether a product has one node at most by a predicate, of an attribute by any of its names."""
    named = predicate == "has_attribute" and attribute_name(qualifier) in SINGLE_VALUED
    return named or PREDICATES[predicate].single


def predicate_of(kind: str) -> str:
    """The predicate that an edge of the graph stands for, where it stands for one."""
    return "has_attribute" if kind == "HAS_VALUE" else kind.lower()


def said(kind: str, outgoing: bool) -> str:
    """How an edge of the graph is said from the node where it starts, or from the one where it ends."""
    name = predicate_of(kind)
    if name in PREDICATES:
        return PREDICATES[name].en if outgoing else INVERSE[name][0]
    return name.replace("_", " ")


def derived_of(facts: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], tuple[str, str, str]]:
    """What the rules derive from one product's facts (predicate, attribute's name, node), each with its ground."""
    given = set(facts)
    said = {(predicate, attribute) for predicate, attribute, _ in given}
    return {
        (rule.gives, attribute, node): (predicate, attribute, node)
        for predicate, attribute, node in sorted(given)
        for rule in RULES
        if (rule.given, rule.attribute) == (predicate, attribute) and (rule.gives, attribute) not in said
    }


def breach(claim: Claim) -> str | None:
    """Say what in the ontology a claim breaks, or None when it may enter the graph."""
    if claim.predicate not in PREDICATES:
        return f"unknown predicate {claim.predicate!r}; known are {', '.join(sorted(PREDICATES))}"
    if PREDICATES[claim.predicate].range == "Value" and not claim.qualifier:
        return f"{claim.predicate} needs the attribute's name as qualifier"
    if not claim.object.strip():
        return "the object is empty"
    if not 0.0 <= claim.confidence <= 1.0:
        return f"confidence {claim.confidence} is not between 0 and 1"
    return None
