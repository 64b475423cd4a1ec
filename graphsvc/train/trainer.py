"""transformers' Trainer for networks of ours: rates by layer, adversarial steps, averaged weights, checkpoints.

Knows a network that has an `encoder`; does not know what it is trained for.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback

from graphsvc.errors import InputError
from graphsvc.train.adversarial import attack_of
from graphsvc.train.arguments import arguments_of
from graphsvc.train.averaging import Averaged
from graphsvc.train.checkpoints import Checkpoints, facts_of, newest, run_of
from graphsvc.train.plan import HEAD_RATE, Plan
from graphsvc.train.precision import is_bf16
from graphsvc.train.sampling import EpochSampler
from graphsvc.train.tuning import Tuning, tune

Lessons = Sequence[Mapping[str, Any]]
Collate = Callable[[Lessons], dict[str, Tensor]]
Progress = Callable[[int, int], None]
Objective = Callable[[Tensor, Mapping[str, Tensor], Mapping[str, Tensor]], Tensor]


@dataclass(frozen=True, slots=True)
class Validation:
    """Lessons that are not learnt from, and what measures their prediction: logits and labels → {"f1": …}."""

    lessons: Lessons
    measure: Callable[[Any], dict[str, float]]


def fit(
    network: nn.Module,
    lessons: Lessons,
    collate: Collate,
    plan: Plan,
    folder: Path,
    progress: Progress = lambda step, of: None,
    *,
    validation: Validation | None = None,
    objective: Objective | None = None,
) -> list[dict[str, float]]:
    """Train the network in place; returns the curve: one row a logged step or validation.

    `folder` keeps checkpoints: the same training goes on from its last whole one. `objective` makes another loss of
    loss, outputs and inputs. Raises InputError for a plan that cannot be done.
    """
    if plan.patience and validation is None:
        raise InputError("No lessons are kept back, so no validation can stop the training.", "Set patience to 0.")
    encoder: Any = network.encoder
    plan = settle(plan, encoder.config.num_hidden_layers, lessons)
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    run = run_of(plan, list(lessons), [(name, tuple(weight.shape)) for name, weight in network.named_parameters()])
    checkpoint = newest(folder, run)
    tuning = tune(network, plan)
    bf16 = facts_of(checkpoint)["bf16"] if checkpoint else _is_bf16(network, lessons, collate, plan)
    trainer = WorkshopTrainer(
        model=network,
        args=arguments_of(plan, folder, bf16),
        train_dataset=list(lessons),
        eval_dataset=list(validation.lessons) if validation else None,
        compute_metrics=validation.measure if validation else None,
        data_collator=collate,
        plan=plan,
        tuning=tuning,
        objective=objective,
    )
    trainer.add_callback(Reported(progress))
    return trainer.complete(run, checkpoint)


def settle(plan: Plan, layers: int, lessons: Lessons) -> Plan:
    """The plan with the epochs, the adversary, the soup and the rates that fit lessons, for so many layers.

    A settled one stays as it is.
    """
    return plan.rated(len(lessons)).settled(sum(len(lesson["input_ids"]) for lesson in lessons), layers)


def _is_bf16(network: nn.Module, lessons: Lessons, collate: Collate, plan: Plan) -> bool:
    longest = sorted(lessons[: 8 * plan.batch], key=lambda one: len(one["input_ids"]))[-plan.batch :]
    return is_bf16(plan.precision, network, collate(longest))


class WorkshopTrainer(Trainer):
    """Trainer with the plan's rates, tuning, adversarial steps and average."""

    loss_is_scaled_for_ga = False  # the losses of our networks are means over lessons, whatever `forward` takes

    def __init__(self, *, plan: Plan, tuning: Tuning, objective: Objective | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.plan, self.tuning = plan, tuning
        self.objective: Objective | None = objective
        self.network: Any = self.model
        self.averaged = Averaged(options["model"], plan.averaging)
        self.attack = attack_of(plan.adversarial, plan.strength)
        self.remove_callback(PrinterCallback)
        for callback in (self.averaged, tuning):
            self.add_callback(callback)
        if plan.patience:
            self.add_callback(EarlyStoppingCallback(plan.patience))

    def complete(self, run: str, checkpoint: Path | None) -> list[dict[str, float]]:
        """Train to the end, from a checkpoint if there is one, and leave a network that only predicts."""
        logging.getLogger("transformers.trainer").setLevel(logging.ERROR)
        parts = (self.averaged, self.tuning)
        facts = {"bf16": self.args.bf16}
        self.add_callback(Checkpoints(run, self.plan.save_steps, self.plan.save_minutes, parts, facts))
        if checkpoint:
            for part in parts:
                part.load(checkpoint)
        self.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if self.state.best_model_checkpoint:
            self.averaged.load(Path(self.state.best_model_checkpoint))
        self.averaged.put()
        self.tuning.bake()
        self.network.eval()
        return [row for row in self.state.log_history if "loss" in row or "eval_loss" in row]

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
            self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=True)
        return self.optimizer

    def training_step(self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        """One forward and backward; under attack a second one, scaled the same way when steps are accumulated."""
        if self.attack is None:
            return super().training_step(model, inputs, num_items_in_batch)
        embeddings = self.network.encoder.embeddings
        with self.attack.watching(embeddings):
            loss = super().training_step(model, inputs, num_items_in_batch)
        with self.attack.moving(embeddings):
            super().training_step(model, inputs, num_items_in_batch)
        return loss

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The network's loss; in training with what the objective and the tuning make of it."""
        loss, outputs = super().compute_loss(model, inputs, True, num_items_in_batch)
        if model.training:
            loss = self.objective(loss, outputs, inputs) if self.objective else loss
            loss = loss + self.tuning.penalty()
        return (loss, outputs) if return_outputs else loss

    def evaluate(self, *args: Any, **options: Any) -> Any:
        """Validate what would be kept: the average."""
        with self.averaged.standing_in():
            return super().evaluate(*args, **options)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        lessons: Any = self.train_dataset
        lengths = [len(lesson["input_ids"]) for lesson in lessons]
        return EpochSampler(lengths, self.args.train_batch_size * self.args.gradient_accumulation_steps, self.args.seed)


def rate_of(name: str, layers: int, plan: Plan) -> float:
    """The rate of a parameter by its name: "encoder....layer.3...." is the fourth layer from below."""
    if not name.startswith("encoder."):
        return HEAD_RATE if plan.head_rate is None else plan.head_rate
    if plan.tuning != "full":
        return plan.tuning_rate
    parts = name.split(".")
    depth = 0
    with suppress(ValueError, IndexError):
        depth = int(parts[parts.index("layer") + 1]) + 1
    return plan.rate * plan.layer_decay ** (layers - depth)


class Reported(TrainerCallback):
    """Says how far it is."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **options: Any) -> None:
        """Say it."""
        self._progress(state.global_step, state.max_steps)
