"""A transformer encoder on ONNX Runtime: tokens in, mean over the mask, unit length out. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoders import Kind, Progress, Vectors

BATCH_TOKENS = 4096  # tokens in one batch: larger ones are no faster on a CPU and hold memory


@dataclass(frozen=True, slots=True)
class OnnxSpec:
    """What an encoder's files are and how it wants its texts."""

    name: str
    version: str
    dimensions: int
    model: Path
    tokenizer: Path
    longest: int = 128  # tokens
    prefixes: dict[str, str] = field(default_factory=dict)  # kind → words before the text


class OnnxEncoder:
    """Encodes by ONNX Runtime, sorted by length so that little is padding."""

    def __init__(self, spec: OnnxSpec, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.name, self.version, self.dimensions = spec.name, spec.version, spec.dimensions
        self._prefixes = spec.prefixes
        self._tokenizer = Tokenizer.from_file(str(spec.tokenizer))
        self._tokenizer.enable_truncation(spec.longest)
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # the arena would keep the largest batch's memory for ever
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(spec.model), options, providers=["CPUExecutionProvider"])

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        """Return float32[n, d] of unit length."""
        prefix = self._prefixes.get(kind, "")
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch([prefix + text for text in texts])]
        order = np.argsort([len(ids) for ids in tokens], kind="stable")
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        at = 0
        while at < len(order):
            batch = self._batch(order, tokens, at)
            vectors[batch] = self._run([tokens[row] for row in batch])
            at += len(batch)
            if progress is not None:
                progress(at, len(order))
        return vectors

    def _batch(self, order: NDArray[np.int64], tokens: list[list[int]], at: int) -> NDArray[np.int64]:
        end = at + 1
        while end < len(order) and (end + 1 - at) * len(tokens[order[end]]) <= BATCH_TOKENS:
            end += 1
        return order[at:end]

    def _run(self, tokens: list[list[int]]) -> Vectors:
        width = max(1, max(map(len, tokens)))
        ids = np.zeros((len(tokens), width), np.int64)
        mask = np.zeros_like(ids)
        for row, found in enumerate(tokens):
            ids[row, : len(found)] = found
            mask[row, : len(found)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (hidden,) = self._session.run(["hidden"], inputs)
        weights = mask[:, :, None].astype(np.float32)
        pooled = (hidden * weights).sum(1) / np.maximum(weights.sum(1), 1)
        return unit_length(pooled)


def unit_length(vectors: Vectors) -> Vectors:
    """Scale each row to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled
