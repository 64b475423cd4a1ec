"""What is known of a model: how it was made, from what, and how well it does. Knows facts; does not know files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

UNSAID = "not stated"
FIGURES = ("f1", "precision", "recall", "calibration_error", "per_second")


@dataclass(frozen=True, slots=True)
class DataPart:
    """Labelled data that a model learnt from: a part of a set, the digest of what it says, and how many items."""

    name: str
    part: str
    digest: str
    items: int
    licence: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's card. The registry fills in version and size, and where they are empty `created` and `code`.

    `scores` are as an evaluation prints them (f1, unseen, calibration_error, per_second...); `test` is the digest of
    the data that they speak of. `parameters` are those of the training.
    """

    kind: str
    version: str = ""
    created: str = ""
    encoder: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    data: tuple[DataPart, ...] = ()
    code: str = ""
    scores: Mapping[str, Any] = field(default_factory=dict)
    test: str = ""
    size: int = 0
    notes: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "ModelCard":
        """The card that stands in an entry of the log."""
        return cls(**{**said, "data": tuple(DataPart(**part) for part in said["data"])})

    def figure(self, *path: str) -> float | None:
        """A figure of the scores, None where it was not measured."""
        found: Any = self.scores
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None

    def rows(self) -> Iterator[tuple[str, str]]:
        """The card as a table for people: a name and what is said of it."""
        for name in ("kind", "version", "created", "encoder", "code", "seed"):
            yield name, str(getattr(self, name)) or UNSAID
        yield "size", megabytes(self.size)
        for part in self.data:
            said = f"{part.items:,} items, digest {part.digest}, {part.licence or UNSAID}, {part.source or UNSAID}"
            yield f"data {part.name} {part.part}", said
        yield from ((f"parameter {name}", str(value)) for name, value in self.parameters.items())
        yield "tested on", self.test or UNSAID
        yield from ((name, shown(self.figure(name))) for name in FIGURES)
        for name in ("unseen", "per_label"):
            yield from _nested(name, self.scores.get(name))
        yield "notes", self.notes


def _nested(name: str, scores: Any) -> Iterator[tuple[str, str]]:
    """Figures below a name: one row, or one row a label."""
    if not isinstance(scores, Mapping):
        return
    plain = {key: value for key, value in scores.items() if not isinstance(value, Mapping)}
    if plain:
        yield name, ", ".join(f"{key} {shown(value)}" for key, value in plain.items())
    for key, value in scores.items():
        yield from _nested(f"{name} {key}", value)


def megabytes(size: float) -> str:
    """A size in bytes for people."""
    return f"{size / 1e6:,.1f} MB"


def shown(figure: object) -> str:
    """A figure for people: no more decimals than it has, "not measured" without one."""
    return "not measured" if figure is None else f"{figure:,.6g}" if isinstance(figure, int | float) else str(figure)
