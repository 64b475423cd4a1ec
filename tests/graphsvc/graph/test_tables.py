from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from extractors import Document, load_extractor
from graphsvc import knowledge
from graphsvc.graph.tables import GraphTables, Part, build_event_tables, build_product_tables, build_tables
from graphsvc.ontology import LABELS, PREDICATES, category_id
from graphsvc.warehouse.schemas import TABLES

TIME = datetime(2026, 3, 1, tzinfo=UTC)
PRODUCTS: list[dict[str, Any]] = [
    {"product_id": "shop:1", "key": "1", "source": "shop", "title": "Nordholm pan", "price": 20.0,
     "variants": [{"sku": "1-S"}, {"sku": "1-L"}], "offers": [{"seller": "Harbour", "price": 20.0}]},
    {"product_id": "shop:2", "key": "2", "source": "shop", "title": "锅铲"},
]  # fmt: skip
DOCUMENTS = [
    Document("shop:1", "Nordholm pan", fields={"brand": ["Nordholm"], "color": ["Red"]}, category=["Home", "Kitchen"]),
    Document("shop:2", "锅铲", fields={"brand": ["NORDHOLM"], "颜色": ["red"]}, category=["Home", "Kitchen"]),
]
BUY = {"source": "shop", "shopper": "ann", "product_id": "shop:1", "kind": "buy", "time": TIME}
EVENTS = [
    {**BUY, "quantity": 1.0, "value": 20.0, "basket": "b1"},
    {**BUY, "quantity": 2.0, "value": 40.0, "basket": "b2"},
    {"source": "shop", "shopper": "bob", "product_id": "shop:2", "kind": "click", "time": TIME},
    {"source": "shop", "shopper": "bob", "product_id": "gone:9", "kind": "buy", "time": TIME, "basket": "b3"},
]  # fmt: skip


BOUGHT_TOGETHER = pa.table({"product_a": ["shop:1"], "product_b": ["shop:2"], "count": [5], "lift": [2.0]})


def facts_of(documents: list[Document]) -> pa.Table:
    """Facts as the service makes them: by the extractors, from claims."""
    found = [
        claim
        for name in ("fields", "category")
        for claims in load_extractor(name, documents).extract(documents)
        for claim in claims
    ]
    return knowledge.facts_of(knowledge.claims_table(found, "b1"))


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(":memory:")) as opened:
        opened.register("current_products", pa.Table.from_pylist(PRODUCTS, schema=TABLES["products"]))
        opened.register("current_events", pa.Table.from_pylist(EVENTS, schema=TABLES["events"]))
        opened.register("facts", facts_of(DOCUMENTS))
        opened.register("bought_together", BOUGHT_TOGETHER)
        yield opened


@pytest.fixture
def graph(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> GraphTables:
    return build_tables(connection, tmp_path / "graph")


def rows(graph: GraphTables, part: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = graph.table(Part.of(part)).to_pylist()
    return found


def ids(graph: GraphTables, part: str) -> list[str]:
    return [row["id"] for row in rows(graph, part)]


def test_every_relationship_joins_nodes_that_exist(graph: GraphTables) -> None:
    nodes = {part.label: ids(graph, part.name) for part in graph.parts() if not part.kind}
    assert all(len(set(found)) == len(found) for found in nodes.values())
    for part in graph.parts():
        if part.kind:
            assert set(graph.table(part)["start"].to_pylist()) <= set(nodes[part.label]), part
            assert set(graph.table(part)["end"].to_pylist()) <= set(nodes[part.end]), part
    assert {predicate.range for predicate in PREDICATES.values()} <= set(nodes) == set(LABELS)


def test_spellings_of_one_value_are_one_node_with_all_claims(graph: GraphTables) -> None:
    assert ids(graph, "Brand") == ["brand:nordholm"]
    assert ids(graph, "Value") == ["value:colour=red"]
    brands = rows(graph, "Product.HAS_BRAND.Brand")
    assert [(row["start"], len(row["claims"])) for row in brands] == [("shop:1", 1), ("shop:2", 1)]


def test_categories_form_a_tree(graph: GraphTables) -> None:
    leaf, root = category_id(["Home", "Kitchen"]), category_id(["Home"])
    assert set(ids(graph, "Category")) == {leaf, root}
    assert rows(graph, "Category.CHILD_OF.Category") == [{"start": leaf, "end": root}]


def test_purchases_are_aggregated_and_gone_products_left_out(graph: GraphTables) -> None:
    (bought,) = rows(graph, "Shopper.BOUGHT.Product")
    assert (bought["count"], bought["quantity"], bought["value"]) == (2, 3.0, 60.0)
    assert len(rows(graph, "Basket")) == 3
    (clicked,) = rows(graph, "Shopper.INTERACTED.Product")
    assert (clicked["clicks"], clicked["views"]) == (1, None)


def test_equal_inputs_make_equal_tables(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    first, second = build_tables(connection, tmp_path / "a"), build_tables(connection, tmp_path / "b")
    assert first.parts() == second.parts()
    assert all(first.table(part).equals(second.table(part)) for part in first.parts())


def test_some_products_alone(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    graph = build_product_tables(connection, tmp_path / "one", ["shop:2"])
    assert ids(graph, "Product") == ["shop:2"]
    assert ids(graph, "Brand") == ["brand:nordholm"]
    assert Part.of("Shopper.BOUGHT.Product") not in graph.parts()
    with_history = build_product_tables(connection, tmp_path / "two", ["shop:1"], history=True)
    assert len(rows(with_history, "Shopper.BOUGHT.Product")) == 1


def test_events_bring_their_whole_basket_and_whole_sums(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    changed = pa.table({"source": ["shop"], "shopper": ["ann"], "product_id": ["shop:1"], "basket": ["b2"]})
    graph = build_event_tables(connection, tmp_path / "events", changed)
    assert ids(graph, "Basket") == ["basket:shop/b2"]
    assert ids(graph, "Shopper") == ["shopper:ann"]
    (bought,) = rows(graph, "Shopper.BOUGHT.Product")
    assert bought["count"] == 2, "the other basket of the pair counts too"
