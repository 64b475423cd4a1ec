"""May a bought product be recommended again? By category: as the shop says, else as its shoppers do.

`recommend.yaml` in the data folder:

    repeat:              # a category, written "Home > Kitchen", stands for all below it; the longest that fits decides
      Grocery: yes
      Grocery > Cookware: no
    threshold: 0.15      # share of a category's shoppers who buy the same product again on another day

Knows categories by node id; knows no model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import yaml
from numpy.typing import NDArray

from graphsvc.errors import ContractError, StorageError
from graphsvc.ontology import category_id
from graphsvc.recommend.sequences import Numbers
from graphsvc.recommend.surroundings import CATEGORY, ancestry

FILE = "recommend.yaml"
FIX = "Write it as in docs/guides/data-engineer.md, What may come again."
THRESHOLD = 0.15
FEWEST = 20  # shoppers of a category below which its parent is asked


@dataclass(frozen=True, slots=True)
class Rules:
    """`repeat` maps category ids to what the shop says; `threshold` decides where it says nothing."""

    repeat: Mapping[str, bool] = field(default_factory=dict)
    threshold: float = THRESHOLD

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file; one that is not there says nothing. Raises ContractError when it is not valid."""
        if not path.exists():
            return cls()
        try:
            found: Any = yaml.safe_load(path.read_text("utf-8")) or {}
        except OSError as error:
            raise StorageError(f"{path.name} cannot be read: {error.strerror}.", "Make it readable.") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ContractError(f"{path.name} is not YAML: {error}", FIX) from error
        return cls(*_checked(found, path.name))

    def again(self, category: Numbers, nodes: Sequence[str], shares: Mapping[int, float]) -> NDArray[np.bool_]:
        """Whether items come again, bool[n], by their category (a place in `nodes`, −1 is none).

        `shares` has, by category, the share of its shoppers who bought the same product on two days.
        """
        place = {node: at for at, node in enumerate(nodes) if node.startswith(CATEGORY)}
        verdict = {
            int(code): self._comes_again(nodes[code], place, shares) for code in np.unique(category[category >= 0])
        }
        verdict[-1] = False
        return np.array([verdict[code] for code in category.tolist()], bool)

    def _comes_again(self, node: str, place: Mapping[str, int], shares: Mapping[int, float]) -> bool:
        line = ancestry(node)
        for name in line:
            if name in self.repeat:
                return self.repeat[name]
        for name in line:
            share = shares.get(place.get(name, -1))
            if share is not None:
                return share >= self.threshold
        return False


def learn_shares(
    owner: Numbers, item: Numbers, day: Numbers, category: Numbers, nodes: Sequence[str]
) -> dict[int, float]:
    """Of each category with enough shoppers, the share who bought one product on two days. Rows are purchases."""
    visits = np.unique(np.stack([owner, item, day]), axis=1)
    (owners, items), days = np.unique(visits[:2], axis=1, return_counts=True)
    owners = owners[category[items] >= 0].astype(np.int64)
    again, leaf = days[category[items] >= 0] > 1, category[items][category[items] >= 0]
    place = {node: at for at, node in enumerate(nodes)}
    lines = {int(code): [place[name] for name in ancestry(nodes[code])] for code in np.unique(leaf)}
    shares: dict[int, float] = {}
    for depth in range(max(map(len, lines.values()), default=0)):
        level = np.full(len(nodes), -1, np.int64)  # the ancestor of a leaf that stands at this depth
        for code, line in lines.items():
            level[code] = line[-1 - depth] if depth < len(line) else -1
        reached = level[leaf] >= 0
        shares |= _share_of(level[leaf][reached], owners[reached], again[reached])
    return shares


def _share_of(category: NDArray[np.int64], owner: NDArray[np.int64], again: NDArray[np.bool_]) -> dict[int, float]:
    """The share of the shoppers of each category for whom any row says `again`."""
    met, where = np.unique(category << 32 | owner, return_inverse=True)
    returned = np.bincount(where, again, len(met)) > 0
    categories, index, shoppers = np.unique(met >> 32, return_inverse=True, return_counts=True)
    share = np.bincount(index, returned, len(categories)) / shoppers
    found = zip(categories.tolist(), share.tolist(), shoppers.tolist(), strict=True)
    return {code: part for code, part, count in found if count >= FEWEST}


def _checked(found: Any, name: str) -> tuple[dict[str, bool], float]:
    if not isinstance(found, dict) or set(found) - {"repeat", "threshold"}:
        raise ContractError(f"{name} may hold `repeat` and `threshold` only.", FIX)
    repeat, threshold = found.get("repeat") or {}, found.get("threshold", THRESHOLD)
    if not isinstance(repeat, dict) or not all(isinstance(value, bool) for value in repeat.values()):
        raise ContractError(f"{name}: `repeat` maps a category to yes or no.", FIX)
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise ContractError(f"{name}: `threshold` is a share between 0 and 1.", FIX)
    by_id = {category_id([part.strip() for part in str(path).split(">")]): value for path, value in repeat.items()}
    return by_id, float(threshold)
