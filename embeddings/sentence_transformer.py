"""Any sentence-transformers model, by hub id or folder, on torch; on CUDA in bf16 when there is a device."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from embeddings.encoders import Encoder, Kind, Progress, Vectors
from embeddings.errors import UnknownEncoder

BATCH = 64


class SentenceTransformerEncoder:
    """The encoder of a sentence-transformers id or folder."""

    def __init__(self, model: Any, name: str) -> None:
        self._model = model
        self.name = "model-" + blake2b(name.encode(), digest_size=6).hexdigest()
        self.version = "1"
        self.dimensions = int(model.get_embedding_dimension())

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        """Return float32[n, d] of unit length."""
        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        pieces = []
        for at in range(0, len(texts), BATCH):
            batch = list(texts[at : at + BATCH])
            pieces.append(encode(batch, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False))
            if progress is not None:
                progress(min(at + BATCH, len(texts)), len(texts))
        return np.concatenate(pieces).astype(np.float32) if pieces else np.empty((0, self.dimensions), np.float32)


def load(name: str) -> Encoder:
    """Load the model. Raises UnknownEncoder when there is no such folder and the hub cannot be reached."""
    import torch
    from sentence_transformers import SentenceTransformer

    cuda = torch.cuda.is_available()
    options = {"torch_dtype": torch.bfloat16} if cuda else {}
    try:
        model = SentenceTransformer(name, device="cuda" if cuda else "cpu", model_kwargs=options)
    except (OSError, ValueError) as error:
        raise UnknownEncoder(
            f"{name!r} is no encoder: {error}. Use minilm, use, a folder, or an id that the hub gives."
        ) from error
    return SentenceTransformerEncoder(model, name)
