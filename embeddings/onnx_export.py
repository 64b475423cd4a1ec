"""A transformer's weights as an ONNX model of two files, made once: the model, and beside it its large tables.

ONNX Runtime maps tables that stand in a file of their own and copies those inside the model. An encoder's vocabulary is
most of its weight and a query reads a few rows of it, so a process that serves holds that much less (perf/memory.py).
The folder's name ends in the digest of both files, so that files and checksum come and go in one rename. Made in a
process of its own: the converter needs torch, or at least the whole model twice, and serving needs neither.

python -m embeddings.onnx_export MODEL TARGET_FOLDER STEM
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

from embeddings.arrays import sync_folder
from embeddings.errors import ConversionFailed
from embeddings.locks import locked

ROOT = Path(__file__).parent.parent
MODEL, TABLES = "model.onnx", "tables"
LARGE = 1 << 20  # bytes from which an array is a table: smaller ones are matrices that every query reads whole


def ensure_onnx(model: Path, folder: Path, stem: str) -> Path:
    """Return the sound ONNX model of that stem in `folder`, made from `model` if there is none.

    `model` is a Hugging Face folder, or an ONNX file as its makers gave it. A damaged one is made anew. Of several
    processes one makes it and the others wait.
    """
    if found := _sound(folder, stem):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / f".{stem}.lock"):
        if not (found := _sound(folder, stem)):
            _make(model.resolve(), folder.resolve(), stem)
            found = _sound(folder, stem)
    if not found:
        raise ConversionFailed(f"{stem} could not be kept in {folder}; is its disk full?")
    return found


def _make(model: Path, folder: Path, stem: str) -> None:
    command = [sys.executable, "-m", "embeddings.onnx_export", str(model), str(folder), stem]
    made = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if made.returncode:
        raise ConversionFailed(
            f"The encoder {stem} could not be converted to ONNX. Install the locked dependencies again (make setup); "
            f"the converter said:\n{made.stderr[-2000:]}"
        )


def _sound(folder: Path, stem: str) -> Path | None:
    for made in sorted(folder.glob(f"{stem}-*/")):
        if made.name == f"{stem}-{_digest(made)}":
            return made / MODEL
        shutil.rmtree(made, ignore_errors=True)
    return None


def _digest(folder: Path) -> str:
    digests = []
    for name in (MODEL, TABLES):
        try:
            state = (folder / name).stat()
            digests.append(_digest_of(folder / name, state.st_size, state.st_mtime_ns, state.st_ino))
        except FileNotFoundError:
            digests.append("")  # another process has just removed it as damaged
    return hashlib.blake2b(" ".join(digests).encode(), digest_size=12).hexdigest()


@lru_cache(maxsize=16)
def _digest_of(path: Path, *state: int) -> str:
    """The digest of a file: a process reads it again when its state is another."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def export(model: Path, folder: Path, stem: str) -> None:
    """Write the model of two files; a Hugging Face folder is quantised to int8 first."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{stem}.") as scratch:
        whole, parted = Path(scratch, "whole.onnx"), Path(scratch, "parted")
        if model.is_dir():
            quantise(model, whole, Path(scratch, "plain.onnx"))
        part(whole if model.is_dir() else model, parted)
        for path in (*parted.iterdir(), parted):
            sync_folder(path)
        os.replace(parted, folder / f"{stem}-{_digest(parted)}")
    sync_folder(folder)


def part(whole: Path, folder: Path) -> None:
    """Write an ONNX file's large arrays into a file beside it."""
    import onnx

    folder.mkdir()
    onnx.save_model(onnx.load(whole), folder / MODEL, save_as_external_data=True, location=TABLES, size_threshold=LARGE)
    (folder / TABLES).touch()  # a small model has none
    (folder / TABLES).chmod(0o644)  # onnx keeps it to its owner; the cache may be several users'


def quantise(model: Path, target: Path, plain: Path) -> None:
    """Export the encoder's last hidden state with dynamic axes and quantise its weights to int8 per channel."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModel

    encoder = AutoModel.from_pretrained(model, add_pooling_layer=False, attn_implementation="eager").eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones((2, 8), dtype=torch.int64) for _ in names)
    torch.onnx.export(
        _last_hidden_state(encoder), example, plain, input_names=names, output_names=["hidden"], dynamo=False,
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in [*names, "hidden"]}, opset_version=17,
    )  # fmt: skip
    # per channel: cosine .993 to fp32, where the default loses to .961
    quantize_dynamic(plain, target, weight_type=QuantType.QInt8, per_channel=True)


def _last_hidden_state(encoder: Any) -> Any:
    """Wrap the encoder so that it takes plain tensors and gives one; a function, for torch is imported late."""
    import torch

    class LastHiddenState(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            found = self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
            return found.last_hidden_state

    return LastHiddenState()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    export(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
