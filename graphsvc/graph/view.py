"""What is read from the graph for answers and for comparing it with the other projections. Knows its model."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from cypher.driver import Graph
from cypher.statements import step
from graphsvc.graph.tables import Part, all_parts
from graphsvc.ontology import CHAINS, said
from graphsvc.types import Entity, Relation

EACH = 25  # relations of one kind and direction that an entity shows
PAGE = 1_000  # ids asked for at once
NAMES = ("name", "title", "sku", "seller", "text")  # the first of these that a node has is its name
HIDDEN = ("embedding",)


def read_entity(graph: Graph, entity_id: str, each: int = EACH) -> Entity | None:
    """A node with what stands around it, at most `each` relations of a kind and direction; None when nothing has it."""
    found = graph.read(step("find_entity"), id=entity_id).dicts()
    if not found:
        return None
    label, properties = found[0]["label"], found[0]["node"]
    relations = [
        relation
        for part in all_parts()
        if part.kind
        for outgoing in (True, False)
        if label == (part.label if outgoing else part.end)
        for relation in _relations(graph, part, entity_id, outgoing, each)
    ]
    if label == "Product":
        relations += [one for predicate in CHAINS for one in _chained(graph, predicate, entity_id, each)]
    return Entity(entity_id, label, _name(properties), _plain(properties), tuple(relations))


def read_facts(graph: Graph, ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """The fact nodes of each product that is there."""
    found: dict[str, frozenset[str]] = {}
    for at in range(0, len(ids), PAGE):
        rows = graph.read(step("facts"), ids=list(ids[at : at + PAGE])).rows
        found |= {product: frozenset(facts) for product, facts in rows}
    return found


def read_any_product(graph: Graph) -> str | None:
    """One product, None when there is none."""
    with closing(graph.stream(step("node_ids").naming(label="Product"))) as rows:
        return next((row["id"] for row in rows), None)


def read_product_ids(graph: Graph) -> list[str]:
    """Every product, in no order."""
    return [row["id"] for row in graph.stream(step("node_ids").naming(label="Product"))]


def read_facet_counts(graph: Graph) -> dict[str, int]:
    """How many products stand at each brand, manufacturer, category and value; a category without its subtree."""
    return {row["id"]: row["products"] for row in graph.stream(step("facet_counts"))}


def _relations(graph: Graph, part: Part, entity_id: str, outgoing: bool, each: int) -> list[Relation]:
    query = step("relations_out" if outgoing else "relations_in")
    named = query.naming(label=part.label, kind=part.kind, end=part.end)
    rows = graph.read(named, id=entity_id, limit=each).dicts()
    return [_relation(part.kind, outgoing, row) for row in rows]


def _chained(graph: Graph, predicate: str, product: str, each: int) -> list[Relation]:
    """What a product's facts say by way of other nodes, marked as derived."""
    rows = graph.read(step(f"chain_{predicate}"), id=product, limit=each).dicts()
    return [_relation(predicate.upper(), True, row) for row in rows]


def _relation(kind: str, outgoing: bool, row: Mapping[str, Any]) -> Relation:
    properties = _plain(row["properties"])
    claims = tuple(properties.pop("claims", None) or ())
    return Relation(
        kind, outgoing, row["node"]["id"], row["label"], _name(row["node"]), properties, claims, said(kind, outgoing)
    )


def _name(properties: Mapping[str, Any]) -> str:
    return str(next((properties[name] for name in NAMES if properties.get(name)), properties["id"]))


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as Python's own values; times of the driver become datetimes."""
    return {
        name: value.to_native() if hasattr(value, "to_native") else value
        for name, value in sorted(properties.items())
        if name not in ("id", *HIDDEN)
    }
