"""Where a shop decides about the nodes of its graph, and where names are linked to them by what was decided.

A decision is an entry of the log of the kind "entities". It changes what is read from then on; `re-extract` brings it
to what stands. Knows the log and the catalogue; what a decision does to claims is the business of `decided`.
"""

from collections.abc import Callable

from graphsvc.entities.decided import Decided
from graphsvc.entities.ledger import MERGE, UNDO, Decision, Ledger
from graphsvc.entities.linker import Linker
from graphsvc.errors import InputError, NotFoundError
from graphsvc.history import ENTITIES, History
from graphsvc.log import Change, WriteLog
from graphsvc.search.catalogue import Catalogue

KINDS = ("brand", "manufacturer", "value")  # of nodes that are decided on: categories come from the shop alone
LIST = "List them: python -m graphsvc entities list"


class EntityDesk:
    """The decisions of one shop. `history` gives the log's history up to its head."""

    def __init__(self, log: WriteLog, history: Callable[[], History]) -> None:
        self._log, self._history = log, history
        self._linker: tuple[Catalogue, int, Linker] | None = None

    def ledger(self) -> Ledger:
        """The decisions that stand."""
        return Ledger.of(self._history().entities)

    def decided(self) -> Decided:
        """What they do to claims that are read now."""
        return self.ledger().decided()

    def linker(self, catalogue: Catalogue) -> Linker:
        """What links names to the nodes of a catalogue; kept until the catalogue or a decision changes."""
        count = len(self._history().entities)
        if self._linker is None or self._linker[0] is not catalogue or self._linker[1] != count:
            self._linker = catalogue, count, catalogue.linker(self.decided())
        return self._linker[2]

    def decide(self, decision: Decision, catalogue: Catalogue, actor: str) -> int:
        """Write a decision; returns its offset. Raises NotFoundError, InputError."""
        made = self._checked(decision, catalogue)
        return self._log.append(Change(ENTITIES, made.payload(), "entities", actor))

    def _checked(self, decision: Decision, catalogue: Catalogue) -> Decision:
        node, ledger = decision.node, self.ledger()
        if decision.decision == UNDO:
            if ledger.about(node) is None:
                raise NotFoundError(f"Nothing was decided about {node!r}.", LIST)
            return decision
        if node.partition(":")[0] not in KINDS:
            raise InputError(f"{node!r} is no brand, manufacturer or value.", LIST)
        if catalogue.node_name(node) is None and ledger.about(node) is None:
            raise NotFoundError(f"There is no node {node!r}.", LIST)
        return _into(decision, ledger, catalogue) if decision.decision == MERGE else decision


def _into(decision: Decision, ledger: Ledger, catalogue: Catalogue) -> Decision:
    """A merger with the name of the node that it leads to."""
    node, into = decision.node, decision.into
    name = catalogue.node_name(into)
    if name is None:
        raise NotFoundError(f"There is no node {into!r}.", LIST)
    if _kind(node) != _kind(into):
        raise InputError(f"{node!r} and {into!r} are of different kinds.", "Merge values of one attribute.")
    if ledger.end_of(into) == node:
        raise InputError(f"{into!r} was merged into {node!r}.", f"First: python -m graphsvc entities undo {into}")
    return Decision(node, MERGE, decision.why, into, name)


def _kind(node: str) -> str:
    """What a node is: of a value with its attribute."""
    return node.partition("=")[0] if node.startswith("value:") else node.partition(":")[0]
