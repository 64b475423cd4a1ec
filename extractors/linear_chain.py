"""A linear-chain conditional random field over the emissions of an encoder, in torch: for training.

Lafferty, McCallum, Pereira 2001. Knows tags by number and which of them may follow which; does not know texts. What
predicts without torch stands in `chain_decoding.py`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from extractors.bio import may_follow

FORBIDDEN = -1e4  # a score that no path survives, yet finite: inf - inf is no gradient


class LinearChain(nn.Module):
    """Scores paths of tags. Emissions are float32[batch, units, tags], masks bool[batch, units] with a true start."""

    transitions: Tensor
    forbidden: Tensor
    forbidden_start: Tensor

    def __init__(self, tags: Sequence[str]) -> None:
        super().__init__()
        count = len(tags)
        self.transitions = nn.Parameter(torch.zeros(count, count))
        self.start = nn.Parameter(torch.zeros(count))
        self.end = nn.Parameter(torch.zeros(count))
        allowed = torch.tensor([[may_follow(before, tag) for tag in tags] for before in tags])
        begins = torch.tensor([may_follow(None, tag) for tag in tags])
        self.register_buffer("forbidden", torch.where(allowed, 0.0, FORBIDDEN))
        self.register_buffer("forbidden_start", torch.where(begins, 0.0, FORBIDDEN))

    def between(self) -> Tensor:
        """Scores of one tag after another, float32[tags, tags]."""
        return self.transitions + self.forbidden

    def first(self) -> Tensor:
        """Scores of a text's first tag, float32[tags]."""
        return self.start + self.forbidden_start

    def forward(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Negative log likelihood of each text's tags, float32[batch]."""
        emissions = emissions.float()
        return self._partition(emissions, mask) - self._score(emissions, tags, mask)

    def _score(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        live = mask.float()
        emitted = (emissions.gather(2, tags.unsqueeze(2)).squeeze(2) * live).sum(1)
        moved = (self.between()[tags[:, :-1], tags[:, 1:]] * live[:, 1:]).sum(1)
        last = tags.gather(1, mask.sum(1, keepdim=True) - 1).squeeze(1)
        return emitted + moved + self.first()[tags[:, 0]] + self.end[last]

    def _partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        between, alpha = self.between(), self.first() + emissions[:, 0]
        for at in range(1, emissions.shape[1]):
            stepped = torch.logsumexp(alpha.unsqueeze(2) + between, 1) + emissions[:, at]
            alpha = torch.where(mask[:, at].unsqueeze(1), stepped, alpha)
        return torch.logsumexp(alpha + self.end, 1)
