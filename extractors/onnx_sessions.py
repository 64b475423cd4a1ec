"""ONNX Runtime as extractors use it: one CPU thread a call, no arena. Knows files; does not know models."""

from pathlib import Path
from typing import Any

from extractors.errors import DamagedModel


def open_session(model: Path) -> Any:
    """Open an ONNX file. Raises DamagedModel."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena would keep the longest text's memory for ever
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes of errors are not public
        raise DamagedModel(f"{model} cannot be opened: {error}") from error
