from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.relations import NONE, Related, RelationCard, Relations
from extractors.types import LabelledPair, Mention
from graphsvc.evaluate.relations import evaluate_relations, macro, micro, score
from graphsvc.train import encoders
from graphsvc.train.plan import Plan
from graphsvc.train.relations import encoders_of, train_relations
from tests.extractors.tiny_models import encoder_folder, labelled_pairs

CAUSE, TURNED, WHOLE = "Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Component-Whole(e1,e2)"
WANTED = [CAUSE, CAUSE, TURNED, WHOLE, NONE, NONE]
SAID = [CAUSE, TURNED, TURNED, NONE, CAUSE, NONE]


def official(wanted: Sequence[str], said: Sequence[str]) -> float:
    """Macro F1 as semeval2010_task8_scorer.pl counts it: a table of relations without direction, a wrong one apart."""
    plain = [
        (one.partition("(")[0], other.partition("(")[0], one != other) for one, other in zip(wanted, said, strict=True)
    ]
    scores = []
    for relation in {one for one, _, _ in plain} - {NONE}:
        right = sum(one == other == relation and not turned for one, other, turned in plain)
        wrong_direction = sum(one == other == relation and turned for one, other, turned in plain)
        proposed = sum(other == relation and one != relation for one, other, _ in plain) + right + wrong_direction
        actual = sum(one == relation and other != relation for one, other, _ in plain) + right + wrong_direction
        precision, recall = right / proposed if proposed else 0.0, right / actual if actual else 0.0
        scores.append(2 * precision * recall / (precision + recall) if right else 0.0)
    return sum(scores) / len(scores) if scores else 0.0


def test_macro_counted_by_hand() -> None:
    """Cause-Effect: 2 right of 4 said and 3 wanted, one of them turned round. Component-Whole: 0 of 0 and 1."""
    assert macro(WANTED, SAID) == {
        "f1": round(4 / 7 / 2, 4),
        "precision": round(2 / 4 / 2, 4),
        "recall": round(2 / 3 / 2, 4),
    }
    assert official(WANTED, SAID) == pytest.approx(4 / 7 / 2)


def test_a_wrong_direction_is_wrong_twice() -> None:
    assert macro([CAUSE, CAUSE], [CAUSE, TURNED])["f1"] == 0.5
    assert macro([CAUSE, CAUSE], [CAUSE, NONE])["f1"] == 0.6667
    assert macro([CAUSE], [TURNED])["f1"] == 0


names = st.lists(st.tuples(*[st.sampled_from([CAUSE, TURNED, WHOLE, "Product-Producer(e2,e1)", NONE])] * 2))


@given(names)
def test_macro_is_the_official_measure(pairs: list[tuple[str, str]]) -> None:
    wanted, said = [one for one, _ in pairs], [other for _, other in pairs]
    assert macro(wanted, said)["f1"] == pytest.approx(official(wanted, said), abs=2e-4)


def test_micro_counted_by_hand() -> None:
    assert micro(["a", "a", "b", NONE, NONE], ["a", "b", "b", "a", NONE]) == {
        "f1": round(4 / 7, 4), "precision": 0.5, "recall": 0.6667, "wanted": 3,
    }  # fmt: skip
    assert micro([NONE], [NONE]) == {"f1": 0.0, "precision": 0.0, "recall": 0.0, "wanted": 0}
    assert micro([], []) == micro([NONE], [NONE])


def pair(text: str, relation: str) -> LabelledPair:
    return LabelledPair(text, Mention(0, 1, "e"), Mention(2, 3, "e"), relation)


@pytest.mark.parametrize("directed", [False, True])
def test_unseen_texts_and_relations_apart(directed: bool) -> None:
    test = [pair(f"a b {at}", relation) for at, relation in enumerate(WANTED)]
    train = [pair("a b 0", NONE), pair("a b 5", NONE)]
    found = score(train, test, [Related(relation, 0.75) for relation in SAID], directed)
    measure = macro if directed else micro
    assert found["all"] == measure(WANTED, SAID)
    assert found["unseen"] == measure(WANTED[1:5], SAID[1:5]) | {"texts": 4}
    assert found["calibration_error"] == 0.25  # half are right
    cause = {"f1": 0.5714, "precision": 0.5, "recall": 0.6667, "wanted": 3}
    whole = {"f1": 0.0, "precision": 0.0, "recall": 0.0, "wanted": 1}
    if directed:
        assert found["per_label"] == {"Cause-Effect": cause, "Component-Whole": whole}
    else:
        assert set(found["per_label"]) == {CAUSE, TURNED, WHOLE}
        assert found["per_label"][CAUSE] == {"f1": 0.5, "precision": 0.5, "recall": 0.5, "wanted": 2}


def test_a_model_is_trained_and_judged(tmp_path: Path) -> None:
    (tmp_path / "encoder").mkdir()
    plan = Plan(
        encoder=encoder_folder(tmp_path / "encoder"), epochs=3, rate=1e-3, head_rate=1e-2, averaging=0.0,
        precision="fp32",
    )  # fmt: skip
    pairs = labelled_pairs()
    found = evaluate_relations(pairs[:-20], pairs[-40:], tmp_path, plan=plan, seeds=1)
    assert (found["task"], found["train"], found["test"]) == ("relations", len(pairs) - 20, 40)
    assert found["unseen"]["texts"] == 20
    assert set(found["per_label"]) == {"beside", "colour_of"}
    assert found["f1"] > 0.8
    assert found["per_second"] > 0


def test_english_is_read_by_two_encoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("minilm", "e5"):
        (tmp_path / name).mkdir()
        folder = Path(encoder_folder(tmp_path / name))
        monkeypatch.setitem(encoders.NAMED, name, lambda cache, folder=folder: folder)
    monkeypatch.setattr(encoders, "_cut", lambda tokenizer, network, texts: tokenizer)  # only e5's own can be cut
    plan = Plan(pieces=20_000, batch=8, rate=1e-3, head_rate=1e-2, averaging=0.0, precision="fp32")
    pairs = [pair for pair in labelled_pairs() if pair.text.isascii()]
    steps: dict[str, int] = {}
    train_relations(pairs, plan, tmp_path / "model", tmp_path, lambda step, done, of: steps.update({step: of}))
    assert [step.rpartition(" ")[2] for step in steps] == ["e5", "minilm"]
    model = Relations(tmp_path / "model")
    assert (model.card.encoder, tuple(model.card.members)) == ("minilm", ("e5",))
    assert model.version not in (RelationCard.load(tmp_path / "model" / "e5").version, "")
    found = model.relate((pair.text, pair.head, pair.tail) for pair in pairs)
    assert sum(one.relation == pair.relation for one, pair in zip(found, pairs, strict=True)) > 0.9 * len(pairs)
    assert not list((tmp_path / "model").glob("**/checkpoints"))


def test_chinese_is_read_by_the_encoder_that_can() -> None:
    assert encoders_of(Plan(), [pair("a b", NONE)]) == ("minilm", "e5")
    assert encoders_of(Plan(), [pair("甲 乙", NONE)]) == ("e5",)
    assert encoders_of(Plan(encoder="minilm"), [pair("a b", NONE)]) == ("minilm",)
