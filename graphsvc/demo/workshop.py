"""The demo's workshop: the marketplace's texts teach a tagger and a relation model, which then read them anew.

Nobody has labelled them: labels are drawn from fields and patterns. Knows the plans and limits of so small a shop.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from graphsvc.labels import keep_labels
from graphsvc.labels.lessons import Kind
from graphsvc.language_model import extractor_faults
from graphsvc.models import Limits
from graphsvc.rereading import Difference
from graphsvc.service import Service
from graphsvc.train.material import Material, from_shop, parted
from graphsvc.train.plan import Plan
from graphsvc.train.runs import begin, running
from graphsvc.train.tasks import TASKS
from graphsvc.workshop import RELATIONS, ROOM, Made, draw_labels, keep_model, pursue_run

SET = "marketplace"
SOURCES = ("harbour", "lingnan")
PLANS = {  # a third of an encoder, a few minutes: enough for 480 products
    "mentions": Plan(layers=4, epochs=10, batch=8),
    "relations": Plan(layers=4, epochs=14, batch=4),
}
LIMITS = Limits(texts=10, calibration=0.3)  # a fifth of the texts judges, and that is few
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of it: the models, and what they read that was not known."""

    models: list[Made] = field(default_factory=list)
    difference: Difference = field(default_factory=Difference)


def learn_from_texts(service: Service, progress: Progress) -> Learnt:
    """Draw labels, train, promote, read anew; models that are in production already stay."""
    with extractor_faults():
        wanted = [task for task in PLANS if service.registry.alias(task, "production") is None]
        if wanted:
            for name, part in draw_labels(service, SET).items():
                if part.items:
                    keep_labels(service.log, service.warehouse, name, part)
        models = [_make(service, task, PLANS[task], progress) for task in wanted]
        with service.rereading(sources=SOURCES) as reading:
            difference = reading.compare(progress)
            service.accept(reading, progress)
    return Learnt(models, difference)


def _make(service: Service, task: str, plan: Plan, progress: Progress) -> Made:
    material = _material(service, task, TASKS[task].kind)
    plan = replace(plan, threads=service.settings.threads)
    run = begin(service.shop.home / ROOM, task, plan, (material.train.part, material.test.part))
    with running(run):
        pursue_run(run, material, plan, progress)
        return keep_model(service, run, LIMITS)


def _material(service: Service, task: str, kind: type[Kind]) -> Material[Kind]:
    name = SET if task == "mentions" else SET + RELATIONS
    return parted(from_shop(service.warehouse, service.history(), name, kind))
