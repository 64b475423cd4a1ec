"""The layers of an encoder like BERT, to be added to or taken from. Knows where they stand in the network."""

from typing import Any

from torch import nn

from graphsvc.errors import InputError


def layers_of(encoder: Any) -> Any:
    """The layers from the bottom up, an nn.ModuleList. Raises InputError for an encoder that is built otherwise."""
    layers = getattr(getattr(encoder, "encoder", None), "layer", None)
    if not isinstance(layers, nn.ModuleList):
        raise InputError(
            f"The layers of {type(encoder).__name__} cannot be reached, so they cannot be changed.",
            "Use an encoder like BERT, or tuning full or lora without a student and pruned heads.",
        )
    return layers
