"""The embeddings of pieces with those of the pieces that cover them: see `pieces`. Knows tensors only."""

from typing import Any

import torch
from torch import Tensor


def embed(encoder: Any, input_ids: Tensor, covers: Tensor, dropout: float = 0.0) -> Tensor:
    """float32[texts, pieces, width]; `covers` is -1 where no piece covers. `dropout`: the share that is left out."""
    words = encoder.get_input_embeddings()
    found: Tensor = words(input_ids) + words(covers.clamp(min=0)) * (covers >= 0).unsqueeze(2)
    if dropout:
        found = found * (torch.rand(input_ids.shape, device=found.device) >= dropout).unsqueeze(2)
    return found
