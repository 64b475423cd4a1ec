"""What shoppers did, as numbers in columns: the kinds of events and their weights, and how they are read from DuckDB.

Knows the view `current_events` and the items' numbers; makes no model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graphsvc.recommend.sequences import Numbers, Places, Sequences
from graphsvc.warehouse.schemas import EVENTS

SQL = Path(__file__).with_name("sql")
MINUTE, DAY = 60_000_000, 1440  # microseconds of a minute, minutes of a day
KINDS: Mapping[str, int] = {
    "view": 1, "click": 2, "cart": 3, "buy": 4, "like": 5, "share": 6, "comment": 7, "rate": 8, "remove": 9,
}  # fmt: skip
BUY, REMOVE = KINDS["buy"], KINDS["remove"]
WEIGHTS = np.array([0, 0.1, 0.15, 0.5, 1, 0.5, 0.5, 0.3, 0.3, 0], np.float32)  # of a kind, for popularity
RECENT_DAYS = 2  # a basket or a session that is older is over
ALIAS = "+"  # before the name of a session that a shopper logged in to: its events are the shopper's too


@dataclass(frozen=True, slots=True)
class Actions:
    """One row for each event, by owner and time; minutes since 1970; `owner` −1 and `basket` 0 are unknown.

    `owners` are sorted names: "+session:…", "session:…", "shopper:…"; rows of the first kind, owners 0..aliases−1, say
    again what stands under a shopper.
    """

    owner: Numbers
    item: Numbers
    kind: NDArray[np.int8]
    minute: NDArray[np.int32]
    basket: NDArray[np.uint64]
    owners: list[str]
    aliases: int
    newest: int

    @property
    def primary(self) -> NDArray[np.bool_]:
        """The rows that say something for the first time."""
        return (self.owner < 0) | (self.owner >= self.aliases)


def read_actions(connection: duckdb.DuckDBPyConnection, ids: "pa.Array[Any]") -> Actions:
    """Read the events whose product is in `ids`, numbered in that order. Nothing is held but numbers."""
    now = int(time() * 1e6)
    ensure_events(connection)
    connection.register(
        "behaviour_items", pa.table({"product_id": ids, "item": pa.array(np.arange(len(ids)), pa.int32())})
    )
    connection.register("behaviour_kinds", pa.table({"name": list(KINDS), "kind": pa.array(KINDS.values(), pa.int8())}))
    newest = int(connection.execute(_text("newest"), {"now": now}).fetchall()[0][0])
    recent = newest - RECENT_DAYS * DAY * MINUTE
    owners = _table(connection, "owners", recent=recent)
    connection.register("behaviour_owners", owners)
    rows = _table(connection, "actions", recent=recent, now=now)
    connection.unregister("behaviour_owners")
    names: list[Any] = owners["name"].to_pylist()
    moments = rows["moment"].to_numpy()
    return Actions(
        rows["owner"].to_numpy(), rows["item"].to_numpy(), rows["kind"].to_numpy(),
        (moments // MINUTE).astype(np.int32), rows["basket"].to_numpy(), names,
        sum(name.startswith(ALIAS) for name in names), newest // MINUTE,
    )  # fmt: skip


def read_open_baskets(connection: duckdb.DuckDBPyConnection, newest: int) -> tuple[list[str], Sequences]:
    """The names and items of baskets that may still grow; after `read_actions`."""
    recent = (newest - RECENT_DAYS * DAY) * MINUTE
    rows = _table(connection, "recent_baskets", recent=recent)
    coded = rows["basket"].combine_chunks().dictionary_encode()
    names: list[Any] = coded.dictionary.to_pylist()
    keys = coded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    return names, Sequences.grouped(keys, rows["item"].to_numpy(), len(names))


def read_ratings(connection: duckdb.DuckDBPyConnection, items: int) -> tuple[NDArray[np.float64], Numbers]:
    """The mean rating, NaN if nobody gave one, and the number of ratings of each item; after `read_actions`."""
    if _has(connection, "current_reviews"):
        reviews: Any = connection.table("current_reviews").select("product_id, rating")
        connection.register("behaviour_reviews", reviews.to_arrow_table())
    else:
        connection.register("behaviour_reviews", pa.table({"product_id": pa.array([], pa.string()),
                                                            "rating": pa.array([], pa.float64())}))  # fmt: skip
    rows = _table(connection, "ratings")
    connection.unregister("behaviour_reviews")
    ratings, reviews_of = np.full(items, np.nan), np.zeros(items, np.int32)
    at = rows["item"].to_numpy()
    ratings[at], reviews_of[at] = rows["rating"].to_numpy(), rows["reviews"].to_numpy()
    return ratings, reviews_of


def ensure_events(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection without events have a view of none."""
    if not _has(connection, "current_events"):
        connection.register("current_events", EVENTS.empty_table())


def decayed(actions: Actions, rows: NDArray[np.bool_], items: int, half_life: float) -> NDArray[np.float32]:
    """Σ weight of the kind · 2^(−age / half-life in days), float32[items]."""
    ages = (actions.newest - actions.minute[rows]) / DAY
    weights = WEIGHTS[actions.kind[rows]] * 0.5 ** (np.maximum(ages, 0) / half_life)
    return np.bincount(actions.item[rows], weights, items).astype(np.float32)


def distinct_pairs(left: Places, right: Numbers) -> tuple[Places, Numbers]:
    """The distinct pairs of two columns, sorted by the first, then the second."""
    code = np.unique(left.astype(np.int64) << 32 | right)
    return code >> 32, (code & 0xFFFFFFFF).astype(np.int32)


def _has(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    try:
        connection.table(name)
    except duckdb.CatalogException:
        return False
    return True


def _text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text("utf-8")


def _table(connection: duckdb.DuckDBPyConnection, name: str, **params: int) -> pa.Table:
    found: pa.Table = connection.sql(_text(name), params=params).to_arrow_table()
    return found
