from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from graphsvc.graph.tables import GraphTables, Part, build_event_tables, build_product_tables, build_tables
from graphsvc.ontology import LABELS, PREDICATES, category_id


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
    bought, other = rows(graph, "Shopper.BOUGHT.Product")
    assert (bought["count"], bought["quantity"], bought["value"]) == (2, 3.0, 19.8)
    assert other["end"] == "shop:2"
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
