"""Tuning by bottleneck adapters of our own: no library has them for today's transformers.

Houlsby et al. 2019, "Parameter-efficient transfer learning for NLP". Knows the layers of an encoder like BERT.
"""

from typing import Any

from torch import Tensor, nn

from graphsvc.train.layers import layers_of
from graphsvc.train.plan import Plan
from graphsvc.train.tuning import Tuning

WIDTH = 64


class Adapter(nn.Module):
    """A narrow layer beside the identity; it begins as the identity."""

    def __init__(self, width: int, narrow: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, narrow), nn.Linear(narrow, width)
        nn.init.normal_(self.down.weight, std=1e-2)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """Same shape in and out."""
        found: Tensor = hidden + self.up(nn.functional.gelu(self.down(hidden)))
        return found


class Adapters(Tuning):
    """An adapter after attention and one after the dense layers of each layer, before what is added and normalised.

    They and the layer norms are trained. They cannot be merged, but are part of the exported graph.
    """

    def __init__(self, network: nn.Module, plan: Plan) -> None:
        encoder: Any = network.encoder
        encoder.requires_grad_(False)
        for layer in layers_of(encoder):
            for part in (layer.attention.output, layer.output):
                part.dropout.adapter = Adapter(encoder.config.hidden_size, min(WIDTH, encoder.config.hidden_size // 2))
                part.dropout.register_forward_hook(_adapt)
                part.LayerNorm.requires_grad_(True)


def _adapt(module: Any, inputs: Any, output: Tensor) -> Any:
    return module.adapter(output)
