import logging

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from gql.tokens import Access
from tests.gql.conftest import PUBLISHABLE, SECRET, TOKENS, Ask
from tests.gql.memory import MemoryShop

READS = (
    "search { totalCount }", 'predictiveSearch(query: "p") { text }', 'product(id: "s:1") { id }',
    'products(ids: ["s:1"]) { id }', 'entity(id: "s:1") { id }', 'category(id: "category:home") { id }',
    "recommendations { totalCount }", 'productRecommendations(productId: "s:1") { totalCount }', "status { ready }",
)  # fmt: skip
WRITES = (
    'upsertProducts(products: [{id: "s:1", price: 1}]) { offset }', 'retireProducts(ids: ["s:1"]) { offset }',
    'track(events: [{productId: "s:1", kind: VIEW, sessionId: "v"}]) { offset }',
)  # fmt: skip


def code(answer: dict) -> str:  # type: ignore[type-arg]
    return str(answer["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize("token", [None, "", "wrong", PUBLISHABLE[:-1], SECRET + "x"])
def test_without_a_token_of_ours_nothing_is_answered(ask: Ask, shop: MemoryShop, token: str | None) -> None:
    for read in READS:
        answer = ask(f"{{ {read} }}", token)
        assert code(answer) == "UNAUTHENTICATED"
        assert answer["errors"][0]["path"] == [read.partition("(")[0].split()[0]]
        assert not any((answer["data"] or {}).values())
    for write in WRITES:
        assert code(ask(f"mutation {{ {write} }}", token)) == "UNAUTHENTICATED"
    assert (shop.entries, shop.asked) == ([], [])


def test_the_schema_is_public(ask: Ask) -> None:
    assert ask('{ __schema { queryType { name } } __type(name: "Product") { name } }', None)["data"] == {
        "__schema": {"queryType": {"name": "Query"}},
        "__type": {"name": "Product"},
    }
    assert ask("{ __typename }", None)["data"] == {"__typename": "Query"}


def test_the_publishable_token_reads_and_tracks_but_changes_nothing(ask: Ask, shop: MemoryShop) -> None:
    for read in READS:
        assert "errors" not in ask(f"{{ {read} }}")
    for write in WRITES[:2]:
        assert code(ask(f"mutation {{ {write} }}")) == "FORBIDDEN"
    assert shop.entries == []
    assert "errors" not in ask(f"mutation {{ {WRITES[2]} }}")


def test_the_secret_token_does_all(ask: Ask) -> None:
    for read in READS:
        assert "errors" not in ask(f"{{ {read} }}", SECRET)
    for write in WRITES:
        assert "errors" not in ask(f"mutation {{ {write} }}", SECRET)


def test_a_named_shopper_takes_the_secret_token(ask: Ask, shop: MemoryShop) -> None:
    answer = "query ($s: String) { recommendations(shopperId: $s) { totalCount } }"
    event = 'mutation { track(events: [{productId: "s:1", kind: BUY, shopperId: "anna"}]) { offset } }'
    assert code(ask(answer, s="anna")) == code(ask(event)) == "FORBIDDEN"
    assert (shop.asked, shop.entries) == ([], [])
    assert "errors" not in ask(answer, SECRET, s="anna")
    assert "errors" not in ask(event, SECRET)
    assert "errors" not in ask(answer)


def test_an_empty_token_opens_nothing() -> None:
    for header in ("", "Bearer", "Bearer ", "Basic " + SECRET, SECRET, f"bearer  {SECRET} x", "Bearer ключ"):
        connection = HTTPConnection({"type": "http", "headers": [(b"authorization", header.encode())]})
        assert TOKENS.access(connection) is Access.NOBODY


def test_tokens_stand_in_no_log(
    client: TestClient, shop: MemoryShop, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    shop.held["s:1"] = None  # type: ignore[assignment]  # makes a search fail inside
    for token in (PUBLISHABLE, SECRET):
        for header in (f"Bearer {token}", f"bearer {token}", f"Basic {token}", token):
            headers = {"authorization": header}
            client.post("/graphql", json={"query": "{ search { totalCount } }"}, headers=headers)
            client.post("/graphql", json={"query": "{ nonsense"}, headers=headers)
            client.post("/graphql", content=b"\xff", headers=headers | {"content-type": "application/json"})
            client.get(f"/graphql?query=%7Bstatus%7Bready%7D%7D&token={token}", headers=headers)
    written = caplog.text + "".join(capfd.readouterr())
    assert "error" in written
    assert PUBLISHABLE not in written.replace("token=" + PUBLISHABLE, "")  # the test client logs the address it asks
    assert SECRET not in written.replace("token=" + SECRET, "")
