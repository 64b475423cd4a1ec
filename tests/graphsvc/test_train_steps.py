"""One step of training: accumulated, attacked, scheduled, with the plan's options and those that pass through."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from extractors.tagger_network import TaggerNetwork
from graphsvc.errors import InputError
from graphsvc.train.adversarial import Attack
from graphsvc.train.arguments import arguments_of
from graphsvc.train.plan import FEW, HEAD_RATE, MOST_EPOCHS, MOST_IN_A_SOUP, Plan, plan_of
from graphsvc.train.precision import is_bf16
from graphsvc.train.trainer import WorkshopTrainer, fit, settle
from graphsvc.train.tuning import tune
from tests.graphsvc.tiny_networks import PLAN, collate, lessons, network, weights

ROWS = [row for row in lessons(80) if len(row["input_ids"]) == 8][:8]  # of one length: padding says nothing here


def trainer_of(made: nn.Module, plan: Plan, folder: Path) -> WorkshopTrainer:
    trainer = WorkshopTrainer(
        model=made, args=arguments_of(plan, folder, False), train_dataset=ROWS, data_collator=collate, plan=plan,
        tuning=tune(made, plan),
    )  # fmt: skip
    trainer.create_optimizer()
    return trainer


def gradients(plan: Plan, folder: Path) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss and the gradients of one step over all rows, in as many parts as the plan accumulates."""
    made = network()
    trainer = trainer_of(made, plan, folder)
    trainer.current_gradient_accumulation_steps = plan.accumulation
    size = len(ROWS) // plan.accumulation
    parts = [collate(ROWS[at : at + size]) for at in range(0, len(ROWS), size)]
    loss = sum(float(trainer.training_step(made, part)) for part in parts)
    return loss, {name: one.grad for name, one in made.named_parameters() if one.grad is not None}


@pytest.mark.parametrize("adversarial", ["", "fgm"])
def test_accumulated_steps_are_one_batch(adversarial: str, tmp_path: Path) -> None:
    plan = replace(PLAN, adversarial=adversarial)
    whole, expected = gradients(plan, tmp_path)
    parts, found = gradients(replace(plan, accumulation=4), tmp_path)
    assert parts == pytest.approx(whole, abs=1e-4)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        assert torch.allclose(found[name], gradient, atol=1e-4), name


def test_a_network_that_takes_anything_is_accumulated_the_same(tmp_path: Path) -> None:
    class Lax(TaggerNetwork):
        def forward(self, **inputs: Any) -> Any:  # type: ignore[override]
            inputs.pop("num_items_in_batch", None)
            return super().forward(**inputs)

    losses = []
    for accumulation in (1, 4):
        torch.manual_seed(1)
        made = Lax(network().encoder, ["O", "B-colour", "I-colour"], dropout=0.0)
        plan = replace(PLAN, epochs=1, batch=8 // accumulation, accumulation=accumulation)
        losses.append(fit(made, ROWS, collate, plan, tmp_path / str(accumulation))[0]["loss"])
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)


@pytest.mark.parametrize("tuning", ["full", "lora", "prefix"])
def test_every_step_is_attacked_also_when_the_embeddings_are_frozen(tuning: str, tmp_path: Path) -> None:
    made = network()
    plan = replace(PLAN, adversarial="fgm", tuning=tuning, epochs=2)
    trainer = trainer_of(made, plan, tmp_path)
    frozen = not any(one.requires_grad for one in made.encoder.embeddings.parameters())
    assert frozen == (tuning != "full")
    trainer.complete("run", None)
    assert trainer.state.global_step == 4
    assert trainer.attack is not None
    assert trainer.attack.count == 4


def test_an_attack_changes_the_gradient_by_what_is_learnt_uphill(tmp_path: Path) -> None:
    _, plain = gradients(PLAN, tmp_path)
    _, weak = gradients(replace(PLAN, adversarial="fgm", strength=1e-6), tmp_path)
    _, strong = gradients(replace(PLAN, adversarial="fgm", strength=1.0), tmp_path)
    name = "encoder.encoder.layer.0.output.dense.weight"
    assert torch.allclose(weak[name], 2 * plain[name], rtol=1e-2, atol=1e-5)
    assert not torch.allclose(strong[name], weak[name], rtol=1e-1, atol=1e-3)


def test_an_attack_moves_uphill() -> None:
    made, batch, attack = network(), collate(ROWS), Attack(1.0)
    with attack.watching(made.encoder.embeddings):
        before = made(**batch)["loss"]
        before.backward()
    with attack.moving(made.encoder.embeddings):
        after = made(**batch)["loss"]
    assert after > before
    assert torch.equal(made(**batch)["loss"], before), "the attack is over"
    with pytest.raises(RuntimeError, match="nothing would be attacked"), attack.moving(made.encoder.embeddings):
        pass


def rates(plan: Plan, folder: Path) -> list[float]:
    return [row["learning_rate"] for row in fit(network(), ROWS, collate, plan, folder)]


def test_rates_warm_up_and_follow_the_schedule(tmp_path: Path) -> None:
    plan = replace(PLAN, batch=2, epochs=5, warmup=0.25)
    linear = rates(plan, tmp_path / "linear")
    assert linear.index(max(linear)) == 5  # a quarter of 20 steps
    assert max(linear) == pytest.approx(PLAN.rate)
    assert linear[-1] < linear[10] < linear[6]
    constant = rates(replace(plan, schedule="constant_with_warmup"), tmp_path / "constant")
    assert len(set(constant[5:])) == 1
    cosine = rates(replace(plan, schedule="cosine"), tmp_path / "cosine")
    assert cosine[6] > linear[6]
    assert cosine[-1] < linear[-1]


