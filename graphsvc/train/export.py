"""A trained network as the ONNX model that serves: int8 weights, its large table in a file that is mapped.

Knows a network and the inputs it takes; does not know tasks.
"""

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from embeddings.onnx_export import part

OPSET = 17


class _Method(nn.Module):
    """One method of a network, as a module that can be exported."""

    def __init__(self, network: nn.Module, method: str) -> None:
        super().__init__()
        self.network = network
        self._method = method

    def forward(self, *inputs: Tensor) -> Any:
        return getattr(self.network, self._method)(*inputs)


def export(
    network: nn.Module, method: str, inputs: Mapping[str, tuple[Tensor, Sequence[str]]], output: str, folder: Path,
    *, quantised: bool = True,
) -> None:  # fmt: skip
    """Write `network.method` into a folder as model.onnx and tables.

    `inputs` maps each name to an example and the names of its axes, in the method's order.
    """
    network.encoder.set_attn_implementation("eager")  # type: ignore[union-attr, operator]
    whole = _Method(network, method).cpu().eval()  # on the wrapper: else dropout would come back on
    with tempfile.TemporaryDirectory(dir=folder) as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, on shapes that are fixed on purpose
        plain, small = Path(scratch, "plain.onnx"), Path(scratch, "small.onnx")
        axes = {name: dict(enumerate(names)) for name, (_, names) in inputs.items()}
        torch.onnx.export(
            whole, tuple(example for example, _ in inputs.values()), plain, input_names=list(inputs),
            output_names=[output], dynamic_axes=axes, dynamo=False, opset_version=OPSET,
        )  # fmt: skip
        if quantised:
            _quantise(plain, small)
        made = Path(scratch, "parted")
        part(small if quantised else plain, made)
        for file in made.iterdir():
            file.replace(folder / file.name)


def _quantise(plain: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(plain, target, weight_type=QuantType.QInt8, per_channel=True)
