"""What stands around each item in the graph, as numbers: its nodes, its category, the products that read the same.

Made from product rows and facts. Knows node ids of the ontology; knows no shopper.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graphsvc.recommend.sequences import Numbers, Sequences

CATEGORY = "category:"
SURE = 0.5  # claims less sure than this say nothing here
MEASURE = re.compile(r"value:[^=]+=\d")  # 100 sq ft, 64 GB: says little of what a thing is
SLIGHT = 0.1  # what a measure is worth beside other nodes


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`ids` of n items; `nodes` their names, `features` the nodes of each item, a category's ancestors among them.

    `category`, int32[n], is the node of an item's deepest category or −1; items of one `group` differ in nothing that a
    shopper can read; `worth` is what a node says of an item, float32[nodes].
    """

    ids: "pa.Array[Any]"
    nodes: list[str]
    features: Sequences
    category: Numbers
    group: Numbers
    worth: NDArray[np.float32]

    @property
    def names(self) -> list[str]:
        """The ids as strings."""
        return [str(name) for name in self.ids.to_pylist()]


def surroundings(products: pa.Table, facts: pa.Table) -> Surroundings:
    """Number the products that are not retired, by id, and the nodes around them, by name."""
    live = products.filter(pa.array(~_flags(products["retired"]))).sort_by("product_id")
    ids = live["product_id"].combine_chunks().cast(pa.string())
    unsure = facts["confidence"].combine_chunks().fill_null(1.0).to_numpy(zero_copy_only=False) < SURE
    known = facts.filter(pa.array(~unsure))
    items = pc.index_in(known["product_id"].combine_chunks(), ids)
    coded = known["node_id"].combine_chunks().dictionary_encode()
    written: list[Any] = coded.dictionary.to_pylist()
    nodes = sorted({name for node in written for name in ancestry(node)})
    place = {name: at for at, name in enumerate(nodes)}
    above = Sequences.of([place[name] for name in ancestry(node)] for node in written)
    found = items.is_valid().to_numpy(zero_copy_only=False)
    at = items.fill_null(0).to_numpy()[found].astype(np.int32)
    fact_nodes = coded.indices.to_numpy(zero_copy_only=False)[found].astype(np.int64)
    spread = above.rows(fact_nodes)
    keys = np.repeat(at, spread.lengths)
    features = Sequences.grouped(keys, spread.items, len(ids)).distinct()
    category = _categories(features, nodes)
    worth = np.array([SLIGHT if MEASURE.match(node) else 1.0 for node in nodes], np.float32)
    return Surroundings(ids, nodes, features, category, _groups(live, category), worth)


def ancestry(node: str) -> list[str]:
    """A node, and above a category the categories that it lies in, deepest first."""
    if not node.startswith(CATEGORY):
        return [node]
    steps = node[len(CATEGORY) :].split("/")
    return [CATEGORY + "/".join(steps[:depth]) for depth in range(len(steps), 0, -1)]


def _categories(features: Sequences, nodes: list[str]) -> Numbers:
    """The deepest category of each item, the first by name among equals."""
    depth = np.array([node.count("/") + 1 if node.startswith(CATEGORY) else 0 for node in nodes] or [0])
    category = np.full(len(features), -1, np.int32)
    of = depth[features.items]
    order = np.lexsort((-features.items, of))  # the last write wins: the deepest, then the first by name
    order = order[of[order] > 0]
    category[features.keys[order]] = features.items[order]
    return category


def _groups(products: pa.Table, category: Numbers) -> Numbers:
    """One number for products whose derived title and category are the same; every other product is alone."""
    count = products.num_rows
    derived = _flags(products["title_derived"])
    titles = products["title"].combine_chunks().dictionary_encode("encode")
    code = titles.indices.to_numpy(zero_copy_only=False).astype(np.int64) << 32 | (category + 1)
    code = np.where(derived, code, -1 - np.arange(count))
    group: Numbers = np.unique(code, return_inverse=True)[1].astype(np.int32)
    return group


def _flags(column: "pa.ChunkedArray[Any]") -> NDArray[np.bool_]:
    """A column of booleans, null as false."""
    flags: NDArray[np.bool_] = column.combine_chunks().fill_null(False).to_numpy(zero_copy_only=False).astype(bool)
    return flags
