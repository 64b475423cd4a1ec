"""Products as stored rows: packed to JSON when a catalogue is made, unpacked for the few that are shown.

Knows the columns of PRODUCTS and FACTS and the type Product; no index.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from embeddings.words import terms
from graphsvc.ontology import brand_id, value_id
from graphsvc.search.documents import Fact
from graphsvc.types import Attribute, Product

PLAIN = (
    "id", "key", "source", "title", "title_derived", "description", "brand", "brand_id", "manufacturer", "category_id",
    "price", "currency", "stock", "gtin", "url", "image", "language",
)  # fmt: skip


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


def pack_facts(facts: Sequence[Fact], text: str) -> bytes:
    """What reasons need of a product's facts; `text` is how they are indexed. Terms are kept, for reading is slow."""
    named = ("predicate", "attribute", "node_id", "name", "claims")
    kept = [{name: fact[name] for name in named} | {"terms": terms(str(fact["name"]))} for fact in facts]
    return orjson.dumps([" ".join(terms(text)), kept])


def unpack_facts(packed: bytes) -> tuple[list[str], list[dict[str, Any]]]:
    """The inverse: the terms of the text, and the facts with the terms of each."""
    text, facts = orjson.loads(packed)
    return text.split(), facts


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
