"""The workshop's door: labels of a shop, and models that come of them and stand in its registry.

What commands and the demo call. Composes training with a shop; how a run goes stands in `graphsvc.train`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphsvc.errors import GateError
from graphsvc.labels import Part, keep_labels
from graphsvc.labels.drawn import draw
from graphsvc.models import Limits
from graphsvc.read_model import model_cache
from graphsvc.service import Service
from graphsvc.train.material import Material, documents_of
from graphsvc.train.plan import Plan
from graphsvc.train.runs import MODEL, Run

ROOM = "runs"
RELATIONS = "-relations"  # behind the name of a set of mentions: the set of its pairs
TRAINED = ("tagger", "relations")  # what they say must not teach them
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A model that came of a run. `refused` is what the gate said against it, "" where nothing."""

    kind: str
    version: str
    promoted: bool
    refused: str = ""


def draw_labels(service: Service, name: str) -> dict[str, int]:
    """Label the shop's texts by what it knows; returns the sets with their items. Raises LabelError."""
    documents = [one for one in documents_of(service.warehouse, service.history()) if not one.composed]
    claims = [one for one in service.reader().read(documents).claims if one.extractor not in TRAINED]
    found = draw(documents, claims)
    parts: dict[str, Part] = {
        own: Part("train", items, format="drawn", source="drawn from this shop's fields and texts")
        for own, items in ((name, tuple(found.texts)), (name + RELATIONS, tuple(found.pairs)))
    }
    for own, part in parts.items():
        if part.items:
            keep_labels(service.log, service.warehouse, own, part)
    return {own: len(part.items) for own, part in parts.items()}


def pursue_run(run: Run, material: Material[Any], plan: Plan, progress: Progress) -> Mapping[str, Any]:
    """Bring a run to its end; returns the scores. Raises InputError before anything is done when options are wrong."""
    from graphsvc.train.arguments import arguments_of  # late: torch takes seconds
    from graphsvc.train.course import pursue

    arguments_of(plan, run.folder, 1, False)
    return pursue(run, material, plan, model_cache(), progress)


def keep_model(service: Service, run: Run, limits: Limits | None = None) -> Made:
    """Keep a run's model as candidate; with `limits` it goes into production when it passes a gate of these."""
    from graphsvc.train.course import card_of

    registry, kind, why = service.registry, run.record["task"], f"run {run.id}"
    version = registry.add(run.folder / MODEL, card_of(run))
    registry.nominate(kind, version, why)
    run.note(version=version)
    if limits is None:
        return Made(kind, version, False)
    try:
        registry.promote(kind, version, limits, why)
    except GateError as error:
        return Made(kind, version, False, error.message)
    return Made(kind, version, True)
