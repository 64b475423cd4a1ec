"""Small shops for the recommender: rows of events and products, a catalogue of dictionaries, a snapshot of them."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graphsvc.facts import FACTS
from graphsvc.ontology import brand_id, category_id, value_id
from graphsvc.recommend.behaviour import build
from graphsvc.recommend.engine import Engine
from graphsvc.recommend.rules import Rules
from graphsvc.types import Event, Filter, Product
from graphsvc.warehouse.schemas import EVENTS, PRODUCTS, REVIEWS

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SHELVES = {"pan": ["Home", "Pans"], "lamp": ["Home", "Lamps"], "milk": ["Food", "Milk"], "mouse": ["Tech", "Mice"]}
BRANDS = ("Nordholm", "Sorrel", "Quill")
Row = dict[str, Any]


def product(name: str, **fields: Any) -> Row:
    """s:pan1 is a pan of the first brand."""
    kind, number = name.rstrip("0123456789"), int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))
    return {
        "product_id": f"s:{name}", "key": name, "source": "s", "title": f"{kind.title()} {number}",
        "brand": BRANDS[number % 3], "category": SHELVES[kind], "retired": False, **fields,
    }  # fmt: skip


def facts(rows: Iterable[Row]) -> pa.Table:
    """The facts of products: brand, category, and that even ones are red."""
    found = []
    for row in rows:
        nodes = [("has_brand", brand_id(row["brand"])), ("in_category", category_id(row["category"]))]
        if int(row["key"][-1]) % 2 == 0:
            nodes.append(("has_attribute", value_id("colour", "red")))
        found += [
            {"product_id": row["product_id"], "predicate": predicate, "node_id": node, "confidence": 1.0}
            for predicate, node in nodes
        ]
    return pa.Table.from_pylist(found, schema=FACTS)


def event(day: float, shopper: str | None, name: str, kind: str = "buy", **fields: Any) -> Row:
    """One event, `day` days after the start."""
    return {
        "event_id": fields.pop("event_id", None), "shopper": shopper, "product_id": f"s:{name}", "kind": kind,
        "time": START + timedelta(days=day), "source": "s", **fields,
    }  # fmt: skip


def events_of(rows: Iterable[Row]) -> pa.Table:
    """Events as the warehouse gives them."""
    numbered = [{**row, "event_id": row["event_id"] or f"e{at}", "line": at} for at, row in enumerate(rows)]
    return pa.Table.from_pylist(numbered, schema=EVENTS)


def live(row: Row) -> Event:
    """The same event as it is tracked."""
    return Event(**{name: row[name] for name in Event.__dataclass_fields__ if name in row})


def baskets(*contents: Sequence[str], day: float = 0.0) -> list[Row]:
    """Each basket bought by a shopper of its own, an hour after the one before."""
    return [
        event(day + at / 24, f"b{at}", name, basket=f"k{day}-{at}")
        for at, names in enumerate(contents)
        for name in names
    ]


class Shelves:
    """A catalogue over rows of products; `gone` ones are retired."""

    def __init__(self, rows: Sequence[Row], gone: Sequence[str] = ()) -> None:
        self._rows: Mapping[str, Row] = {row["product_id"]: row for row in rows if row["product_id"] not in gone}
        self._facts = facts(rows)
        self.ids = list(self._rows)
        self.near: dict[str, list[tuple[str, float]]] = {}

    def allowed(self, wanted: Filter) -> NDArray[np.bool_]:
        """By brand only."""
        return np.array([not wanted.brands or self._rows[name]["brand"] in wanted.brands for name in self.ids], bool)

    def product(self, product_id: str) -> Product | None:
        """A row as a product."""
        row = self._rows.get(product_id)
        return None if row is None else Product(row["product_id"], row["key"], "s", row["title"])

    def similar(self, product_id: str, k: int) -> list[tuple[str, float]]:
        """Products that the test put near."""
        return self.near.get(product_id, [])[:k]

    def facts_of(self, product_id: str) -> list[str]:
        """Its nodes."""
        pairs = zip(self._facts["product_id"].to_pylist(), self._facts["node_id"].to_pylist(), strict=True)
        return [str(node) for name, node in pairs if name == product_id]


ALL = [product(f"{kind}{number}") for kind, number in itertools.product(SHELVES, range(1, 7))]


def snapshot(
    folder: Path, events: Sequence[Row], products: Sequence[Row] = ALL, offset: int = 1, reviews: Sequence[Row] = ()
) -> None:
    """Build a snapshot of them."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.register("current_events", events_of(events))
        if reviews:
            connection.register("current_reviews", pa.Table.from_pylist(list(reviews), schema=REVIEWS))
        build(folder, offset, connection, pa.Table.from_pylist(list(products), schema=PRODUCTS), facts(products))


def engine(
    folder: Path, events: Sequence[Row], products: Sequence[Row] = ALL, rules: Rules | None = None, **options: Any
) -> Engine:
    """Build and open."""
    snapshot(folder, events, products, **options)
    return Engine.open(folder, rules)


def drawn(count: int, seed: int = 7) -> list[Row]:
    """Random purchases of 40 shoppers over 60 days, in baskets, with tastes: most buy from two shelves."""
    draw = np.random.default_rng(seed)
    names = [row["key"] for row in ALL]
    rows: list[Row] = []
    for at in range(count):
        shopper = int(draw.integers(40))
        day = float(draw.integers(60))
        taste = [name for name in names if name.startswith((*SHELVES,)[shopper % 4])] if draw.random() < 0.7 else names
        for name in draw.choice(taste, int(draw.integers(1, 4)), replace=False):
            rows.append(event(day, f"c{shopper}", str(name), basket=f"k{at}"))
    return rows
