"""Tuning by a prefix: keys and values that every text finds in every layer, by peft. The encoder itself stays.

Li and Liang 2021, "Prefix-tuning". Knows an encoder like BERT, which takes keys and values from elsewhere.
"""

import warnings
from typing import Any

from peft import PeftModelForFeatureExtraction, PrefixTuningConfig
from torch import nn

from graphsvc.train.layers import layers_of
from graphsvc.train.plan import Plan
from graphsvc.train.tuning import Tuning

LENGTH = 16
_DATED = "`(past_key_values|is_gradient_checkpointing)` is deprecated"  # peft still says them to transformers


class Prefix(Tuning):
    """The prefix stays a part of the network, and of the exported graph as constants: there is nothing to bake."""

    def __init__(self, network: nn.Module, plan: Plan) -> None:
        encoder: Any = network.encoder
        layers_of(encoder)
        warnings.filterwarnings("ignore", _DATED, FutureWarning)  # it comes with every step
        config = PrefixTuningConfig(num_virtual_tokens=LENGTH, task_type="FEATURE_EXTRACTION")
        prefixed = PeftModelForFeatureExtraction(encoder, config)
        del prefixed.word_embeddings  # a second name of the same weights, which no checkpoint takes
        network.encoder = prefixed
