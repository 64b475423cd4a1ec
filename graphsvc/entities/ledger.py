"""What the write log says was decided about nodes: accepted, rejected, or merged into another; each can be undone.

The last decision about a node that was not undone stands. Knows entries of the kind "entities"; reads no table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphsvc.entities.decided import Decided

ACCEPT, REJECT, MERGE, UNDO = "accept", "reject", "merge", "undo"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. `into` is the node that `node` was merged into, "" else; `name` how that one is written."""

    node: str
    decision: str
    why: str = ""
    into: str = ""
    name: str = ""

    def payload(self) -> dict[str, Any]:
        """The payload of its entry."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Ledger:
    """The decisions that stand, the last of a node at its end."""

    standing: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, payloads: Iterable[Mapping[str, Any]]) -> "Ledger":
        """The ledger of the payloads of entries in their order."""
        standing: dict[str, tuple[Decision, ...]] = {}
        for payload in payloads:
            made = Decision(**payload)
            before = standing.get(made.node, ())
            standing[made.node] = before[:-1] if made.decision == UNDO else (*before, made)
        return cls({node: made for node, made in standing.items() if made})

    def about(self, node: str) -> Decision | None:
        """The decision about a node that stands."""
        made = self.standing.get(node)
        return made[-1] if made else None

    def end_of(self, node: str) -> str:
        """The node that a node leads to over all mergers: itself where it was not merged."""
        seen = [node]
        while (made := self.about(seen[-1])) is not None and made.decision == MERGE and made.into not in seen:
            seen.append(made.into)
        return seen[-1]

    def decided(self) -> Decided:
        """What the decisions do to claims."""
        last = {node: made[-1] for node, made in self.standing.items()}
        aliases = {node: self.end_of(node) for node, one in last.items() if one.decision == MERGE}
        names = {one.into: one.name for one in last.values() if one.decision == MERGE}
        return Decided(aliases, names, frozenset(node for node, one in last.items() if one.decision == REJECT))
