"""The engine: one snapshot, what happened since, and an answer for a shopper, a session, a basket, a product or nobody.

Thread-safe: `apply` and the reading of histories and counts hold one lock, scoring holds none. Knows no log, no API.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from typing import Self

import numpy as np
import pyarrow as pa

from graphsvc.errors import NotFoundError
from graphsvc.recommend import kernels
from graphsvc.recommend.actions import ALIAS, BUY, DAY, KINDS, REMOVE
from graphsvc.recommend.behaviour import Behaviour
from graphsvc.recommend.candidates import AnchorStrengths, Profile, hashed, near, profile_of
from graphsvc.recommend.content import Content
from graphsvc.recommend.contract import MEMORY
from graphsvc.recommend.doors import Scene, answer_for
from graphsvc.recommend.live import Action, Live
from graphsvc.recommend.pairs import LEAST, lift
from graphsvc.recommend.reasons import Anchor, Candidate, Context, reasons_of
from graphsvc.recommend.rules import Rules
from graphsvc.recommend.sequences import Sequences
from graphsvc.recommend.shelf import CatalogueView, Shelf, deepest_category, nodes_around
from graphsvc.types import Event, Reason, RecommendRequest

DECAY = 0.6  # of an anchor's weight for each step back, as in the models
SETTLED = (KINDS["cart"], BUY)  # what takes a removal back
RESERVE = 4  # an answer of so many or more has one place for a product that nobody has bought
NEAR = 0.35  # share of the anchors' weight that its closeness must reach

Answer = list[tuple[str, float, tuple[Reason, ...]]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the data say of two products: baskets with both and with each, lift, shoppers who bought both."""

    baskets: int
    of_first: int
    of_second: int
    total: int
    lift: float
    shoppers: int


