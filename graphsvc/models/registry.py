"""The models of one shop: kept, named, promoted, rolled back, opened. The write log is their only commit point.

A version is real only when an entry names it; its files are there, durably, before that. Knows the order of these
steps; does not know what a model does.
"""

import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphsvc.errors import GateError, InputError, NotFoundError, RefusedError, StorageError
from graphsvc.history import MODELS
from graphsvc.log import Change, WriteLog
from graphsvc.models import folders
from graphsvc.models.card import ModelCard
from graphsvc.models.code_version import code_version
from graphsvc.models.gate import DEFAULTS, Limits, Verdict, judge
from graphsvc.models.ledger import (
    ADD,
    ALIAS,
    CANDIDATE,
    PRODUCTION,
    REMOVE,
    SCORE,
    WITHDRAWN,
    Ledger,
    Naming,
    read_ledger,
)
from graphsvc.shop import Shop

KIND = re.compile(r"[a-z][a-z-]{0,39}")  # it becomes a folder's name


class Registry:
    """One process writes, whoever holds the shop's writer lock; any number may read. May be shared between threads.

    Raises NotFoundError for a version that no entry names, StorageError when the disk fails.
    """

    def __init__(self, shop: Shop, log: WriteLog) -> None:
        self._folder = shop.models
        self._log = log
        self._known = Ledger()
        self._sound: set[str] = set()  # versions whose files were checked by this process
        self._lock = threading.RLock()
        self._copying = threading.Lock()  # taken before `_lock`: who reads does not wait for a copy

    # ---- reading

    def ledger(self) -> Ledger:
        """What the log says of models, up to its head."""
        with self._lock:
            self._known = read_ledger(self._log, self._known)
            return self._known

    def versions(self, kind: str | None = None) -> list[ModelCard]:
        """The cards of a kind, or of all, in the order in which they came."""
        return [card for card in self.ledger().cards.values() if kind in (None, card.kind)]

    def card(self, kind: str, version: str) -> ModelCard:
        """The card of a version, with the scores that it was given last."""
        found = self.find(version)
        if found.kind != kind:
            raise NotFoundError(
                f"{version} is a model of {found.kind}, not of {kind}.", "See: python -m graphsvc models list"
            )
        return found

    def find(self, version: str) -> ModelCard:
        """The card of a version, whatever its kind."""
        cards = self.ledger().cards
        if version not in cards:
            raise NotFoundError(f"The shop has no model {version[:40]!r}.", "See: python -m graphsvc models list")
        return cards[version]

    def alias(self, kind: str, name: str) -> str | None:
        """The version that "candidate" or "production" names, None when it names none."""
        if name not in (CANDIDATE, PRODUCTION):
            raise NotFoundError(f"There is no alias {name!r}.", f"Use {CANDIDATE} or {PRODUCTION}.")
        return self.ledger().aliases(kind).get(name)

    def path(self, kind: str, name: str, *, anew: bool = False) -> Path:
        """The folder of a version or alias, whose files were checked once by this process, or `anew`. Raises
        StorageError when it is damaged."""
        version = self.alias(kind, name) if name in (CANDIDATE, PRODUCTION) else name
        if version is None:
            raise NotFoundError(f"No model of {kind} is {name}.", "See: python -m graphsvc models list")
        folder = self._path(self.card(kind, version))
        if anew or version not in self._sound:
            self._check(folder)
            self._sound.add(version)
        return folder

    def path_of(self, version: str) -> Path:
        """The folder of a version, whatever its kind."""
        return self.path(self.find(version).kind, version)

    def damaged(self) -> list[str]:
        """What is wrong with the files of each model, read whole."""
        found = []
        for card in self.versions():
            folder = self._path(card)
            if not folder.exists():
                found.append(f"{card.kind} {card.version} is missing")
            elif not folders.is_sound(folder):
                found.append(f"{card.kind} {card.version} is damaged")
        return found

    def verdict(self, kind: str, version: str, limits: Limits = DEFAULTS) -> Verdict:
        """What the gate says of a version now."""
        production = self.alias(kind, PRODUCTION)
        return judge(self.card(kind, version), self.card(kind, production) if production else None, limits)

    # ---- writing

    def add(self, folder: Path, card: ModelCard, actor: str = "local") -> str:
        """Keep a copy of a model's files and return its version. The same content again is no new entry.

        Raises InputError for a kind that could not be a folder's name and for a folder without files.
        """
        if KIND.fullmatch(card.kind) is None:
            raise InputError(f"{card.kind[:40]!r} cannot be a kind of models.", "Use small letters and hyphens.")
        with self._copying:
            self._log.append_many([])  # a log that is only read refuses here, before anything is copied
            kept = folders.keep(self._folder, card.kind, folder)
            with self._lock:
                if kept.name not in self.ledger().cards:
                    said = replace(
                        card, version=kept.name, size=folders.size_of(kept), code=card.code or code_version(),
                        created=card.created or datetime.now(UTC).isoformat(timespec="seconds"),
                    )  # fmt: skip
                    self._append(ADD, said, actor, card=asdict(said))
            return kept.name

    def score(self, kind: str, version: str, scores: Mapping[str, Any], test: str, actor: str = "local") -> int | None:
        """Give a version scores on other test data, by its digest; returns the offset, None when nothing changes."""
        with self._lock:
            card = self.card(kind, version)
            if (card.scores, card.test) == (scores, test):
                return None
            return self._append(SCORE, card, actor, scores=dict(scores), test=test)

    def nominate(self, kind: str, version: str, why: str = "", actor: str = "local", key: str | None = None) -> int:
        """Make a version the candidate, unless it is that already or is in production; returns the entry's offset.

        `key` makes it happen once, whatever becomes of the alias afterwards.
        """
        with self._lock:
            card = self.card(kind, version)
            standing = self._standing(card, CANDIDATE, PRODUCTION)
            return standing.offset if standing else self._name(card, CANDIDATE, why, actor, key)

    def promote(
        self, kind: str, version: str, limits: Limits = DEFAULTS, why: str = "", actor: str = "local",
        key: str | None = None,
    ) -> int:  # fmt: skip
        """Put a version into production when it passes the gate; returns the entry's offset. `key` as in `nominate`.

        Raises GateError when it does not pass, StorageError when its files are damaged.
        """
        standing = self._standing(self.card(kind, version), PRODUCTION)
        if standing is None:  # before the lock: it reads all files, and who asks what is in production does not wait
            self.path(kind, version, anew=True)
        with self._lock:
            card = self.card(kind, version)
            standing = self._standing(card, PRODUCTION)
            if standing:
                return standing.offset
            verdict = self.verdict(kind, version, limits)
            if not verdict.passed:
                raise GateError(
                    verdict.refusal(f"{kind} {version}"),
                    "Train or score it anew; see how it stands: python -m graphsvc models list",
                )
            gate = {"limits": asdict(limits), "checks": [asdict(check) for check in verdict.checks]}
            return self._name(card, PRODUCTION, why, actor, key, gate=gate)

    def roll_back(self, kind: str, why: str = "", actor: str = "local") -> str:
        """Put back what was in production before, and return it; again goes further back.

        Raises RefusedError when nothing was, StorageError when its files are damaged.
        """
        with self._lock:
            productions = self.ledger().productions.get(kind, ())
            if len(productions) < 2:
                raise RefusedError(f"No model of {kind} was in production before.", "Promote another version.")
            card = self.card(kind, productions[-2])
            self._check(self._path(card))
            self._name(card, PRODUCTION, why, actor, back=True)
            return card.version

    def withdraw(self, kind: str, why: str = "", actor: str = "local") -> str:
        """Take what is in production out, with nothing in its place, and return it. Raises RefusedError."""
        with self._lock:
            version = self.alias(kind, PRODUCTION)
            if version is None:
                raise RefusedError(f"No model of {kind} is in production.", "See: python -m graphsvc models list")
            self._append(ALIAS, self.card(kind, version), actor, alias=WITHDRAWN, why=why)
            return version

    def remove(self, kind: str, version: str, actor: str = "local") -> int:
        """Forget a version and remove its files; returns the entry's offset. Raises RefusedError while an alias names
        it."""
        with self._lock:
            card = self.card(kind, version)
            names = [alias for alias, named in self.ledger().aliases(kind).items() if named == version]
            if names:
                raise RefusedError(f"{kind} {version} is {' and '.join(names)}.", "Promote another version first.")
            offset = self._append(REMOVE, card, actor)
            self._sound.discard(version)
        with suppress(StorageError):  # the next start sweeps
            self.sweep()
        return offset

    def sweep(self) -> set[str]:
        """Remove files that no entry names, and return the names of what is gone."""
        with self._copying:
            return folders.sweep(self._folder, self.ledger().cards.keys())

    def _path(self, card: ModelCard) -> Path:
        return self._folder / card.kind / card.version

    def _check(self, folder: Path) -> None:
        if not folders.is_sound(folder):
            raise StorageError(
                f"The model {folder.parent.name} {folder.name} is damaged: its files do not match their digest.",
                f"Restore {folder} from a backup, or take it out of production: python -m graphsvc models rollback"
                f" {folder.parent.name}, or withdraw {folder.parent.name} where no other was there before",
            )

    def _standing(self, card: ModelCard, *aliases: str) -> Naming | None:
        """The entry by which one of these aliases names a version now."""
        ledger = self.ledger()
        names = [alias for alias in aliases if ledger.aliases(card.kind).get(alias) == card.version]
        found = [one for one in ledger.namings if one.kind == card.kind and one.alias in names]
        return found[-1] if found else None

    def _name(self, card: ModelCard, alias: str, why: str, actor: str, key: str | None = None, /, **more: Any) -> int:
        said = {"alias": alias, "scores": card.scores, "test": card.test, "why": why}
        return self._append(ALIAS, card, actor, key, **said, **more)

    def _append(self, action: str, card: ModelCard, actor: str, key: str | None = None, /, **said: Any) -> int:
        payload = {"action": action, "kind": card.kind, "version": card.version, **said}
        return self._log.append(Change(MODELS, payload, card.kind, actor, key))
