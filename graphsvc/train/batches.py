"""Lessons as tensors: padded to the longest of their batch. Knows rows of numbers; does not know what they mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

IGNORED = -100  # the label of what is only padding, as torch has it


def pad(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    """int64[rows, longest]."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[filler] * (longest - len(row))] for row in rows], dtype=torch.int64)


def mask(rows: Sequence[Sequence[int]]) -> Tensor:
    """bool[rows, longest]: true where there is something."""
    return pad([[1] * len(row) for row in rows], 0).bool()


def column(lessons: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """One field of all lessons."""
    return [lesson[name] for lesson in lessons]
