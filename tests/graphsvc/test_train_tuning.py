"""Each way of tuning trains what it says, leaves the rest, learns, and exports as what it is in torch."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import DistilBertConfig, DistilBertModel

from extractors.tagger_network import TaggerNetwork
from graphsvc.errors import InputError
from graphsvc.train.trainer import fit, rate_of
from graphsvc.train.tuning import TUNINGS, Tuning, tune
from tests.graphsvc.tiny_networks import PLAN, TAGS, collate, exported, lessons, loss_of, network, weights

LINEAR = 4 * (32 + 32) + (32 + 48) + (48 + 32)  # widths in and out of the linear layers of one layer
TRAINED = {
    "lora": 2 * 16 * LINEAR,
    "adalora": 2 * 24 * (LINEAR + 6),  # and a diagonal for each of the six
    "adapter": 2 * 2 * (2 * 32 * 16 + 16 + 32) + 2 * 2 * 2 * 32,
    "prefix": 16 * 2 * 2 * 32,
}


def penalty_of(tuning: Tuning) -> float:
    with torch.no_grad():
        return float(tuning.penalty())


def hidden(made: TaggerNetwork) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = made.eval().encoder(inputs_embeds=torch.ones(1, 4, 32)).last_hidden_state
    return found


@pytest.mark.parametrize("tuning", TRAINED)
def test_only_the_new_parts_are_trained(tuning: str) -> None:
    made = network()
    before = {name for name, _ in made.named_parameters()}
    tune(made, replace(PLAN, tuning=tuning))
    trained = {name: one for name, one in made.encoder.named_parameters() if one.requires_grad}
    assert sum(one.numel() for one in trained.values()) == TRAINED[tuning]
    assert tuning == "adapter" or not before & {f"encoder.{name}" for name in trained}
    assert made.classifier.weight.requires_grad


def test_full_tuning_trains_all_but_the_words() -> None:
    made = network()
    tune(made, PLAN)
    assert [name for name, one in made.named_parameters() if not one.requires_grad] == [
        "encoder.embeddings.word_embeddings.weight"
    ]


@pytest.mark.parametrize("tuning", TUNINGS)
def test_it_learns_and_exports_as_what_it_is(tuning: str, tmp_path: Path) -> None:
    made, rows = network(), lessons()
    before, words = loss_of(made, rows), weights(made.encoder.embeddings)
    kept = made.encoder.encoder.layer[0].attention.self.query.weight.detach().clone()
    fit(made, rows, collate, replace(PLAN, tuning=tuning, dropout=0.1, averaging=0.9), tmp_path / "checkpoints")
    assert loss_of(made, rows) < 0.7 * before
    assert not torch.allclose(hidden(made), hidden(network()), atol=1e-2), "only the new head learnt"
    names = [name for name, _ in made.named_parameters()]
    assert not any("lora" in name for name in names)
    table = made.encoder.embeddings.word_embeddings.weight
    assert torch.equal(table, words["word_embeddings.weight"])
    if tuning in ("adapter", "prefix"):
        assert torch.equal(made.encoder.encoder.layer[0].attention.self.query.weight, kept)
    with torch.no_grad():
        expected = made(**collate(rows[:3]))["logits"].numpy()
    np.testing.assert_allclose(exported(made, tmp_path)(rows[:3]), expected, atol=1e-4)


def test_merged_layers_are_those_that_were_trained(tmp_path: Path) -> None:
    made, rows = network(), lessons(8)
    tuning = tune(made, replace(PLAN, tuning="lora"))
    with torch.no_grad():
        for name, one in made.named_parameters():
            if "lora_B" in name:
                one.normal_(std=0.05)
    before = made.eval()(**collate(rows))["logits"]
    plain = network().eval()(**collate(rows))["logits"]
    tuning.bake()
    after = made(**collate(rows))["logits"]
    assert not torch.allclose(plain, before, atol=1e-3)
    assert torch.allclose(before, after, atol=1e-5)


def test_adalora_takes_ranks_away_and_keeps_its_sides_orthogonal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = network()
    plan = replace(PLAN, tuning="adalora", epochs=8)
    tuning = tune(made, plan)
    apart = penalty_of(tuning)
    kept: list[Any] = []
    monkeypatch.setattr("graphsvc.train.low_rank.AdaLora.bake", lambda self: kept.append(self))
    fit(network(), lessons(), collate, plan, tmp_path)
    pattern = kept[0]._config.rank_pattern
    ranks = [sum(row) for row in pattern.values()]
    assert len(ranks) == 12
    assert sum(ranks) == 12 * 16
    assert len(set(ranks)) > 1, "ranks went nowhere in particular"
    assert 0 < penalty_of(kept[0]) < apart


def test_the_new_parts_have_a_rate_of_their_own() -> None:
    plan = replace(PLAN, layer_decay=0.5)
    assert rate_of("classifier.weight", 2, plan) == plan.head_rate
    assert rate_of("encoder.encoder.layer.0.output.dense.weight", 2, plan) == plan.rate / 2
    assert rate_of("encoder.embeddings.LayerNorm.weight", 2, plan) == plan.rate / 4
    lora = replace(plan, tuning="lora")
    assert rate_of("encoder.encoder.layer.0.output.dense.lora_A.default.weight", 2, lora) == plan.tuning_rate


def test_what_cannot_be_tuned_is_said() -> None:
    with pytest.raises(InputError, match=r"Unknown tuning 'half'.*full, lora"):
        tune(network(), replace(PLAN, tuning="half"))
    other = TaggerNetwork(DistilBertModel(DistilBertConfig(vocab_size=9, dim=8, n_layers=1, n_heads=2)), TAGS)
    for tuning in ("adapter", "prefix"):
        with pytest.raises(InputError, match="DistilBertModel"):
            tune(other, replace(PLAN, tuning=tuning))
    tune(other, replace(PLAN, tuning="lora"))
