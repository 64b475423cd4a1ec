import logging
import math
from dataclasses import replace
from typing import Any

import pytest

from graphsvc import errors
from graphsvc.errors import GraphsvcError
from tests.gql.conftest import Ask
from tests.gql.memory import MemoryShop

INSIDE = "/srv/shop/log.db bolt://10.0.0.7:7687"


def kinds(root: type[GraphsvcError] = GraphsvcError) -> list[type[GraphsvcError]]:
    below = [kind for one in root.__subclasses__() if one.__module__ == errors.__name__ for kind in kinds(one)]
    return [root, *below]


def failing(shop: MemoryShop, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def product(self: MemoryShop, product_id: str, /) -> Any:
        raise error

    monkeypatch.setattr(MemoryShop, "product", product)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_product_is_shown_with_code_path_and_next_step(
    ask: Ask, shop: MemoryShop, monkeypatch: pytest.MonkeyPatch, kind: type[GraphsvcError]
) -> None:
    failing(shop, kind(f"Something at {INSIDE}.", "Do this."), monkeypatch)
    answer = ask('{ status { ready } mine: product(id: "s:1") { id } }')
    (error,) = answer["errors"]
    assert answer["data"] == {"status": {"ready": True}, "mine": None}
    assert (error["path"], error["extensions"]["code"]) == (["mine"], kind.code)
    assert error["extensions"]["nextStep"]
    if kind.code in ("INTERNAL", "STORAGE", "GRAPH_UNAVAILABLE"):
        assert "/srv" not in str(answer)
        assert "10.0.0.7" not in str(answer)


def test_an_unexpected_error_shows_an_id_that_stands_in_the_log(
    ask: Ask, shop: MemoryShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing(shop, ZeroDivisionError(INSIDE), monkeypatch)
    (error,) = ask('{ product(id: "s:1") { id } }')["errors"]
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"]["code"] == "INTERNAL"
    number = error["extensions"]["nextStep"].split()[-1].rstrip(".")
    assert INSIDE not in str(error)
    assert f"error {number} at product" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_value_that_breaks_the_schema_is_our_fault(
    ask: Ask, shop: MemoryShop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.held["s:1"] = None  # type: ignore[assignment]
    (error,) = ask("{ search { edges { node { id } } } }")["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "NoneType" not in str(error)
    assert "error " in caplog.text


def test_a_number_that_is_none_is_our_fault_and_only_that_product_is_lost(ask: Ask, shop: MemoryShop) -> None:
    shop.held["s:1"] = replace(shop.held["s:1"], popularity=math.nan)
    answer = ask('{ products(ids: ["s:1", "s:2"]) { popularity } }')
    assert answer["data"]["products"] == [None, {"popularity": 4.0}]
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    bad = "query ($i: [ID!]!) { products(ids: $i) @skip(if: 7) { id } }"
    assert ask(bad, i=[])["errors"][0]["extensions"]["code"] == "BAD_QUERY"


def test_what_a_client_got_wrong_is_not_logged(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "strawberry")
    caplog.set_level(logging.INFO, "graphsvc")
    for query in ("{", "{ nothing }", '{ product(id: "s:1") { nothing } }', '{ search(after: "x") { totalCount } }'):
        (error,) = ask(query)["errors"]
        assert error["extensions"]["code"] == "BAD_QUERY"
        assert error["extensions"]["nextStep"]
    assert [record for record in caplog.records if record.name != "httpx2"] == []


@pytest.mark.parametrize(
    "query",
    [
        '{ search(after: "\'; DROP TABLE x; --") { totalCount } }',
        '{ search(filter: {attributes: [{name: "nothing", values: ["x"]}]}) { totalCount } }',
        '{ search(filter: {nothing: 1}) { totalCount } }',
        "{ search(sort: SIDEWAYS) { totalCount } }",
        '{ search(filter: {priceMin: 1e999}) { totalCount } }',
        '{ search(filter: {priceMax: NaN}) { totalCount } }',
        '{ product(id: "\\uD800") { id } }',
        "query ($x: Nothing) { status { ready } }",
        "subscription { search { totalCount } }",
        "query A { status { ready } } query B { status { ready } }",
        "fragment f on Status { ready }",
        "   # nothing",
    ],
)  # fmt: skip
def test_bad_input_has_a_clear_error(ask: Ask, query: str) -> None:
    answer = ask(query)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_QUERY", answer
    assert answer.get("data") is None


@pytest.mark.parametrize("variables", [{"first": "ten"}, {"first": 1.5}, {"first": True}, {"first": None}, {}])
def test_bad_variables_have_a_clear_error(ask: Ask, variables: dict[str, Any]) -> None:
    answer = ask("query ($first: Int!) { search(first: $first) { totalCount } }", **variables)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_QUERY"
    assert "$first" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    "text",
    [
        "'; MATCH (n) DETACH DELETE n //", '"}) { id } } #', "<script>alert(1)</script>", "=cmd|' /C calc'!A0",
        "\x00\x01\x1b[31m", "热水壶", "👩‍👩‍👧‍👦", "\u202e", "a" * 10_000, "{{7*7}}", "../../etc/passwd", "%n%s%x",
    ],
)  # fmt: skip
def test_strings_are_only_strings(ask: Ask, shop: MemoryShop, text: str) -> None:
    answer = ask(
        """query ($t: String!, $i: ID!) { search(query: $t, filter: {brands: [$t]}) { query totalCount }
            product(id: $i) { id } category(id: $i) { id } predictiveSearch(query: $t) { text } }""",
        t=text,
        i=text,
    )
    assert "errors" not in answer
    assert answer["data"]["search"] == {"query": text, "totalCount": 0}
    assert answer["data"]["product"] is answer["data"]["category"] is None
    assert len(shop.held) == 9
