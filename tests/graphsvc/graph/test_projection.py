"""The projection against a real Neo4j: every way to a graph leads to the same one, from wherever it was broken off."""

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from cypher.driver import Graph, Rows
from cypher.errors import GraphAway
from cypher.server import LocalServer
from cypher.statements import Query, named
from graphsvc.errors import ForeignGraphError, GraphUnavailable
from graphsvc.graph import projection as projection_module
from graphsvc.graph.projection import GraphProjection
from graphsvc.graph.tables import build_event_tables
from tests.graphsvc.graph.conftest import NASTY, TinyShop
from tests.graphsvc.graph.contents import content, live, wanted


def test_a_graph_says_what_the_tables_say(projection: GraphProjection, shop: TinyShop) -> None:
    assert projection.offset() == -1
    assert projection.follow(7, shop.build)
    assert projection.offset() == 7
    assert not projection.follow(7, shop.build)
    assert sorted(projection.product_ids()) == ["shop:1", "shop:2", "shop:3"]
    assert projection.neighbours(["shop:2", "shop:3", "shop:9"]) == {
        "shop:2": {"brand:nordholm", "category:home/kitchen", "value:colour=red"},
        "shop:3": frozenset(),
    }
    assert projection.facet_counts() == {"brand:nordholm": 2, "category:home/kitchen": 2, "value:colour=red": 2}


def test_an_entity_stands_with_its_relations_and_their_claims(projection: GraphProjection, shop: TinyShop) -> None:
    projection.follow(1, shop.build)
    entity = projection.entity("shop:1")
    assert entity is not None
    assert (entity.label, entity.name, entity.properties["price"]) == ("Product", "Nordholm pan", 20.0)
    brand = next(relation for relation in entity.relations if relation.type == "HAS_BRAND")
    assert (brand.outgoing, brand.id, len(brand.claims)) == (True, "brand:nordholm", 1)
    bought = next(relation for relation in entity.relations if relation.type == "BOUGHT")
    assert (bought.outgoing, bought.id, bought.properties["count"]) == (False, "shopper:ann", 2)
    assert bought.properties["last"].tzinfo is not None
    review = projection.entity("review:r1")
    assert review is not None
    assert review.properties["text"] == NASTY
    capped = projection.entity("brand:nordholm", each=1)
    assert capped is not None
    assert len(capped.relations) == 1
    assert projection.entity("nobody") is None


