"""What of an encoder is trained: a table of ways. Each prepares `network.encoder` in place and bakes it afterwards.

Knows a network that has an `encoder`; does not know what it is trained for.
"""

from collections.abc import Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from torch import Tensor, nn
from transformers import TrainerCallback

from graphsvc.errors import InputError
from graphsvc.train.plan import Plan

TUNINGS: Mapping[str, str] = {
    "full": "graphsvc.train.tuning:Full",
    "lora": "graphsvc.train.low_rank:Lora",
    "adalora": "graphsvc.train.low_rank:AdaLora",
    "adapter": "graphsvc.train.adapters:Adapters",
    "prefix": "graphsvc.train.prefixes:Prefix",
}


class Tuning(TrainerCallback):
    """The contract: made, it has prepared the encoder; baked, the network runs and exports as any other."""

    def __init__(self, network: nn.Module, plan: Plan) -> None:
        raise NotImplementedError

    def penalty(self) -> Tensor | float:
        """What is added to the loss of each batch."""
        return 0.0

    def bake(self) -> None:
        """Take away what only training needs."""

    def save(self, folder: Path) -> None:
        """Write into a checkpoint what is not a weight."""

    def load(self, folder: Path) -> None:
        """Read it from there."""


class Full(Tuning):
    """All but the words: those that no lesson has would stay where they are while the others move."""

    def __init__(self, network: nn.Module, plan: Plan) -> None:
        encoder: Any = network.encoder
        encoder.requires_grad_(True)
        encoder.get_input_embeddings().requires_grad_(False)


def tune(network: nn.Module, plan: Plan) -> Tuning:
    """Prepare a network's encoder as the plan says. Raises InputError for an unknown way or an encoder it cannot do."""
    if plan.tuning not in TUNINGS:
        raise InputError(f"Unknown tuning {plan.tuning!r}.", f"Use one of {', '.join(TUNINGS)}.")
    made: Tuning = resolve_name(TUNINGS[plan.tuning])(network, plan)
    return made
