"""The doors of the recommender: related, complementary, substitute, or for whoever did what. One function each.

Takes a scene, gives candidates best first, more than are asked for. Knows numbers and counts; says no reason.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from graphsvc.recommend.behaviour import Behaviour
from graphsvc.recommend.candidates import Profile, blended, hashed, near, ranked
from graphsvc.recommend.contract import CUT, Mask
from graphsvc.recommend.live import Live
from graphsvc.recommend.pairs import LEAST
from graphsvc.recommend.reasons import MEANT, Anchor, Candidate
from graphsvc.recommend.sequences import Numbers
from graphsvc.recommend.shelf import CatalogueView
from graphsvc.types import RecommendRequest

STANDINS = 10  # sold products near to an unsold one whose partners are its own
SAME_TYPE = 0.05  # what a partner of the same type is worth as a complement: other types come first
UNSURE = 0.1  # what a lift is worth that may be chance
SURE = 1.64  # standard deviations that a pair's count may lie too high by chance: 1 in 20
FALLBACK = 1e-6  # the score of what is there only so that an answer is not empty


@dataclass(slots=True)
class Scene:
    """One request with all that is known about it. `fresh` are allowed products (number, id) the snapshot lacks.

    `own` has how often the shopper bought what may come again, `purchases` everything that the shopper bought, oldest
    first; `types` the category of anchors the snapshot lacks. `standins` are filled by doors whose reasons speak of
    other products than the anchors.
    """

    request: RecommendRequest
    catalogue: CatalogueView
    base: Behaviour
    live: Live
    anchors: Sequence[Anchor]
    profile: Profile
    allowed: Mask
    fresh: Sequence[tuple[int, str]]
    own: Mapping[int, int]
    purchases: Sequence[int] = ()
    types: Mapping[int, int] = field(default_factory=dict)
    standins: list[Anchor] = field(default_factory=list)

    @property
    def reason_anchors(self) -> Sequence[Anchor]:
        """What reasons may speak of."""
        return [*self.anchors, *self.standins]


def answer_for(scene: Scene) -> list[Candidate]:
    """Candidates by the request's intent. An intent other than related needs a product or a basket."""
    aimed = scene.request.product is not None or scene.request.basket
    door = DOORS[scene.request.intent] if aimed else related
    return door(scene)


def related(scene: Scene) -> list[Candidate]:
    """What the blend says, then whatever is allowed, by popularity."""
    found = blended(scene.base, scene.live, scene.anchors, scene.profile, scene.allowed, scene.purchases)
    return _filled(found, scene)


def complementary(scene: Scene) -> list[Candidate]:
    """What baskets hold beside the product, by lift; other types first. Without any, what is related of other types."""
    anchors = scene.anchors if scene.request.product is not None else [a for a in scene.anchors if a.role == "basket"]
    found = _partners(scene, anchors)
    if not found:
        scene.standins.extend(_standins(scene))
        found = _partners(scene, scene.standins)
    types = {_type(scene, anchor.item) for anchor in anchors} - {-1}
    if len(found) < scene.request.first:
        known = {candidate.item for candidate in found}
        further = blended(scene.base, scene.live, scene.anchors, scene.profile, scene.allowed)
        behaved = ("covisit", "cosine", "ppmi_svd")
        found += [
            Candidate(c.item, c.score * FALLBACK, c.parts)
            for c in further
            if c.item not in known and _type(scene, c.item) not in types and any(name in c.parts for name in behaved)
        ]
    return found or [candidate for candidate in related(scene) if _type(scene, candidate.item) not in types]


def substitute(scene: Scene) -> list[Candidate]:
    """Products of the same type that are not bought together with it, nearest by content and meaning, the popular one
    of equals; of another type, which another supplier may have, only what is nearer in meaning than all of the same.
    """
    allowed = scene.allowed.copy()
    for anchor in scene.anchors:
        allowed[_counts(scene, anchor.item)[0]] = False
    types = {kind for anchor in scene.anchors if (kind := _type(scene, anchor.item)) >= 0}
    same = allowed & np.isin(scene.base.category, list(types)) if types else allowed
    if types and not same.any():
        same = allowed
    ids, scores = near(scene.base.blend.members["content"], scene.profile, same)
    meant = _meant(scene, allowed, same)
    most = float(scene.live.popularity.max(initial=0)) or 1.0
    parts: dict[int, dict[str, float]] = {}
    for item, score in zip(ids[0].tolist(), scores[0].tolist(), strict=True):
        if item >= 0:
            popular = 0.05 * float(scene.live.popularity[item]) / most
            parts[item] = {"content": score} | ({"popular": popular} if popular > 0 else {})
    for item, cosine in meant.items():
        parts.setdefault(item, {})["meaning"] = MEANT * cosine
    return ranked(parts)


