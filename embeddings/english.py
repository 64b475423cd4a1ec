"""English words that are words even where a catalogue lacks them: the whole words of MiniLM's vocabulary.

20,000 of the commonest, whose weights are installed anyway. Knows spellings, and nothing of what they mean.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from embeddings.minilm import weights
from embeddings.spelling import is_correctable


def is_english(word: str) -> bool:
    """Whether a lower-case word is one of them; shorter words than a speller corrects are not asked for."""
    words = _words()
    asked = np.bytes_(word.encode("utf-8", "replace"))
    at = int(np.searchsorted(words, asked))
    return at < len(words) and bool(words[at] == asked)


@cache
def _words() -> NDArray[np.bytes_]:
    """Sorted; an array of bytes takes a tenth of what a set of strings would."""
    lines = (weights() / "vocab.txt").read_text("utf-8").split("\n")
    return np.array(sorted(word.encode() for word in lines if word.isascii() and is_correctable(word)))
