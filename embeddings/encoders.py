"""Texts to vectors: the table of encoders, how one is loaded and how one is chosen for a catalogue's languages.

Knows the contract and the names; each implementation stands in a module of its own. Importing this imports no torch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Kind = Literal["query", "passage"]
Progress = Callable[[int, int], None]  # done, of


class Encoder(Protocol):
    """Batch in, float32[n, d] of unit length out. `version` changes whenever the vectors may.

    On the CPU the vector of a text depends on that text alone, never on the others it is encoded with.
    """

    name: str
    version: str
    dimensions: int

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        """Encode texts; an empty text is allowed. Vectors keep the order of `texts`."""
        ...


@dataclass(frozen=True, slots=True)
class Card:
    """What an encoder is called, and the words it wants before a text of each kind."""

    name: str
    version: str
    dimensions: int
    prefixes: Mapping[Kind, str] = field(default_factory=dict)


ENCODERS: dict[str, str] = {
    "minilm": "embeddings.minilm:load",
    "e5": "embeddings.e5:load",
    "use": "embeddings.use:load",
}
OTHER = "embeddings.sentence_transformer:load"  # any sentence-transformers id or folder
CHINESE = 0.005  # share of Chinese texts from which an encoder must know both languages: 100 titles of 20,000


def load_encoder(name: str, cache: Path, *, threads: int = 1, bulk: bool = False) -> Encoder:
    """Load the encoder of that row, or the sentence-transformers model of that id or folder.

    `cache` keeps what is made of the weights once (ONNX files). `bulk` is for a process that encodes a catalogue and
    does not serve: it takes a CUDA device where there is one, and torch with it. Vectors of both ways have the same
    version and a cosine ≥ .98. Raises UnknownEncoder when there is no such model, ConversionFailed when its ONNX file
    cannot be made.
    """
    if name in ENCODERS:
        encoder: Encoder = resolve_name(ENCODERS[name])(cache, threads=threads, bulk=bulk)
        return encoder
    other: Encoder = resolve_name(OTHER)(name)
    return other


def choose_encoder(languages: Mapping[str, int]) -> str:
    """Choose by how many texts are "en", "zh" and "mixed": MiniLM for English, USE where Chinese matters.

    Why these, with figures: docs/decisions/0005-encoders.md.
    """
    total = sum(languages.values())
    chinese = languages.get("zh", 0) + languages.get("mixed", 0)
    return "use" if total and chinese / total > CHINESE else "minilm"
