"""Averages of weights over the steps of a training."""

import pytest
import torch
from torch import nn

from graphsvc.train.averaging import Averaged


@pytest.mark.parametrize("steps", [1, 7, 100, 103, 1_000, 5_000])
def test_it_is_the_moving_average_though_few_steps_are_taken_in(steps: int) -> None:
    network = nn.Linear(1, 1, bias=False)
    averaged, mean = Averaged(network, 0.997), 0.0
    for step in range(1, steps + 1):
        value = (step / steps) ** 0.5
        with torch.no_grad():
            network.weight.fill_(value)
        averaged.on_step_end()
        decay = min(0.997, (1 + step) / (10 + step))
        mean = value if step == 1 else decay * mean + (1 - decay) * value
    averaged.put()
    assert network.weight.item() == pytest.approx(mean, rel=0.02)
