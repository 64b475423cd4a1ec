"""The order in which a training reads its lessons. Knows lengths and epochs; does not know lessons."""

import torch
from transformers.trainer_pt_utils import LengthGroupedSampler


class EpochSampler(LengthGroupedSampler):
    """Lessons of like length together, in an order that hangs on seed and epoch only.

    That of transformers hangs on all that drew random numbers before, so that a resumed epoch would be another one.
    """

    def __init__(self, lengths: list[int], batch: int, seed: int) -> None:
        super().__init__(batch, lengths=lengths)
        self._seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """The order of that epoch comes next."""
        self.generator = torch.Generator().manual_seed(1_000 * self._seed + epoch)
