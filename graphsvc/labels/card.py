"""The data card of a set: what is in it, how it is labelled, what is wrong with it and who may use it.

Knows items and parts; does not know where they are kept.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from extractors.types import LabelledPair, LabelledText
from graphsvc.labels.items import Item, place_of
from graphsvc.labels.leaks import Leak, leak

TRAIN = "train"
UNSAID = "not stated"
NO_RELATION = "(none)"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a set with where it came from. `unreadable` rows of its file are not among its items."""

    name: str
    items: tuple[Item, ...]
    file: str = ""
    format: str = ""
    unreadable: int = 0
    licence: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Characters of texts; `p95` is the length that 95 of 100 do not exceed."""

    least: int
    median: float
    p95: int
    most: int


@dataclass(frozen=True, slots=True)
class PartCard:
    """What one part holds.

    `items` are texts with mentions and pairs with relations. `repeated` items say something of what an earlier one
    spoke of already; `conflicting` texts are labelled in two ways. `labels` counts mentions, `relations` pairs.
    """

    items: int
    texts: int
    mentions: int
    pairs: int
    unlabelled: int
    repeated: int
    conflicting: int
    unreadable: int
    lengths: Lengths
    labels: Mapping[str, int]
    relations: Mapping[str, int]
    file: str
    format: str
    licence: str
    source: str


@dataclass(frozen=True, slots=True)
class Card:
    """A set's card. `leaks` stand between each two parts, `conflicting` counts over all of them."""

    name: str
    parts: Mapping[str, PartCard]
    leaks: Sequence[Leak]
    conflicting: int

    def rows(self) -> list[tuple[str, ...]]:
        """The card as a table: a name and a cell for each part."""
        parts = list(self.parts.values())
        rows = [(name, *(f"{getattr(part, name):,}" for part in parts)) for name in COUNTS]
        rows.append(("lengths: min, median, p95, max", *(_lengths(part.lengths) for part in parts)))
        for kind in ("labels", "relations"):
            totals = sum((Counter(getattr(part, kind)) for part in parts), Counter[str]())
            names = [name for name, _ in totals.most_common()]
            rows += [
                (f"{kind[:-1]} {name}", *(f"{getattr(part, kind).get(name, 0):,}" for part in parts)) for name in names
            ]
        return rows + [(name, *(getattr(part, name) or UNSAID for part in parts)) for name in ORIGINS]


COUNTS = ("items", "texts", "mentions", "pairs", "unlabelled", "repeated", "conflicting", "unreadable")
ORIGINS = ("file", "format", "licence", "source")


def card_of(name: str, parts: Iterable[Part]) -> Card:
    """The card of a set. The part called train comes first, so that leaks are judged against it."""
    ordered = sorted(parts, key=lambda part: part.name != TRAIN)
    leaks = [
        leak(seen.name, seen.items, judged.name, judged.items)
        for at, seen in enumerate(ordered)
        for judged in ordered[at + 1 :]
    ]
    everything = [item for part in ordered for item in part.items]
    return Card(name, {part.name: _card(part) for part in ordered}, leaks, len(conflicting(everything)))


def conflicting(items: Iterable[Item]) -> set[str]:
    """Texts that are labelled in two ways: other mentions, or another relation of the same two mentions."""
    said: dict[Hashable, set[Hashable]] = defaultdict(set)
    texts: dict[Hashable, str] = {}
    for item in items:
        key = _key(item)
        texts[key] = item.text
        said[key].add(_said(item))
    return {texts[key] for key, found in said.items() if len(found) > 1}


def _card(part: Part) -> PartCard:
    texts = [item for item in part.items if isinstance(item, LabelledText)]
    pairs = [item for item in part.items if isinstance(item, LabelledPair)]
    distinct = {item.text for item in part.items}
    labels = Counter(mention.label for item in texts for mention in item.mentions)
    return PartCard(
        items=len(part.items),
        texts=len(distinct),
        mentions=labels.total(),
        pairs=len(pairs),
        unlabelled=sum(not item.mentions for item in texts),
        repeated=len(part.items) - len({_key(item) for item in part.items}),
        conflicting=len(conflicting(part.items)),
        unreadable=part.unreadable,
        lengths=lengths_of(distinct),
        labels=dict(labels.most_common()),
        relations=dict(Counter(pair.relation or NO_RELATION for pair in pairs).most_common()),
        file=part.file,
        format=part.format,
        licence=part.licence,
        source=part.source,
    )


def lengths_of(texts: Iterable[str]) -> Lengths:
    """The lengths of texts, zeros when there is none."""
    found = sorted(map(len, texts)) or [0]
    return Lengths(found[0], median(found), found[ceil(0.95 * len(found)) - 1], found[-1])


def _key(item: Item) -> Hashable:
    """What an item speaks of."""
    return item.text if isinstance(item, LabelledText) else (item.text, place_of(item.head), place_of(item.tail))


def _said(item: Item) -> Hashable:
    return frozenset(map(place_of, item.mentions)) if isinstance(item, LabelledText) else item.relation


def _lengths(lengths: Lengths) -> str:
    return f"{lengths.least:,}, {lengths.median:,g}, {lengths.p95:,}, {lengths.most:,}"
