"""Models that answer what they were asked before without reading again: while one text is read from several sides.

Knows texts, mentions and pairs; remembers all it is asked, so that one lasts no longer than its text.
"""

from collections.abc import Iterable, Sequence

from extractors.relations import Related
from extractors.trained import RelationFinder
from extractors.types import Mention, MentionFinder

Pair = tuple[str, Mention, Mention]


class RememberedMentions:
    """A finder of mentions that reads each text once."""

    def __init__(self, finder: MentionFinder) -> None:
        self._finder, self.name, self.version = finder, finder.name, finder.version
        self._known: dict[tuple[str, str], list[Mention]] = {}

    def find(self, texts: Sequence[str], contexts: Sequence[str] = ()) -> list[list[Mention]]:
        """See `MentionFinder`."""
        asked = list(zip(texts, contexts or [""] * len(texts), strict=True))
        new = [one for one in dict.fromkeys(asked) if one not in self._known]
        if new:
            found = self._finder.find(*(list(part) for part in zip(*new, strict=True)))
            self._known.update(zip(new, found, strict=True))
        return [self._known[one] for one in asked]


class RememberedRelations:
    """A finder of relations that judges each pair once."""

    def __init__(self, finder: RelationFinder) -> None:
        self._finder, self.name, self.version = finder, finder.name, finder.version
        self._known: dict[Pair, Related] = {}

    def relate(self, pairs: Iterable[Pair]) -> list[Related]:
        """See `RelationFinder`."""
        asked = list(pairs)
        new = [one for one in dict.fromkeys(asked) if one not in self._known]
        if new:
            self._known.update(zip(new, self._finder.relate(new), strict=True))
        return [self._known[one] for one in asked]
