"""What the publishable token can reach in a real graph that has every kind of node and edge."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from cypher.driver import Graph
from gql.app import create_app
from gql.privacy import CATALOGUE
from graphsvc.graph.tables import all_parts
from graphsvc.graph.view import read_entity
from graphsvc.ontology import LABELS
from graphsvc.settings import Settings
from graphsvc.types import Entity
from tests.gql.conftest import PUBLISHABLE, SECRET, TOKENS, Ask
from tests.gql.memory import MemoryShop

PRIVATE = "secret-of-a-person"  # stands in every node and edge that tells of one
NODE = "{ id label name properties relations { type target { id label name } properties claims } }"
ENTITY = f"query ($id: ID!) {{ entity(id: $id) {NODE} }}"


class GraphShop(MemoryShop):
    """The shop in memory, with a real graph."""

    graph: Graph

    def entity(self, entity_id: str, /) -> Entity | None:
        return read_entity(self.graph, entity_id)


def node_id(label: str) -> str:
    return "s:1" if label == "Product" else f"{label.lower()}:1"


@pytest.fixture
def shop(neo4j: Graph) -> MemoryShop:
    for label in LABELS:
        text = "public" if label in CATALOGUE else PRIVATE
        neo4j.execute(f"CREATE (:{label} {{id: $id, name: $text, attributes: [$text]}})", id=node_id(label), text=text)
    for part in all_parts():
        if part.kind:
            public = {part.label, part.end} <= CATALOGUE
            neo4j.execute(
                f"MATCH (a:{part.label}), (b:{part.end}) CREATE (a)-[:{part.kind} {{evidence: $text}}]->(b)",
                text="public" if public else PRIVATE,
            )
    shop = GraphShop()
    shop.graph = neo4j
    return shop


@pytest.fixture
def client(shop: MemoryShop) -> Iterator[TestClient]:
    with TestClient(create_app(shop, Settings(), TOKENS)) as client:
        yield client


def walk(ask: Ask, token: str) -> dict[str, Any]:
    """Every node that can be reached from a product, by label, and the product's neighbourhood as "start"."""
    start = ask(f'{{ product(id: "s:1") {{ neighbourhood {NODE} }} }}', token)["data"]["product"]["neighbourhood"]
    found, open_ids = {"start": start}, {"s:1"}
    while open_ids:
        entity = ask(ENTITY, token, id=open_ids.pop())["data"]["entity"]
        found[entity["label"]] = entity
        open_ids |= {r["target"]["id"] for r in entity["relations"] if r["target"]["label"] not in found}
    return found


def test_no_way_leads_from_a_product_to_a_person(ask: Ask) -> None:
    reached = walk(ask, PUBLISHABLE)
    assert set(reached) == CATALOGUE | {"start"}
    assert PRIVATE not in str(reached)
    assert set(walk(ask, SECRET)) == set(LABELS) | {"start"}


@pytest.mark.parametrize("name", ["shopper:1", "basket:1", "coupon:1", "campaign:1", "shopper:none", "basket:none"])
def test_a_guarded_node_is_refused_whether_it_is_there_or_not(ask: Ask, name: str) -> None:
    answer = ask(ENTITY, id=name)
    assert answer["data"]["entity"] is None
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_what_is_not_there_is_null_to_both_tokens(ask: Ask) -> None:
    assert ask(ENTITY, id="brand:none") == {"data": {"entity": None}}
    assert ask(ENTITY, SECRET, id="shopper:none") == {"data": {"entity": None}}
