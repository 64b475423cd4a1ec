"""The cheap tier of mention finding: a conditional random field over units, by python-crfsuite.

Lafferty, McCallum, Pereira 2001; trained by L-BFGS with an elastic net. A thousand titles and more a CPU second.
Knows texts and labels; does not know where either comes from.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

import numpy as np

from extractors.bio import OUTSIDE, spans_of, tag
from extractors.crf_features import Sentence
from extractors.types import Floats, LabelledText, Mention
from extractors.units import units_of


@dataclass(frozen=True, slots=True)
class CrfOptions:
    """`lasso` and `ridge` weigh the L1 and L2 terms. `forget_mentions`, `forget_others`: shares of the units inside
    and outside of mentions whose identity the model may not see, for lessons that do not cover all values."""

    lasso: float = 0.05
    ridge: float = 0.05
    iterations: int = 100
    forget_mentions: float = 0.0
    forget_others: float = 0.0
    seed: int = 1


DEFAULTS = CrfOptions()


class CrfTagger:
    """Finds mentions as it was taught to. Threads may share it; they wait for each other."""

    name = "crf"

    def __init__(self, model: bytes) -> None:
        import pycrfsuite

        self._model = model  # crfsuite reads from it for as long as it is open
        self._tagger: Any = pycrfsuite.Tagger()
        self._tagger.open_inmemory(model)
        self._lock = Lock()  # crfsuite's tagger holds the text of which it is asked
        self.tags: list[str] = sorted(self._tagger.labels())
        self.version = blake2b(model, digest_size=6).hexdigest()

    @classmethod
    def fit(
        cls,
        lessons: Sequence[LabelledText],
        options: CrfOptions = DEFAULTS,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> "CrfTagger":
        """Learn from labelled texts. Raises ValueError when no text has a mention."""
        import pycrfsuite

        if not any(lesson.mentions for lesson in lessons):
            raise ValueError("no text has a mention")
        trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
        random = Random(options.seed)
        for at, lesson in enumerate(lessons):
            units = units_of(lesson.text)
            if units:
                tags = tag(units, lesson.mentions)
                sentence = Sentence(lesson.text, units, lesson.context)
                trainer.append(sentence.features(_forgotten(tags, options, random)), tags)
            progress(at + 1, len(lessons))
        trainer.set_params({"c1": options.lasso, "c2": options.ridge, "max_iterations": options.iterations})
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model")
            trainer.train(str(path))
            return cls(path.read_bytes())

    def to_bytes(self) -> bytes:
        """The model; `CrfTagger(model)` gives it back."""
        return self._model

    def find(self, texts: Sequence[str], contexts: Sequence[str] = ()) -> list[list[Mention]]:
        """See `MentionFinder`. The confidence of a mention is the smallest marginal of its units' tags."""
        return [self._find(text, context) for text, context in zip_longest(texts, contexts, fillvalue="")]

    def marginals(self, text: str, context: str = "") -> Floats:
        """The probability of each tag for each unit, float32[units, tags], in the order of `tags`."""
        units = units_of(text)
        if not units:
            return np.zeros((0, len(self.tags)), np.float32)
        features = Sentence(text, units, context).features()
        with self._lock:
            self._tagger.set(features)
            found = [[self._tagger.marginal(tag, at) for tag in self.tags] for at in range(len(units))]
        return np.array(found, np.float32)

    def _find(self, text: str, context: str) -> list[Mention]:
        units = units_of(text)
        if not units:
            return []
        features = Sentence(text, units, context).features()
        with self._lock:
            tags = self._tagger.tag(features)
            return [
                Mention(
                    units[first].start, units[last].end, label,
                    round(min(self._tagger.marginal(tags[at], at) for at in range(first, last + 1)), 4),
                )
                for first, last, label in spans_of(tags)
            ]  # fmt: skip


def _forgotten(tags: Sequence[str], options: CrfOptions, random: Random) -> set[int]:
    if not (options.forget_mentions or options.forget_others):
        return set()
    return {
        at
        for at, tag in enumerate(tags)
        if random.random() < (options.forget_others if tag == OUTSIDE else options.forget_mentions)
    }
