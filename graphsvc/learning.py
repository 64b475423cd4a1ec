"""What a shop's own fields teach: values of attributes for its texts, by `extractors.distant`.

Composes the extractor with the shop's encoder and vocabulary. Knows no tables.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from embeddings.encoders import Encoder, choose_encoder, load_encoder
from extractors.distant import Distant
from extractors.phrases import Phrase
from extractors.types import Document, Floats
from extractors.words import words_of
from graphsvc.warehouse.standardise import HAN, fold, vocabulary

Progress = Callable[[int, int], None]


class Sense:
    """What phrases mean to an encoder; each is asked once, and the encoder is loaded when the first is."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._load = load
        self._encoder: Encoder | None = None
        self._known: dict[Phrase, Floats] = {}

    def __call__(self, phrases: Sequence[Phrase]) -> Floats:
        """Unit rows, float32[phrases, width]."""
        new = [phrase for phrase in phrases if phrase not in self._known]
        if new:
            self._encoder = self._encoder or self._load()
            vectors = self._encoder.encode([" ".join(phrase) for phrase in new], kind="query")
            self._known.update(zip(new, vectors, strict=True))
        return np.stack([self._known[phrase] for phrase in phrases])


def learn_values(
    encoder: str,
    models: Path,
    threads: int,
    documents: Sequence[Document],
    progress: Progress = lambda done, of: None,
) -> Distant:
    """Learn from documents; `encoder` "auto" is chosen by their languages, `models` keeps what is made of it."""
    name = choose_encoder(Counter(document.language for document in documents)) if encoder == "auto" else encoder
    return Distant.learn(
        documents, Sense(lambda: load_encoder(name, models, threads=threads)), canonical_phrase, progress
    )


def canonical_phrase(phrase: Phrase) -> Phrase:
    """The shop's own word for a phrase, in folded words: "red" for "maroon" and "红色"."""
    text = "".join(phrase)
    if len(text) > _longest():
        return phrase
    return _canonical().get(fold(text) if HAN.search(text) else text, phrase)


@cache
def _canonical() -> dict[str, Phrase]:
    """Spellings without their spaces, however a text is cut into words."""
    return {_joined(spelling): _words(own) for table in vocabulary().values() for spelling, own in table.items()}


@cache
def _longest() -> int:
    return max(map(len, _canonical()))


def _joined(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> Phrase:
    return tuple(word.text for word in words_of(text))
