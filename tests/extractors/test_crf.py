import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from extractors.crf import CrfOptions, CrfTagger
from extractors.types import LabelledText, Mention
from tests.extractors.tiny_models import labelled_texts


@pytest.fixture(scope="module")
def crf() -> CrfTagger:
    return CrfTagger.fit(labelled_texts())


def found(finder: CrfTagger, text: str, context: str = "") -> list[str]:
    (mentions,) = finder.find([text], [context])
    return [text[one.start : one.end] for one in mentions]


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("red pan", ["red"]),
        ("红色裙子", ["红色"]),
        ("蓝色 shirt / 毛衣", ["蓝色"]),
        ("👍🏽 lamp / red", ["red"]),
        ("ＲＥＤ ｐａｎ", ["ＲＥＤ"]),
        ("BLACK, lamp", ["BLACK"]),
        ("pan for lamp", []),
        ("", []),
        (" \n", []),
    ],
)
def test_what_it_was_taught_is_found_in_any_script_and_width(crf: CrfTagger, text: str, colours: list[str]) -> None:
    assert found(crf, text) == colours


def test_threads_may_share_it(crf: CrfTagger) -> None:
    texts = ["red pan", "a blue shirt for a white lamp and a black rug " * 3, "pan", "white mug"] * 25
    alone = crf.find(texts)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(found == alone for found in pool.map(crf.find, [texts] * 8))
    finally:
        sys.setswitchinterval(interval)


def test_the_context_decides(crf: CrfTagger) -> None:
    assert found(crf, "red pan") == ["red"]
    assert found(crf, "red pan", "paint") == []
    assert len(crf.find(["red pan", "blue lamp"], ["paint"])) == 2


def test_a_confidence_is_the_smallest_marginal_of_the_mention(crf: CrfTagger) -> None:
    marginals = crf.marginals("红色裙子")
    assert marginals.shape == (4, len(crf.tags))
    assert marginals.dtype == np.float32
    np.testing.assert_allclose(marginals.sum(1), 1, atol=1e-4)
    ((mention,),) = crf.find(["红色裙子"])
    begin, inside = crf.tags.index("B-colour"), crf.tags.index("I-colour")
    assert mention.confidence == pytest.approx(min(marginals[0, begin], marginals[1, inside]), abs=1e-4)
    assert crf.marginals("").shape == (0, len(crf.tags))


def test_the_model_goes_through_bytes(crf: CrfTagger) -> None:
    again = CrfTagger(crf.to_bytes())
    texts = [lesson.text for lesson in labelled_texts()]
    assert again.find(texts) == crf.find(texts)
    assert again.version == crf.version
    assert again.tags == crf.tags
    assert CrfTagger.fit(labelled_texts()[:20]).version != crf.version


def test_equal_lessons_make_equal_models(crf: CrfTagger) -> None:
    assert CrfTagger.fit(labelled_texts()).to_bytes() == crf.to_bytes()
    forgets = CrfOptions(forget_mentions=0.5, forget_others=0.2)
    assert CrfTagger.fit(labelled_texts(), forgets).to_bytes() == CrfTagger.fit(labelled_texts(), forgets).to_bytes()


def test_who_may_not_know_values_by_heart_learns_their_surroundings() -> None:
    lessons = [
        LabelledText(f"colour: {colour} pan", (Mention(8, 8 + len(colour), "colour"),))
        for colour in ("red", "blue", "black", "white", "green")
        for _ in range(4)
    ]
    knows = CrfTagger.fit(lessons, CrfOptions(forget_mentions=0.8))
    assert found(knows, "colour: mauve pan") == ["mauve"]


def test_progress_counts_lessons() -> None:
    said: list[tuple[int, int]] = []
    CrfTagger.fit([*labelled_texts()[:3], LabelledText("")], progress=lambda done, of: said.append((done, of)))
    assert said == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_without_a_mention_there_is_nothing_to_learn() -> None:
    with pytest.raises(ValueError, match="no text has a mention"):
        CrfTagger.fit([LabelledText("red pan")])
