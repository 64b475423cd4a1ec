"""The contract of everything that finds mentions, asked of each implementation."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractors.crf import CrfTagger
from extractors.tagger import Tagger
from extractors.types import MentionFinder
from extractors.units import units_of
from tests.extractors.tiny_models import TaggerFolder, labelled_texts

MAKERS: dict[str, Callable[[TaggerFolder], MentionFinder]] = {
    "crf": lambda made: CrfTagger.fit(labelled_texts()),
    "tagger": lambda made: Tagger(made.folder),
}
TEXTS = [
    "red pan", "", "红色裙子", "pan for pan", "  ", "lamp / blue, red, 黑色毛衣", "👍🏽 ＲＥＤ ｐａｎ",
    "e\u0301 red\u0301",
    "red " * 40, "黑色" * 40, "\x00 red", "red\u200bpan", "\ud83d red pan", "x" * 400,
]  # fmt: skip
words = st.sampled_from(["red", "红色", "毛衣", "pan", "/", ",", "👍", "blue", "１", "xyz"])


@pytest.fixture(scope="module", params=sorted(MAKERS))
def finder(request: pytest.FixtureRequest, tiny_tagger: TaggerFolder) -> MentionFinder:
    return MAKERS[request.param](tiny_tagger)


def check(finder: MentionFinder, texts: list[str]) -> None:
    found = finder.find(texts)
    assert len(found) == len(texts)
    for text, mentions in zip(texts, found, strict=True):
        units = units_of(text)
        starts, ends = {unit.start for unit in units}, {unit.end for unit in units}
        for mention in mentions:
            assert mention.start in starts
            assert mention.end in ends
            assert mention.start < mention.end
            assert mention.label == "colour"
            assert 0 <= mention.confidence <= 1
        assert all(one.end <= other.start for one, other in zip(mentions, mentions[1:], strict=False))


def test_offsets_and_borders(finder: MentionFinder) -> None:
    check(finder, TEXTS)
    assert sum(map(len, finder.find(TEXTS))) > 5


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.lists(words, max_size=12).map("".join) | st.text(max_size=12), max_size=3))
def test_any_text(finder: MentionFinder, texts: list[str]) -> None:
    check(finder, texts)


def test_no_text(finder: MentionFinder) -> None:
    assert finder.find([]) == []
    assert finder.find([""]) == [[]]


def test_order_and_company_change_nothing(finder: MentionFinder) -> None:
    found = finder.find(TEXTS)
    assert finder.find(TEXTS[::-1]) == found[::-1]
    assert [finder.find([text])[0] for text in TEXTS] == found


def test_contexts_belong_to_their_texts(finder: MentionFinder) -> None:
    for contexts in (["", "paint", ""], ["paint", "", "paint"]):
        found = finder.find(["red pan"] * 3, contexts)
        assert [bool(mentions) for mentions in found] == [context == "" for context in contexts]


def test_a_context_that_no_library_takes(finder: MentionFinder) -> None:
    assert len(finder.find(["red pan"], ["\ud83d"])) == 1


def test_it_says_who_it_is(finder: MentionFinder) -> None:
    assert finder.name in MAKERS
    assert finder.version
