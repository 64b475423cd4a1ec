"""The snapshot of behaviour: everything the recommender knows up to one offset of the log, in one folder of arrays.

`build` makes it from events, products and facts; `Behaviour.open` maps it. Knows no request and no live event.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from embeddings.arrays import read_arrays, write_arrays
from embeddings.errors import DamagedFile
from embeddings.strings import Strings, pack_strings
from graphsvc.errors import StorageError
from graphsvc.recommend.actions import (
    BUY,
    DAY,
    REMOVE,
    Actions,
    decayed,
    distinct_pairs,
    read_actions,
    read_open_baskets,
    read_ratings,
)
from graphsvc.recommend.blend import Blend
from graphsvc.recommend.contract import Interactions
from graphsvc.recommend.pairs import Pairs
from graphsvc.recommend.rules import learn_shares
from graphsvc.recommend.sequences import Numbers, Places, Sequences
from graphsvc.recommend.surroundings import Surroundings, surroundings
from graphsvc.snapshots import REBUILD, new_snapshot, read_snapshot

FILE, FORMAT, WHAT = "behaviour", 1, "snapshot of behaviour"
HALF_LIFE = 30.0  # days
SHORTEST = 3  # items of a shopper of whom the last ones can foresee anything
BASKET = 10  # items held back of a long sequence, 2 of a short one: what stands in one basket foretells itself
LATELY = 28  # days before the newest event in which buyers are counted
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A mapped snapshot of n items. Minutes are since 1970.

    `histories`, with `minutes` int32 and `kinds` int8 beside its items, has every owner's events in order of time;
    `holders` the owners that an item has (`bought` bool beside them); `buyers`, int32[n], how many bought it since the
    minute `since`; `sold`, int32[n], how often it was ever bought; `popularity`, float32[n], the decayed weight.
    """

    offset: int
    ids: Strings
    owners: Strings
    aliases: int
    newest: int
    since: int
    histories: Sequences
    minutes: NDArray[np.int32]
    kinds: NDArray[np.int8]
    holders: Sequences
    bought: NDArray[np.bool_]
    buyers: Numbers
    sold: Numbers
    popularity: NDArray[np.float32]
    ratings: NDArray[np.float64]
    reviews: Numbers
    nodes: Strings
    category: Numbers
    group: Numbers
    shares: dict[int, float]
    pairs: Pairs
    open_names: list[str]
    open_baskets: Sequences
    blend: Blend

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map the current snapshot of a folder. Raises StorageError when there is none, or it is damaged."""
        return read_snapshot(folder, WHAT, cls._read)

    @classmethod
    def _read(cls, snapshot: Path) -> Self:
        try:
            return cls._mapped(snapshot)
        except (DamagedFile, KeyError, TypeError, ValueError) as error:
            raise StorageError(f"The {WHAT} is damaged: {error}", REBUILD) from error

    @classmethod
    def _mapped(cls, snapshot: Path) -> Self:
        a, meta = read_arrays(snapshot / FILE)
        if meta.get("format") != FORMAT:
            raise StorageError(f"The snapshot of behaviour has format {meta.get('format')}, not {FORMAT}.", REBUILD)
        return cls(
            meta["offset"], Strings(a["ids"], a["id_starts"]), Strings(a["owners"], a["owner_starts"]),
            meta["aliases"], meta["newest"], meta["since"],
            Sequences(a["history_starts"], a["history_items"]), a["minutes"], a["kinds"],
            Sequences(a["holder_starts"], a["holders"]), a["bought"], a["buyers"], a["sold"], a["popularity"],
            a["ratings"], a["reviews"], Strings(a["nodes"], a["node_starts"]), a["category"], a["group"],
            {int(code): share for code, share in meta["shares"].items()}, Pairs.from_arrays(a, meta["baskets"]),
            meta["open_names"], Sequences(a["open_starts"], a["open_items"]), Blend.load(snapshot),
        )  # fmt: skip


def build(
    folder: Path,
    offset: int,
    connection: duckdb.DuckDBPyConnection,
    products: pa.Table,
    facts: pa.Table,
    progress: Progress = lambda stage: None,
) -> None:
    """Write a snapshot of what the view `current_events` of `connection` says, and make it the current one.

    `products` are the current products (retired ones are left out), `facts` theirs in the columns of FACTS. Ratings are
    also taken from `current_reviews`, if there. Raises StorageError.
    """
    around = surroundings(products, facts)
    progress("events")
    actions = read_actions(connection, around.ids)
    with new_snapshot(folder, offset, WHAT) as partial:
        arrays, meta = _what_happened(actions, around)
        progress("pairs")
        pairs = _pairs(actions, len(around.ids))
        ratings, reviews = read_ratings(connection, len(around.ids))
        names, open_baskets = read_open_baskets(connection, actions.newest)
        node_blob, node_starts = pack_strings(around.nodes)
        arrays |= pairs.arrays() | {
            "ratings": ratings, "reviews": reviews, "open_starts": open_baskets.starts,
            "open_items": open_baskets.items, "nodes": node_blob, "node_starts": node_starts,
            "category": around.category, "group": around.group,
        }  # fmt: skip
        meta |= {"format": FORMAT, "offset": offset, "baskets": pairs.total, "open_names": names}
        write_arrays(partial / FILE, arrays, meta)
        del pairs, ratings
        data = _interactions(actions, around, arrays["popularity"])
        del actions, arrays
        progress("models")
        fit_blend(data).save(partial)


def fit_blend(data: Interactions) -> Blend:
    """A blend fitted on everything, its weights chosen on the last items of each shopper, of which it had learnt
    nothing: the last that is new to the shopper, and for what the shopper's own past weighs the last of all.
    """
    blend = Blend()
    enough = data.sequences.rows(np.flatnonzero(data.sequences.lengths >= SHORTEST))
    if blend.can_tune(len(enough)):
        known, new, last = _held_out(enough)
        blend.fit(replace(data, sequences=known.distinct()))
        blend.tune(known.distinct(), new)
        blend.tune_again(known, last)
        blend.prune()
        blend = blend.blank()
    blend.fit(replace(data, sequences=data.sequences.distinct()))
    return blend


def _held_out(sequences: Sequences) -> tuple[Sequences, Numbers, Numbers]:
    """Each sequence without its end, the last item of the end that is new to it (or −1), and the very last."""
    held = np.where(sequences.lengths >= 2 * BASKET, BASKET, 2)
    ends = sequences.ages < np.repeat(held, sequences.lengths)
    known = sequences.kept(~ends)
    keys, items = sequences.keys[ends], sequences.items[ends]
    fresh = ~np.isin(keys.astype(np.int64) << 32 | items, known.keys.astype(np.int64) << 32 | known.items)
    new = Sequences.grouped(keys[fresh], items[fresh], len(sequences)).from_end(1)
    return known, new, sequences.from_end(1)


def _what_happened(actions: Actions, around: Surroundings) -> tuple[dict[str, NDArray[Any]], dict[str, object]]:
    """Histories, holders, counts and popularity as arrays, and what belongs into the meta."""
    items = len(around.ids)
    primary, bought = actions.primary, actions.kind == BUY
    since = actions.newest - LATELY * DAY
    named = actions.owner >= 0
    histories = Sequences.grouped(actions.owner[named], actions.item[named], len(actions.owners))
    lately = primary & named & bought & (actions.minute >= since)
    _, buyers = distinct_pairs(actions.owner[lately].astype(np.int64), actions.item[lately])
    holders, held_bought = _holders(actions, items)
    purchases = primary & named & bought
    shares = learn_shares(
        actions.owner[purchases], actions.item[purchases], actions.minute[purchases] // DAY,
        around.category, around.nodes,
    )  # fmt: skip
    id_blob, id_starts = pack_strings(around.names)
    owner_blob, owner_starts = pack_strings(actions.owners)
    arrays: dict[str, NDArray[Any]] = {
        "ids": id_blob, "id_starts": id_starts, "owners": owner_blob, "owner_starts": owner_starts,
        "history_starts": histories.starts, "history_items": histories.items,
        "minutes": actions.minute[named], "kinds": actions.kind[named],
        "holder_starts": holders.starts, "holders": holders.items, "bought": held_bought,
        "buyers": np.bincount(buyers, minlength=items).astype(np.int32),
        "sold": np.bincount(actions.item[primary & bought], minlength=items).astype(np.int32),
        "popularity": decayed(actions, primary, items, HALF_LIFE),
    }  # fmt: skip
    return arrays, {"aliases": actions.aliases, "newest": actions.newest, "since": since, "shares": shares}


def _holders(actions: Actions, items: int) -> tuple[Sequences, NDArray[np.bool_]]:
    """The owners of each item, sorted, and whether each bought it. Removing is not holding."""
    rows = actions.primary & (actions.owner >= 0) & (actions.kind != REMOVE)
    code = actions.item[rows].astype(np.int64) << 32 | actions.owner[rows]
    distinct, where = np.unique(code, return_inverse=True)
    bought = np.bincount(where, actions.kind[rows] == BUY, len(distinct)) > 0
    keys, owners = (distinct >> 32).astype(np.int32), (distinct & 0xFFFFFFFF).astype(np.int32)
    return Sequences.grouped(keys, owners, items), bought


def _pairs(actions: Actions, items: int) -> Pairs:
    rows = actions.primary & (actions.kind == BUY) & (actions.basket > 0)
    basket: Places = np.unique(actions.basket[rows], return_inverse=True)[1]
    return Pairs.build(*distinct_pairs(basket, actions.item[rows]), items)


def _interactions(actions: Actions, around: Surroundings, popularity: NDArray[np.float32]) -> Interactions:
    """Each shopper's items in order of time, without removals and without the same item twice in a row."""
    rows = actions.primary & (actions.owner >= 0) & (actions.kind != REMOVE)
    owner, item = actions.owner[rows] - actions.aliases, actions.item[rows]
    repeated = np.zeros(len(item), bool)
    repeated[1:] = (item[1:] == item[:-1]) & (owner[1:] == owner[:-1])
    sequences = Sequences.grouped(owner[~repeated], item[~repeated], len(actions.owners) - actions.aliases)
    return Interactions(sequences, len(around.ids), around.features, len(around.nodes), popularity, around.worth)
