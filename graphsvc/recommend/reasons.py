"""Why a product is recommended, in one sentence with a count that the data hold. Knows counts; ranks nothing.

Every number that is said is counted at the moment of saying, from the snapshot and from what happened since.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from graphsvc.recommend.live import Live
from graphsvc.recommend.surroundings import CATEGORY, MEASURE
from graphsvc.types import Reason

BEHAVIOUR = ("covisit", "cosine", "ppmi_svd", "pairs")
TRIED = 4  # anchors that are asked for a reason, strongest first
MEANT = 0.5  # what a cosine of meaning is worth beside one of graph nodes
SAID = 2  # reasons of one product
SLIGHT = 0.02  # share of the score that is not worth a word
LEADS = {
    "basket": "because of {title} in your basket",
    "product": "goes with {title}",
    "bought": "because you bought {title}",
    "seen": "because you looked at {title}",
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A product that the answer is about. `role` is basket, product, bought or seen; `weight` falls with its age."""

    item: int
    role: str
    weight: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that may be in the answer: its score and the part of it that each recommender gave."""

    item: int
    score: float
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Context:
    """What reasons are made from: `strength` of an anchor for an item, the nodes of an item, titles, own purchases."""

    live: Live
    anchors: Sequence[Anchor]
    strengths: Callable[[int], Sequence[float]]
    nodes: Callable[[int], Sequence[str]]
    title: Callable[[int], str | None]
    own: Mapping[int, int]


def reasons_of(candidate: Candidate, context: Context) -> tuple[Reason, ...]:
    """The true reasons of one product, the largest part of its score first."""
    total = sum(candidate.parts.values()) or 1.0
    behaviour = sum(candidate.parts.get(name, 0.0) for name in BEHAVIOUR) / total
    content, popular, again = (candidate.parts.get(name, 0.0) / total for name in ("content", "popular", "again"))
    found = [
        _own(candidate.item, again, context),
        _together(candidate.item, behaviour, context),
        _alike(candidate.item, content, context),
        _meant(candidate, total),
        _popular(candidate.item, popular, context.live),
    ]
    said = sorted((reason for reason in found if reason), key=lambda reason: -reason.share)[:SAID]
    said = [reason for reason in said if reason.share >= SLIGHT] or said[:1]
    return tuple(said) or (Reason("new", "nothing is known of what shoppers think of it yet"),)


def _own(item: int, share: float, context: Context) -> Reason | None:
    times = context.own.get(item, 0)
    if not times:
        return None
    text = f"you bought it {times} times" if times > 1 else "you bought it before"
    return Reason("behaviour", text, share, context.live.name(item), times)


def _together(item: int, share: float, context: Context) -> Reason | None:
    """What baskets or shoppers say, for the anchor that weighs most and has something to say."""
    if share <= 0:
        return None
    strengths = context.strengths(item)
    order = sorted(range(len(context.anchors)), key=lambda at: -strengths[at])[:TRIED]
    order = [at for at in order if strengths[at] > 0 and context.anchors[at].item != item]
    for said in (_baskets, _shoppers):
        for at in order:
            anchor = context.anchors[at]
            title = context.title(anchor.item)
            if title is not None and (found := said(item, anchor, title, context.live)):
                return Reason("behaviour", found[0], share, context.live.name(anchor.item), found[1])
    return None


def _baskets(item: int, anchor: Anchor, title: str, live: Live) -> tuple[str, int] | None:
    count = live.pair_count(anchor.item, item)
    if count < 1:
        return None
    return f"{LEADS[anchor.role].format(title=title)}: {counted(count, 'basket')} had both", count


def _shoppers(item: int, anchor: Anchor, title: str, live: Live) -> tuple[str, int] | None:
    for bought, verb in ((True, "bought"), (False, "took an interest in")):
        count = live.both_count(anchor.item, item, bought=bought)
        if count:
            return f"{LEADS[anchor.role].format(title=title)}: {counted(count, 'shopper')} {verb} both", count
    return None


def _alike(item: int, share: float, context: Context) -> Reason | None:
    """What an item has in common with the anchor that it shares most with."""
    if share <= 0:
        return None
    own = set(context.nodes(item))
    best: tuple[list[str], Anchor, str] | None = None
    for anchor in sorted(context.anchors, key=lambda anchor: -anchor.weight)[: 2 * TRIED]:
        title = context.title(anchor.item)
        shared = common_words(own, set(context.nodes(anchor.item)))
        if title is not None and anchor.item != item and shared and (best is None or len(shared) > len(best[0])):
            best = shared, anchor, title
    if best is None:
        return None
    shared, anchor, title = best
    words = shared[0] if len(shared) == 1 else f"{', '.join(shared[:-1])} and {shared[-1]}"
    return Reason("content", f"same {words} as {title}", share, context.live.name(anchor.item))


def _meant(candidate: Candidate, total: float) -> Reason | None:
    share = candidate.parts.get("meaning", 0.0)
    if share <= 0:
        return None
    return Reason("meaning", f"close in meaning (cosine {share / MEANT:.2f})", share / total)


def _popular(item: int, share: float, live: Live) -> Reason | None:
    if share <= 0:
        return None
    count = live.buyer_count(item)
    since = datetime.fromtimestamp(live.base.since * 60, UTC)
    day = f"{since.day} {since:%B %Y}"
    if count and live.base.newest:
        return Reason("popular", f"bought by {counted(count, 'shopper')} since {day}", share, live.name(item), count)
    before, later = live.holder_names(item, bought=False)
    count = len({live.base.owners[at] for at in before} | later)
    if count:
        return Reason("popular", f"{counted(count, 'shopper')} took an interest in it", share, live.name(item), count)
    return Reason("popular", "popular in this shop", share, live.name(item))


def common_words(first: set[str], second: set[str]) -> list[str]:
    """What two products share, in words: brand, type (the deepest category) or category, maker, attributes.

    A measure is said of things of one type only: paper and tissue of 100 square feet have nothing in common.
    """
    shared = first & second
    words = []
    if any(node.startswith("brand:") for node in shared):
        words.append("brand")
    categories = [max((n for n in side if n.startswith(CATEGORY)), key=_depth, default="") for side in (first, second)]
    if categories[0] and categories[0] == categories[1]:
        words.append("type")
    elif any(node.startswith(CATEGORY) and "/" in node for node in shared):  # a root is half the shop
        words.append("category")
    if any(node.startswith("manufacturer:") for node in shared):
        words.append("maker")
    said = [node for node in shared if node.startswith("value:") and ("type" in words or not MEASURE.match(node))]
    attributes = sorted({node[len("value:") :].partition("=")[0] for node in said})
    return words + attributes[:2]


def counted(count: int, noun: str) -> str:
    """A count with its noun: "1 basket", "1,214 baskets"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _depth(node: str) -> tuple[int, str]:
    return node.count("/"), node
