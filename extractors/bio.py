"""Tags of units and spans of characters, and the way between them: strict IOB2.

Knows "O", "B-label" and "I-label"; does not know models. Spans of one text must not overlap here: who has such spans
chooses by `without_overlaps` first.
"""

from collections.abc import Iterable, Sequence

from extractors.types import Mention
from extractors.units import Unit

OUTSIDE = "O"


def tags_for(labels: Iterable[str]) -> list[str]:
    """All tags that labels need, in a fixed order."""
    return [OUTSIDE, *(f"{part}-{label}" for label in sorted(set(labels)) for part in "BI")]


def may_follow(before: str | None, tag: str) -> bool:
    """Whether a tag may stand after another, or at the start (None): only I needs its own B or I before it."""
    return not tag.startswith("I-") or (before is not None and before[2:] == tag[2:])


def tag(units: Sequence[Unit], mentions: Iterable[Mention]) -> list[str]:
    """Tags of units. A mention whose border cuts a unit takes the units that lie wholly within it."""
    tags = [OUTSIDE] * len(units)
    for mention in mentions:
        part = "B"
        for at, unit in enumerate(units):
            if unit.start >= mention.start and unit.end <= mention.end:
                tags[at] = f"{part}-{mention.label}"
                part = "I"
    return tags


def spans_of(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """(first unit, last unit, label) of each span. An I without its own B or I before it belongs to none."""
    found: list[tuple[int, int, str]] = []
    before: str | None = None
    for at, now in enumerate(tags):
        if now.startswith("B-"):
            found.append((at, at, now[2:]))
        elif now != OUTSIDE and may_follow(before, now) and found and found[-1][1] == at - 1:
            found[-1] = (found[-1][0], at, now[2:])
        before = now
    return found


def without_overlaps(mentions: Iterable[Mention]) -> list[Mention]:
    """The stated rule for overlaps: surer first, then longer, then further left; in order of place."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (-m.confidence, m.start - m.end, m.start)):
        if all(mention.end <= other.start or mention.start >= other.end for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda mention: mention.start)
