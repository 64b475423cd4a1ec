"""Back-translation by real models of transformers, tiny and untaught: what they say is nonsense, and a text."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from graphsvc.errors import InputError
from graphsvc.train.plan import Plan
from graphsvc.train.tasks import _translate
from graphsvc.train.translation import there_and_back

WORDS = ["<pad>", "</s>", "<unk>", "red", "pan", "black", "mug"]


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("translator")
    made = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    config = T5Config(
        vocab_size=len(WORDS), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, decoder_start_token_id=0,
        pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    model.generation_config.suppress_tokens = [0, 1, 2]  # words alone
    model.save_pretrained(folder)
    return str(folder)


def test_texts_go_there_and_back(translator: str) -> None:
    translate = there_and_back([translator, translator])
    found = translate(["red pan", "black mug"])
    assert len(found) == 2
    assert all(set() < set(text.split()) <= set(WORDS[3:]) for text in found)
    assert translate(["red pan", " ", "black mug"]) == [found[0], " ", found[1]]


def test_what_is_no_pair_of_translators_is_told(translator: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="takes two models and 1 are named"):
        there_and_back([translator])
    with pytest.raises(InputError, match="cannot be loaded"):
        there_and_back([translator, str(tmp_path)])


def test_translators_without_a_translation_are_told() -> None:
    with pytest.raises(InputError, match="nothing is translated"):
        _translate(Plan(translators=("there", "back")))
