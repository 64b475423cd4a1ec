"""A small shop for tests: six products in two languages, and orders of them."""

import csv
from collections.abc import Sequence
from pathlib import Path

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
ORDERS = [
    [basket, product, "1", f"2026-01-0{day} 10:00:00", f"c{basket}"]
    for day, basket, products in ((1, "b1", "12"), (2, "b2", "12"), (3, "b3", "34"), (4, "b4", "12"), (5, "b5", "126"),
                                  (6, "b6", "12"), (7, "b7", "512"))
    for product in products
]  # fmt: skip


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
