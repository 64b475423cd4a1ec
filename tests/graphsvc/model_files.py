"""Folders as a training writes them, and cards with scores that pass the gate."""

from pathlib import Path
from typing import Any

from graphsvc.models import DataPart, ModelCard

TEST_DATA = "d" * 32


def write_model(folder: Path, words: str) -> Path:
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(words.encode() * 100)
    (folder / "tables" / "chain.bin").write_bytes(bytes(range(256)))
    (folder / "tagger.json").write_text("{}", "utf-8")
    return folder


def scores(f1: float = 0.8, **changed: Any) -> dict[str, Any]:
    return {
        "f1": 0.9, "precision": 0.9, "recall": 0.9, "unseen": {"f1": f1, "texts": 500},
        "per_label": {"BRAND": {"f1": 0.9, "wanted": 7}}, "calibration_error": 0.02, "per_second": 120.0,
    } | changed  # fmt: skip


def card(f1: float = 0.8, kind: str = "mentions", **changed: Any) -> ModelCard:
    said: dict[str, Any] = {
        "kind": kind, "encoder": "minilm", "parameters": {"epochs": 3, "settings": {}}, "seed": 7, "test": TEST_DATA,
        "data": (DataPart("taobao", "train", "abc", 6_000, "measure only", "Alibaba"),), "scores": scores(f1),
        "notes": "a first one", "size": 1_000,
    }  # fmt: skip
    return ModelCard(**{**said, **changed})
