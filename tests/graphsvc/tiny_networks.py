"""Networks of two narrow layers and lessons that they can learn, for the tests of training."""

import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from extractors.onnx_sessions import open_session
from extractors.tagger_network import TaggerNetwork
from graphsvc.train.export import export
from graphsvc.train.mentions import _collate
from graphsvc.train.plan import Plan

COLOURS = ["red", "blue", "black", "white"]
THINGS = ["pan", "lamp", "mug", "shirt", "rug"]
SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
TAGS = ("O", "B-colour", "I-colour")
PLAN = Plan(
    epochs=4, batch=4, rate=1e-3, head_rate=1e-2, tuning_rate=1e-2, dropout=0.0, averaging=0.0, precision="fp32",
    settings={"logging_steps": 1},
)  # fmt: skip
collate = partial(_collate, padding=0)


def write_encoder(folder: Path) -> Path:
    """A folder with a tiny BERT and its tokenizer, one letter a piece besides whole words."""
    letters = [f"{mark}{chr(at)}" for at in range(97, 123) for mark in ("", "##")]
    words = {word: at for at, word in enumerate([*SPECIAL, *COLOURS, *THINGS, "for", "a", "?", "@", "#", *letters])}
    made = Tokenizer(models.WordPiece(words, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=300,
    )  # fmt: skip
    torch.manual_seed(1)
    BertModel(config).save_pretrained(folder)
    return folder


def network(dropout: float = 0.0, layers: int = 2, seed: int = 1) -> TaggerNetwork:
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=layers, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=64, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
    )  # fmt: skip
    return TaggerNetwork(BertModel(config, add_pooling_layer=False), TAGS, dropout=dropout)


def lessons(count: int = 24, seed: int = 1) -> list[dict[str, Any]]:
    """Pieces from 10 to 19 are colours, which may have two pieces; 1 and 2 open and close a text."""
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        ids = [chance.randrange(10, 30) for _ in range(chance.randrange(3, 9))]
        labels = []
        for at, piece in enumerate(ids):
            inside = piece < 20 and at > 0 and ids[at - 1] < 20
            labels.append(0 if piece >= 20 else 2 if inside else 1)
        places = list(range(1, len(ids) + 1))
        rows.append(
            {"input_ids": [1, *ids, 2], "covers": [-1] * (len(ids) + 2), "heads": places, "labels": labels}
        )  # fmt: skip
    return rows


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in module.named_parameters()}


def loss_of(made: torch.nn.Module, rows: Sequence[dict[str, Any]]) -> float:
    with torch.no_grad():
        return float(made.eval()(**collate(rows))["loss"])


def exported(made: torch.nn.Module, folder: Path) -> Any:
    """The session of an exported network, unquantised, and its emissions for a batch."""
    names = ("input_ids", "covers", "attention_mask", "heads")
    example = collate(lessons(1))
    axes = {"heads": ("texts", "units")}
    inputs = {name: (example[name], axes.get(name, ("texts", "pieces"))) for name in names}
    export(made, "emissions", inputs, "emissions", folder, quantised=False)
    session = open_session(folder / "model.onnx")
    return lambda rows: session.run(None, {name: collate(rows)[name].numpy() for name in names})[0]
