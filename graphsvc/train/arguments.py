"""A plan as transformers' TrainingArguments, whose own names pass through. Knows both; trains nothing."""

from pathlib import Path

import torch
from transformers import TrainingArguments

from graphsvc.errors import InputError
from graphsvc.train.plan import Plan


def arguments_of(plan: Plan, folder: Path, bf16: bool) -> TrainingArguments:
    """The arguments of a plan; of one that is not settled yet, for one epoch.

    Raises InputError for a setting that is none of theirs.
    """
    epochs = 1.0 if plan.epochs is None else plan.epochs
    given = {
        "output_dir": str(folder), "num_train_epochs": epochs, "learning_rate": plan.rate,
        "per_device_train_batch_size": plan.batch, "gradient_accumulation_steps": plan.accumulation,
        "warmup_steps": plan.warmup, "lr_scheduler_type": plan.schedule, "weight_decay": plan.weight_decay,
        "seed": plan.seed, "use_cpu": not torch.cuda.is_available(), "save_strategy": "no", "report_to": [],
        "logging_steps": 0.02, "disable_tqdm": True, "remove_unused_columns": False, "save_total_limit": 2,
        "train_sampling_strategy": "group_by_length", "bf16": bf16, "restore_callback_states_from_checkpoint": True,
    }  # fmt: skip
    if plan.patience:
        given |= {
            "eval_strategy": "steps", "eval_steps": 1 / plan.validations, "save_strategy": "best",
            "metric_for_best_model": "f1", "load_best_model_at_end": True,
        }  # fmt: skip
    unknown = plan.settings.keys() - TrainingArguments.__dataclass_fields__.keys()
    if unknown:
        raise InputError(
            f"transformers' TrainingArguments has no {', '.join(sorted(unknown))}.",
            "Leave it out of --set, or see the names in transformers' documentation.",
        )
    try:
        return TrainingArguments(**{**given, **plan.settings})
    except (ValueError, TypeError) as error:
        raise InputError(f"transformers takes no such setting: {error}", "Change it in --set or the plan.") from error
