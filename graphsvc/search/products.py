"""Products as stored rows: packed to JSON when a catalogue is made, unpacked for the few that are shown.

What a later change needs besides, to lay the product anew with other facts, is packed beside it. Knows the columns of
PRODUCTS and FACTS and the type Product; no index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from embeddings.words import terms
from graphsvc.ontology import brand_id, value_id
from graphsvc.search.documents import Fact
from graphsvc.types import Attribute, Product
from graphsvc.warehouse.standardise import other_words

FACT = ("product_id", "predicate", "attribute", "node_id", "name", "number", "unit", "confidence", "held", "claims")
LEFT = ("confidence", "number", "unit", "held")  # of a fact, which `pack_facts` leaves out
PLAIN = (
    "id", "key", "source", "title", "title_derived", "description", "brand", "brand_id", "manufacturer", "category_id",
    "price", "currency", "stock", "gtin", "url", "image", "language",
)  # fmt: skip


CLAIM = (
    "claim_id", "subject", "predicate", "qualifier", "object", "number", "unit", "confidence", "extractor", "document",
    "told",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one product: its row (columns of PRODUCTS), every weighed fact of its own claims (of FACTS),
    what texts claim (of TEXT_CLAIMS), and the facts of both that stand.
    """

    row: Mapping[str, Any]
    own: Sequence[Mapping[str, Any]]
    texts: Sequence[Mapping[str, Any]]
    facts: Sequence[Mapping[str, Any]]


def pack_product(row: Mapping[str, Any], facts: Sequence[Fact], label: Mapping[str, str]) -> bytes:
    """A product as bytes. What the shop left out and the graph knows (brand, attributes) comes from the facts.

    `label` gives attributes' names as people write them.
    """
    brand = next((fact for fact in _surest(facts) if fact["predicate"] == "has_brand"), None)
    leaf = next((fact["node_id"] for fact in facts if fact["predicate"] == "in_category"), None)
    shown = {name: row.get(name) for name in PLAIN}
    shown |= {
        "id": row["product_id"],
        "title": row["title"] or row["key"] or "",
        "title_derived": bool(row["title_derived"]),
        "brand": row["brand"] or (brand["name"] if brand else None),
        "brand_id": brand_id(row["brand"]) if row["brand"] else brand["node_id"] if brand else None,
        "category_id": leaf,
        "category": row["category"] or [],
        "attributes": _attributes(row, facts, label),
        "variants": row["variants"] or [],
        "offers": row["offers"] or [],
    }
    return orjson.dumps(shown, option=orjson.OPT_NON_STR_KEYS)


def unpack_product(packed: bytes, popularity: float, rating: float | None, reviews: int) -> Product:
    """The inverse, with what the shoppers say of it."""
    shown = orjson.loads(packed)
    return Product(
        **{name: shown[name] for name in PLAIN},
        category=tuple(shown["category"]),
        attributes=tuple(Attribute(*values) for values in shown["attributes"]),
        variants=tuple(shown["variants"]),
        offers=tuple(shown["offers"]),
        popularity=popularity,
        rating=rating,
        reviews=reviews,
    )


def pack_origin(
    row: Mapping[str, Any], facts: Sequence[Fact], own: Sequence[Fact], texts: Sequence[Mapping[str, Any]]
) -> bytes:
    """What `pack_product` and `pack_facts` leave out of a row and its facts, and what texts claim.

    `own` are the facts without what texts claim, outvoted ones too; where there are none, they are the facts.
    """
    kept = [[fact[name] for name in LEFT] for fact in facts]
    given = [[one[name] for name in ("name", "value", "number", "unit")] for one in row["attributes"] or ()]
    more = [[{name: fact[name] for name in FACT} for fact in own], [[one[name] for name in CLAIM] for one in texts]]
    return orjson.dumps([bool(row["brand"]), given, kept, *(more if texts or own else ())])


def unpack_origin(packed: bytes, product: bytes, facts: bytes, newness: int) -> Known:
    """What is known of a product: the inverse of `pack_origin`, `pack_product` and `pack_facts` together."""
    has_brand, given, kept, *more = orjson.loads(packed)
    shown = orjson.loads(product)
    row: dict[str, Any] = {name: shown[name] for name in PLAIN if name not in ("id", "brand_id", "category_id")}
    row |= {
        "product_id": shown["id"], "brand": shown["brand"] if has_brand else None, "category": shown["category"],
        "attributes": [dict(zip(("name", "value", "number", "unit"), one, strict=True)) for one in given],
        "variants": shown["variants"], "offers": shown["offers"], "retired": False, "file": None, "line": None,
        "row_hash": None, "batch": f"l{newness}",
    }  # fmt: skip
    _, plain = unpack_facts(facts)
    stand = [
        {**fact, "product_id": shown["id"], **dict(zip(LEFT, left, strict=True))}
        for fact, left in zip(plain, kept, strict=True)
    ]
    if more:
        return Known(row, more[0], [dict(zip(CLAIM, one, strict=True)) for one in more[1]], stand)
    return Known(row, stand, [], stand)


def pack_facts(facts: Sequence[Fact], text: str) -> bytes:
    """What reasons need of a product's facts; `text` is how they are indexed. Terms are kept, for reading is slow."""
    named = ("predicate", "attribute", "node_id", "name", "claims")
    kept = [{name: fact[name] for name in named} | {"terms": _terms(fact)} for fact in facts]
    return orjson.dumps([" ".join(terms(text)), kept])


def unpack_facts(packed: bytes) -> tuple[list[str], list[dict[str, Any]]]:
    """The inverse: the terms of the text, and the facts with the terms of each."""
    text, facts = orjson.loads(packed)
    return text.split(), facts


def _terms(fact: Fact) -> list[str]:
    """The terms by which a fact is met: those of its name, and of what another language calls it."""
    name = str(fact["name"])
    return terms(" ".join((name, *other_words(fact["attribute"] or "", name))))


def _attributes(row: Mapping[str, Any], facts: Sequence[Fact], label: Mapping[str, str]) -> list[list[Any]]:
    """[name, value, node, number, unit] of each, the shop's own first, then those that the extractors found."""
    found: dict[str, list[Any]] = {}
    for own in row["attributes"] or ():
        if own["name"] and own["value"]:
            node = value_id(own["name"], own["value"])
            found[node] = [own["name"], own["value"], node, own["number"], own["unit"]]
    for fact in facts:
        if fact["predicate"] == "has_attribute" and fact["node_id"] not in found:
            name = label.get(fact["attribute"], fact["attribute"])
            found[fact["node_id"]] = [name, fact["name"], fact["node_id"], fact["number"], fact["unit"]]
    return list(found.values())


def _surest(facts: Sequence[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda fact: (-(fact["confidence"] or 0.0), fact["node_id"]))
