"""The network that learns a language by filling gaps: an encoder and a head over its words, in torch.

Devlin et al. 2019. The head's last layer is the table of embeddings itself. Knows tensors; does not know texts.
`forward` takes no **kwargs: see `extractors.tagger_network`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from graphsvc.train.batches import IGNORED, column, mask, pad

MASKED, KEPT, OTHER = 0.15, 0.1, 0.1  # share of pieces that are asked for; of these, shares left and replaced


class MaskedNetwork(nn.Module):
    """The loss over the pieces that are asked for. While `head_alone` the encoder learns nothing."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.config.hidden_size
        self.head = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(encoder.get_input_embeddings().num_embeddings))
        self.head_alone = False

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """`labels` is IGNORED where nothing is asked."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.head_alone):
            hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        asked = labels != IGNORED
        logits = nn.functional.linear(self.head(hidden[asked]), self.encoder.get_input_embeddings().weight, self.bias)
        return {"loss": nn.functional.cross_entropy(logits.float(), labels[asked]), "logits": logits}


def collate(rows: Sequence[Mapping[str, Any]], padding: int, gap: int, pieces: int) -> dict[str, Tensor]:
    """Rows of pieces as a batch with new gaps each time; the first and last piece of a row are never asked for."""
    whole = column(rows, "input_ids")
    ids, live = pad(whole, padding), mask(whole)
    inner = live.clone()
    inner[:, 0] = False
    inner[torch.arange(len(rows)), live.sum(1) - 1] = False
    asked = inner & (torch.rand(ids.shape) < MASKED)
    asked[0, 1] |= not asked.any()  # a batch of short rows may have none
    chance = torch.rand(ids.shape)
    given = torch.where(asked & (chance < 1 - KEPT - OTHER), gap, ids)
    given = torch.where(asked & (chance >= 1 - OTHER), torch.randint_like(ids, pieces), given)
    return {"input_ids": given, "attention_mask": live.long(), "labels": torch.where(asked, ids, IGNORED)}
