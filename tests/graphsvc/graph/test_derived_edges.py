"""Edges that declared rules derive: marked, with the claims that they follow from, and gone with any of them."""

from pathlib import Path

from graphsvc.graph.projection import GraphProjection
from graphsvc.types import Relation
from tests.graphsvc.graph.conftest import TinyShop
from tests.graphsvc.graph.contents import content, live, wanted


def test_what_rules_derive_is_marked_and_goes_with_what_it_follows_from(
    projection: GraphProjection, shop: TinyShop, tmp_path: Path
) -> None:
    shop.put("4", "Scarf", material="wool")
    projection.follow(1, shop.build)
    assert content(projection.graph) == wanted(shop, tmp_path / "wanted")

    def made_from() -> list[tuple[str, object, str, int]]:
        found = projection.entity("shop:4")
        assert found is not None
        edges = [relation for relation in found.relations if relation.type in ("MADE_FROM", "HAS_VALUE")]
        return [(one.type, one.properties.get("derived"), one.said, len(one.claims)) for one in edges]

    assert made_from() == [("HAS_VALUE", None, "has", 1), ("MADE_FROM", True, "made from", 1)]
    wool = projection.entity("value:material=wool")
    assert wool is not None
    assert {(one.type, one.said) for one in wool.relations} == {("HAS_VALUE", "had by"), ("MADE_FROM", "used for")}
    assert projection.facet_counts()["value:material=wool"] == 1
    shop.put("4", "Scarf", colour="red")
    live(projection, shop, 2, tmp_path / "small", "4")
    assert made_from() == [("HAS_VALUE", None, "has", 1)]
    assert projection.entity("value:material=wool") is None
    projection.follow(3, shop.build)
    assert content(projection.graph) == wanted(shop, tmp_path / "wanted")


def derived(projection: GraphProjection, product: str, kind: str) -> dict[str, int]:
    """What is derived of a product by a kind of relation, each with the number of claims that it rests on."""
    found = projection.entity(product)
    assert found is not None
    edges = [one for one in found.relations if one.type == kind and one.properties.get("derived")]
    return {one.name: len(one.claims) for one in edges}


def test_variants_stand_together_and_part_with_what_makes_them_variants(
    projection: GraphProjection, shop: TinyShop, tmp_path: Path
) -> None:
    for key, colour in (("4", "red"), ("5", "blue")):
        shop.put(key, f"Nordholm lid, {colour}", brand="Nordholm", colour=colour)
    projection.follow(1, shop.build)
    assert content(projection.graph) == wanted(shop, tmp_path / "wanted")
    assert derived(projection, "shop:4", "VARIANT_OF") == {"Nordholm lid": 2}
    assert projection.neighbours(["shop:4"])["shop:4"] == {"brand:nordholm", "value:colour=red"}
    (edge,) = (one for one in shop_relations(projection, "shop:4") if one.type == "VARIANT_OF")
    family = projection.entity(edge.id)
    assert family is not None
    assert edge.id not in projection.facet_counts()
    assert {(one.id, one.said) for one in family.relations} == {(f"shop:{key}", "has variant") for key in "45"}
    shop.put("4", "Nordholm lid, red", brand="Nordholm")  # nobody says its colour now
    shop.put("6", "Nordholm lid, green", brand="Nordholm", colour="green")
    live(projection, shop, 2, tmp_path / "small", "4", "6")
    assert derived(projection, "shop:4", "VARIANT_OF") == {}
    assert derived(projection, "shop:6", "VARIANT_OF") == {"Nordholm lid": 2}
    projection.follow(3, shop.build)
    assert content(projection.graph) == wanted(shop, tmp_path / "wanted")


def shop_relations(projection: GraphProjection, product: str) -> tuple[Relation, ...]:
    found = projection.entity(product)
    assert found is not None
    return found.relations


def test_what_lies_in_a_category_lies_in_those_above(projection: GraphProjection, shop: TinyShop) -> None:
    shop.put("4", "Ladle", category=["Home", "Kitchen", "Tools"])
    projection.follow(1, shop.build)
    assert derived(projection, "shop:4", "IN_CATEGORY") == {"Kitchen": 1, "Home": 1}
    shop.put("4", "Ladle", category=["Home"])
    projection.follow(2, shop.build)
    assert derived(projection, "shop:4", "IN_CATEGORY") == {}


def test_what_replaces_a_model_replaces_what_that_replaces(
    projection: GraphProjection, shop: TinyShop, tmp_path: Path
) -> None:
    for key, model, replaces in (("4", "D", "C"), ("5", "C", "B"), ("6", "B", "A"), ("7", "A", "Z"), ("8", "E", "E")):
        shop.put(key, "Battery", model=model, replaces=replaces)
    projection.follow(1, shop.build)
    assert derived(projection, "shop:4", "REPLACES") == {"C": 1, "B": 3, "A": 5}  # not Z
    assert derived(projection, "shop:8", "REPLACES") == {"E": 1}  # no circles
    shop.put("5", "Battery", model="C")
    live(projection, shop, 2, tmp_path / "small", "5")
    assert derived(projection, "shop:4", "REPLACES") == {"C": 1}