def test_an_offline_import_gives_the_same_graph_as_statements(
    projection: GraphProjection, shop: TinyShop, neo4j_server: LocalServer, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shop.put("5", "Scarf", material="wool")
    projection.follow(3, shop.build)
    stated = content(projection.graph)
    assert stated == wanted(shop, tmp_path / "wanted")
    projection.graph.execute("MATCH (n) DETACH DELETE n")
    monkeypatch.setattr(projection_module, "BULK_ROWS", 0)
    with closing(
        GraphProjection(lambda: Graph(neo4j_server.start()), "shop-a", tmp_path / "offline", neo4j_server)
    ) as offline:
        offline.follow(3, shop.build)
        assert content(offline.graph) == stated
        assert offline.offset() == 3
        shop.put("4", "Lid", brand="Nordholm")
        assert offline.follow(4, shop.build)
        assert "shop:4" in offline.product_ids()


def change_much(shop: TinyShop) -> None:
    """New, changed and gone products, facts, purchases, reviews and pairs."""
    del shop.products["shop:3"]
    shop.put("2", "Spatula", brand="Steelo", category=["Home", "Tools"])
    shop.put("4", "Lid", brand="Nordholm", category=["Garden"], colour="blue")
    shop.buy("cid", "4", "b9")
    shop.buy("ann", "1", "b1")
    shop.reviews.clear()
    shop.pairs[:] = [("shop:1", "shop:4", 6, 1.5)]


def test_differences_lead_to_the_graph_of_the_tables(
    projection: GraphProjection, shop: TinyShop, tmp_path: Path
) -> None:
    projection.follow(1, shop.build)
    change_much(shop)
    projection.follow(2, shop.build)
    followed = content(projection.graph)
    assert followed == wanted(shop, tmp_path / "wanted")


class Broken(Exception):
    """Stands for a kill."""


class FailingGraph(Graph):
    """A real connection that breaks after some writes."""

    left = 1_000_000

    def write_all(self, statements: Any, **options: Any) -> Rows:
        FailingGraph.left -= 1
        if FailingGraph.left < 0:
            raise Broken
        return super().write_all(statements, **options)


@pytest.mark.parametrize("writes", [0, 1, 6, 12, 18])
def test_broken_off_anywhere_following_again_leads_there(
    writes: int, neo4j: Graph, neo4j_server: LocalServer, shop: TinyShop, tmp_path: Path
) -> None:  # fmt: skip
    FailingGraph.left = 1_000_000
    state = tmp_path / "state"
    with closing(GraphProjection(lambda: FailingGraph(neo4j_server.start()), "shop-a", state)) as first:
        first.follow(1, shop.build)
        change_much(shop)
        FailingGraph.left = writes
        with pytest.raises(Broken):
            first.follow(2, shop.build)
        assert first.offset() == 1
    shop.put("5", "Fork", brand="Steelo")
    del shop.products["shop:4"]  # was in the tables of the way that was broken off, and in none that were finished
    shop.events[:] = [event for event in shop.events if event["product_id"] != "shop:4"]
    with closing(GraphProjection(lambda: Graph(neo4j_server.start()), "shop-a", state)) as second:
        second.follow(3, shop.build)
        assert second.offset() == 3
        followed = content(second.graph)
    assert followed == wanted(shop, tmp_path / "wanted")


def test_a_first_load_broken_off_is_ours_and_goes_on(
    neo4j: Graph, neo4j_server: LocalServer, shop: TinyShop, tmp_path: Path
) -> None:  # fmt: skip
    FailingGraph.left = 8
    state = tmp_path / "state"
    with (
        closing(GraphProjection(lambda: FailingGraph(neo4j_server.start()), "shop-a", state)) as first,
        pytest.raises(Broken),
    ):
        first.follow(1, shop.build)
    shutil.rmtree(state)
    change_much(shop)
    with closing(GraphProjection(lambda: Graph(neo4j_server.start()), "shop-a", state)) as second:
        second.follow(2, shop.build)
        followed = content(second.graph)
    assert followed == wanted(shop, tmp_path / "wanted")


def test_a_lost_state_folder_is_made_good_against_the_database(
    projection: GraphProjection, shop: TinyShop, tmp_path: Path
) -> None:
    projection.follow(1, shop.build)
    shutil.rmtree(tmp_path / "state")
    change_much(shop)
    projection.follow(2, shop.build)
    followed = content(projection.graph)
    assert followed == wanted(shop, tmp_path / "wanted")


def test_small_changes_lead_to_the_graph_of_the_tables(
    projection: GraphProjection, shop: TinyShop, tmp_path: Path
) -> None:
    projection.follow(1, shop.build)
    shop.put("1", "Nordholm pan", brand="Steelo", category=["Home", "Kitchen", "Pans"], variants=[{"sku": "1-M"}])
    shop.put("4", "Lid", brand="NORDHOLM", category=["Garden"])
    del shop.products["shop:2"]
    shop.pairs.clear()
    for _ in range(2):  # the same change again changes nothing
        live(projection, shop, 2, tmp_path / "live", "1", "2", "4")
        assert projection.offset() == 2
    changed = content(projection.graph)
    projection.advance(3)
    assert projection.offset() == 3
    shop.put("2", "锅铲", brand="NORDHOLM", category=["Home", "Kitchen"], colour="red", language="zh")
    live(projection, shop, 4, tmp_path / "live", "2")
    returned = content(projection.graph)
    assert returned == wanted(shop, tmp_path / "wanted")
    del shop.products["shop:2"]
    assert changed == wanted(shop, tmp_path / "wanted")


def test_an_import_after_small_changes_undoes_what_only_they_made(
    projection: GraphProjection, shop: TinyShop, tmp_path: Path
) -> None:
    projection.follow(1, shop.build)
    second = dict(shop.products["shop:2"])
    shop.put("4", "Lid", brand="Fugit", category=["Garden", "Sheds"])
    del shop.products["shop:2"]
    live(projection, shop, 2, tmp_path / "live", "2", "4")
    shop.products["shop:2"] = second
    del shop.products["shop:4"]
    projection.follow(3, shop.build)
    followed = content(projection.graph)
    assert followed == wanted(shop, tmp_path / "wanted")


def test_events_lead_to_the_graph_of_the_tables(projection: GraphProjection, shop: TinyShop, tmp_path: Path) -> None:
    projection.follow(1, shop.build)
    before = len(shop.events)
    shop.buy("ann", "1", "b7", value=1.25)
    shop.buy("dee", "3", "b8")
    shop.pairs[:] = [("shop:1", "shop:2", 6, 2.0), ("shop:1", "shop:3", 2, 1.5)]
    shop.events.append({**shop.events[0], "shopper": "dee", "kind": "view", "basket": None})
    names = ["source", "shopper", "product_id", "basket"]
    changed = pa.Table.from_pylist([{name: event[name] for name in names} for event in shop.events[before:]])
    for number in range(2):
        with closing(duckdb.connect(":memory:")) as connection:
            shop.view(connection)
            projection.apply(build_event_tables(connection, tmp_path / f"live{number}", changed), 2)
    followed = content(projection.graph)
    assert followed == wanted(shop, tmp_path / "wanted")


def test_vectors_follow_products_and_encoders(projection: GraphProjection, shop: TinyShop, tmp_path: Path) -> None:
    projection.follow(1, shop.build)
    ids = sorted(projection.missing_vectors("minilm"))
    assert ids == ["shop:1", "shop:2", "shop:3"]
    projection.write_vectors("minilm", ids, np.array([[1, 0], [1, 0], [0, 1]], np.float32))
    assert projection.missing_vectors("minilm") == []
    near = projection.graph.read(named("near"), vector=[1.0, 0.1], limit=2).dicts()
    assert {row["id"] for row in near} == {"shop:1", "shop:2"}
    shop.put("1", "Another pan")
    live(projection, shop, 2, tmp_path / "live", "1")
    assert projection.missing_vectors("minilm") == ["shop:1"]
    assert sorted(projection.missing_vectors("e5")) == ids
    projection.write_vectors("e5", ids, np.eye(3, dtype=np.float32))
    (first, *_) = projection.graph.read(named("near"), vector=[0.0, 1.0, 0.0], limit=1).dicts()
    assert first["id"] == "shop:2"
    assert projection.missing_vectors("e5") == []


def test_a_foreign_database_is_refused_and_left_alone(
    projection: GraphProjection, neo4j: Graph, shop: TinyShop
) -> None:
    neo4j.write("CREATE (:Invoice {id: 1})")
    for refused in (
        lambda: projection.follow(1, shop.build),
        projection.offset,
        projection.drop,
        lambda: projection.advance(3),
    ):
        with pytest.raises(ForeignGraphError, match="not empty and is not ours"):
            refused()
    assert neo4j.read("MATCH (n) RETURN labels(n)").rows == ((["Invoice"],),)


def test_the_graph_of_another_shop_is_refused(
    projection: GraphProjection, neo4j_server: LocalServer, shop: TinyShop, tmp_path: Path
) -> None:
    projection.follow(1, shop.build)
    with closing(GraphProjection(lambda: Graph(neo4j_server.start()), "shop-b", tmp_path / "b")) as other:
        with pytest.raises(ForeignGraphError, match="another shop"):
            other.follow(1, shop.build)
        with pytest.raises(ForeignGraphError, match="another shop"):
            other.drop()
    assert projection.offset() == 1


def test_dropped_and_built_again(projection: GraphProjection, shop: TinyShop, neo4j: Graph) -> None:
    projection.follow(1, shop.build)
    built = content(neo4j)
    projection.drop()
    assert neo4j.read("MATCH (n) RETURN count(n)").rows == ((0,),)
    projection.follow(1, shop.build)
    assert content(neo4j) == built


def test_errors_of_the_driver_are_ours(neo4j: Graph, tmp_path: Path) -> None:
    class Away(Graph):
        def read(self, query: Query | str, /, **params: Any) -> Rows:
            raise GraphAway("Nothing answers.", "Start it.")

    with (
        closing(GraphProjection(lambda: Away(neo4j.connection), "shop-a", tmp_path)) as away,
        pytest.raises(GraphUnavailable, match="Start it"),
    ):
        away.offset()
