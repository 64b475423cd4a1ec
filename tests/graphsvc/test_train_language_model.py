"""An encoder goes on learning from texts: gaps are asked for, the head learns first, what is written can be used."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import Result
from typer.testing import CliRunner

from graphsvc.__main__ import app
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.train.batches import IGNORED
from graphsvc.train.encoders import load_base
from graphsvc.train.masked import MaskedNetwork, collate
from tests.graphsvc.label_files import write
from tests.graphsvc.lessons import spans, write_spans
from tests.graphsvc.shops import PRODUCTS, write_products
from tests.graphsvc.tiny_networks import network, weights, write_encoder

GAP, PADDING, PIECES = 59, 0, 60


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


def run(home: Path, *words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["--data", str(home), "train", *map(str, words)])
    assert result.exit_code == code, result.output + result.stderr
    return result


def last(result: Result) -> Any:
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_an_encoder_that_read_the_texts_serves_as_encoder(tmp_path: Path, encoder: Path) -> None:
    home = tmp_path / "shop"
    texts = write(tmp_path / "texts.txt.gz", "".join(f"{one['text']}\n\n" for one in spans() * 2))
    words = ("language-model", "--file", texts, "--encoder", encoder, "--set", "precision=fp32", "--batch", 4)
    found = last(run(home, *words, "--epochs", 10, "--rate", 0.003, "--set", "head_rate=0.01", "--json"))
    assert found["texts"] == 100
    assert found["after"] < 0.9 * found["before"]
    old, new = (load_base(str(folder), ["red pan"], tmp_path) for folder in (encoder, found["encoder"]))
    assert new.tokenizer.encode("red pan").tokens == old.tokenizer.encode("red pan").tokens
    assert new.tokenizer.token_to_id("<mask>") == new.network.config.vocab_size - 1
    before, after = weights(old.network), weights(new.network)
    assert not torch.equal(*(each["encoder.layer.0.output.dense.weight"] for each in (before, after)))
    record = json.loads((home / "runs" / found["run"] / "run.json").read_text("utf-8"))
    assert (record["status"], record["scores"]["after"]) == ("done", found["after"])
    assert not (home / "runs" / found["run"] / "checkpoints").exists()
    lessons = write_spans(tmp_path / "lessons.jsonl")
    trained = last(
        run(home, "mentions", "--file", lessons, "--encoder", found["encoder"], "--epochs", 1, "--json")
    )  # fmt: skip
    assert trained["test"] > 0
    assert [one["task"] for one in last(run(home, "list", "--json"))] == ["language-model", "mentions"]


def test_texts_are_needed(tmp_path: Path, encoder: Path) -> None:
    texts = write(tmp_path / "texts.txt", "red pan\nblue mug\n")
    assert "one of them" in run(tmp_path / "shop", "language-model", code=1).stderr
    assert "one of them" in run(tmp_path / "shop", "language-model", "--file", texts, "--from-shop", code=1).stderr
    few = run(tmp_path / "shop", "language-model", "--file", texts, "--encoder", encoder, code=1)
    assert "2 texts are too few" in few.stderr
    assert "holds no shop" in run(tmp_path / "none", "language-model", "--from-shop", code=1).stderr


def test_the_texts_of_a_shop(tmp_path: Path, encoder: Path) -> None:
    """Titles, and the descriptions that are there: read, and too few."""
    with Service(Settings(home=tmp_path / "shop", learn=False)) as service:
        service.ingest(str(write_products(tmp_path / "products.csv", PRODUCTS)), name="shop", build=False)
    few = run(tmp_path / "shop", "language-model", "--from-shop", "--encoder", encoder, "--epochs", 1, code=1)
    described = sum(bool(row[-1]) for row in PRODUCTS)
    assert f"{len(PRODUCTS) + described} texts" in few.stderr
    assert "too few" in few.stderr


def test_gaps() -> None:
    rows = [{"input_ids": [1, *range(10, 50), 2]}, {"input_ids": [1, 10, 11, 12, 2]}] * 40
    torch.manual_seed(1)
    batch = collate(rows, PADDING, GAP, PIECES)
    whole, asked = collate(rows, PADDING, GAP, PIECES)["attention_mask"].bool(), batch["labels"] != IGNORED
    assert torch.equal(batch["attention_mask"].bool(), whole)
    right = torch.tensor([[*row["input_ids"], *[PADDING] * (42 - len(row["input_ids"]))] for row in rows])
    assert torch.equal(batch["labels"][asked], right[asked])
    assert torch.equal(batch["input_ids"][~asked], right[~asked])
    assert not asked[:, 0].any()
    assert set(right[asked].tolist()).isdisjoint((PADDING, 1, 2))
    assert 0.12 < asked.sum() / (whole.sum() - 2 * len(rows)) < 0.18
    assert 0.7 < (batch["input_ids"][asked] == GAP).float().mean() < 0.9
    assert 0.05 < (batch["input_ids"][asked] == right[asked]).float().mean() < 0.2
    for _ in range(20):
        assert (collate([{"input_ids": [1, 10, 2]}], PADDING, GAP, PIECES)["labels"] != IGNORED).sum() == 1


def test_the_head_learns_alone() -> None:
    made = MaskedNetwork(network().encoder)
    batch = collate([{"input_ids": [1, *range(10, 30), 2]}], PADDING, GAP, PIECES)
    for head_alone in (True, False):
        made.zero_grad(set_to_none=True)
        made.head_alone = head_alone
        made(**batch)["loss"].backward()
        assert (made.encoder.encoder.layer[0].output.dense.weight.grad is None) is head_alone
        assert made.head[0].weight.grad is not None
