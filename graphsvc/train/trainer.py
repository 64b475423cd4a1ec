"""transformers' Trainer for networks of ours: rates by layer, adversarial steps, averaged weights, precision.

Knows a network that has an `encoder`; does not know what it is trained for.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Trainer, TrainerCallback, TrainingArguments

from graphsvc.errors import InputError
from graphsvc.train.plan import Plan

Collate = Callable[[Sequence[Mapping[str, Any]]], dict[str, Tensor]]
Progress = Callable[[int, int], None]
TRIES = 2  # steps of each precision that are timed
PRECISIONS = ("auto", "fp32", "bf16")


def fit(
    network: nn.Module,
    lessons: Sequence[Mapping[str, Any]],
    collate: Collate,
    plan: Plan,
    folder: Path,
    progress: Progress = lambda step, of: None,
) -> list[dict[str, float]]:
    """Train the network in place; returns the curve: one row a logged step. `folder` keeps checkpoints."""
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    freeze_embeddings(network)
    averaged = Averaged(network, plan.averaging)
    trainer = WorkshopTrainer(
        model=network,
        args=_arguments(network, lessons, collate, plan, folder),
        train_dataset=list(lessons),
        data_collator=collate,
        callbacks=[averaged, Reported(progress)],
        plan=plan,
    )
    logging.getLogger("transformers.trainer").setLevel(logging.ERROR)
    trainer.train()
    averaged.put()
    network.eval()
    return [row for row in trainer.state.log_history if "loss" in row]


def freeze_embeddings(network: nn.Module) -> None:
    """Words that no lesson has would stay where they are while the others move."""
    network.encoder.get_input_embeddings().requires_grad_(False)  # type: ignore[union-attr, operator]


def _arguments(
    network: nn.Module, lessons: Sequence[Mapping[str, Any]], collate: Collate, plan: Plan, folder: Path
) -> TrainingArguments:
    pieces = sum(len(lesson["input_ids"]) for lesson in lessons)
    given = {
        "output_dir": str(folder), "num_train_epochs": plan.epochs_of(pieces), "learning_rate": plan.rate,
        "per_device_train_batch_size": plan.batch, "gradient_accumulation_steps": plan.accumulation,
        "warmup_steps": plan.warmup, "lr_scheduler_type": plan.schedule, "weight_decay": plan.weight_decay,
        "seed": plan.seed, "use_cpu": not torch.cuda.is_available(), "save_strategy": "no", "report_to": [],
        "logging_steps": 50, "disable_tqdm": True, "remove_unused_columns": False,
        "train_sampling_strategy": "group_by_length", "bf16": _is_bf16(network, lessons, collate, plan),
    }  # fmt: skip
    unknown = plan.settings.keys() - TrainingArguments.__dataclass_fields__.keys()
    if unknown:
        raise InputError(
            f"transformers' TrainingArguments has no {', '.join(sorted(unknown))}.",
            "Leave it out of --set, or see the names in transformers' documentation.",
        )
    return TrainingArguments(**{**given, **plan.settings})


def _is_bf16(network: nn.Module, lessons: Sequence[Mapping[str, Any]], collate: Collate, plan: Plan) -> bool:
    """Whether to compute in bfloat16: on some CPUs it is much faster, on others much slower, so both are timed."""
    if plan.precision != "auto":
        if plan.precision not in PRECISIONS:
            raise InputError(f"Unknown precision {plan.precision!r}.", f"Use one of {', '.join(PRECISIONS)}.")
        return plan.precision == "bf16"
    batch = collate(sorted(lessons[: 8 * plan.batch], key=lambda one: len(one["input_ids"]))[-plan.batch :])
    took = {}
    for dtype in (None, torch.bfloat16):
        with torch.random.fork_rng():
            _step(network, batch, dtype)
            began = time.process_time()
            for _ in range(TRIES):
                _step(network, batch, dtype)
            took[dtype] = time.process_time() - began
    network.zero_grad(set_to_none=True)
    return took[torch.bfloat16] < 0.9 * took[None]


def _step(network: nn.Module, batch: dict[str, Tensor], dtype: torch.dtype | None) -> None:
    with torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
        network(**batch)["loss"].backward()


class WorkshopTrainer(Trainer):
    """Trainer with the plan's rates and adversarial steps. `attacked` counts the latter."""

    def __init__(self, *args: Any, plan: Plan, **options: Any) -> None:
        super().__init__(*args, **options)
        self.plan = plan
        self.network: Any = self.model
        self.attacked = 0
        self._gradient: Tensor | None = None

    def create_optimizer(self, model: Any = None) -> Any:
        """AdamW with a rate for each layer: new layers learn faster than those that know something."""
        if self.optimizer is None:
            groups = [
                {
                    "params": [parameter],
                    "lr": rate_of(name, self.network.encoder.config.num_hidden_layers, self.plan),
                    "weight_decay": self.args.weight_decay if parameter.ndim > 1 else 0.0,
                }
                for name, parameter in self.network.named_parameters()
                if parameter.requires_grad
            ]
            self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6)
        return self.optimizer

    def training_step(self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        """One forward and backward; with "fgm" a second one where the embeddings are moved uphill."""
        if not self.plan.adversarial:
            return super().training_step(model, inputs, num_items_in_batch)
        embeddings = self.network.encoder.embeddings
        watch = embeddings.register_forward_hook(self._keep_gradient)
        try:
            loss = super().training_step(model, inputs, num_items_in_batch)
        finally:
            watch.remove()
        self._attack(embeddings, model, inputs, num_items_in_batch)
        return loss

    def _keep_gradient(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        if output.requires_grad:
            output.register_hook(self._take_gradient)  # type: ignore[no-untyped-call]

    def _take_gradient(self, gradient: Tensor) -> None:
        self._gradient = gradient.detach()

    def _attack(self, embeddings: nn.Module, model: nn.Module, inputs: dict[str, Any], items: Any) -> None:
        gradient, self._gradient = self._gradient, None
        if gradient is None:
            raise RuntimeError("no gradient reached the embeddings, so nothing would be attacked")
        step = self.plan.strength * gradient / (gradient.norm(dim=(1, 2), keepdim=True) + 1e-12)
        moved = embeddings.register_forward_hook(lambda module, given, output: output + step.to(output.dtype))
        try:
            super().training_step(model, inputs, items)
        finally:
            moved.remove()
        self.attacked += 1


def rate_of(name: str, layers: int, plan: Plan) -> float:
    """The rate of a parameter by its name: "encoder....layer.3...." is the fourth layer from below."""
    if not name.startswith("encoder."):
        return plan.head_rate
    parts = name.split(".")
    depth = 0
    with suppress(ValueError, IndexError):
        depth = int(parts[parts.index("layer") + 1]) + 1
    return plan.rate * plan.layer_decay ** (layers - depth)


class Averaged(TrainerCallback):
    """A moving average of the weights, which wanders less than the last ones (Polyak and Juditsky 1992)."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._weights = [weight for weight in network.parameters() if weight.requires_grad]
        self._means: list[Tensor] | None = None
        self._decay, self._steps = decay, 0

    def on_step_end(self, *args: Any, **options: Any) -> None:
        """Take the weights of this step in."""
        if not self._decay:
            return
        self._steps += 1
        if self._means is None:
            self._means = [weight.detach().clone() for weight in self._weights]
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        torch._foreach_lerp_(self._means, [weight.detach() for weight in self._weights], 1 - decay)

    def put(self) -> None:
        """Put the average in the place of the weights."""
        with torch.no_grad():
            for weight, mean in zip(self._weights, self._means or (), strict=False):
                weight.copy_(mean)


class Reported(TrainerCallback):
    """Says how far it is."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **options: Any) -> None:
        """Say it."""
        self._progress(state.global_step, state.max_steps)
