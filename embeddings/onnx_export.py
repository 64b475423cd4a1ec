"""A transformer's folder to an int8 ONNX file, once. Made in a process of its own: it needs torch, serving does not.

The file's name ends in the digest of its bytes, so that file and checksum come and go in one rename.

python -m embeddings.onnx_export MODEL_FOLDER TARGET_FOLDER STEM
"""

import os
import subprocess
import sys
import tempfile
import warnings
from hashlib import blake2b
from pathlib import Path
from typing import Any

from embeddings.arrays import sync_folder
from embeddings.errors import ConversionFailed
from embeddings.locks import locked

ROOT = Path(__file__).parent.parent


def ensure_onnx(model: Path, folder: Path, stem: str) -> Path:
    """Return the sound ONNX file of that stem in `folder`, made from the model's folder if there is none.

    A damaged one is made anew. Of several processes one makes it and the others wait.
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
    for path in sorted(folder.glob(f"{stem}-*.onnx")):
        if path.stem == f"{stem}-{_digest(path)}":
            return path
        path.unlink(missing_ok=True)
    return None


def _digest(path: Path) -> str:
    try:
        return blake2b(path.read_bytes(), digest_size=12).hexdigest()
    except FileNotFoundError:
        return ""  # another process has just removed it as damaged


def export(model: Path, folder: Path, stem: str) -> None:
    """Export the encoder's last hidden state with dynamic axes and quantise its weights to int8 per channel."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModel

    encoder = AutoModel.from_pretrained(model, add_pooling_layer=False, attn_implementation="eager").eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones((2, 8), dtype=torch.int64) for _ in names)
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{stem}.") as scratch:
        plain, quantised = Path(scratch, "plain.onnx"), Path(scratch, "int8.onnx")
        torch.onnx.export(
            _last_hidden_state(encoder), example, plain, input_names=names, output_names=["hidden"], dynamo=False,
            dynamic_axes={name: {0: "batch", 1: "tokens"} for name in [*names, "hidden"]}, opset_version=17,
        )  # fmt: skip
        # per channel: cosine .993 to fp32, where the default loses to .961
        quantize_dynamic(plain, quantised, weight_type=QuantType.QInt8, per_channel=True)
        with open(quantised, "rb") as file:
            os.fsync(file.fileno())
        os.replace(quantised, folder / f"{stem}-{_digest(quantised)}.onnx")
    sync_folder(folder)


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
