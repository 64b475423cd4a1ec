from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from extractors import Document, load_extractor
from graphsvc.graph.tables import GraphTables, build_tables
from graphsvc.ontology import PREDICATES, category_id
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
BUY = {"shopper": "ann", "product_id": "shop:1", "kind": "buy", "time": TIME}
EVENTS = [
    {**BUY, "quantity": 1.0, "value": 20.0, "basket": "b1"},
    {**BUY, "quantity": 2.0, "value": 40.0, "basket": "b2"},
    {"shopper": "bob", "product_id": "shop:2", "kind": "click", "time": TIME},
    {"shopper": "bob", "product_id": "gone:9", "kind": "buy", "time": TIME, "basket": "b3"},
]  # fmt: skip


def claims_of(documents: list[Document]) -> pa.Table:
    rows = []
    for name in ("fields", "category"):
        for found in load_extractor(name, documents).extract(documents):
            for claim in found:
                fields = {name: getattr(claim, name) for name in ("subject", "predicate", "object", "qualifier")}
                rows.append({"claim_id": claim.id, "confidence": claim.confidence, **fields})
    return pa.Table.from_pylist(rows, schema=TABLES["claims"])


def build() -> GraphTables:
    inputs = {name: schema.empty_table() for name, schema in TABLES.items()}
    inputs["products"] = pa.Table.from_pylist(PRODUCTS, schema=TABLES["products"])
    inputs["events"] = pa.Table.from_pylist(EVENTS, schema=TABLES["events"])
    inputs["claims"] = claims_of(DOCUMENTS)
    inputs["bought_together"] = pa.table(
        {"product_a": ["shop:1"], "product_b": ["shop:2"], "count": [5], "lift": [2.0]}
    )
    return build_tables(inputs)


def test_every_relationship_joins_nodes_that_exist() -> None:
    graph = build()
    ids = {label: set(table["id"].to_pylist()) for label, table in graph.nodes.items()}
    for label, table in graph.nodes.items():
        assert len(ids[label]) == table.num_rows, f"{label} has an id twice"
    for (start, _, end), table in graph.relationships.items():
        if start != "Basket":
            assert set(table["start"].to_pylist()) <= ids[start]
        assert set(table["end"].to_pylist()) <= ids[end]
    assert {predicate.range for predicate in PREDICATES.values()} <= set(graph.nodes)


def test_spellings_of_one_value_are_one_node_with_all_claims() -> None:
    graph = build()
    assert graph.nodes["Brand"]["id"].to_pylist() == ["brand:nordholm"]
    assert graph.nodes["Value"]["id"].to_pylist() == ["value:colour=red"]
    brands = graph.relationships["Product", "HAS_BRAND", "Brand"].to_pylist()
    assert [(row["start"], len(row["claims"])) for row in brands] == [("shop:1", 1), ("shop:2", 1)]


def test_categories_form_a_tree() -> None:
    graph = build()
    leaf, root = category_id(["Home", "Kitchen"]), category_id(["Home"])
    assert set(graph.nodes["Category"]["id"].to_pylist()) == {leaf, root}
    assert graph.relationships["Category", "CHILD_OF", "Category"].to_pylist() == [{"start": leaf, "end": root}]


def test_purchases_are_aggregated_and_gone_products_left_out() -> None:
    graph = build()
    (bought,) = graph.relationships["Shopper", "BOUGHT", "Product"].to_pylist()
    assert (bought["count"], bought["quantity"], bought["value"]) == (2, 3.0, 60.0)
    assert graph.nodes["Basket"].num_rows == 3
    assert graph.relationships["Shopper", "INTERACTED", "Product"].num_rows == 1
