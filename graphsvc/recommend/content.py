"""Content: items that share graph nodes (brand, type, attributes) with the history. All that is known of unsold items.

Knows nodes by number; a node weighs idf² · worth in an item, and an item's weights are of unit length.
"""

from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp

from embeddings.arrays import read_arrays, write_arrays
from graphsvc.recommend.contract import MEMORY, Interactions, Mask, Scored, Scores, age_weights
from graphsvc.recommend.neighbours import Rows
from graphsvc.recommend.sequences import Sequences

FILE = "content"
DECAY = 0.6
EMPTY = Rows(Sequences.empty(0), np.empty(0, np.float32))


class Content:
    """`items` has the nodes of each item, `nodes` the items of each node, both with the item's weight of the node."""

    def __init__(self, items: Rows = EMPTY, nodes: Rows = EMPTY, idf: Scores | None = None) -> None:
        self.items, self.nodes = items, nodes
        self.idf: Scores = np.empty(0, np.float32) if idf is None else idf

    def fit(self, data: Interactions) -> None:
        """Weigh nodes. What shoppers did is not looked at."""
        features = data.features.distinct()
        holders = np.bincount(features.items, minlength=data.nodes)
        self.idf = np.log(1 + data.items / np.maximum(holders, 1)).astype(np.float32)
        if data.worth is not None:
            self.idf *= np.sqrt(data.worth)
        raw = self.idf[features.items] ** 2
        keys = features.keys
        norms = np.sqrt(np.bincount(keys, raw**2, minlength=data.items))
        weights = (raw / np.maximum(norms, 1e-9)[keys]).astype(np.float32)
        self.items = Rows(features, weights)
        order = features.items.argsort(kind="stable")
        self.nodes = Rows(features.transposed(data.nodes), weights[order])

    def score(self, histories: Sequences, count: int, allowed: Mask | None = None, *, seen: bool = False) -> Scored:
        """See `Recommender.score`."""
        recent = histories.tails(MEMORY)
        hidden = Sequences.empty(len(histories)) if seen else histories
        nodes, strengths = self.profiles(recent, age_weights(recent, DECAY))
        return self.nodes.score(nodes, strengths, hidden, count, allowed, len(self.items.targets))

    def profiles(self, histories: Sequences, weights: Scores) -> tuple[Sequences, Scores]:
        """The nodes of each history and their strengths: Σ weights · the item's weight of the node."""
        shape = len(histories), len(self.items.targets)
        known = sp.csr_matrix((self.items.weights, self.items.targets.items, self.items.targets.starts),
                              shape=(shape[1], len(self.idf)))  # fmt: skip
        found = (sp.csr_matrix((weights, histories.items, histories.starts), shape=shape) @ known).tocsr()
        return Sequences(found.indptr.astype(np.int64), found.indices.astype(np.int32)), found.data.astype(np.float32)

    def item_profile(self, nodes: Sequences) -> tuple[Sequences, Scores]:
        """The weights of items that were not there at `fit`, given by their nodes: one list for each item."""
        raw = self.idf[nodes.items] ** 2
        norms = np.sqrt(np.bincount(nodes.keys, raw**2, minlength=len(nodes)))
        return nodes, (raw / np.maximum(norms, 1e-9)[nodes.keys]).astype(np.float32)

    def closeness(self, item: int, other: int) -> float:
        """Cosine of two items."""
        first, second = self.items.targets.row(item), self.items.targets.row(other)
        _, left, right = np.intersect1d(first, second, return_indices=True)
        starts = self.items.targets.starts
        return float(self.items.weights[starts[item] + left] @ self.items.weights[starts[other] + right])

    def save(self, folder: Path) -> None:
        """See `Recommender.save`."""
        parts = {f"items.{name}": array for name, array in self.items.arrays().items()}
        parts |= {f"nodes.{name}": array for name, array in self.nodes.arrays().items()}
        write_arrays(folder / FILE, {**parts, "idf": self.idf})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """See `Recommender.load`."""
        arrays, _ = read_arrays(folder / FILE)
        items, nodes = (
            Rows.from_arrays({name: arrays[f"{side}.{name}"] for name in ("starts", "targets", "weights")})
            for side in ("items", "nodes")
        )
        return cls(items, nodes, arrays["idf"])
