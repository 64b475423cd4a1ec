import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsvc.errors import QueryError
from graphsvc.search.pages import Place, digest_of, page, read_cursor, write_cursor
from graphsvc.types import Filter, SearchRequest

DIGEST = digest_of(SearchRequest("lamp"))


@given(st.floats(allow_nan=False), st.integers(0, 2**64 - 1))
def test_a_cursor_comes_back(key: float, tie: int) -> None:
    assert read_cursor(write_cursor(Place(key, tie), DIGEST), DIGEST) == Place(key, tie)


@given(st.text())
def test_no_other_text_is_a_cursor(text: str) -> None:
    with pytest.raises(QueryError):
        read_cursor(text, DIGEST)


def test_a_changed_cursor_or_one_of_another_question_is_refused() -> None:
    cursor = write_cursor(Place(1.0, 2), DIGEST)
    for at in range(len(cursor)):
        with pytest.raises(QueryError):
            read_cursor(cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :], DIGEST)
    for text in (cursor + "A", cursor + "=", cursor + " ", cursor[:-1], "!" + cursor):
        with pytest.raises(QueryError):
            read_cursor(text, DIGEST)
    for other in (
        SearchRequest("lamps"),
        SearchRequest("lamp", Filter(in_stock=True)),
        SearchRequest("lamp", sort="price"),
    ):
        with pytest.raises(QueryError, match="another"):
            read_cursor(cursor, digest_of(other))


def test_what_does_not_move_a_hit_does_not_change_the_question() -> None:
    same = SearchRequest(" lamp ", first=3, facets=("*",), reasons=False, after="x")
    assert digest_of(same) == DIGEST
    left = Filter(brands=("a", "b"), attributes={"x": ("1", "2"), "y": ("3",)})
    right = Filter(brands=("b", "a"), attributes={"y": ("3",), "x": ("2", "1")})
    assert digest_of(SearchRequest(filter=left)) == digest_of(SearchRequest(filter=right))
    assert digest_of(SearchRequest("\ud800"))


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 9))
def test_pages_are_the_sorted_whole(drawn: list[int], size: int) -> None:
    keys = np.array(drawn, np.float64)
    ties = np.random.default_rng(3).permutation(len(drawn)).astype(np.uint64)
    whole = sorted(range(len(drawn)), key=lambda at: (keys[at], ties[at]))
    found: list[int] = []
    after, more = None, True
    while more and size:
        rows, more = page(keys, ties, after, size)
        found += rows.tolist()
        after = Place(float(keys[rows[-1]]), int(ties[rows[-1]])) if len(rows) else None
    assert found == (whole if size else [])
