"""Lessons made from lessons: whatever changes, offsets still say what is mentioned."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.bio import tag
from extractors.types import LabelledText, Mention
from extractors.units import units_of
from graphsvc.errors import InputError
from graphsvc.train import augment
from graphsvc.train.augment import AUGMENTS, Material, augmented
from graphsvc.train.homophones import homophones

WORDS = ["red", "blue", "pan", "the", "红色", "不锈钢", "锅", "32 cm", " ", ", ", "stainless steel", "A", "手机壳"]
SYNONYMS = {"pan": ["skillet", "frying pan"], "锅": ["煎锅"], "stainless steel": ["inox"], "红色": ["大红"]}
LABELS = ["", "", "colour", "product"]


@st.composite
def lesson(draw: st.DrawFn) -> LabelledText:
    text, mentions = "", []
    for word in draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8)):
        label = draw(st.sampled_from(LABELS))
        if label and word.strip(" ,"):
            mentions.append(Mention(len(text), len(text) + len(word), label))
        text += word
    return LabelledText(text, tuple(mentions), "line 1", "kitchen")


def surfaces(one: LabelledText) -> list[str]:
    return [one.text[mention.start : mention.end] for mention in one.mentions]


def between(one: LabelledText) -> list[str]:
    ends = [0, *(mention.end for mention in one.mentions)]
    starts = [*(mention.start for mention in one.mentions), len(one.text)]
    return [one.text[end:start] for end, start in zip(ends, starts, strict=True)]


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "CHANCE", 1.0)
    monkeypatch.setattr(augment, "NOISE", 1.0)


@settings(deadline=None)
@given(lessons=st.lists(lesson(), min_size=2, max_size=4), name=st.sampled_from(list(AUGMENTS)), seed=st.integers())
def test_labels_stay_and_offsets_are_right(lessons: Sequence[LabelledText], name: str, seed: int) -> None:
    def backwards(texts: Sequence[str]) -> list[str]:
        return [" ".join(text.split(" ")[::-1]) for text in texts]

    found = augmented(lessons, [name], seed, SYNONYMS, backwards)
    assert found[: len(lessons)] == lessons
    for one in found[len(lessons) :]:
        assert (one.origin, one.context) == ("line 1", "kitchen")
        before = [mention.label for mention in one.mentions]
        sources = [source for source in lessons if sorted(m.label for m in source.mentions) == sorted(before)]
        assert sources
        assert all(0 <= mention.start < mention.end <= len(one.text) for mention in one.mentions)
        assert all(a.end <= b.start for a, b in zip(one.mentions, one.mentions[1:], strict=False))
        assert all(part == part.strip() and part for part in surfaces(one))
        if name == "mentions":
            known = {(s, m.label) for source in lessons for s, m in zip(surfaces(source), source.mentions, strict=True)}
            assert {(s, m.label) for s, m in zip(surfaces(one), one.mentions, strict=True)} <= known
            assert any(between(one) == between(source) for source in sources)
        if name == "noise":
            assert any(
                [len(part.split()) for part in surfaces(one)] == [len(part.split()) for part in surfaces(source)]
                for source in sources
            )
        if name == "translation":
            assert any(sorted(surfaces(one)) == sorted(surfaces(source)) for source in sources)


PAN = LabelledText("Red steel pan 28 cm", (Mention(0, 3, "colour"), Mention(4, 9, "material")))
SKILLET = LabelledText("Blue iron skillet", (Mention(0, 4, "colour"), Mention(5, 9, "material")))


def test_mentions_are_replaced_by_others_of_their_label() -> None:
    found = augmented([PAN, SKILLET], ["mentions"])
    assert [one.text for one in found[2:]] == ["Blue iron pan 28 cm", "Red steel skillet"]
    assert surfaces(found[2]) == ["Blue", "iron"]


def test_a_mention_is_replaced_in_its_own_script() -> None:
    chinese = LabelledText("蓝色锅", (Mention(0, 2, "colour"),))
    assert augmented([PAN, chinese], ["mentions"]) == [PAN, chinese]


def test_synonyms_are_of_whole_words_inside_and_outside_of_mentions() -> None:
    text = LabelledText("pan for pancakes, stainless steel, 锅", (Mention(18, 33, "material"),))
    made = augmented([text], ["synonyms"], synonyms={**SYNONYMS, "pan": ["skillet"]})[1]
    assert made.text == "skillet for pancakes, inox, 煎锅"
    assert surfaces(made) == ["inox"]


def test_noise_is_slips_of_letters_and_sounds_but_not_of_numbers() -> None:
    seen = {augment.add_noise(PAN, Material(Random(seed))).text for seed in range(40)}  # type: ignore[union-attr]
    assert all(text.endswith(" 28 cm") for text in seen)
    assert {text.split()[0] for text in seen} == {"Rde", "Rd", "Reed"}
    made = augment.add_noise(LabelledText("红色", (Mention(0, 2, "colour"),)), Material(Random(1)))
    assert made is not None
    assert made.text[0] in "洪虹鸿宏"
    assert len(tag(units_of(made.text), made.mentions)) == 2


def test_homophones_sound_alike_and_are_common() -> None:
    assert "她" in homophones("他")
    assert "他" not in homophones("他")


def test_a_translation_is_kept_when_every_mention_is_found_again() -> None:
    def made(text: str) -> list[LabelledText]:
        return augmented([PAN], ["translation"], translate=lambda texts: [text])[1:]

    kept = made("28 cm pan of steel, Red")
    assert surfaces(kept[0]) == ["steel", "Red"]
    assert [mention.label for mention in kept[0].mentions] == ["material", "colour"]
    assert made("A pan of steel") == []
    assert made("Red steel on steel") == [], "which steel is meant cannot be said"
    assert made(PAN.text) == []


def test_overlapping_mentions_are_left_alone() -> None:
    both = LabelledText("stainless steel", (Mention(0, 15, "material"), Mention(10, 15, "metal")))
    assert augmented([both, PAN], ["noise"])[2].text != both.text
    assert len(augmented([both], ["noise", "mentions"])) == 1


def test_ways_that_cannot_be_gone_are_said() -> None:
    with pytest.raises(InputError, match=r"Unknown augmentation magic.*mentions, synonyms"):
        augmented([PAN], ["magic"])
    with pytest.raises(InputError, match="No synonyms"):
        augmented([PAN], ["synonyms"])
    with pytest.raises(InputError, match="No translation model"):
        augmented([PAN], ["translation"])


def test_the_same_seed_gives_the_same_lessons() -> None:
    assert augmented([PAN, SKILLET], ["noise"], 3) == augmented([PAN, SKILLET], ["noise"], 3)