class Engine:
    """Answers from a snapshot and from the events after it."""

    def __init__(self, base: Behaviour, rules: Rules) -> None:
        self._base, self._live, self._lock = base, Live(base), RLock()
        self._offset = base.offset
        self._nodes = {name: at for at, name in enumerate(base.nodes)}
        self._again = rules.again(base.category, list(base.nodes), base.shares)
        self._rules = rules
        self._shelf: tuple[Sequence[str], Shelf] | None = None
        content = base.blend.members["content"]
        assert isinstance(content, Content)
        self._content = content

    @classmethod
    def open(cls, folder: Path, rules: Rules | None = None) -> Self:
        """Map the current snapshot and compile the kernels. Raises StorageError: the snapshot must be rebuilt."""
        engine = cls(Behaviour.open(folder), rules or Rules())
        kernels.warm()
        return engine

    @property
    def offset(self) -> int:
        """The place in the write log up to which events are known."""
        return self._offset

    def apply(self, offset: int, events: Sequence[Event]) -> None:
        """Take in the events of the log up to `offset`; what is known already is not taken twice."""
        with self._lock:
            if offset > self._offset:
                self._live.add(events)
                self._offset = offset

    def recommend(self, request: RecommendRequest, catalogue: CatalogueView) -> Answer:
        """Return (product id, score, reasons), best first: at most `request.first` products that the catalogue has.

        Raises NotFoundError when `request.product` is not in the catalogue.
        """
        if request.product is not None and catalogue.product(request.product) is None:
            raise NotFoundError(f"There is no product {request.product!r}.", "Search for it: its id may have changed.")
        if request.first <= 0:
            return []
        with self._lock:
            scene = self._scene(request, catalogue)
        found = answer_for(scene)
        with self._lock:
            chosen = self._choose(found, scene, request.first)
            context = self._context(scene)
            return [(self._live.name(c.item), c.score, reasons_of(c, context)) for c in chosen]

    def popularity(self, names: Sequence[str] | None = None) -> pa.Table:
        """product_id, popularity (decayed), rating (null if none), reviews, up to `offset`: of every product that was
        seen, or of those of `names` that were."""
        with self._lock:
            live, count = self._live, len(self._base.ids)
            if names is None:
                items = np.arange(count + len(live.names))
            else:
                items = np.array([live.numbers[name] for name in names if name in live.numbers], np.int64)
            known = items < count
            popularity, sums, given = np.zeros(len(items)), np.zeros(len(items)), np.zeros(len(items), np.int64)
            popularity[known] = live.popularity[items[known]]
            given[known] = self._base.reviews[items[known]]
            sums[known] = np.nan_to_num(self._base.ratings[items[known]]) * given[known]
            for place in np.flatnonzero(~known).tolist():
                popularity[place] = live.extra[int(items[place])]
            for place in np.flatnonzero(np.isin(items, list(live.ratings))).tolist():
                values = live.ratings[int(items[place])]
                sums[place] += sum(values)
                given[place] += len(values)
            found = [live.name(item) for item in items.tolist()]
        ratings = pa.array(sums / np.maximum(given, 1), pa.float64(), mask=given == 0)
        columns = (pa.array(found, pa.string()), pa.array(popularity), ratings, pa.array(given))
        return pa.table(dict(zip(("product_id", "popularity", "rating", "reviews"), columns, strict=True)))

    def bought_together(self) -> pa.Table:
        """product_a, product_b, count, lift of every pair that at least `LEAST` baskets had, each pair once."""
        with self._lock:
            left, right, counts, _ = self._base.pairs.table()
            moved = [(item, other) for item, others in self._live.pairs.items() for other in others if item < other]
            again = np.array(moved, np.int64).reshape(-1, 2)
            recount = np.array([self._live.pair_count(item, other) for item, other in moved], np.int64)
            names = pa.array([*self._base.ids, *self._live.names], pa.string())
            held = np.concatenate([self._base.pairs.baskets.lengths, np.zeros(len(self._live.names), np.int64)])
            held[list(self._live.held)] += np.array(list(self._live.held.values()), np.int64)
            total = self._base.pairs.total + self._live.baskets
        still = ~np.isin(left.astype(np.int64) << 32 | right, again[:, 0] << 32 | again[:, 1])
        first = np.concatenate([left[still], again[:, 0]])
        second = np.concatenate([right[still], again[:, 1]])
        together = np.concatenate([counts[still], recount])
        first, second, together = (array[together >= LEAST] for array in (first, second, together))
        lifts = together * total / np.maximum(held[first] * held[second], 1)
        columns = (names.take(first), names.take(second), pa.array(together), pa.array(lifts))
        return pa.table(dict(zip(("product_a", "product_b", "count", "lift"), columns, strict=True)))

    def evidence(self, first: str, second: str) -> Evidence:
        """Count what is known of two products by id. Raises NotFoundError for one that no event and no product has."""
        with self._lock:
            for name in (first, second):
                if name not in self._live.numbers:
                    raise NotFoundError(f"Nothing is known of {name!r}.", "Give the id of a product of this shop.")
            return self._evidence(self._live.numbers[first], self._live.numbers[second])

    def _evidence(self, item: int, other: int) -> Evidence:
        live, total = self._live, self._base.pairs.total + self._live.baskets
        count, held, other_held = live.pair_count(item, other), live.held_count(item), live.held_count(other)
        shoppers = live.both_count(item, other, bought=True)
        return Evidence(count, held, other_held, total, lift(count, held, other_held, total), shoppers)

    def _scene(self, request: RecommendRequest, catalogue: CatalogueView) -> Scene:
        """Everything that an answer is made from, read at one moment."""
        shelf = self._shelf_of(catalogue)
        basket = tuple(name for name in request.basket if catalogue.product(name) is not None)
        request = replace(request, basket=basket)
        mask = catalogue.allowed(request.filter)
        owners = _owners(request)
        history = self._live.history(owners) if owners else []
        bought = Counter(action.item for action in history if action.kind == BUY)
        removed = _removed(history)
        anchors = self._anchors(request, history, removed)
        blocked = self._blocked(request, history, bought, removed)
        allowed = shelf.allowed(mask)
        allowed[[item for item in blocked if item < len(allowed)]] = False
        fresh = [
            (self._live.number(name), name)
            for name, row in shelf.fresh
            if mask[row] and self._live.number(name) not in blocked
        ]
        return Scene(
            request, catalogue, self._base, self._live, anchors, self._profile(anchors, catalogue), allowed, fresh,
            {item: times for item, times in bought.items() if item not in blocked},
            self._purchases(request, history), self._types(anchors, catalogue),
        )  # fmt: skip

    def _anchors(self, request: RecommendRequest, history: Sequence[Action], removed: set[int]) -> list[Anchor]:
        """What the answer is about, oldest first: a product alone, or what a shopper did, and then the basket."""
        if request.product is not None:
            return [Anchor(self._live.number(request.product), "product", 1.0)]
        bought = {action.item for action in history if action.kind == BUY}
        done = [(action.item, "bought" if action.item in bought else "seen") for action in history]
        basket = [(self._live.number(name), "basket") for name in request.basket]
        within = {item for item, _ in basket}
        line = [(item, role) for item, role in done if item not in removed and item not in within] + basket
        return [Anchor(item, role, DECAY**age) for age, (item, role) in enumerate(reversed(line[-MEMORY:]))][::-1]

    def _blocked(
        self, request: RecommendRequest, history: Sequence[Action], bought: Mapping[int, int], removed: set[int]
    ) -> set[int]:
        """What may not be recommended: removed, in the basket, just looked at, bought for good or on the last day."""
        last = history[-1].minute if history else 0
        today = {action.item for action in history if action.kind == BUY and action.minute > last - DAY}
        looked = {action.item for action in history[-MEMORY:] if action.item not in bought}
        for_good = {item for item in bought if not (item < len(self._again) and self._again[item])}
        given = {self._live.number(name) for name in (*request.basket, *filter(None, [request.product]))}
        return removed | looked | today | for_good | given

    def _purchases(self, request: RecommendRequest, history: Sequence[Action]) -> list[int]:
        """What was bought, oldest first, where the answer is about a shopper and not about a product."""
        if request.product is not None:
            return []
        known = len(self._base.ids)
        return [action.item for action in history if action.kind == BUY and action.item < known]

    def _profile(self, anchors: Sequence[Anchor], catalogue: CatalogueView) -> Profile:
        known = len(self._base.ids)
        parts = [
            (anchor.item, (), anchor.weight)
            if anchor.item < known
            else (-1, nodes_around(catalogue, self._live.name(anchor.item), self._nodes), anchor.weight)
            for anchor in anchors
        ]
        return profile_of(self._content, parts)

    def _types(self, anchors: Sequence[Anchor], catalogue: CatalogueView) -> dict[int, int]:
        """The categories of anchors that the snapshot does not know."""
        later = [anchor.item for anchor in anchors if anchor.item >= len(self._base.ids)]
        found = {item: deepest_category(catalogue.facts_of(self._live.name(item))) for item in later}
        return {item: self._nodes.get(category, -1) for item, category in found.items() if category is not None}

    def _choose(self, found: Sequence[Candidate], scene: Scene, first: int) -> list[Candidate]:
        """The first of the candidates, one of each group; the last place may go to a product that nobody has bought."""
        chosen: list[Candidate] = []
        groups: set[Hashable] = set()
        for candidate in found:
            if len(chosen) == first:
                break
            group = self._group(candidate.item, scene.catalogue)
            if group not in groups:
                groups.add(group)
                chosen.append(candidate)
        if first >= RESERVE and scene.request.intent == "related" and all(self._was_sold(c.item) for c in chosen):
            groups |= {self._group(anchor.item, scene.catalogue) for anchor in scene.anchors}
            unsold = next((c for c in self._unsold(scene) if self._group(c.item, scene.catalogue) not in groups), None)
            if unsold is not None:
                kept = chosen[: first - 1]
                score = min(unsold.score, kept[-1].score) if kept else unsold.score
                chosen = [*kept, replace(unsold, score=score)]
        return chosen

    def _unsold(self, scene: Scene) -> list[Candidate]:
        """Products that nobody has bought and that are near to what the answer is about, nearest first."""
        if not scene.profile:
            return []
        never = scene.allowed & (self._base.sold == 0)
        never[[item for item in self._live.sold if item < len(never)]] = False
        ids, scores = near(self._content, scene.profile, never)
        near_ones = {item: score for item, score in zip(ids[0].tolist(), scores[0].tolist(), strict=True) if item >= 0}
        for item, name in scene.fresh:
            if not self._live.sold[item]:
                nodes, weights = self._content.item_profile(
                    Sequences.of([nodes_around(scene.catalogue, name, self._nodes)])
                )
                near_ones[item] = sum(
                    scene.profile.get(node, 0.0) * weight
                    for node, weight in zip(nodes.items.tolist(), weights.tolist(), strict=True)
                )
        least = NEAR * sum(anchor.weight for anchor in scene.anchors)
        best = sorted(near_ones.items(), key=lambda pair: (-pair[1], hashed(pair[0])))
        return [Candidate(item, score, {"content": score}) for item, score in best if score >= least]

    def _was_sold(self, item: int) -> bool:
        return bool(item < len(self._base.sold) and self._base.sold[item]) or self._live.sold[item] > 0

    def _group(self, item: int, catalogue: CatalogueView) -> Hashable:
        group = getattr(catalogue, "group", None)
        if group is not None:
            found: Hashable = group(self._live.name(item))
            return found
        return int(self._base.group[item]) if item < len(self._base.ids) else ("fresh", item)

    def _context(self, scene: Scene) -> Context:
        titles: dict[int, str | None] = {}

        def title(item: int) -> str | None:
            if item not in titles:
                product = scene.catalogue.product(self._live.name(item))
                titles[item] = None if product is None else product.title or product.id
            return titles[item]

        def nodes(item: int) -> Sequence[str]:
            if item < len(self._base.ids):
                return [self._base.nodes[node] for node in self._content.items.targets.row(item).tolist()]
            return scene.catalogue.facts_of(self._live.name(item))

        strengths = AnchorStrengths(self._base, self._live, scene.reason_anchors)
        return Context(self._live, scene.reason_anchors, strengths, nodes, title, scene.own)

    def _shelf_of(self, catalogue: CatalogueView) -> Shelf:
        """The shelf of a catalogue, made once for each list of ids."""
        ids = catalogue.ids
        if self._shelf is None or self._shelf[0] is not ids:
            self._shelf = ids, Shelf(ids, self._live.numbers, len(self._base.ids))
        return self._shelf[1]


def _owners(request: RecommendRequest) -> list[str]:
    """Whose history counts. A named shopper's own; an unnamed session's, also after its shopper logged in."""
    owners = [f"shopper:{request.shopper}"] if request.shopper is not None else []
    if request.session is not None:
        owners.append(f"session:{request.session}")
        if request.shopper is None:
            owners.append(f"{ALIAS}session:{request.session}")
    return owners


def _removed(history: Sequence[Action]) -> set[int]:
    """Items whose last word is that they were removed."""
    removed: set[int] = set()
    for action in history:
        if action.kind == REMOVE:
            removed.add(action.item)
        elif action.kind in SETTLED:
            removed.discard(action.item)
    return removed
