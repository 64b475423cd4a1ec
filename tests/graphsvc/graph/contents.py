"""What stands in a graph, what should, and how a small change is laid over it."""

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from cypher.driver import Graph
from graphsvc.graph.projection import GraphProjection
from graphsvc.graph.tables import build_product_tables
from tests.graphsvc.graph.conftest import TinyShop

Content = tuple[list[str], list[str]]


def content(graph: Graph) -> Content:
    """Everything in the database but the notes about it, in an order of its own."""
    nodes = graph.read(
        "MATCH (n) WHERE NOT n:Graphsvc AND NOT n:GraphsvcMigration RETURN labels(n)[0], properties(n)"
    ).rows
    edges = graph.read("MATCH (a)-[r]->(b) RETURN a.id, type(r), b.id, properties(r)").rows
    return sorted(map(_line, nodes)), sorted(map(_line, edges))


def wanted(shop: TinyShop, folder: Path) -> Content:
    """What a graph of the shop as it is now should hold, told by the tables alone."""
    shutil.rmtree(folder, ignore_errors=True)
    tables = shop.build(0, folder)
    nodes, edges = [], []
    for part in tables.parts():
        for row in tables.table(part).to_pylist():
            known = {name: value for name, value in row.items() if value is not None}
            if part.kind:
                edges.append(_line((known.pop("start"), part.kind, known.pop("end"), known)))
            else:
                nodes.append(_line((part.label, known)))
    return sorted(nodes), sorted(edges)


def _line(row: tuple[Any, ...]) -> str:
    return repr([_ordered(value) if isinstance(value, dict) else value for value in row])


def _ordered(properties: dict[str, Any]) -> list[tuple[str, Any]]:
    """Times at one zone, as Python writes them."""
    plain = {name: value.to_native() if hasattr(value, "to_native") else value for name, value in properties.items()}
    return sorted(
        (name, value.astimezone(UTC) if isinstance(value, datetime) else value) for name, value in plain.items()
    )


def live(projection: GraphProjection, shop: TinyShop, offset: int, folder: Path, *keys: str) -> None:
    """Lay a change of some products over the graph, as the service does."""
    ids = [f"shop:{key}" for key in keys]
    with closing(duckdb.connect(":memory:")) as connection:
        shop.view(connection)
        shutil.rmtree(folder, ignore_errors=True)
        projection.apply(build_product_tables(connection, folder, ids, history=True), offset, products=ids)
