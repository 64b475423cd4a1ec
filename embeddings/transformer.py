"""A transformer whose sentence vector is the mean over its tokens: where it runs.

In a process that serves: ONNX Runtime on the CPU, int8, without torch. In a process that encodes a catalogue on a
machine with a CUDA device: sentence-transformers in bf16. Knows the two ways; not which model it is.
"""

import ctypes
from pathlib import Path
from pkgutil import resolve_name

from embeddings.encoders import Card, Encoder
from embeddings.onnx_encoder import OnnxEncoder
from embeddings.onnx_export import ensure_onnx


def load_transformer(card: Card, weights: Path, cache: Path, *, threads: int, bulk: bool) -> Encoder:
    """Load a sentence-transformers folder under the name and version of its card."""
    if bulk and cuda_is_present():
        on_device: Encoder = resolve_name("embeddings.sentence_transformer:load_as")(str(weights), card)
        return on_device
    model = ensure_onnx(weights, cache, f"{card.name}-{card.version}")
    return OnnxEncoder(card, model, weights / "tokenizer.json", threads)


def cuda_is_present() -> bool:
    """Ask the driver whether there is a device, without importing torch."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
