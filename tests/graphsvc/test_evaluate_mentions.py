from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from extractors.bio import spans_of, tags_for
from extractors.types import LabelledText, Mention
from extractors.units import units_of
from graphsvc.errors import InputError
from graphsvc.evaluate.mentions import FINDERS, evaluate_mentions, score
from graphsvc.train.plan import Plan
from tests.extractors.tiny_models import encoder_folder, labelled_texts

TAGS = tags_for(["colour", "size"])
Tagged = list[str]


def test_figures_counted_by_hand() -> None:
    red, pan, big = Mention(0, 3, "colour"), Mention(4, 7, "thing"), Mention(8, 11, "size")
    test = [
        LabelledText("red pan big", (red, pan, big)),
        LabelledText("red pan xxl", (red,)),
        LabelledText("seen before", (Mention(0, 4, "thing"),)),
    ]
    found = [
        [Mention(0, 3, "colour", 0.9), Mention(4, 7, "colour", 0.6)],  # one right, one with another label
        [Mention(0, 7, "colour", 0.8)],  # another border
        [Mention(0, 4, "thing", 1.0)],
    ]
    given_score = score([LabelledText("seen before")], test, found)
    assert given_score["all"] == {"f1": 0.4444, "precision": 0.5, "recall": 0.4, "wanted": 5}
    assert given_score["unseen"] == {"f1": 0.2857, "precision": 0.3333, "recall": 0.25, "wanted": 4, "texts": 2}
    assert given_score["per_label"] == {
        "colour": {"f1": 0.4, "precision": 0.3333, "recall": 0.5, "wanted": 2},
        "size": {"f1": 0.0, "precision": 0.0, "recall": 0.0, "wanted": 1},
        "thing": {"f1": 0.6667, "precision": 1.0, "recall": 0.5, "wanted": 2},
    }
    assert given_score["calibration_error"] == round((0.1 + 0.6 + 0.8 + 0.0) / 4, 4)


def test_nothing_said_and_nothing_wanted() -> None:
    nothing = {"f1": 0.0, "precision": 0.0, "recall": 0.0, "wanted": 0}
    assert score([], [LabelledText("red")], [[]])["all"] == nothing
    assert score([], [], [])["unseen"] == nothing | {"texts": 0}
    seen = LabelledText("red", (Mention(0, 3, "colour"),))
    assert score([seen], [seen], [list(seen.mentions)])["unseen"]["texts"] == 0


def mentions_of(tags: Tagged) -> tuple[Mention, ...]:
    units = units_of(" ".join("a" * len(tags)))
    return tuple(Mention(units[first].start, units[last].end, label) for first, last, label in spans_of(tags))


pairs = st.integers(1, 8).flatmap(
    lambda size: st.tuples(*[st.lists(st.sampled_from(TAGS), min_size=size, max_size=size)] * 2)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(pairs, min_size=1, max_size=5))
def test_figures_are_those_of_seqeval_under_strict_iob2(texts: list[tuple[Tagged, Tagged]]) -> None:
    right, said = [one for one, _ in texts], [other for _, other in texts]
    labels = {span[2] for tags in (*right, *said) for span in spans_of(tags)}
    test = [LabelledText(str(at), mentions_of(tags)) for at, tags in enumerate(right)]
    found = score([], test, [mentions_of(tags) for tags in said])
    if not labels:
        assert found["all"]["f1"] == 0
        return
    report = classification_report(right, said, mode="strict", scheme=IOB2, output_dict=True, zero_division=0)
    rows = [(found["all"], report["micro avg"]), *((row, report[name]) for name, row in found["per_label"].items())]
    for mine, other in rows:
        assert mine["precision"] == pytest.approx(other["precision"], abs=1e-4)
        assert mine["recall"] == pytest.approx(other["recall"], abs=1e-4)
        assert mine["f1"] == pytest.approx(other["f1-score"], abs=1e-4)
        assert mine["wanted"] == other["support"]
    assert found["unseen"] == found["all"] | {"texts": len(texts)}


def test_the_cheap_tier_is_trained_and_judged(tmp_path: Path) -> None:
    lessons = labelled_texts()
    said: set[str] = set()
    found = evaluate_mentions(
        lessons[::2], lessons[1::2], tmp_path, extractor="crf", seeds=2, progress=lambda step, done, of: said.add(step)
    )
    assert said == {"cheap tier"}
    assert (found["extractor"], found["seeds"], len(found["by_seed"])) == ("crf", 2, 2)
    assert found["f1"] > 0.8
    assert found["test"] == len(lessons) // 2
    assert list(found["per_label"]) == ["colour"]
    assert found["unseen"]["texts"] > 0


def test_the_tagger_is_trained_and_judged(tmp_path: Path) -> None:
    (tmp_path / "encoder").mkdir()
    plan = Plan(
        encoder=encoder_folder(tmp_path / "encoder"), epochs=2, rate=1e-3, head_rate=1e-2, averaging=0.0,
        precision="fp32",
    )  # fmt: skip
    lessons = [lesson for lesson in labelled_texts() if not lesson.context]
    found = evaluate_mentions(lessons, lessons, tmp_path, plan=plan)
    assert found["extractor"] == "tagger"
    assert found["f1"] > 0.8
    assert found["unseen"]["texts"] == 0
    assert 0 <= found["calibration_error"] < 0.5


def test_an_unknown_extractor(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Unknown extractor 'oracle'.*crf") as raised:
        evaluate_mentions([], [], tmp_path, extractor="oracle")
    assert all(name in str(raised.value) for name in FINDERS)
