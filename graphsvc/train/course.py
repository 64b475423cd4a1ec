"""The course of a run, step by step: search, train, judge, report. A step that is done is not done again.

Knows the order; does not know how a step works, nor where models are kept.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from graphsvc.models import DataPart, ModelCard
from graphsvc.train.material import Material
from graphsvc.train.plan import Plan, plan_of
from graphsvc.train.report import report_of
from graphsvc.train.runs import MODEL, REPORT, Run, timed
from graphsvc.train.tasks import Progress, judge, search_plan, teach

SEARCH = "search"


def pursue(run: Run, material: Material[Any], plan: Plan, cache: Path, progress: Progress) -> dict[str, Any]:
    """Bring a run to its end and return the scores of its model."""
    task = run.record["task"]
    lessons, test = material.train.items, material.test.items
    if run.record["search"] and "trials" not in run.record:
        with timed(run, "search"):
            plan, trials = search_plan(
                task, lessons, plan, run.record["search"], run.folder / SEARCH, cache, progress
            )  # fmt: skip
        run.note(parameters=asdict(plan), trials=trials)
    elif "parameters" in run.record:
        plan = plan_of(run.record["parameters"])
    else:
        run.note(parameters=asdict(plan))
    model = run.folder / MODEL
    if "curve" not in run.record:
        with timed(run, "train"):
            curve = teach(task, lessons, plan, model, cache, progress)
        run.note(curve=curve)
    with timed(run, "judge"):
        judged = judge(task, model, lessons, test)
    judged.scores["cpu_seconds"].pop("train")  # a run that was killed has only its wall clock
    run.note(scores=judged.scores, encoder=judged.encoder)
    run.write(REPORT, report_of(run.record, judged.cases))
    return judged.scores


def card_of(run: Run) -> ModelCard:
    """The card of a run's model."""
    said = run.record
    train, test = (DataPart(**part) for part in said["data"])
    parameters = {name: value for name, value in said["parameters"].items() if name not in ("encoder", "seed")}
    return ModelCard(
        kind=run.kind, encoder=said["encoder"], parameters=parameters, seed=said["seed"],
        data=(train,), code=said["code"], scores=said["scores"], test=test.digest, notes=f"run {run.id}",
    )  # fmt: skip
