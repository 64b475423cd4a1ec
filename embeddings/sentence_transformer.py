"""Any sentence-transformers model, by hub id or folder, on torch; on CUDA in bf16 when there is a device."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from embeddings.encoders import Card, Encoder, Kind, Progress, Vectors
from embeddings.errors import UnknownEncoder
from embeddings.onnx_encoder import unit_length, valid

BATCH = {"cpu": 32, "cuda": 512}
LONGEST = 128  # tokens, as in serving


class SentenceTransformerEncoder:
    """The encoder of a loaded sentence-transformers model."""

    def __init__(self, model: Any, card: Card) -> None:
        self.name, self.version, self.dimensions = card.name, card.version, card.dimensions
        self._model = model
        self._batch = BATCH[model.device.type]

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: Progress | None = None) -> Vectors:
        """Return float32[n, d] of unit length."""
        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")  # so that little is padding
        for at in range(0, len(texts), self._batch):
            rows = order[at : at + self._batch]
            batch = [valid(texts[row]) for row in rows]
            found = encode(batch, batch_size=self._batch, convert_to_tensor=True, show_progress_bar=False)
            vectors[rows] = unit_length(found.float().cpu().numpy())  # bf16 is too coarse to be left at its length
            if progress is not None:
                progress(at + len(rows), len(texts))
        return vectors


def load(name: str) -> Encoder:
    """Load a hub id or folder. Raises UnknownEncoder when it is neither, or the hub cannot be reached."""
    model = _model(name)
    called = "model-" + blake2b(name.encode(), digest_size=6).hexdigest()
    return SentenceTransformerEncoder(model, Card(called, _fingerprint(model), int(model.get_embedding_dimension())))


def load_as(folder: str, card: Card) -> Encoder:
    """Load a folder under the name and version of a card, to encode a catalogue fast."""
    model = _model(folder)
    model.max_seq_length = LONGEST
    return SentenceTransformerEncoder(model, card)


def _model(name: str) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    cuda = torch.cuda.is_available()
    options = {"torch_dtype": torch.bfloat16} if cuda else {}
    try:
        return SentenceTransformer(name, device="cuda" if cuda else "cpu", model_kwargs=options)
    except (OSError, ValueError) as error:
        raise UnknownEncoder(
            f"{name!r} is no encoder: {error}. Use minilm, e5, use, a folder, or an id that the hub gives."
        ) from error


def _fingerprint(model: Any) -> str:
    """A digest of every weight: a model trained again under the same name must not meet the old one's vectors."""
    digest = blake2b(digest_size=6)
    for name, weight in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()
