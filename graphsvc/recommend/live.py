"""What happened since the snapshot, in memory: it moves the next answer. Histories, popularity, counts of pairs.

Numbers products as the snapshot does, and goes on from there with those it has not seen. Not thread-safe: who holds it
holds a lock. Knows no model.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphsvc.recommend.actions import ALIAS, BUY, DAY, KINDS, MINUTE, REMOVE, WEIGHTS
from graphsvc.recommend.behaviour import HALF_LIFE, Behaviour
from graphsvc.recommend.pairs import LINES
from graphsvc.types import Event

AHEAD = 30 * DAY  # minutes after the newest event known that a clock is believed


@dataclass(frozen=True, slots=True)
class Action:
    """One event of a history, in numbers."""

    item: int
    kind: int
    minute: int


class Live:
    """Counts that stand on top of a snapshot's; exact, also for products that it has not seen."""

    def __init__(self, base: Behaviour) -> None:
        self.base = base
        self.numbers = {name: at for at, name in enumerate(base.ids)}
        self.names: list[str] = []  # of products after the snapshot
        self.histories: dict[str, list[Action]] = defaultdict(list)
        self.popularity: NDArray[np.float32] = np.array(base.popularity)
        self._peak = self._first_peak = float(base.popularity.max(initial=0))
        self.extra: Counter[int] = Counter()  # popularity of products after the snapshot, by number
        self.sold: Counter[int] = Counter()
        self.buyers: dict[int, set[str]] = defaultdict(set)  # who bought lately and had not
        self.holders: dict[int, dict[str, bool]] = defaultdict(dict)  # product → owner → has bought
        self.pairs: dict[int, Counter[int]] = defaultdict(Counter)  # both ways; negative where a basket grew too large
        self.held: Counter[int] = Counter()
        self.baskets = 0
        self.ratings: dict[int, list[float]] = defaultdict(list)
        self._contents = {name: set(base.open_baskets.row(at).tolist()) for at, name in enumerate(base.open_names)}
        self._seen: set[str] = set()
        self._start = self._latest = base.newest

    def number(self, name: str) -> int:
        """The number of a product, a new one if it has none."""
        found = self.numbers.get(name)
        if found is None:
            found = self.numbers[name] = len(self.base.ids) + len(self.names)
            self.names.append(name)
        return found

    def name(self, number: int) -> str:
        """The id of a numbered product."""
        known = len(self.base.ids)
        return self.base.ids[number] if number < known else self.names[number - known]

    def add(self, events: Iterable[Event]) -> None:
        """Take events in; one whose id was seen since the snapshot says nothing new."""
        for event in events:
            kind = KINDS.get(event.kind)
            if kind is None or (event.event_id is not None and event.event_id in self._seen):
                continue
            if event.event_id is not None:
                self._seen.add(event.event_id)
            self._add(event, kind)

    @property
    def fading(self) -> float:
        """What makes the most popular product weigh as much as in the snapshot, when weights were chosen.

        Later events count for more and more, which says of those before that they fade, and nothing of other models.
        """
        return self._first_peak / self._peak if self._first_peak > 0 else 1.0

    def partners(self, item: int) -> list[int]:
        """Products that were bought with one since the snapshot."""
        return list(self.pairs[item]) if item in self.pairs else []

    def pair_count(self, item: int, other: int) -> int:
        """Baskets that had both, the snapshot's and later ones."""
        known = len(self.base.ids)
        before = self.base.pairs.count(item, other) if item < known and other < known else 0
        return before + (self.pairs[item][other] if item in self.pairs else 0)

    def held_count(self, item: int) -> int:
        """Baskets that had a product."""
        return (self.base.pairs.held(item) if item < len(self.base.ids) else 0) + self.held[item]

    def buyer_count(self, item: int) -> int:
        """Shoppers who bought a product since the snapshot's `since`."""
        return (int(self.base.buyers[item]) if item < len(self.base.ids) else 0) + len(self.buyers.get(item, ()))

    def holder_names(self, item: int, *, bought: bool) -> tuple[NDArray[np.int32], set[str]]:
        """Owners who have (bought) a product: the snapshot's by number, and names of those since."""
        if item < len(self.base.ids):
            starts = self.base.holders.starts
            owners = self.base.holders.row(item)
            before = owners[self.base.bought[starts[item] : starts[item + 1]]] if bought else owners
        else:
            before = np.empty(0, np.int32)
        return before, {name for name, has in self.holders.get(item, {}).items() if has or not bought}

    def both_count(self, item: int, other: int, *, bought: bool) -> int:
        """Owners who have (bought) both products."""
        first, first_names = self.holder_names(item, bought=bought)
        second, second_names = self.holder_names(other, bought=bought)
        if not first_names and not second_names:
            return len(np.intersect1d(first, second, assume_unique=True))
        left = {self.base.owners[at] for at in first} | first_names
        right = {self.base.owners[at] for at in second} | second_names
        return len(left & right)

    def history(self, owners: Sequence[str]) -> list[Action]:
        """Everything that owners did, in order of time."""
        found: list[Action] = []
        for name in owners:
            at = self._owner(name)
            if at >= 0:
                rows = slice(*self.base.histories.starts[at : at + 2].tolist())
                columns = (self.base.histories.items[rows], self.base.kinds[rows], self.base.minutes[rows])
                found += [Action(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
            found += self.histories.get(name, [])
        return sorted(found, key=lambda action: action.minute)

    def _add(self, event: Event, kind: int) -> None:
        item, minute = self.number(event.product_id), int(event.time.timestamp() * 1e6) // MINUTE
        action = Action(item, kind, minute)
        owner = f"shopper:{event.shopper}" if event.shopper is not None else f"session:{event.session}"
        named = event.shopper is not None or event.session is not None
        if named:
            self.histories[owner].append(action)
            if event.shopper is not None and event.session is not None:
                self.histories[f"{ALIAS}session:{event.session}"].append(action)
        self._weigh(item, kind, minute)
        if kind == REMOVE:
            return
        if named:
            self._hold(owner, action)
        if kind == KINDS["rate"] and event.value is not None:
            self.ratings[item].append(event.value)
        if kind == BUY:
            self.sold[item] += 1
            if event.basket is not None:
                self._put(event.basket, item)

    def _weigh(self, item: int, kind: int, minute: int) -> None:
        """Add an event's weight at the time of the snapshot's newest; of a shop without any, of its own first."""
        self._start = self._start or minute
        self._latest = min(max(minute, self._latest), (self._latest or minute) + AHEAD)
        later = (min(minute, self._latest) - self._start) / DAY
        weight = float(WEIGHTS[kind]) * 2.0 ** (later / HALF_LIFE)
        if item < len(self.popularity):
            self.popularity[item] += np.float32(weight)
            self._peak = max(self._peak, float(self.popularity[item]))
        else:
            self.extra[item] += weight

    def _hold(self, owner: str, action: Action) -> None:
        bought = action.kind == BUY
        if bought and action.minute >= self.base.since and not self._bought_lately(owner, action.item):
            self.buyers[action.item].add(owner)
        self.holders[action.item][owner] = bought or self.holders[action.item].get(owner, False)

    def _bought_lately(self, owner: str, item: int) -> bool:
        at = self._owner(owner)
        if at < 0:
            return False
        rows = slice(*self.base.histories.starts[at : at + 2].tolist())
        same = self.base.histories.items[rows] == item
        lately = self.base.minutes[rows] >= self.base.since
        return bool((same & lately & (self.base.kinds[rows] == BUY)).any())

    def _put(self, basket: str, item: int) -> None:
        """Lay a product into a basket; one that grows past LINES stops counting, with all its pairs."""
        inside = self._contents.setdefault(basket, set())
        if item in inside:
            return
        before = len(inside)
        inside.add(item)
        if before < LINES:
            self.baskets += before == 0
            self.held[item] += 1
            self._pair(item, inside - {item}, 1)
        elif before == LINES:
            others = sorted(inside - {item})
            self.baskets -= 1
            self.held.subtract(others)
            for at, first in enumerate(others):
                self._pair(first, others[at + 1 :], -1)

    def _pair(self, item: int, others: Iterable[int], by: int) -> None:
        for other in others:
            self.pairs[item][other] += by
            self.pairs[other][item] += by

    def _owner(self, name: str) -> int:
        at = bisect_left(self.base.owners, name.encode("utf-8", "surrogatepass"), key=_bytes)
        return at if at < len(self.base.owners) and self.base.owners[at] == name else -1


def _bytes(name: str) -> bytes:
    """DuckDB sorts by bytes, Python by code points: the same for UTF-8, but not for lone surrogates."""
    return name.encode("utf-8", "surrogatepass")
