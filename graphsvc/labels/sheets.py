"""A text with numbered mentions and links between them: how formats write relations that speak of mentions.

Knows how items become sheets and sheets items; does not know how a format writes one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from extractors.types import LabelledPair, LabelledText, Mention
from graphsvc.errors import LabelError
from graphsvc.labels.items import Item, lesson, place_of


@dataclass(slots=True)
class Sheet:
    """`links` holds head and tail, by their places in `mentions`, and the relation, "" for none.

    `whole`: the mentions are all that the text has; else they are no more than the ends of links.
    """

    text: str
    mentions: Sequence[Mention]
    links: list[tuple[int, int, str]] = field(default_factory=list)
    whole: bool = True

    def link(self, pair: LabelledPair) -> bool:
        """Add a pair, if this text has its mentions."""
        places = [place_of(mention) for mention in self.mentions]
        ends = place_of(pair.head), place_of(pair.tail)
        if pair.text != self.text or not all(end in places for end in ends):
            return False
        self.links.append((places.index(ends[0]), places.index(ends[1]), pair.relation))
        return True


def sheets_of(items: Iterable[Item]) -> Iterator[Sheet]:
    """Items as sheets: a text, or a pair, takes the pairs that follow and speak of its mentions."""
    last: Sheet | None = None
    for item in items:
        if isinstance(item, LabelledPair) and last is not None and last.link(item):
            continue
        if last is not None:
            yield last
        if isinstance(item, LabelledText):
            last = Sheet(item.text, item.mentions)
        else:
            last = Sheet(item.text, (item.head, item.tail), [(0, 1, item.relation)], whole=False)
    if last is not None:
        yield last


def items_of(sheet: Sheet, origin: str) -> Iterator[Item]:
    """The items of a sheet. Raises LabelError for a link between mentions that are not there."""
    if sheet.whole:
        yield lesson(sheet.text, sheet.mentions, origin)
    for head, tail, relation in sheet.links:
        if not all(type(end) is int and 0 <= end < len(sheet.mentions) for end in (head, tail)):
            raise LabelError(f"A relation from {head} to {tail} has no such mentions.", "Count mentions from 0.")
        if not isinstance(relation, str):
            raise LabelError(f"The relation from {head} to {tail} has no name.", 'Name it; "" says that there is none.')
        yield LabelledPair(sheet.text, sheet.mentions[head], sheet.mentions[tail], relation, origin)
