"""FinRE: head, tail, relation and sentence, parted by tabs. "unknown" is no relation.

Says only what head and tail are called, so the nearest pair of their places is taken.
"""

from collections.abc import Iterator

from extractors.types import LabelledPair
from graphsvc.errors import LabelError
from graphsvc.labels.items import ENTITY, Item, Problem, each, sound_mention, sound_text
from graphsvc.labels.places import Place, overlaps, places_of
from graphsvc.labels.rows import lines

NONE = "unknown"


def read(content: str, file: str) -> Iterator[Item | Problem]:
    """Read pairs."""
    return each(lines(content), file, _pair)


def _pair(row: str, origin: str) -> Iterator[Item]:
    cells = row.split("\t", 3)
    if len(cells) != 4:
        raise LabelError(f"The row has {len(cells)} columns.", "Give head, tail, relation and sentence with tabs.")
    head, tail, relation, text = cells
    if not relation:
        raise LabelError("The relation is empty.", f"Name it; “{NONE}” says that there is none.")
    first, second = (
        sound_mention(text, *place, ENTITY)
        for place in _nearest(places_of(sound_text(text), head), places_of(text, tail))
    )
    yield LabelledPair(text, first, second, "" if relation == NONE else relation, origin)


def _nearest(heads: list[Place], tails: list[Place]) -> tuple[Place, Place]:
    """The pair with the least between them. A name within the other's name is a place only when there is no other."""
    pairs = [(head, tail) for head in heads for tail in tails if head != tail]
    if not pairs:
        raise LabelError("Head and tail are the same words at the same place.", "Take the row out.")

    def distance(pair: tuple[Place, Place]) -> tuple[bool, int, int]:
        head, tail = pair
        within = _within(head, tails) or _within(tail, heads) or overlaps(head, [tail])
        return within, max(head[0], tail[0]) - min(head[1], tail[1]), head[0] + tail[0]

    return min(pairs, key=distance)


def _within(place: Place, others: list[Place]) -> bool:
    return any(start <= place[0] and place[1] <= end and (start, end) != place for start, end in others)
