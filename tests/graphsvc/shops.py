"""A small shop for tests: six products in two languages, and orders of them."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from cypher.driver import Graph
from graphsvc.service import Service
from graphsvc.settings import Settings

PRODUCT_COLUMNS = ["id", "title", "brand", "category", "price", "colour", "description"]
PRODUCTS = [
    ["1", "Nordholm cast iron frying pan 28 cm", "Nordholm", "Home > Kitchen > Pans", "39.90", "black", "Heavy."],
    ["2", "Nordholm saucepan with lid 2 l", "Nordholm", "Home > Kitchen > Pans", "29.00", "silver", ""],
    ["3", "Sorrel table lamp", "Sorrel", "Home > Lighting", "55.00", "white", "Dimmable."],
    ["4", "Sorrel floor lamp", "Sorrel", "Home > Lighting", "120.00", "black", ""],
    ["5", "岚山 不锈钢保温杯 500ml", "岚山", "Home > Kitchen > Cups", "89.00", "银色", "304食品级"],
    ["6", "Quill wireless mouse", "Quill", "Electronics > Mice", "19.99", "black", "For left hands too."],
]
ORDER_COLUMNS = ["order_id", "product_id", "quantity", "order_date", "customer_id"]
BASKETS = ("12", "12", "34", "12", "126", "12", "512", *["34", "3", "4", "6"] * 6)
ORDERS = [
    [f"b{number}", product, "1", f"2026-01-{number % 28 + 1:02d} 10:00:00", f"c{number % 9}"]
    for number, products in enumerate(BASKETS)
    for product in products
]


def write_rows(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str]) -> Path:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_products(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Write products."""
    return write_rows(path, rows, PRODUCT_COLUMNS)


def write_orders(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Write order lines."""
    return write_rows(path, rows, ORDER_COLUMNS)


@contextmanager
def in_graph(folder: Path, neo4j: Graph, rows: Sequence[Sequence[str]] = PRODUCTS) -> Iterator[Service]:
    """A shop of products that a Neo4j has followed."""
    there = neo4j.connection
    settings = Settings(
        home=folder / "shop", encoder="use", neo4j_uri=there.uri, neo4j_user=there.user,
        neo4j_password=SecretStr(there.password),
    )  # fmt: skip
    with Service(settings) as service:
        service.ingest(str(write_products(folder / "products.csv", rows)), asset="products", name="shop")
        service.follow_graph()
        yield service
