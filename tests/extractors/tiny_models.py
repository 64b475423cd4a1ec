"""Tiny real models for tests: an encoder of two narrow layers with a tokenizer like e5's, and folders that serve.

Nothing is downloaded; a folder is written as `train` writes it, and the network in torch is kept beside it.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from extractors.bio import tags_for
from extractors.crf import CrfTagger
from extractors.marked import HEAD, TAIL
from extractors.pieces import PieceReader
from extractors.relation_network import RelationNetwork
from extractors.tagger import CHEAP
from extractors.tagger_network import TaggerNetwork
from extractors.types import LabelledPair, LabelledText, Mention
from graphsvc.train import mentions, relations
from graphsvc.train.encoders import Base, load_base

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
COLOURS = ["red", "blue", "black", "white", "红色", "蓝色", "黑色"]
THINGS = ["pan", "lamp", "mug", "shirt", "rug", "裙子", "毛衣"]
JOINED = ["▁red", "▁blue", "▁black", "▁white", "▁pan", "▁lamp", "▁for", "红色", "蓝色", "黑色", "裙子", "毛衣"]
SINGLE = [*"abcdefghijklmnopqrstuvwxyz", *"0123456789", *"?.,@#-/()", *"▁红蓝黑色裙子毛衣"]
RELATIONS = ["", "beside", "colour_of"]


def tokenizer() -> Any:
    """Pieces as a Unigram model cuts them: whole words where it knows them, else letters; others are unknown."""
    likely = [(piece, -2.0) for piece in JOINED] + [(piece, -6.0) for piece in SINGLE]
    made = Tokenizer(models.Unigram([*[(piece, 0.0) for piece in SPECIAL], *likely], unk_id=3))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )  # fmt: skip
    return made


def reader() -> PieceReader:
    return PieceReader(tokenizer(), 0, 2)


def encoder_folder(folder: Path) -> str:
    made = tokenizer()
    PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    ).save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=made.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=48, max_position_embeddings=300, pad_token_id=1,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return str(folder)


def labelled_texts() -> list[LabelledText]:
    """Colours of things; in the context "paint" nothing is a colour."""
    found = []
    for colour in COLOURS:
        for thing in THINGS:
            mention = Mention(0, len(colour), "colour")
            found.append(LabelledText(f"{colour} {thing}", (mention,)))
            found.append(LabelledText(f"{colour}{thing}" if colour > "z" else f"{colour}, {thing}", (mention,)))
            found.append(
                LabelledText(f"{thing} / {colour}", (Mention(len(thing) + 3, len(thing) + 3 + len(colour), "colour"),))
            )
            found.append(LabelledText(f"{thing} for {thing}"))
            found.append(LabelledText(f"{colour} {thing}", context="paint"))
    return found


def labelled_pairs() -> list[LabelledPair]:
    found = []
    for colour in COLOURS:
        for thing in THINGS:
            head = Mention(0, len(colour), "colour")
            tail = Mention(len(colour) + 1, len(colour) + 1 + len(thing), "thing")
            found.append(LabelledPair(f"{colour} {thing}", head, tail, "colour_of"))
            away = Mention(len(colour) + 3, len(colour) + 3 + len(thing), "thing")
            found.append(LabelledPair(f"{colour} / {thing}", head, away, "beside"))
    return found


class TaggerFolder:
    """A tagger's folder, and the network that it was exported from."""

    def __init__(self, folder: Path, encoder: str) -> None:
        self.folder = folder
        lessons = labelled_texts()
        self.base: Base = load_base(encoder, [], folder)
        self.tags = tags_for(["colour"])
        torch.manual_seed(1)
        self.network = TaggerNetwork(self.base.network, self.tags, dropout=0.0)
        rows = mentions._rows(lessons, self.base, self.tags)
        _learn(self.network, rows, partial(mentions._collate, padding=self.base.padding), 4)
        (folder / CHEAP).write_bytes(CrfTagger.fit(lessons).to_bytes())
        mentions._save(self.network, self.base, self.tags, 0.2, folder, context=True)


class RelationFolder:
    """A relation model's folder, and the network that it was exported from."""

    def __init__(self, folder: Path, encoder: str) -> None:
        self.folder = folder
        self.base: Base = load_base(encoder, [], folder)
        torch.manual_seed(1)
        self.network = RelationNetwork(self.base.network, len(RELATIONS), dropout=0.0)
        rows = [relations._row(lesson, self.base, RELATIONS) for lesson in labelled_pairs()]
        self.collate = partial(relations._collate, padding=self.base.padding)
        _learn(self.network, rows, self.collate, 4)
        relations._save(self.network, self.base, RELATIONS, folder)


def _learn(network: Any, rows: Sequence[dict[str, Any]], collate: Any, epochs: int) -> None:
    steps = torch.optim.Adam(network.parameters(), lr=3e-3)
    network.train()
    for _ in range(epochs):
        for at in range(0, len(rows), 16):
            steps.zero_grad()
            network(**collate(rows[at : at + 16]))["loss"].backward()
            steps.step()
    network.eval()


def signs() -> tuple[int, int]:
    own = reader()
    return own.piece_of(HEAD), own.piece_of(TAIL)
