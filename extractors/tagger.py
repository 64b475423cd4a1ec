"""The transformer tier of mention finding, as it serves: ONNX Runtime on the CPU, no torch.

A model is a folder: the network as ONNX, its tokenizer, the chain over the tags, and beside it the cheap tier, whose
log marginals are added to the emissions. Knows that folder; training stands in `graphsvc.train`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path

import numpy as np

from extractors.bio import spans_of
from extractors.chain_decoding import best_path, marginals
from extractors.crf import CrfTagger
from extractors.errors import DamagedModel
from extractors.onnx_sessions import open_session
from extractors.pieces import PieceReader, PieceText, windows
from extractors.types import Floats, Mention
from extractors.units import units_of

CARD, MODEL, TOKENIZER, CHEAP = "tagger.json", "model.onnx", "tokenizer.json", "cheap.crf"
LEAST = 1e-6  # of a marginal: a tag that the cheap tier never saw there is not impossible


@dataclass(frozen=True, slots=True)
class TaggerCard:
    """What a tagger's folder says of itself. `blend` weighs the cheap tier, `temperature` makes confidences true.

    `context` says that some of its lessons had one, such as a category, so that it reads those that it is given.
    """

    version: str
    encoder: str
    tags: Sequence[str]
    first: int
    last: int
    longest: int = 256
    blend: float = 0.2
    temperature: float = 1.0
    threshold: float = 0.0
    between: Sequence[Sequence[float]] = field(default_factory=list)
    start: Sequence[float] = field(default_factory=list)
    end: Sequence[float] = field(default_factory=list)
    context: bool = False

    def save(self, folder: Path) -> None:
        """Write it into a model's folder."""
        (folder / CARD).write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "TaggerCard":
        """Read it. Raises DamagedModel."""
        try:
            return cls(**json.loads((folder / CARD).read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise DamagedModel(f"{folder} holds no tagger: {error}") from error

    def chain(self) -> list[Floats]:
        """Scores between tags, of the first and of the last. Raises DamagedModel where they do not fit the tags."""
        tags = len(self.tags)
        try:
            found = [np.asarray(part, np.float32) for part in (self.between, self.start, self.end)]
        except (ValueError, TypeError) as error:
            raise DamagedModel(f"The chain of tagger {self.version} holds no numbers: {error}") from error
        if not tags or [part.shape for part in found] != [(tags, tags), (tags,), (tags,)]:
            raise DamagedModel(f"The chain of tagger {self.version} does not fit its {tags} tags.")
        return found


class Tagger:
    """Finds mentions as it was taught to. Threads may share it."""

    name = "tagger"

    def __init__(self, folder: Path) -> None:
        self.card = TaggerCard.load(folder)
        self.version = self.card.version
        self._reader = PieceReader.open(folder / TOKENIZER, self.card.first, self.card.last)
        self._session = open_session(folder / MODEL)
        self._cheap = _cheap_tier(folder / CHEAP)
        self._chain = self.card.chain()

    def find(self, texts: Sequence[str], contexts: Sequence[str] = ()) -> list[list[Mention]]:
        """See `MentionFinder`. What is less sure than the card's threshold is left out: the tagger abstains."""
        return [self._find(text, context) for text, context in zip_longest(texts, contexts, fillvalue="")]

    def emissions(self, text: str, context: str = "") -> Floats:
        """Scores of each unit's tags before the chain, float32[units, tags], both tiers together."""
        read = self._reader.read(text, context)
        if not read.units:
            return np.zeros((0, len(self.card.tags)), np.float32)
        found = np.concatenate([self._run(part)[begin:end] for part, begin, end in windows(read, self.card.longest)])
        if self._cheap is not None and self.card.blend:
            order = [self._cheap.tags.index(tag) if tag in self._cheap.tags else -1 for tag in self.card.tags]
            seen = np.pad(self._cheap.marginals(text, context), ((0, 0), (0, 1)))[:, order]
            found = found + self.card.blend * np.log(seen + LEAST)
        return found.astype(np.float32)

    def _run(self, read: PieceText) -> Floats:
        ids = np.array([read.ids], np.int64)
        inputs = {
            "input_ids": ids, "covers": np.array([read.covers], np.int64), "attention_mask": np.ones_like(ids),
            "heads": np.array([read.heads], np.int64),
        }  # fmt: skip
        found: Floats = self._session.run(["emissions"], inputs)[0][0]
        return found

    def _find(self, text: str, context: str) -> list[Mention]:
        return self.decode(text, self.emissions(text, context if self.card.context else ""), self.card.temperature)

    def decode(self, text: str, emissions: Floats, temperature: float) -> list[Mention]:
        """The mentions that the emissions of a text say, with confidences under a temperature."""
        if not len(emissions):
            return []
        path = best_path(emissions, *self._chain)
        sure = marginals(emissions / temperature, *(part / temperature for part in self._chain))
        return list(self._mentions(text, path, sure))

    def _mentions(self, text: str, path: Sequence[int], sure: Floats) -> Iterator[Mention]:
        units = units_of(text)
        for first, last, label in spans_of([self.card.tags[tag] for tag in path]):
            confidence = float(min(sure[at, path[at]] for at in range(first, last + 1)))
            if confidence >= self.card.threshold:
                yield Mention(units[first].start, units[last].end, label, round(confidence, 4))


def _cheap_tier(file: Path) -> CrfTagger | None:
    try:
        return CrfTagger(file.read_bytes()) if file.exists() else None
    except (OSError, ValueError) as error:
        raise DamagedModel(f"{file} cannot be opened: {error}") from error
