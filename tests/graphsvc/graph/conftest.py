"""A tiny shop as the views that the graph's tables are made of."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from cypher.driver import Graph
from cypher.server import LocalServer
from extractors import Document, load_extractor
from graphsvc import knowledge
from graphsvc.facts import facts_of
from graphsvc.graph.projection import GraphProjection
from graphsvc.graph.tables import BOUGHT_TOGETHER, GraphTables, build_tables
from graphsvc.warehouse.schemas import TABLES

TIME = datetime(2026, 3, 1, 10, 20, 30, 123456, tzinfo=UTC)
ATTRIBUTES = ("colour", "material", "model", "replaces")
NASTY = 'pan "24\n", \\ \r\n; {x: 1}) DETACH DELETE (n) // =1+1 \x1e 锅'


@dataclass
class TinyShop:
    """Rows of a shop, to be changed by tests."""

    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    coupons: list[dict[str, Any]] = field(default_factory=list)
    redemptions: list[dict[str, Any]] = field(default_factory=list)
    pairs: list[tuple[str, str, int, float]] = field(default_factory=list)

    def put(self, key: str, title: str = "Pan", **fields: Any) -> None:
        """Add or replace a product."""
        row = {"product_id": f"shop:{key}", "key": key, "source": "shop", "title": title, "file": "shop.csv", "line": 2}
        self.products[row["product_id"]] = row | fields  # type: ignore[index]

    def buy(self, shopper: str, key: str, basket: str, **fields: Any) -> None:
        """Add a purchase."""
        event = {"source": "shop", "shopper": shopper, "product_id": f"shop:{key}", "kind": "buy", "time": TIME}
        self.events.append({**event, "basket": basket, "quantity": 1.0, "value": 9.9, **fields})

    @property
    def facts(self) -> pa.Table:
        """Facts as the service makes them: by the extractors, from claims."""
        documents = [
            Document(
                row["product_id"],
                row["title"],
                fields={name: [row[name]] for name in ("brand", *ATTRIBUTES) if row.get(name)},
                category=row.get("category") or [],
            )
            for row in self.products.values()
        ]
        found = [
            claim
            for name in ("fields", "category")
            for claims in load_extractor(name, documents).extract(documents)
            for claim in claims
        ]
        return facts_of(knowledge.claims_table(found, "b1"))

    def view(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the current rows readable, as a history does."""
        rows = {
            "products": [{k: v for k, v in row.items() if k not in ATTRIBUTES} for row in self.products.values()],
            "events": self.events, "reviews": self.reviews, "coupons": self.coupons, "redemptions": self.redemptions,
        }  # fmt: skip
        for name, found in rows.items():
            connection.register(f"current_{name}", pa.Table.from_pylist(found, schema=TABLES[name]))
        connection.register("facts", self.facts)
        pairs = [dict(zip(BOUGHT_TOGETHER.names, pair, strict=True)) for pair in self.pairs]
        connection.register("bought_together", pa.Table.from_pylist(pairs, schema=BOUGHT_TOGETHER))

    def build(self, offset: int, folder: Path) -> GraphTables:
        """The tables of the graph, as it is now."""
        with closing(duckdb.connect(":memory:")) as connection:
            self.view(connection)
            return build_tables(connection, folder)


@pytest.fixture
def shop() -> TinyShop:
    """Two products of one brand, a third without anything; purchases, a click, a review, a coupon, a pair."""
    shop = TinyShop()
    shop.put("1", "Nordholm pan", brand="Nordholm", category=["Home", "Kitchen"], colour="Red", price=20.0,
             variants=[{"sku": "1-S"}, {"sku": "1-L"}], offers=[{"seller": "Harbour", "price": 20.0}])  # fmt: skip
    shop.put("2", "锅铲", brand="NORDHOLM", category=["Home", "Kitchen"], colour="red", language="zh")
    shop.put("3", NASTY, description="", stock=0)
    shop.buy("ann", "1", "b1")
    shop.buy("ann", "1", "b2", quantity=2.0)
    shop.buy("ann", "2", "b1")
    shop.buy("bob", "9", "b3")
    shop.events.append({**shop.events[0], "shopper": "bob", "kind": "click", "basket": None})
    shop.reviews.append({"review_id": "r1", "product_id": "shop:1", "shopper": "bob", "rating": 4.0, "text": NASTY,
                         "time": TIME})  # fmt: skip
    shop.coupons.append({"coupon_id": "c1", "campaign_id": "spring", "product_id": "shop:2"})
    shop.redemptions.append({"shopper": "ann", "coupon_id": "c1", "campaign_id": "spring", "time": TIME})
    shop.pairs.append(("shop:1", "shop:2", 5, 2.5))
    return shop


@pytest.fixture
def connection(shop: TinyShop) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tiny shop's views."""
    with closing(duckdb.connect(":memory:")) as opened:
        shop.view(opened)
        yield opened


@pytest.fixture
def graph(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> GraphTables:
    """The tables of the tiny shop."""
    return build_tables(connection, tmp_path / "graph")


@pytest.fixture
def projection(neo4j: Graph, neo4j_server: LocalServer, tmp_path: Path) -> Iterator[GraphProjection]:
    """A projection into a Neo4j that, as far as it knows, somebody else started."""
    with closing(GraphProjection(lambda: Graph(neo4j_server.start()), "shop-a", tmp_path / "state")) as opened:
        yield opened
