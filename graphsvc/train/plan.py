"""How a model is trained: every option that has a name here, with its default, and what passes through by its own name.

Knows options; does not know tasks, data or torch.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from graphsvc.errors import InputError

PIECES = 1_000_000  # that a training reads at most with twelve layers: 27 minutes of a slow core, see tasks.SPEED
LAYERS = 12
ADVERSARIAL_EPOCHS = 4  # with time for fewer, plain epochs bring more
MOST_EPOCHS = 20
MOST_IN_A_SOUP = 4
HEAD_RATE = 5e-3
FEW = 1_000  # lessons
Count = Annotated[int, Field(gt=0)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1)]
OWN: Mapping[str, Mapping[str, Any]] = {  # defaults of a task that differ from the plan's
    "relations": {"adversarial": "auto", "dropout": 0.2, "word_dropout": 0.0, "head_rate": 1e-3},
}


@dataclass(frozen=True, slots=True)
class Plan:
    """`layers` is how many of the encoder's lower layers are used, 0 for all. `epochs` of None: as many as `pieces`
    allows, at most MOST_EPOCHS. Rates are those of AdamW at their height.

    `head_rate` is for layers that the encoder did not bring; None is HEAD_RATE, and twice that where lessons, and so
    the steps to learn in, are few. `layer_decay` lowers the rate by layer downwards.
    `averaging` is the decay of the moving average of weights that is kept in the end, 0 for the last weights.
    `word_dropout` is the share of pieces that a step does not see, so that their surroundings are learnt, too (Iyyer et
    al. 2015, "Deep unordered composition rivals syntactic methods for text classification").

    `precision` of "auto" times both and takes the faster. `adversarial` is "", "fgm" (Miyato et al. 2017) or "auto":
    where there is time for it; `strength` is the length of its step. `settings` are transformers' own
    TrainingArguments by name.

    `tuning` says what of the encoder is trained (see `tuning`), at `tuning_rate` unless it is "full".
    `patience` of n stops a training after n of its `validations` that were no better than the best; 0 never stops.
    A checkpoint is saved every `save_steps` steps or, where that is 0, every `save_minutes` minutes.
    `soup` is how many trainings, from one start and in other orders, are averaged into one network (Wortsman et al.
    2022, "Model soups"); None: as many whole ones as there is time for, at most MOST_IN_A_SOUP.

    `augment` names ways to make more lessons (see `augment`); `translators` are the two models of "translation".
    `ensemble` is how many networks of other seeds teach one;
    `student` halves the layers, `pruned_heads` is the share of attention heads that go. What a student learns from is
    `distillation` parts its teacher, at `temperature`, and the rest its lessons.
    """

    encoder: str = "auto"
    layers: Annotated[int, Field(ge=0)] = 0
    epochs: Annotated[float, Field(gt=0)] | None = None
    pieces: Count = PIECES
    batch: Count = 16
    accumulation: Count = 1
    rate: Rate = 2e-4
    head_rate: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    warmup: Share = 0.1
    schedule: str = "linear"
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.01
    dropout: Share = 0.1
    word_dropout: Share = 0.15
    averaging: Share = 0.997
    precision: str = "auto"
    adversarial: str = ""
    strength: Rate = 0.5
    tuning: str = "full"
    tuning_rate: Rate = 1e-3
    patience: Annotated[int, Field(ge=0)] = 0
    validations: Count = 20
    save_steps: Annotated[int, Field(ge=0)] = 0
    save_minutes: Annotated[float, Field(ge=0)] = 10.0
    augment: Sequence[str] = ()
    translators: Sequence[str] = ()
    soup: Count | None = None
    ensemble: Count = 1
    student: bool = False
    pruned_heads: Share = 0.0
    distillation: Annotated[float, Field(ge=0, le=1)] = 0.5
    temperature: Rate = 2.0
    threads: Count = 1
    seed: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)

    def rated(self, lessons: int) -> "Plan":
        """With the rate of new layers for that many lessons, unless it is given."""
        own = HEAD_RATE if lessons >= FEW else 2 * HEAD_RATE
        return replace(self, head_rate=own) if self.head_rate is None else self

    def settled(self, pieces: int, layers: int = LAYERS) -> "Plan":
        """With the epochs, the adversary and the soup that there is time for, over lessons of that many pieces.

        A quarter of an epoch is the finest step; an adversarial step reads its lessons twice.
        """
        epochs = self.pieces / (max(1, pieces) * layers / LAYERS)
        adversarial = self.adversarial
        if adversarial == "auto":
            adversarial = "fgm" if self.epochs is None and epochs >= 2 * ADVERSARIAL_EPOCHS else ""
        if adversarial:
            epochs /= 2
        own = max(1.0, min(MOST_EPOCHS, round(4 * epochs) / 4)) if self.epochs is None else self.epochs
        return replace(self, epochs=own, adversarial=adversarial, soup=self.soup or self._soup(epochs / own))

    def _soup(self, times: float) -> int:
        """How many whole trainings there is time for, when there is for one so many times."""
        is_plain = self.epochs is None and self.tuning == "full" and self.ensemble == 1
        return max(1, min(MOST_IN_A_SOUP, int(times))) if is_plain else 1


def plan_of(given: Mapping[str, Any], more: Sequence[str] = (), task: str = "") -> Plan:
    """The plan of options; `more` are "name=value", of the plan or of transformers. Raises InputError.

    An option that is None is not given; what is not given is the task's own default, where it has one.
    """
    options: dict[str, Any] = {**OWN.get(task, {})} | {
        name: value for name, value in given.items() if value is not None
    }
    settings: dict[str, Any] = dict(options.pop("settings", {}))
    own = {one.name for one in fields(Plan)} - {"settings"}
    for text in more:
        name, sign, value = text.partition("=")
        if not sign:
            raise InputError(f"{text!r} sets nothing.", "Write --set NAME=VALUE.")
        (options if name in own else settings)[name] = _read(value)
    try:
        found = TypeAdapter(Plan).validate_python(options | {"settings": settings})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise InputError(f"{name} cannot be {first['input']!r}: {first['msg']}.", "Give another value.") from error
    return replace(found, augment=tuple(found.augment), translators=tuple(found.translators))


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return {"True": True, "False": False}.get(value, value)