DOORS: Mapping[str, Callable[[Scene], list[Candidate]]] = {
    "related": related,
    "complementary": complementary,
    "substitute": substitute,
}


def _meant(scene: Scene, allowed: Mask, same: Mask) -> dict[int, float]:
    """The items nearest in meaning to the anchors, with their cosines: see `substitute`."""
    found: dict[int, float] = {}
    for anchor in scene.anchors:
        for name, cosine in scene.catalogue.similar(scene.live.name(anchor.item), CUT):
            item = scene.live.numbers.get(name, len(allowed))
            if item < len(allowed) and allowed[item] and cosine > 0:
                found[item] = max(cosine, found.get(item, 0.0))
    nearest = max((cosine for item, cosine in found.items() if same[item]), default=0.0)
    return {item: cosine for item, cosine in found.items() if same[item] or cosine > nearest}


def _counts(scene: Scene, item: int) -> tuple[Numbers, NDArray[np.float64]]:
    """The snapshot's products that at least LEAST baskets had with one, and in how many."""
    items, counts = np.empty(0, np.int32), np.empty(0, np.float64)
    known = len(scene.base.ids)
    if item < known:
        rows = scene.base.pairs.partners
        span = slice(*rows.targets.starts[item : item + 2].tolist())
        items, counts = rows.targets.items[span], rows.weights[span].astype(np.float64)
    moved = [other for other in scene.live.partners(item) if other < known]
    if moved:
        still = ~np.isin(items, moved)
        items = np.concatenate([items[still], np.array(moved, np.int32)])
        counts = np.concatenate([counts[still], [float(scene.live.pair_count(item, other)) for other in moved]])
    return items[counts >= LEAST], counts[counts >= LEAST]


def _partners(scene: Scene, anchors: Sequence[Anchor]) -> list[Candidate]:
    """What goes with the anchors more often than chance, by the lower end of the lift, for few baskets prove little."""
    live, total = scene.live, scene.base.pairs.total + scene.live.baskets
    parts: dict[int, dict[str, float]] = defaultdict(lambda: {"pairs": 0.0})
    for anchor in anchors:
        others, counts = _counts(scene, anchor.item)
        others, counts = others[scene.allowed[others]], counts[scene.allowed[others]]
        held = scene.base.pairs.baskets.lengths[others] + np.array([live.held[o] for o in others.tolist()], float)
        chance = np.maximum(live.held_count(anchor.item) * held, 1) / total
        sure, seen = (counts - SURE * np.sqrt(counts)) / chance, counts / chance
        often = np.log(np.maximum(sure, 1)) + UNSURE * np.log(np.maximum(seen, 1))
        kind = _type(scene, anchor.item)
        same = (scene.base.category[others] == kind) & (kind >= 0)
        value = anchor.weight * often * np.where(same, SAME_TYPE, 1.0)
        for other, worth in zip(others[value > 0].tolist(), value[value > 0].tolist(), strict=True):
            parts[other]["pairs"] += worth
    return ranked(parts)


def _standins(scene: Scene) -> list[Anchor]:
    """Sold products near to what nobody has bought with anything yet."""
    sold = scene.base.sold > 0
    ids, scores = near(scene.base.blend.members["content"], scene.profile, sold)
    own = {anchor.item for anchor in scene.anchors}
    near_ones = [(i, s) for i, s in zip(ids[0].tolist(), scores[0].tolist(), strict=True) if i >= 0 and i not in own]
    return [Anchor(item, "product", score) for item, score in near_ones[:STANDINS]]


def _type(scene: Scene, item: int) -> int:
    return int(scene.base.category[item]) if item < len(scene.base.ids) else scene.types.get(item, -1)


def _filled(found: list[Candidate], scene: Scene) -> list[Candidate]:
    """Candidates, and after them as many allowed products as are missing, the popular ones first."""
    groups = {int(scene.base.group[c.item]) for c in found}
    if len(groups) >= scene.request.first:
        return found
    left = scene.allowed.copy()
    left[[candidate.item for candidate in found]] = False
    items = np.flatnonzero(left)
    order = np.lexsort(((items * 2654435761) & 0xFFFFFFFF, -scene.live.popularity[items]))
    known = scene.live.popularity[items] > 0
    further = [Candidate(int(items[at]), FALLBACK, {"popular": FALLBACK} if known[at] else {}) for at in order]
    fresh = sorted((item for item, _ in scene.fresh), key=hashed)
    return found + further + [Candidate(item, FALLBACK, {}) for item in fresh]
