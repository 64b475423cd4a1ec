"""Again: what a shopper has had before, by how often and how lately. Groceries are mostly this.

Personalised top frequency with decay (after Hu et al., TIFU-KNN, SIGIR 2020). Knows one history at a time; which items
may come again is the shop's rule, and not known here.
"""

from pathlib import Path
from typing import Self

import numpy as np

from embeddings.arrays import read_arrays, write_arrays
from graphsvc.recommend.contract import Interactions, Mask, Scored, nothing
from graphsvc.recommend.sequences import Sequences

FILE = "again"
DECAY = 0.995  # of an occurrence's weight for each later item: a basket of ten is worth a twentieth less than the next


class Again:
    """Learns nothing but the number of items."""

    def __init__(self, items: int = 0, decay: float = DECAY) -> None:
        self.items, self.decay = items, decay

    def fit(self, data: Interactions) -> None:
        """See `Recommender.fit`."""
        self.items = data.items

    def score(self, histories: Sequences, count: int, allowed: Mask | None = None, *, seen: bool = False) -> Scored:
        """See `Recommender.score`. Nothing, unless `seen`: Σ decay^age over the occurrences of each item."""
        ids, scores = nothing(len(histories), count)
        if not seen or not len(histories.items):
            return ids, scores
        code = histories.keys.astype(np.int64) << 32 | histories.items
        distinct, where = np.unique(code, return_inverse=True)
        weight = np.bincount(where, np.power(self.decay, histories.ages)).astype(np.float32)
        row, item = distinct >> 32, distinct & 0xFFFFFFFF
        if allowed is not None:
            row, item, weight = row[allowed[item]], item[allowed[item]], weight[allowed[item]]
        order = np.lexsort(((item * 2654435761) & 0xFFFFFFFF, -weight, row))
        row, item, weight = row[order], item[order], weight[order]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        kept = place < count
        ids[row[kept], place[kept]], scores[row[kept], place[kept]] = item[kept], weight[kept]
        return ids, scores

    def save(self, folder: Path) -> None:
        """See `Recommender.save`."""
        write_arrays(folder / FILE, {}, {"items": self.items})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """See `Recommender.load`."""
        return cls(int(read_arrays(folder / FILE)[1]["items"]))
