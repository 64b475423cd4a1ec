"""Which number format a training computes in: on some CPUs bfloat16 is much faster, on others much slower.

Knows a network that gives a loss; does not know how it is trained.
"""

import time
from typing import Any

import torch
from torch import Tensor, nn

from graphsvc.errors import InputError

PRECISIONS = ("auto", "fp32", "bf16")
TRIES = 2  # steps of each precision that are timed
GAIN = 0.9  # share of the time that bfloat16 may take at most


def is_bf16(precision: str, network: nn.Module, batch: dict[str, Tensor]) -> bool:
    """Whether to compute in bfloat16; "auto" times both on a batch. Raises InputError for an unknown precision."""
    if precision not in PRECISIONS:
        raise InputError(f"Unknown precision {precision!r}.", f"Use one of {', '.join(PRECISIONS)}.")
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    took: dict[Any, float] = {dtype: _seconds(network, batch, dtype) for dtype in (None, torch.bfloat16)}
    network.zero_grad(set_to_none=True)
    return took[torch.bfloat16] < GAIN * took[None]


def _seconds(network: nn.Module, batch: dict[str, Tensor], dtype: torch.dtype | None) -> float:
    with torch.random.fork_rng():
        _step(network, batch, dtype)
        began = time.process_time()
        for _ in range(TRIES):
            _step(network, batch, dtype)
        return time.process_time() - began


def _step(network: nn.Module, batch: dict[str, Tensor], dtype: torch.dtype | None) -> None:
    with torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
        network(**batch)["loss"].backward()
