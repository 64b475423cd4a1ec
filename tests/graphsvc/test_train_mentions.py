"""`train mentions` with every wish at once: more lessons, early stopping, an ensemble, a smaller student."""

from dataclasses import replace
from pathlib import Path

import pytest

from extractors.tagger import Tagger
from extractors.types import LabelledText, Mention
from graphsvc.errors import LabelError
from graphsvc.train.mentions import CHECKPOINTS, train_mentions
from graphsvc.train.plan import Plan
from tests.graphsvc.tiny_networks import COLOURS, THINGS, write_encoder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_encoder(tmp_path_factory.mktemp("encoder")))


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


def test_few_lessons_are_all_learnt_in_the_end(encoder: str, tmp_path: Path) -> None:
    plan = Plan(encoder=encoder, pieces=6_000, batch=16, rate=1e-3, precision="fp32")
    learnt, steps = taught_by(plan, tmp_path / "time")
    assert learnt[0] < learnt[1] == len(lessons())
    assert len(steps) == 2, "twice, the second time with more steps"
    for other in (replace(plan, epochs=1.0), replace(plan, soup=1), replace(plan, pieces=200)):
        assert taught_by(other, tmp_path / "once")[0] == learnt[:1], "no time is left, or it is not ours"


def taught_by(plan: Plan, folder: Path) -> tuple[list[int], list[int]]:
    """How many lessons each cheap tier had, and how many steps the trainings of networks."""
    said: dict[str, list[int]] = {}
    train_mentions(lessons(), plan, folder, folder, lambda step, done, of: said.setdefault(step, []).append(of))
    return list(dict.fromkeys(said["cheap tier"])), list(dict.fromkeys(said["training the tagger"]))
