"""What a name in a text means: a node of the graph, or a new one beside its nearest. Values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkCandidate:
    """A node that a name may mean; `how` says by what: a form that both share, spelling, begins or meaning."""

    node: str
    name: str
    confidence: float
    how: str


@dataclass(frozen=True, slots=True)
class Link:
    """The node of the graph that a name means; not `known`, the node that it would be, and the nearest that are there.

    `how` is one of exact, accepted, vocabulary, written, maker, script, sound, slip, title and new; see
    `graphsvc.entities.linker`.
    """

    node: str
    name: str
    confidence: float
    how: str
    known: bool
    candidates: tuple[LinkCandidate, ...] = ()
