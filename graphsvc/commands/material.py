"""The labels that a command names, as what is learnt from and judged by. Knows options and sets; learns nothing."""

from pathlib import Path
from typing import Any

from graphsvc.errors import InputError
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.train.material import Material, from_file, from_shop, parted, test_part


def material_of(
    settings: Settings, task: str, labels: str | None, file: Path | None, test: str | None, format: str | None
) -> Material[Any]:
    """What is learnt from and judged by. Raises InputError, LabelError, NotFoundError."""
    from graphsvc.train.tasks import TASKS

    kind = TASKS[task].kind
    if file is not None and labels is None:
        learnt = from_file(file, format, kind)
    elif labels is not None and file is None:
        with Service(settings, write=False) as service:
            learnt = from_shop(service.warehouse, service.history(), labels, kind)
            test = test or test_part(service.history(), labels)
    else:
        raise InputError("There are no labels.", "Name a set with --labels or a file with --file, one of them.")
    if test is None:
        return parted(learnt)
    if Path(test).is_file():
        return Material(learnt, from_file(Path(test), format, kind, "test"))
    with Service(settings, write=False) as service:
        return Material(learnt, from_shop(service.warehouse, service.history(), test, kind, "test"))
