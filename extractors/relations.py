"""Relations between two mentions of a text, as they serve: ONNX Runtime on the CPU, no torch.

A model may have members: other models of the same relations, over other encoders, whose logarithms of probabilities are
averaged with its own (a logarithmic opinion pool). Knows the folder of a relation model, and which relations may hold
between which labels where it was told; training stands in `graphsvc.train`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from extractors.errors import DamagedModel
from extractors.marked import mark
from extractors.onnx_sessions import open_session
from extractors.pieces import PieceReader
from extractors.types import Floats, Mention

CARD, MODEL, TOKENIZER = "relations.json", "model.onnx", "tokenizer.json"
NONE = ""  # the relation of mentions that have none
Pair = tuple[str, Mention, Mention]
FORBIDDEN = -1e4


@dataclass(frozen=True, slots=True)
class RelationCard:
    """What a relation model's folder says of itself.

    `relations` are the classes in order; `allowed` maps a relation to the pairs of labels between which it may hold
    (the ontology's domain and range), one that is not named may hold between any. `members` are folders inside.
    """

    version: str
    encoder: str
    relations: Sequence[str]
    first: int
    last: int
    temperature: float = 1.0
    threshold: float = 0.0
    allowed: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    members: Sequence[str] = ()

    def save(self, folder: Path) -> None:
        """Write it into a model's folder."""
        (folder / CARD).write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "RelationCard":
        """Read it. Raises DamagedModel."""
        try:
            return cls(**json.loads((folder / CARD).read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise DamagedModel(f"{folder} holds no relation model: {error}") from error

    def mask(self, head: str, tail: str) -> Floats:
        """What to add to the logits of a pair of these labels: 0, or a number that rules a relation out."""
        return np.array(
            [
                0.0 if relation not in self.allowed or [head, tail] in map(list, self.allowed[relation]) else FORBIDDEN
                for relation in self.relations
            ],
            np.float32,
        )


@dataclass(frozen=True, slots=True)
class Related:
    """The relation of one pair, NONE for none, and how sure."""

    relation: str
    confidence: float


class Relations:
    """Says how mentions are related, as it was taught to."""

    name = "relations"

    def __init__(self, folder: Path) -> None:
        self.card = RelationCard.load(folder)
        self.version = self.card.version
        self._reader = PieceReader.open(folder / TOKENIZER, self.card.first, self.card.last)
        self._session = open_session(folder / MODEL)
        self._members = [self._member(folder / name) for name in self.card.members]

    def relate(self, pairs: Iterable[Pair]) -> list[Related]:
        """The relation of each (text, head, tail); one less sure than the card's threshold is NONE."""
        return [self._relate(*pair) for pair in pairs]

    def probabilities(self, text: str, head: Mention, tail: Mention) -> Floats:
        """float32[relations], in the card's order, calibrated and within the ontology."""
        pooled = np.mean([one.log_probabilities(text, head, tail) for one in (self, *self._members)], 0)
        return np.exp(_normal(pooled / self.card.temperature + self.card.mask(head.label, tail.label)))

    def log_probabilities(self, text: str, head: Mention, tail: Mention) -> Floats:
        """float32[relations] of its own network alone, as it was trained."""
        made = mark(self._reader, text, head, tail)
        ids = np.array([made.ids], np.int64)
        inputs = {
            "input_ids": ids, "covers": np.array([made.covers], np.int64), "attention_mask": np.ones_like(ids),
            "markers": np.array([made.markers], np.int64), "heads": np.array([made.heads], bool),
            "tails": np.array([made.tails], bool),
        }  # fmt: skip
        return _normal(self._session.run(["logits"], inputs)[0][0])

    def _member(self, folder: Path) -> "Relations":
        made = Relations(folder)
        if list(made.card.relations) != list(self.card.relations):
            raise DamagedModel(f"{folder} knows other relations than the model that it is a member of.")
        return made

    def _relate(self, text: str, head: Mention, tail: Mention) -> Related:
        open_to = zip(self.card.relations, self.card.mask(head.label, tail.label), strict=True)
        if all(relation == NONE or ruled_out for relation, ruled_out in open_to):  # the network need not be asked
            return Related(NONE, 1.0)
        sure = self.probabilities(text, head, tail)
        best = int(sure.argmax())
        relation, confidence = self.card.relations[best], round(float(sure[best]), 4)
        return Related(relation if confidence >= self.card.threshold else NONE, confidence)


def _normal(logits: Floats) -> Floats:
    """Logarithms of probabilities."""
    above = logits - logits.max()
    found: Floats = (above - np.log(np.exp(above).sum())).astype(np.float32)
    return found
