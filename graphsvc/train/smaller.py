"""A smaller network that learns from a larger one. Knows an encoder like BERT and logits; does not know tasks."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from graphsvc.train.batches import IGNORED
from graphsvc.train.layers import layers_of

Network = TypeVar("Network", bound=nn.Module)


def halved(network: Network) -> Network:
    """A copy with every other layer, the lowest and the highest among them (Sanh et al. 2019, "DistilBERT")."""
    made = deepcopy(network)
    encoder: Any = made.encoder
    layers = layers_of(encoder)
    kept = np.linspace(0, len(layers) - 1, max(1, len(layers) // 2)).round().astype(int)
    encoder.encoder.layer = nn.ModuleList(layers[at] for at in kept)
    encoder.config.num_hidden_layers = len(kept)
    return made


class Distillation:
    """An objective: part of the loss is how far the logits are from the teacher's (Hinton et al. 2015).

    Like the networks' own losses it is a sum over the units of a lesson and a mean over lessons.
    """

    def __init__(self, teacher: nn.Module, share: float, temperature: float) -> None:
        self._teacher = teacher.eval().requires_grad_(False)
        self._share, self._temperature = share, temperature

    def __call__(self, loss: Tensor, outputs: Mapping[str, Tensor], inputs: Mapping[str, Tensor]) -> Tensor:
        """The loss that is learnt from."""
        logits, live = outputs["logits"], inputs["labels"] != IGNORED
        with torch.no_grad():
            taught = self._teacher.to(logits.device)(**inputs)["logits"]
        mine, theirs = self._soft(logits[live]), self._soft(taught[live])
        apart = nn.functional.kl_div(mine, theirs, reduction="sum", log_target=True)
        return (1 - self._share) * loss + self._share * self._temperature**2 * apart / len(logits)

    def _soft(self, logits: Tensor) -> Tensor:
        return nn.functional.log_softmax(logits.float() / self._temperature, 1)


class Ensemble(nn.Module):
    """Several networks as one teacher: the mean of their logits, a logarithmic opinion pool.

    It is distilled back to one network rather than served: a served ensemble costs each query as many times as it has
    members, and its gain survives in the student (Hinton et al. 2015). Pooled scores of a linear chain are a linear
    chain again (Smith et al. 2005, "Logarithmic opinion pools for conditional random fields"): see `pool_chains`.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, **inputs: Tensor) -> dict[str, Tensor]:
        """Logits only."""
        return {"logits": torch.stack([member(**inputs)["logits"] for member in self.members]).mean(0)}


def pool_chains(student: nn.Module, members: Sequence[nn.Module]) -> None:
    """Give a student the mean of its teachers' linear chains, to which the mean of their emissions belongs."""
    mine: Any = getattr(student, "chain", None)
    if mine is not None:
        chains: list[Any] = [member.chain for member in members]
        mine.load_state_dict({
            name: torch.stack([chain.state_dict()[name] for chain in chains]).mean(0) for name in mine.state_dict()
        })  # fmt: skip
