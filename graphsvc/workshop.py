"""The workshop's door: labels of a shop, and models that come of them and stand in its registry.

What commands and the demo call. Composes training with a shop; how a run goes stands in `graphsvc.train`.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graphsvc.arrivals import bring_labels, bring_model
from graphsvc.errors import ShopLockedError
from graphsvc.labels import Part, keep_labels
from graphsvc.labels.drawn import draw
from graphsvc.labels.sets import kept_parts
from graphsvc.models import PRODUCTION, Limits, Registry, folders
from graphsvc.read_model import model_cache
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.shop import Shop
from graphsvc.train.material import Material, documents_of
from graphsvc.train.plan import Plan
from graphsvc.train.runs import MODEL, Run

ROOM = "runs"
RELATIONS = "-relations"  # behind the name of a set of mentions: the set of its pairs
TRAINED = ("tagger", "relations")  # what they say must not teach them
PATIENCE, POLL = 60.0, 0.5  # seconds that one waits for whoever writes the shop, and between two looks
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A model that came of a run. `refused` is what the gate said against it, "" where nothing; `waiting` says that
    it is not in the registry yet."""

    kind: str
    version: str
    promoted: bool
    refused: str = ""
    waiting: bool = False


def draw_labels(service: Service, name: str) -> dict[str, Part]:
    """Label the shop's texts by what it knows; returns a part for each set. Writes nothing."""
    documents = [one for one in documents_of(service.warehouse, service.history()) if not one.composed]
    claims = [one for one in service.reader().read(documents).claims if one.extractor not in TRAINED]
    found = draw(documents, claims)
    return {
        own: Part("train", items, format="drawn", source="drawn from this shop's fields and texts")
        for own, items in ((name, tuple(found.texts)), (name + RELATIONS, tuple(found.pairs)))
    }


def send_labels(settings: Settings, name: str, part: Part, purpose: str) -> tuple[int | None, bool]:
    """Keep a part of a set, or have whoever writes the shop keep it.

    Returns its new offset, None where nothing was written, and whether it still waits. Raises LabelError, StorageError.
    """
    with suppress(ShopLockedError), Service(settings, purpose=purpose) as service:
        return keep_labels(service.log, service.warehouse, name, part), False
    before = _kept_at(settings, name, part.name)
    if not bring_in(settings, bring_labels(Shop.open(settings.home), name, part), purpose):
        return None, True
    after = _kept_at(settings, name, part.name)
    return None if after == before else after, False


def _kept_at(settings: Settings, name: str, part: str) -> int | None:
    with Service(settings, write=False) as service:
        kept = kept_parts(service.history(), name).get((name, part))
        return None if kept is None else kept.offset


def bring_in(settings: Settings, note: Path, purpose: str) -> bool:
    """Take a note in, or wait until whoever writes the shop has done so; False when it waits still. Raises StorageError
    when it cannot be taken in."""
    until = time.monotonic() + PATIENCE
    while note.exists():
        with suppress(ShopLockedError), Service(settings, purpose=purpose) as service:
            if note.exists():  # its opening could not take it in; this says why
                service.arrivals.take(note)
            return True
        if time.monotonic() > until:
            return False
        time.sleep(POLL)
    return True


def pursue_run(run: Run, material: Material[Any], plan: Plan, progress: Progress) -> Mapping[str, Any]:
    """Bring a run to its end; returns the scores. Raises InputError before anything is done when options are wrong."""
    from graphsvc.train.arguments import arguments_of  # late: torch takes seconds
    from graphsvc.train.course import pursue

    arguments_of(plan, run.folder, False)
    return pursue(run, material, plan, model_cache(), progress)


def announce_model(shop: Shop, run: Run, limits: Limits | None = None) -> Path:
    """Leave a note of a run's model, which is to be candidate; with `limits` it goes into production when it passes a
    gate of these. Whoever writes the shop takes it in. Raises StorageError."""
    from graphsvc.train.course import card_of

    folder, card = run.folder / MODEL, card_of(run)
    run.note(version=folders.digest_of(card.kind, folder))
    card = replace(card, version=run.record["version"])
    return bring_model(shop, run.id, folder, card, limits, f"run {run.id}")


def await_model(settings: Settings, run: Run, note: Path, limits: Limits | None = None) -> Made:
    """Have an announced model taken in, and say what became of it. Raises StorageError."""
    if not bring_in(settings, note, "a training"):
        return Made(run.kind, run.record["version"], False, waiting=True)
    with Service(settings, write=False) as service:
        return _made(service.registry, run, limits)


def keep_model(service: Service, run: Run, limits: Limits | None = None) -> Made:
    """Announce a run's model and take it in, where this process writes the shop. Raises StorageError."""
    service.arrivals.take(announce_model(service.shop, run, limits))
    return _made(service.registry, run, limits)


def _made(registry: Registry, run: Run, limits: Limits | None) -> Made:
    kind, version = run.kind, run.record["version"]
    promoted = registry.alias(kind, PRODUCTION) == version
    if promoted or limits is None:
        return Made(kind, version, promoted)
    return Made(kind, version, False, registry.verdict(kind, version, limits).refusal(f"{kind} {version}"))
