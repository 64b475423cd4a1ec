"""`train mentions` with every wish at once: more lessons, early stopping, an ensemble, a smaller student."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from extractors.tagger import Tagger
from extractors.types import LabelledText, Mention
from graphsvc.errors import LabelError
from graphsvc.train.mentions import CHECKPOINTS, train_mentions
from graphsvc.train.plan import Plan

COLOURS = ["red", "blue", "black", "white"]
THINGS = ["pan", "lamp", "mug", "shirt", "rug"]
SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with a tiny BERT and its tokenizer, one letter a piece besides whole words."""
    folder = tmp_path_factory.mktemp("encoder")
    letters = [f"{mark}{chr(at)}" for at in range(97, 123) for mark in ("", "##")]
    words = {word: at for at, word in enumerate([*SPECIAL, *COLOURS, *THINGS, "for", "a", "?", *letters][:200])}
    made = Tokenizer(models.WordPiece(words, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=300,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return str(folder)


def lessons() -> list[LabelledText]:
    texts = [
        (f"{colour} {thing} for a {other}", len(colour)) for colour in COLOURS for thing in THINGS for other in THINGS
    ]
    return [LabelledText(text, (Mention(0, end, "colour"),)) for text, end in texts]


def test_every_wish_at_once(encoder: str, tmp_path: Path) -> None:
    plan = Plan(
        encoder=encoder, epochs=2, batch=16, rate=1e-3, head_rate=1e-2, precision="fp32", tuning="adapter",
        adversarial="fgm", patience=5, validations=4, augment=["mentions", "noise", "synonyms"], ensemble=2,
        student=True, pruned_heads=0.25, accumulation=2,
    )  # fmt: skip
    said: set[str] = set()
    curve = train_mentions(
        lessons(), plan, tmp_path, tmp_path, lambda step, done, of: said.add(step), synonyms={"pan": ["skillet"]}
    )
    assert {"cheap tier", "training the tagger"} <= said
    assert any("eval_f1" in row for row in curve)
    assert not (tmp_path / CHECKPOINTS).exists()
    found = Tagger(tmp_path).find(["black mug for a pan", "white rug"])
    assert [[(one.start, one.end, one.label) for one in mentions] for mentions in found] == [
        [(0, 5, "colour")], [(0, 5, "colour")]
    ]  # fmt: skip


def test_without_a_mention_there_is_nothing_to_learn(encoder: str, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="nothing to learn"):
        train_mentions([LabelledText("red pan")], Plan(encoder=encoder), tmp_path, tmp_path)
