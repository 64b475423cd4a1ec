"""The relation network: an encoder reads a text with both mentions marked, and a small classifier their relation.

Marker + mean + CLS (Baldini Soares et al. 2019, "Matching the blanks"; typographic markers after Zhou and Chen 2021).
Knows tensors; does not know texts. `forward` takes no **kwargs: see `tagger_network`.
"""

from typing import Any

import torch
from torch import Tensor, nn

from extractors.cover import embed


class RelationNetwork(nn.Module):
    """Logits of each pair's relation; with labels also the loss, averaged over pairs."""

    def __init__(
        self, encoder: Any, relations: int, *, dropout: float = 0.1, word_dropout: float = 0.0, smoothing: float = 0.0
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.word_dropout = word_dropout
        width = encoder.config.hidden_size
        self.dropout = nn.Dropout(dropout)
        self.inner = nn.Linear(5 * width, width)
        self.classifier = nn.Linear(width, relations)
        self.smoothing = smoothing

    def forward(
        self,
        input_ids: Tensor,
        covers: Tensor,
        attention_mask: Tensor,
        markers: Tensor,
        heads: Tensor,
        tails: Tensor,
        labels: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """`markers` int64[pairs, 2]: the places that open head and tail; `heads`, `tails` bool[pairs, pieces]."""
        logits = self.logits(input_ids, covers, attention_mask, markers, heads, tails)
        if labels is None:
            return {"logits": logits}
        loss = nn.functional.cross_entropy(logits.float(), labels, label_smoothing=self.smoothing)
        return {"loss": loss, "logits": logits}

    def logits(
        self, input_ids: Tensor, covers: Tensor, attention_mask: Tensor, markers: Tensor, heads: Tensor, tails: Tensor
    ) -> Tensor:
        """float32[pairs, relations]."""
        embedded = embed(self.encoder, input_ids, covers, self.word_dropout if self.training else 0.0)
        hidden = self.encoder(inputs_embeds=embedded, attention_mask=attention_mask).last_hidden_state
        marked = hidden.gather(1, markers.unsqueeze(2).expand(-1, -1, hidden.shape[2])).flatten(1)
        seen = torch.cat([hidden[:, 0], marked, _mean(hidden, heads), _mean(hidden, tails)], 1)
        found: Tensor = self.classifier(self.dropout(torch.tanh(self.inner(self.dropout(seen)))))
        return found


def _mean(hidden: Tensor, mask: Tensor) -> Tensor:
    live = mask.to(hidden.dtype).unsqueeze(2)
    return (hidden * live).sum(1) / live.sum(1).clamp(min=1)
