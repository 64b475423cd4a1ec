"""Tuning by low-rank changes to the encoder's linear layers, by peft; merged into them in the end.

Knows an encoder of transformers; does not know what it is trained for.
"""

from pathlib import Path
from typing import Any

import torch
from peft import AdaLoraConfig, AdaLoraModel, LoraConfig, LoraModel
from torch import Tensor, nn

from graphsvc.train.plan import Plan
from graphsvc.train.tuning import Tuning

RANK = 16
WIDER = 24  # the rank that AdaLoRA begins with
LAYERS = "all-linear"  # query, key, value and every dense layer
NAME = "default"
STATE = "adalora.pt"


class Lora(Tuning):
    """Each weight W becomes W + BA of rank 16 (Hu et al. 2021, "LoRA")."""

    def __init__(self, network: nn.Module, plan: Plan) -> None:
        config = LoraConfig(r=RANK, lora_alpha=2 * RANK, lora_dropout=plan.dropout, target_modules=LAYERS)
        self._tuner: Any = LoraModel(network.encoder, config, NAME)

    def bake(self) -> None:
        """Merge the changes into the weights."""
        self._tuner.merge_and_unload()


class AdaLora(Tuning):
    """Each weight W becomes W + PΛQ; ranks go where they matter (Zhang et al. 2023, "AdaLoRA")."""

    def __init__(self, network: nn.Module, plan: Plan) -> None:
        self._config = AdaLoraConfig(
            init_r=WIDER, target_r=RANK, lora_alpha=2 * WIDER, lora_dropout=plan.dropout, target_modules=LAYERS,
            total_step=1,
        )  # fmt: skip
        self._tuner: Any = AdaLoraModel(network.encoder, self._config, NAME)  # type: ignore[no-untyped-call]

    def on_train_begin(self, args: Any, state: Any, control: Any, **options: Any) -> None:
        """Ranks fall from the first tenth of the steps to the last third."""
        self._config.total_step = state.max_steps
        self._config.tinit, self._config.tfinal = state.max_steps // 10, state.max_steps // 3
        self._tuner.rankallocator.set_total_step(state.max_steps)

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **options: Any) -> None:
        """Weigh the ranks anew; the gradients are still there."""
        self._tuner.update_and_allocate(state.global_step)

    def penalty(self) -> Tensor:
        """How far P and Q are from orthogonal, as AdaLoraModel.forward adds it where it sees the loss."""
        sides = [side for layer in self._layers() for side in (layer.lora_A[NAME], layer.lora_B[NAME].T)]
        apart = [torch.linalg.matrix_norm(side @ side.T - torch.eye(len(side), device=side.device)) for side in sides]
        return self._config.orth_reg_weight * torch.stack(apart).mean()

    def bake(self) -> None:
        """Take the ranks out that went, which averaging may have brought back, and merge."""
        if self._config.rank_pattern:
            self._tuner.rankallocator.mask_using_rank_pattern(self._tuner.model, self._config.rank_pattern)
        self._tuner.merge_and_unload()

    def save(self, folder: Path) -> None:
        """The importance of each rank, and which went."""
        ranks = self._tuner.rankallocator
        state = [ranks.ipt, ranks.exp_avg_ipt, ranks.exp_avg_unc, self._config.rank_pattern]
        torch.save(state, folder / STATE)

    def load(self, folder: Path) -> None:
        """Go on from there."""
        ranks = self._tuner.rankallocator
        state = torch.load(folder / STATE, weights_only=True)
        ranks.ipt, ranks.exp_avg_ipt, ranks.exp_avg_unc, self._config.rank_pattern = state

    def _layers(self) -> list[Any]:
        return [module for module in self._tuner.modules() if hasattr(module, "lora_E")]
