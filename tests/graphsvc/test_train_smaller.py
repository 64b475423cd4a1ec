"""Smaller networks: half the layers, fewer heads, one for many; each learns from what is larger."""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from extractors.tagger_network import TaggerNetwork
from graphsvc.errors import InputError
from graphsvc.train.heads import least_heads, prune_heads
from graphsvc.train.smaller import Distillation, Ensemble, halved, pool_chains
from graphsvc.train.teaching import HEADS, SPACING, teach
from graphsvc.train.trainer import fit
from tests.graphsvc.tiny_networks import PLAN, collate, exported, lessons, loss_of, network

ROWS = lessons()


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> TaggerNetwork:
    made = network(layers=4)
    fit(made, ROWS, collate, replace(PLAN, epochs=8), tmp_path_factory.mktemp("teacher"))
    return made


def logits(made: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        batch = collate(ROWS)
        found: torch.Tensor = made.eval()(**batch)["logits"][batch["unit_mask"]]
    return found


def test_a_student_has_every_other_layer_and_leaves_its_teacher_alone(teacher: TaggerNetwork) -> None:
    whole = network(layers=12)
    made = halved(whole)
    for at, kept in enumerate((0, 2, 4, 7, 9, 11)):
        expected = whole.encoder.encoder.layer[kept].output.dense.weight
        assert torch.equal(made.encoder.encoder.layer[at].output.dense.weight, expected)
    assert made.encoder.config.num_hidden_layers == 6
    assert whole.encoder.config.num_hidden_layers == len(whole.encoder.encoder.layer) == 12
    assert len(halved(network(layers=1)).encoder.encoder.layer) == 1


def test_a_student_comes_near_to_its_teacher(teacher: TaggerNetwork, tmp_path: Path) -> None:
    student = halved(teacher)
    before = (logits(student) - logits(teacher)).norm()
    frozen = deepcopy(teacher)
    fit(student, ROWS, collate, replace(PLAN, epochs=6), tmp_path, objective=Distillation(frozen, 1.0, 2.0))
    assert (logits(student) - logits(teacher)).norm() < 0.7 * before
    assert torch.equal(logits(frozen), logits(teacher)), "a teacher does not learn"


def test_a_student_has_no_more_epochs_for_being_small(tmp_path: Path) -> None:
    pieces = sum(len(row["input_ids"]) for row in ROWS)
    plan = replace(PLAN, epochs=None, pieces=pieces, student=True)  # what twelve layers would read once
    _, curve = teach(lambda: network(layers=12), ROWS, collate, plan, tmp_path)
    last = [
        row["epoch"]
        for row, after in zip(curve, [*curve[1:], {"epoch": 0.0}], strict=True)
        if after["epoch"] < row["epoch"]
    ]
    assert last == [1.0, 1.0]


def test_the_objective_is_nothing_where_student_and_teacher_agree(teacher: TaggerNetwork) -> None:
    batch = collate(ROWS)
    with torch.no_grad():
        outputs = teacher.eval()(**batch)
        agreed = Distillation(deepcopy(teacher), 0.75, 2.0)(outputs["loss"], outputs, batch)
        assert agreed == pytest.approx(0.25 * float(outputs["loss"]), abs=1e-5)
        moved = {**outputs, "logits": outputs["logits"] + torch.randn_like(outputs["logits"])}
        assert Distillation(deepcopy(teacher), 0.75, 2.0)(outputs["loss"], moved, batch) > agreed + 0.1


def test_least_heads_are_those_that_say_nothing(teacher: TaggerNetwork) -> None:
    made = deepcopy(teacher)
    with torch.no_grad():
        for layer, head in ((0, 1), (2, 3)):
            made.encoder.encoder.layer[layer].attention.output.dense.weight[:, 8 * head : 8 * head + 8] = 0
    heads = least_heads(made, [collate(ROWS)], 2 / 16)
    assert heads == [[1], [], [3], []]
    before = logits(made)
    prune_heads(made, heads)
    assert torch.allclose(logits(made), before, atol=1e-5)
    assert made.encoder.encoder.layer[0].attention.self.query.weight.shape == (24, 32)
    assert sum(map(len, least_heads(teacher, [collate(ROWS)], 1.0))) == 12, "each layer keeps one"


def test_a_list_of_heads_is_enough_to_take_the_weights_of_a_pruned_network(teacher: TaggerNetwork) -> None:
    pruned, fresh = deepcopy(teacher), network(layers=4, seed=9)
    heads = least_heads(pruned, [collate(ROWS)], 0.25)
    prune_heads(pruned, heads)
    prune_heads(fresh, json.loads(json.dumps(heads)))
    fresh.load_state_dict(pruned.state_dict())
    assert torch.equal(logits(fresh), logits(pruned))


def test_a_soup_is_the_mean_of_trainings_from_one_start(tmp_path: Path) -> None:
    plan = replace(PLAN, soup=2, epochs=2)
    made, curve = teach(network, ROWS, collate, plan, tmp_path)
    alone = []
    for seed in (plan.seed, plan.seed + SPACING):
        torch.manual_seed(plan.seed)
        portion = network()
        alone.append((portion, fit(portion, ROWS, collate, replace(plan, seed=seed), tmp_path / f"alone-{seed}")))
    (first, one), (second, other) = alone
    assert [row["loss"] for row in curve] == [row["loss"] for row in (*one, *other)]
    assert not torch.equal(first.classifier.weight, second.classifier.weight), "each reads in its own order"
    assert torch.allclose(made.classifier.weight, (first.classifier.weight + second.classifier.weight) / 2)


def test_an_ensemble_is_the_mean_of_its_members() -> None:
    members = [network(seed=seed) for seed in (1, 2)]
    for at, member in enumerate(members):
        torch.nn.init.constant_(member.chain.transitions, at)  # type: ignore[union-attr]
    assert torch.allclose(logits(Ensemble(members)), (logits(members[0]) + logits(members[1])) / 2)
    student = network(seed=3)
    pool_chains(student, members)
    assert student.chain is not None
    assert torch.all(student.chain.transitions == 0.5)
    pool_chains(torch.nn.Linear(1, 1), members)


def test_an_ensemble_teaches_one_network(tmp_path: Path) -> None:
    plan = replace(PLAN, ensemble=2, epochs=2, distillation=1.0)
    seeds: list[TaggerNetwork] = []

    def build() -> TaggerNetwork:
        seeds.append(network(seed=torch.initial_seed()))
        return seeds[-1]

    made, curve = teach(build, ROWS, collate, plan, tmp_path)
    assert len(seeds) == 2
    assert not torch.equal(seeds[0].classifier.weight, seeds[1].classifier.weight)
    pool, first, taught = (logits(one).log_softmax(1) for one in (Ensemble(seeds), seeds[0], made))
    assert (taught - pool).norm() < 0.8 * (first - pool).norm()
    assert len(curve) == 3 * 12


def test_a_pruned_student_is_taught_and_exported(tmp_path: Path) -> None:
    plan = replace(PLAN, student=True, pruned_heads=0.25, tuning="lora")
    made, _ = teach(lambda: network(layers=4), ROWS, collate, plan, tmp_path)
    heads = json.loads((tmp_path / HEADS).read_text())
    assert len(heads) == 2
    assert sum(map(len, heads)) == 2
    assert len(made.encoder.encoder.layer) == 2
    assert loss_of(made, ROWS) < 0.6 * loss_of(network(layers=4), ROWS)
    with torch.no_grad():
        expected = made(**collate(ROWS[:3]))["logits"].numpy()
    np.testing.assert_allclose(exported(made, tmp_path)(ROWS[:3]), expected, atol=1e-4)


@pytest.mark.parametrize("tuning", ["adapter", "prefix"])
def test_a_student_keeps_what_cannot_be_merged(tuning: str, tmp_path: Path) -> None:
    plan = replace(PLAN, student=True, tuning=tuning)
    made, _ = teach(lambda: network(layers=4), ROWS, collate, plan, tmp_path)
    with torch.no_grad():
        expected = made(**collate(ROWS[:3]))["logits"].numpy()
    np.testing.assert_allclose(exported(made, tmp_path)(ROWS[:3]), expected, atol=1e-4)
    assert any(tuning.replace("prefix", "prompt") in name for name, _ in made.named_parameters())


def test_a_prefix_and_fewer_heads_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="prefix speaks to every head"):
        teach(network, ROWS, collate, replace(PLAN, tuning="prefix", pruned_heads=0.5), tmp_path)


def test_without_wishes_one_network_is_trained(tmp_path: Path) -> None:
    plain = network()
    fit(plain, ROWS, collate, PLAN, tmp_path / "plain")
    made, curve = teach(network, ROWS, collate, PLAN, tmp_path / "taught")
    assert torch.equal(logits(made), logits(plain))
    assert len(curve) == 24
