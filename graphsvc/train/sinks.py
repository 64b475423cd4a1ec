"""Where else a training's figures go: TensorBoard or Weights & Biases, by transformers' own callbacks, offline.

Knows which packages and variables they want; does not know trainings.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from graphsvc.errors import InputError

SINKS = ("tensorboard", "wandb")


def sink_settings(name: str | None) -> dict[str, Any]:
    """The settings of transformers for a sink. Raises InputError when it is unknown or not installed."""
    if name is None:
        return {}
    if name not in SINKS:
        raise InputError(f"There is no sink {name!r}.", f"Use one of {', '.join(SINKS)}.")
    if find_spec(name) is None:
        raise InputError(f"{name} is not installed.", f"pip install {name}, or leave --report-to out.")
    return {"report_to": [name]}


def open_sink(folder: Path) -> None:
    """Have figures written into a run's folder; nothing leaves this machine."""
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / "tensorboard")
    os.environ["WANDB_DIR"] = str(folder)
    os.environ["WANDB_MODE"] = "offline"
    os.environ["WANDB_PROJECT"] = "graphsvc"
