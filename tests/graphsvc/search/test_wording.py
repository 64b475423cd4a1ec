"""What is said of a match is true: a title has, resembles, sounds like or holds a part of what was typed."""

from pathlib import Path

import pytest

from graphsvc.search.catalogue import Catalogue
from graphsvc.types import Reason, SearchRequest
from tests.graphsvc.search.catalogues import LIKED, SHOP, build, data_of, product


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return build(tmp_path_factory.mktemp("wording"), data_of(SHOP, LIKED))


def said(shop: Catalogue, query: str, key: str) -> list[Reason]:
    hit = next(hit for hit in shop.search(SearchRequest(query)).hits if hit.product.key == key)
    return [reason for reason in hit.reasons if reason.kind in ("word", "correction")]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("wireless mouse", "has “wireless”"),
        ("wireles mouse", "“wireles” read as “wireless”"),
        ("不锈钢保温杯", "has “不锈钢保温杯”"),  # one run, not five pairs
        ("保温呗", "has “保温”"),  # only what stands there
        ("保温呗", "has what sounds like “温呗”"),
        ("保温壶", "has “保温”"),
    ],
)
def test_words_are_said_as_they_are_met(shop: Catalogue, query: str, text: str) -> None:
    key = "6" if query.isascii() else "5"
    assert text in [reason.text for reason in said(shop, query, key)]


def test_units_are_said_as_they_are_written(shop: Catalogue) -> None:
    assert "has “ml”" in [reason.text for reason in said(shop, "500 milliliter", "5")]


def test_no_hit_is_said_to_have_what_it_lacks(shop: Catalogue) -> None:
    for query in ("wirelessly mice", "frypan", "保温壶", "钢杯保", "lamps and saucepans", "greetings"):
        for hit in shop.search(SearchRequest(query)).hits:
            text = f"{hit.product.title} {hit.product.description} {' '.join(hit.product.category)}".lower()
            for reason in hit.reasons:
                if reason.text.startswith("has “") and " of “" not in reason.text:
                    assert reason.subject is not None
                    assert reason.subject[:4] in text, (query, hit.product.title, reason.text)


def test_a_part_of_a_chinese_word_is_said_as_a_part(shop: Catalogue) -> None:
    parts = [reason.text for reason in said(shop, "保温杯 锈光钢", "5")]
    assert parts == ["has “保温杯”", "has “锈”, “钢” of “锈光钢”"]


def test_a_fact_too_long_to_be_searched_is_no_failure(tmp_path: Path) -> None:
    """Its words are met by the query, but add nothing to the score."""
    needs = "CD-ROM drive, Internet connection, Internet Explorer 6.0, sound card, free USB port, video card"
    rows = [product("1", "Portable player", attributes={"Needs": needs}), product("2", "CD rack"), *SHOP[2:]]
    hits = build(tmp_path, data_of(rows)).search(SearchRequest("cd player")).hits
    portable = next(hit for hit in hits if hit.product.key == "1")
    assert "has “player”" in [reason.text for reason in portable.reasons]
    assert "has “cd”" not in [reason.text for reason in portable.reasons]
