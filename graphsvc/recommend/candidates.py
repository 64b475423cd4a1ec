"""Products that may be in an answer, with the part of the score that each recommender gave.

Runs the members of the snapshot's blend on one history. Knows numbers; knows no request, catalogue or reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from graphsvc.recommend.behaviour import Behaviour
from graphsvc.recommend.blend import AGAIN
from graphsvc.recommend.content import Content
from graphsvc.recommend.contract import CUT, MEMORY, Mask, Scored
from graphsvc.recommend.live import Live
from graphsvc.recommend.neighbours import NeighbourModel
from graphsvc.recommend.popular import Popular
from graphsvc.recommend.reasons import Anchor, Candidate
from graphsvc.recommend.sequences import Sequences

Profile = Mapping[int, float]  # node → strength
LATER, AGE = 1e-3, 1e-6  # strength of an anchor by a basket since the snapshot, and by its weight alone


def blended(
    base: Behaviour,
    live: Live,
    anchors: Sequence[Anchor],
    profile: Profile,
    allowed: Mask,
    purchases: Sequence[int] = (),
) -> list[Candidate]:
    """What the blend says of a history, oldest anchor first, best candidate first. Only allowed items.

    `purchases` are all that the shopper ever bought, oldest first, as items of the snapshot.
    """
    known = Sequences.of([[anchor.item for anchor in anchors if anchor.item < len(base.ids)][-MEMORY:]])
    parts: dict[int, dict[str, float]] = defaultdict(dict)
    for (name, member), factor in zip(base.blend.members.items(), base.blend.factors(), strict=True):
        if not anchors and name != "popular":
            continue
        if name == "content":
            answer = near(member, profile, allowed)
        elif name == AGAIN:
            answer = member.score(Sequences.of([purchases]), CUT, allowed, seen=True)
        elif name == "popular":
            answer = Popular(live.popularity).score(known, CUT, allowed, seen=True)
            factor *= live.fading
        else:
            answer = member.score(known, CUT, allowed, seen=True)
        _note(parts, name, answer, float(factor))
    return ranked(parts)


def near(content: object, profile: Profile, allowed: Mask) -> Scored:
    """The items whose nodes are nearest to a profile: ids int32[1, CUT] and scores."""
    assert isinstance(content, Content)
    nodes = Sequences.of([list(profile)])
    strengths = np.array(list(profile.values()), np.float32)
    return content.nodes.score(nodes, strengths, Sequences.empty(1), CUT, allowed, len(allowed))


def profile_of(content: Content, parts: Iterable[tuple[int, Sequence[int], float]]) -> dict[int, float]:
    """The strength of each node over anchors, given as item (or −1), nodes (if the item is −1) and weight."""
    profile: dict[int, float] = defaultdict(float)
    for item, nodes, weight in parts:
        if item >= 0:
            row = slice(*content.items.targets.starts[item : item + 2].tolist())
            found, values = content.items.targets.items[row].tolist(), content.items.weights[row].tolist()
        else:
            one, weights = content.item_profile(Sequences.of([nodes]))
            found, values = one.items.tolist(), weights.tolist()
        for node, value in zip(found, values, strict=True):
            profile[node] += weight * value
    return dict(profile)


class AnchorStrengths:
    """How much each of A anchors says for an item, by the rows of the neighbour models, read once for all items."""

    def __init__(self, base: Behaviour, live: Live, anchors: Sequence[Anchor]) -> None:
        targets: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
        weights: list[NDArray[np.float32]] = [np.empty(0, np.float32)]
        keys: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
        factors = dict(zip(base.blend.members, base.blend.factors().tolist(), strict=True))
        for at, anchor in enumerate(anchors):
            for name, member in base.blend.members.items():
                if isinstance(member, NeighbourModel) and anchor.item < len(base.ids):
                    row = slice(*member.rows.targets.starts[anchor.item : anchor.item + 2].tolist())
                    targets.append(member.rows.targets.items[row])
                    weights.append(member.rows.weights[row] * np.float32(anchor.weight * factors[name]))
                    keys.append(np.full(len(targets[-1]), at))
        self._targets, self._weights = np.concatenate(targets), np.concatenate(weights)
        self._keys, self._live, self._anchors = np.concatenate(keys), live, anchors

    def __call__(self, item: int) -> list[float]:
        """The strength of each anchor for one item; a pair bought since the snapshot, and age, count a little."""
        at = np.flatnonzero(self._targets == item)
        found = np.bincount(self._keys[at], self._weights[at], len(self._anchors)).tolist()
        for place, anchor in enumerate(self._anchors):
            found[place] += anchor.weight * (LATER if item in self._live.partners(anchor.item) else AGE)
        return [float(value) for value in found]


def ranked(parts: Mapping[int, Mapping[str, float]]) -> list[Candidate]:
    """Candidates best first; ties by a hash of the item."""
    found = [Candidate(item, sum(own.values()), own) for item, own in parts.items()]
    return sorted(found, key=lambda candidate: (-candidate.score, hashed(candidate.item)))


def hashed(item: int) -> int:
    """The same order of ties as in the kernels."""
    return (item * 2654435761) & 0xFFFFFFFF


def _note(parts: dict[int, dict[str, float]], name: str, answer: Scored, factor: float) -> None:
    for item, score in zip(answer[0][0].tolist(), answer[1][0].tolist(), strict=True):
        if item >= 0 and factor > 0:
            parts[item][name] = score * factor
