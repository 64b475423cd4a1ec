"""The embeddings of pieces with those of the pieces that cover them: see `pieces`. Knows tensors only."""

from typing import Any

from torch import Tensor


def embed(encoder: Any, input_ids: Tensor, covers: Tensor) -> Tensor:
    """float32[texts, pieces, width]; `covers` is -1 where no piece covers."""
    words = encoder.get_input_embeddings()
    found: Tensor = words(input_ids) + words(covers.clamp(min=0)) * (covers >= 0).unsqueeze(2)
    return found
