"""A transformer encoder on ONNX Runtime: tokens in, mean over the mask, unit length out. Imports no torch.

Texts are run one by one. Dynamic int8 takes the scale of its activations from the whole batch, so in a batch the vector
of a text depends on its company (cosine down to .977 to the same text alone, a larger loss than int8 itself); alone it
does not, and on a CPU a batch would be only a tenth faster.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.encoders import Card, Kind, Progress, Vectors

LONGEST = 128  # tokens
CHUNK = 256  # texts between two reports of progress


class OnnxEncoder:
    """Encodes with `threads` threads, each on a text of its own. May be shared between threads."""

    def __init__(self, card: Card, model: Path, tokenizer: Path, threads: int) -> None:
        from tokenizers import Tokenizer

        self.name, self.version, self.dimensions = card.name, card.version, card.dimensions
        self._prefixes = card.prefixes
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.no_padding()
        self._session = open_session(model)
        self._pool = ThreadPoolExecutor(threads, "encoder") if threads > 1 else None

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        """Return float32[n, d] of unit length."""
        prefix = self._prefixes.get(kind, "")
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for at in range(0, len(texts), CHUNK):
            chunk = [valid(prefix + text) for text in texts[at : at + CHUNK]]
            tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(chunk)]
            vectors[at : at + len(chunk)] = list(self._each(tokens))
            if progress is not None:
                progress(at + len(chunk), len(texts))
        return vectors

    def _each(self, tokens: list[list[int]]) -> Iterable[Vectors]:
        return map(self._run, tokens) if self._pool is None else self._pool.map(self._run, tokens)

    def _run(self, tokens: list[int]) -> Vectors:
        ids = np.array([tokens], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (hidden,) = self._session.run(["hidden"], inputs)
        vector: Vectors = unit_length(hidden.mean(1))[0]
        return vector


@lru_cache(maxsize=1)
def open_session(model: Path, operators: Path | None = None) -> Any:
    """Open an ONNX file for one CPU thread a call, with a library of further operators where it needs one.

    The last one is shared by all who ask for it: opening reads the whole model, whose name says its content.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena would keep the longest text's memory for ever
    options.log_severity_level = 3
    if operators is not None:
        options.register_custom_ops_library(str(operators))
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def unit_length(vectors: Vectors) -> Vectors:
    """Scale each row to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled


def valid(text: str) -> str:
    """Replace lone surrogates, which the tokenizers refuse."""
    return text.encode("utf-8", "replace").decode()
