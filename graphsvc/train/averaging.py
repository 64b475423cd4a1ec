"""Averages of weights: over the steps of a training, and over trainings. Does not know networks or tasks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import TrainerCallback

FILE = "averaged.safetensors"
SPACING, DENSE = 5, 100  # steps from one taking in, which reads all the weights, to the next, after so many steps


class Averaged(TrainerCallback):
    """A moving average of the weights, which wanders less than the last ones (Polyak and Juditsky 1992)."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._weights = [weight for weight in network.parameters() if weight.requires_grad]
        self._means: list[Tensor] | None = None
        self._decay, self._steps = decay, 0

    def on_step_end(self, *args: Any, **options: Any) -> None:
        """Take the weights of this step in."""
        if not self._decay:
            return
        self._steps += 1
        if self._means is None:
            self._means = [weight.detach().clone() for weight in self._weights]
        steps = 1 if self._steps <= DENSE else SPACING
        if self._steps % steps == 0:
            decay = min(self._decay, (1 + self._steps) / (10 + self._steps)) ** steps
            torch._foreach_lerp_(self._means, [weight.detach() for weight in self._weights], 1 - decay)

    def put(self) -> None:
        """Put the average in the place of the weights."""
        self._set(self._means or [])

    @contextmanager
    def standing_in(self) -> Iterator[None]:
        """The average stands in the place of the weights for a while."""
        kept = [weight.detach().clone() for weight in self._weights]
        self.put()
        try:
            yield
        finally:
            self._set(kept)

    def save(self, folder: Path) -> None:
        """Write the average into a checkpoint."""
        if self._means is not None:
            means = {str(at): mean for at, mean in enumerate(self._means)}
            save_file({**means, "steps": torch.tensor(self._steps)}, folder / FILE)

    def load(self, folder: Path) -> None:
        """Go on from a checkpoint's average."""
        if (folder / FILE).exists():
            kept = load_file(folder / FILE)
            self._steps = int(kept["steps"])
            self._means = [kept[str(at)].to(weight.device) for at, weight in enumerate(self._weights)]

    def _set(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for weight, value in zip(self._weights, values, strict=False):
                weight.copy_(value)


def stir(networks: Sequence[nn.Module]) -> nn.Module:
    """The first network with the mean of all their weights: a soup (Wortsman et al. 2022). They began as one."""
    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict({
        name: torch.stack([state[name] for state in states]).mean(0) if weight.is_floating_point() else weight
        for name, weight in states[0].items()
    })  # fmt: skip
    return networks[0]
