"""The catalogue as the recommender sees it: which products exist, which a filter allows, what stands around them.

`CatalogueView` is what it asks of any catalogue; `Shelf` lines its rows up with the snapshot's items.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from graphsvc.recommend.contract import Mask
from graphsvc.recommend.surroundings import CATEGORY, ancestry
from graphsvc.types import Filter, Product


class CatalogueView(Protocol):
    """An immutable catalogue. A `group(id)`, a hashable key equal for products that read the same, is used if there."""

    @property
    def ids(self) -> Sequence[str]:
        """The ids of its rows, the same object each time."""
        ...

    def allowed(self, filter: Filter) -> NDArray[np.bool_]:
        """Which rows exist and pass a filter, bool[len(ids)]; retired ones never do."""
        ...

    def product(self, id: str) -> Product | None:
        """A product that is not retired."""
        ...

    def facts_of(self, id: str) -> Sequence[str]:
        """The ids of the graph nodes around a product."""
        ...

    def similar(self, id: str, k: int) -> Sequence[tuple[str, float]]:
        """At most k products nearest in meaning, with their cosines, nearest first; none of an unknown product."""
        ...


class Shelf:
    """`rows`, int64[n], is the catalogue's row of each item, −1 if it is gone; `fresh` the rows the snapshot lacks."""

    def __init__(self, ids: Sequence[str], numbers: Mapping[str, int], items: int) -> None:
        self.rows = np.full(items, -1, np.int64)
        self.fresh: list[tuple[str, int]] = []
        for row, name in enumerate(ids):
            number = numbers.get(name, items)
            if number < items:
                self.rows[number] = row  # a later row of the same id is the newer one
            else:
                self.fresh.append((name, row))

    def allowed(self, mask: Mask) -> Mask:
        """A mask over the catalogue's rows as one over the snapshot's items."""
        found: Mask = (self.rows >= 0) & mask[self.rows] if len(mask) else np.zeros(len(self.rows), bool)
        return found


def nodes_around(catalogue: CatalogueView, name: str, places: Mapping[str, int]) -> list[int]:
    """The numbered nodes around a product that the snapshot may not know, a category's ancestors among them."""
    names = {above for node in catalogue.facts_of(name) for above in ancestry(node)}
    return sorted(places[node] for node in names if node in places)


def deepest_category(nodes: Sequence[str]) -> str | None:
    """Of node ids, the category that lies deepest."""
    categories = [node for node in nodes if node.startswith(CATEGORY)]
    return max(categories, key=lambda node: (node.count("/"), node), default=None)
