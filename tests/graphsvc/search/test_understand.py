from collections.abc import Sequence

import numpy as np
import pytest

from graphsvc.search.fuse import Evidence, fuse, part, peaks
from graphsvc.search.text_index import DocumentTexts, TextIndex
from graphsvc.search.understand import Understanding
from tests.graphsvc.search.catalogues import WordEncoder

TITLES = [
    "dewalt cordless screwdriver", "claw hammer", "hammer drill", "sledge hammer", "dish soap", "dish rack",
    "soap dispenser", "door hook", "street sign", "street lamp", "保温杯 红色", "drill press", "bosch 12 volt drill",
    "fishing rod",
]  # fmt: skip


@pytest.fixture(scope="module")
def index() -> TextIndex:
    blank = [""] * len(TITLES)
    return TextIndex.build(DocumentTexts(TITLES, blank, blank), WordEncoder().encode(TITLES))


def best(index: TextIndex, query: str) -> str:
    understanding = index.understand(query)
    evidence = index.evidence(understanding, WordEncoder().encode([understanding.corrected], kind="query")[0])
    return TITLES[int(fuse([evidence])[0].argmax())]


@pytest.mark.parametrize(
    ("query", "corrected"),
    [
        ("claw hamer", "claw hammer"),
        ("hammer drlil", "hammer drill"),
        ("dishsoap", "dish soap"),
        ("door hok", "door hook"),  # a letter left out of four
        ("street siggns", "street signs"),  # of what the catalogue has one by one
        ("claw hammer", "claw hammer"),
        ("dewalt dcd771", "dewalt dcd771"),  # codes stay as typed
        ("hammers", "hammers"),
        ("xyzzy", "xyzzy"),
        ("fish", "fish"),  # a form of what a title has, and no slip for "dish"
        ("soup", "soup"),  # a word that no title has, and no slip for "soap"
    ],
)
def test_corrections(index: TextIndex, query: str, corrected: str) -> None:
    assert index.understand(query).corrected == corrected


def test_the_rest_of_the_query_weighs_corrections(index: TextIndex) -> None:
    assert index.understand("dish soup").corrected == "dish soap"
    assert index.understand("street lmap").corrected == "street lamp"


def test_joined_and_split_words_meet(index: TextIndex) -> None:
    assert best(index, "screw driver") == "dewalt cordless screwdriver"
    assert best(index, "dishsoap") == "dish soap"


def test_what_was_typed_is_known_or_not(index: TextIndex) -> None:
    assert index.understand("hammer").known
    assert index.understand("hamer").known
    assert index.understand("保温").known
    for query in ("xyzzy", "the of", "", "42"):
        assert not index.understand(query).known
    assert index.understand("bosch 12v").numbers == ("12",)


def test_every_term_and_trigram_knows_the_word_it_came_from(index: TextIndex) -> None:
    understanding: Understanding = index.understand("claw hamer 12 保温杯 screw driver")
    assert understanding.terms.keys() == understanding.origins.keys()
    assert understanding.trigrams.keys() == understanding.spelled.keys()
    assert understanding.origins["hammer"] == "hamer"
    assert understanding.origins["screwdriv"] == "screw driver"


def test_the_parts_sum_to_the_score(index: TextIndex) -> None:
    understanding = index.understand("cordless hammer 12")
    evidence = index.evidence(understanding, WordEncoder().encode(["cordless hammer 12"])[0])
    (fused,), top = fuse([evidence]), peaks([evidence])
    for document in range(len(TITLES)):
        assert part(evidence, top, document).score == pytest.approx(float(fused[document]), abs=1e-5)


def test_segments_are_fused_as_one() -> None:
    def drawn(rows: Sequence[int]) -> Evidence:
        arrays = np.random.default_rng(1).random((4, 30)).astype(np.float32)[:, list(rows)]
        return Evidence(*arrays)

    (whole,) = fuse([drawn(range(30))])
    left, right = fuse([drawn(range(20)), drawn(range(20, 30))])
    np.testing.assert_array_equal(whole, np.concatenate([left, right]))
