"""The ways to train that are compared, a table: each is what it changes of the product's own plan.

Knows plans; trains nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SIZES = (300,)  # titles that are learnt from; `perf.training` has the curve of more
SEEDS = 3
BASE = "full"  # what the others are compared with
LANGUAGE_EPOCHS = 5.0


@dataclass(frozen=True)
class Method:
    """`change`: options of the plan. `language`: the encoder first goes on learning the language of other titles."""

    name: str
    what: str
    change: Mapping[str, Any] = field(default_factory=dict)
    crf: bool = False
    language: bool = False

    @property
    def asked(self) -> dict[str, Any]:
        """What makes it another measurement."""
        found = asdict(self)
        return {name: found[name] for name in ("change", "crf", "language")} | {"encoder": "e5"}


METHODS = (
    Method(BASE, "all weights but the words, one training"),
    Method("crf", "the cheap tier alone, no network", crf=True),
    Method("lora", "low-rank changes", {"tuning": "lora"}),
    Method("adalora", "low-rank changes, ranks go where they matter", {"tuning": "adalora"}),
    Method("adapter", "bottleneck adapters", {"tuning": "adapter"}),
    Method("prefix", "a prefix in every layer", {"tuning": "prefix"}),
    Method("fgm", "adversarial steps", {"adversarial": "fgm"}),
    Method("augment-mentions", "more lessons: mentions change places", {"augment": ("mentions",)}),
    Method("augment-synonyms", "more lessons: synonyms of the vocabulary", {"augment": ("synonyms",)}),
    Method("augment-noise", "more lessons: slips of the keyboard", {"augment": ("noise",)}),
    Method("soup-3", "three trainings averaged, the default where there is time", {"soup": 3}),
    Method("ensemble-3", "three networks teach one", {"ensemble": 3}),
    Method("student", "half the layers, taught by the whole", {"student": True}),
    Method("pruned-heads", "a quarter of the attention heads goes", {"pruned_heads": 0.25}),
    Method("no-word-dropout", "every step sees all pieces", {"word_dropout": 0.0}),
    Method("layer-decay", "lower layers learn more slowly, .9 a layer", {"layer_decay": 0.9}),
    Method("no-average", "the last weights, no moving average", {"averaging": 0.0}),
    Method("language-model", "first the language of other titles, then full", language=True),
)