def test_weight_decay_draws_weights_to_nothing(tmp_path: Path) -> None:
    sizes = []
    for decay in (0.0, 5.0):
        made = network()
        fit(made, ROWS, collate, replace(PLAN, weight_decay=decay), tmp_path / str(decay))
        sizes.append(sum(float(one.norm()) for name, one in weights(made.encoder.encoder).items() if one.ndim > 1))
    assert sizes[1] < 0.985 * sizes[0]


def test_options_pass_through_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    made = arguments_of(replace(PLAN, settings={"max_grad_norm": 0.5, "max_steps": 3}), tmp_path, False)
    assert made.max_grad_norm == 0.5
    assert (
        len(fit(network(), ROWS, collate, replace(PLAN, settings={"max_steps": 3, "logging_steps": 1}), tmp_path)) == 3
    )
    with pytest.raises(InputError, match=r"TrainingArguments has no lerning_rate, warmup_ratio\.") as refused:
        fit(network(), ROWS, collate, replace(PLAN, settings={"warmup_ratio": 0.1, "lerning_rate": 1}), tmp_path)
    assert "--set" in refused.value.next_step
    with pytest.raises(InputError, match="sometimes"):
        fit(network(), ROWS, collate, replace(PLAN, settings={"eval_strategy": "sometimes"}), tmp_path)
    with pytest.raises(InputError, match="no_such_schedule"):
        fit(network(), ROWS, collate, replace(PLAN, schedule="no_such_schedule"), tmp_path)


def test_unknown_names_of_the_plan_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Unknown adversary 'pgd'"):
        fit(network(), ROWS, collate, replace(PLAN, adversarial="pgd"), tmp_path)
    with pytest.raises(InputError, match="Unknown precision 'fp8'"):
        fit(network(), ROWS, collate, replace(PLAN, precision="fp8"), tmp_path)


def test_precision_is_chosen_by_the_clock_and_leaves_no_trace() -> None:
    made = network()
    before = torch.random.get_rng_state()
    assert is_bf16("auto", made, collate(ROWS)) in (True, False)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(one.grad is None for one in made.parameters())
    assert is_bf16("bf16", made, collate(ROWS))
    assert not is_bf16("fp32", made, collate(ROWS))


def test_mixed_precision_learns(tmp_path: Path) -> None:
    curve = fit(network(), ROWS, collate, replace(PLAN, precision="bf16", epochs=6), tmp_path)
    assert curve[-1]["loss"] < 0.7 * curve[0]["loss"]


def test_epochs_and_adversary_fit_the_time() -> None:
    plan = plan_of({"pieces": 1_200_000}, task="relations")
    assert (plan.adversarial, plan.settled(100_000).adversarial) == ("auto", "fgm")
    assert plan.settled(100_000).epochs == 6  # an adversarial step reads twice
    assert plan.settled(100_000, layers=6).epochs == 12
    assert (plan.settled(300_000).adversarial, plan.settled(300_000).epochs) == ("", 4)
    assert replace(plan, epochs=2.0).settled(1).adversarial == ""
    assert replace(plan, adversarial="fgm", epochs=2.0).settled(1).adversarial == "fgm"
    assert plan_of({}).settled(10).epochs == MOST_EPOCHS
    assert plan_of({"dropout": 0.3}, task="relations").dropout == 0.3


def test_time_that_is_left_makes_a_soup() -> None:
    plan = plan_of({"pieces": 1_000_000})
    assert plan.settled(100_000).soup == 1
    assert plan.settled(20_000).soup == 2
    assert plan.settled(1_000).soup == MOST_IN_A_SOUP
    assert plan.settled(20_000).settled(20_000).soup == 2, "a settled plan stays as it is"
    assert replace(plan, soup=2).settled(100_000).soup == 2
    for other in (replace(plan, epochs=2.0), replace(plan, tuning="lora"), replace(plan, ensemble=3)):
        assert other.settled(1_000).soup == 1


def test_few_lessons_teach_new_layers_faster() -> None:
    assert plan_of({}).rated(FEW).head_rate == HEAD_RATE
    assert plan_of({}).rated(FEW - 1).head_rate == 2 * HEAD_RATE
    for given in (0.0, 1e-4):
        assert plan_of({"head_rate": given}).rated(1).head_rate == given
    assert settle(PLAN, 2, ROWS).head_rate == PLAN.head_rate
    assert settle(replace(PLAN, head_rate=None), 2, ROWS).head_rate == 2 * HEAD_RATE


def test_a_step_does_not_see_every_piece() -> None:
    made, unseen = network(), []
    made.word_dropout = 0.5
    made.encoder.register_forward_pre_hook(
        lambda module, args, given: unseen.append((given["inputs_embeds"] == 0).all(2).float().mean().item()),
        with_kwargs=True,
    )
    for learns in (True, False):
        made.train(learns)(**collate(ROWS))
    assert 0.3 < unseen[0] < 0.7
    assert unseen[1] == 0, "what serves sees everything"


@pytest.mark.parametrize(
    "given",
    [
        "ensemble=0", "batch=0", "threads=0", "dropout=3", "layers=-1", "pruned_heads=2", "temperature=0",
        "validations=0", "rate=nan", "distillation=7", "averaging=2", "epochs=0", "soup=0", "pieces=0",
    ],
)  # fmt: skip
def test_options_out_of_bounds_are_refused(given: str) -> None:
    with pytest.raises(InputError, match=given.partition("=")[0]):
        plan_of({}, [given])


def test_the_guide_names_every_option() -> None:
    guide = Path(__file__).parents[2].joinpath("docs/guides/methods.md").read_text("utf-8")
    table = guide.partition("## Every option")[2].partition("\n## ")[0]
    assert not [one.name for one in fields(Plan) if f"`{one.name}`" not in table]
