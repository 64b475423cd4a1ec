"""The tagger's network: an encoder, a linear layer over each unit, and a linear chain over the tags, in torch.

Knows tensors; does not know texts. `forward` takes no **kwargs: transformers' Trainer then scales the loss of
accumulated steps itself.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from extractors.cover import embed
from extractors.linear_chain import LinearChain


class TaggerNetwork(nn.Module):
    """Emissions for each unit of each text; with labels also the loss, averaged over texts."""

    def __init__(
        self, encoder: Any, tags: Sequence[str], *, chain: bool = True, dropout: float = 0.1, word_dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.word_dropout = word_dropout
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(encoder.config.hidden_size, len(tags))
        self.chain = LinearChain(tags) if chain else None

    def forward(
        self,
        input_ids: Tensor,
        covers: Tensor,
        attention_mask: Tensor,
        heads: Tensor,
        unit_mask: Tensor,
        labels: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """`covers` is -1 where no piece covers; `heads` the place of each unit's first piece."""
        emissions = self.emissions(input_ids, covers, attention_mask, heads)
        if labels is None:
            return {"logits": emissions}
        return {"loss": self._loss(emissions, labels, unit_mask), "logits": emissions}

    def emissions(self, input_ids: Tensor, covers: Tensor, attention_mask: Tensor, heads: Tensor) -> Tensor:
        """float32[texts, units, tags]."""
        embedded = embed(self.encoder, input_ids, covers, self.word_dropout if self.training else 0.0)
        hidden = self.encoder(inputs_embeds=embedded, attention_mask=attention_mask).last_hidden_state
        found: Tensor = self.classifier(self.dropout(self._at(hidden, heads)))
        return found

    def _at(self, hidden: Tensor, heads: Tensor) -> Tensor:
        return hidden.gather(1, heads.unsqueeze(2).expand(-1, -1, hidden.shape[2]))

    def _loss(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        if self.chain is None:
            return nn.functional.cross_entropy(emissions[mask].float(), labels[mask])
        found: Tensor = self.chain(emissions, labels.clamp(min=0), mask).mean()
        return found
