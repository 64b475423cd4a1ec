"""What the write log says of models: which there are, how they score, and which is candidate and production.

Knows entries of the kind "models"; does not know files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from graphsvc.history import MODELS
from graphsvc.log import Entry, WriteLog
from graphsvc.models.card import ModelCard

CANDIDATE, PRODUCTION, WITHDRAWN = "candidate", "production", "withdrawn"
ADD, SCORE, ALIAS, REMOVE = "add", "score", "alias", "remove"  # what an entry does


@dataclass(frozen=True, slots=True)
class Naming:
    """That an alias was given to a version. `time` is the entry's, `back` says that it was a roll-back."""

    offset: int
    time: int
    actor: str
    kind: str
    alias: str
    version: str
    why: str
    back: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """The models up to one offset: cards by version, the candidate by kind, and by kind the productions in order.

    The last of `productions` is in production, the one before it is what a roll-back returns to.
    """

    offset: int = 0
    cards: Mapping[str, ModelCard] = field(default_factory=dict)
    candidates: Mapping[str, str] = field(default_factory=dict)
    productions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    namings: tuple[Naming, ...] = ()

    def aliases(self, kind: str) -> dict[str, str]:
        """The aliases of a kind that name a version."""
        found = {
            CANDIDATE: self.candidates.get(kind),
            PRODUCTION: next(iter(self.productions.get(kind, ())[-1:]), None),
        }
        return {alias: version for alias, version in found.items() if version is not None}


def read_ledger(log: WriteLog, before: Ledger) -> Ledger:
    """Go on from an earlier ledger to the head of the log."""
    found, head = before, log.head()
    for entry in log.read(before.offset, head, [MODELS]):
        said = entry.json()
        found = ACTIONS[said["action"]](found, entry, said)
    return replace(found, offset=head)


def _add(ledger: Ledger, entry: Entry, said: Mapping[str, Any]) -> Ledger:
    return _with_card(ledger, ModelCard.of(said["card"]))


def _score(ledger: Ledger, entry: Entry, said: Mapping[str, Any]) -> Ledger:
    return _with_card(ledger, replace(ledger.cards[said["version"]], scores=said["scores"], test=said["test"]))


def _with_card(ledger: Ledger, card: ModelCard) -> Ledger:
    return replace(ledger, cards={**ledger.cards, card.version: card})


def _alias(ledger: Ledger, entry: Entry, said: Mapping[str, Any]) -> Ledger:
    kind, version, back = said["kind"], said["version"], bool(said.get("back"))
    naming = Naming(entry.offset, entry.time, entry.actor, kind, said["alias"], version, said["why"], back)
    ledger = replace(ledger, namings=(*ledger.namings, naming))
    if said["alias"] == CANDIDATE:
        return replace(ledger, candidates={**ledger.candidates, kind: version})
    before = ledger.productions.get(kind, ())
    after = () if said["alias"] == WITHDRAWN else before[:-1] if back else (*before, version)
    candidates = {kind: one for kind, one in ledger.candidates.items() if one != version}
    return replace(ledger, productions={**ledger.productions, kind: after}, candidates=candidates)


def _remove(ledger: Ledger, entry: Entry, said: Mapping[str, Any]) -> Ledger:
    cards = {version: card for version, card in ledger.cards.items() if version != said["version"]}
    left = [one for one in ledger.productions.get(said["kind"], ()) if one in cards]
    return replace(
        ledger, cards=cards, productions={**ledger.productions, said["kind"]: tuple(one for one, _ in groupby(left))}
    )


ACTIONS: Mapping[str, Callable[[Ledger, Entry, Mapping[str, Any]], Ledger]] = {
    ADD: _add, SCORE: _score, ALIAS: _alias, REMOVE: _remove,
}  # fmt: skip
