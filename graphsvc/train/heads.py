"""Attention heads that matter little are taken out. Knows an encoder like BERT; does not know tasks.

Michel et al. 2019, "Are sixteen heads really better than one?". A list of heads says all: a fresh network from which
they are pruned takes the weights of the pruned one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import prune_linear_layer

from graphsvc.train.layers import layers_of

Heads = list[list[int]]  # of each layer the heads that go


def least_heads(network: nn.Module, batches: Sequence[Mapping[str, Tensor]], share: float) -> Heads:
    """The share of all heads by which the loss changes least; each layer keeps one at least."""
    weights = _importance(network, batches)
    order = sorted((weight, layer, head) for layer, row in enumerate(weights) for head, weight in enumerate(row))
    gone: Heads = [[] for _ in weights]
    wanted = round(share * len(order))
    for _, layer, head in order:
        if sum(map(len, gone)) < wanted and len(gone[layer]) + 1 < len(weights[layer]):
            gone[layer].append(head)
    return [sorted(row) for row in gone]


def prune_heads(network: nn.Module, heads: Heads) -> None:
    """Take heads out, in place."""
    for layer, gone in zip(layers_of(network.encoder), heads, strict=True):
        attention: Any = layer.attention.self
        count, size = attention.num_attention_heads, attention.attention_head_size
        kept = [at for at in range(count * size) if at // size not in gone]
        index: Any = torch.tensor(kept)
        for name in ("query", "key", "value"):
            setattr(attention, name, prune_linear_layer(getattr(attention, name), index))
        layer.attention.output.dense = prune_linear_layer(layer.attention.output.dense, index, dim=1)
        attention.num_attention_heads, attention.all_head_size = count - len(gone), len(kept)


def _importance(network: nn.Module, batches: Sequence[Mapping[str, Tensor]]) -> list[list[float]]:
    """How fast the loss changes with a gate on each head, summed over batches; each layer's of length one."""
    attentions = [layer.attention.self for layer in layers_of(network.encoder)]
    gates = [torch.ones(one.num_attention_heads, device=one.query.weight.device) for one in attentions]
    hooks = [
        one.register_forward_hook(_gate(gate.requires_grad_(), one.attention_head_size))
        for one, gate in zip(attentions, gates, strict=True)
    ]
    sums = [torch.zeros_like(gate) for gate in gates]
    network.eval()
    try:
        for batch in batches:
            changes = torch.autograd.grad(network(**batch)["loss"], gates)
            sums = [total + change.abs() for total, change in zip(sums, changes, strict=True)]
    finally:
        for hook in hooks:
            hook.remove()
    return [(total / (total.norm() + 1e-12)).tolist() for total in sums]


def _gate(gate: Tensor, size: int) -> Callable[[Any, Any, tuple[Tensor, Any]], tuple[Tensor, Any]]:
    return lambda module, inputs, output: (output[0] * gate.repeat_interleave(size), output[1])
