from datetime import UTC, datetime, timedelta, timezone

import pytest

from graphsvc.types import Event
from tests.gql.conftest import PUBLISHABLE, SECRET, Ask
from tests.gql.memory import MemoryShop

TRACK = "mutation ($events: [EventInput!]!, $key: String) { track(events: $events, idempotencyKey: $key) { offset } }"
UPSERT = "mutation ($products: [ProductInput!]!) { upsertProducts(products: $products) { offset count } }"


def test_an_event_reaches_the_service_whole(ask: Ask, shop: MemoryShop) -> None:
    ask(TRACK, SECRET, events=[{
        "productId": "s:1", "kind": "BUY", "time": "2026-11-25T10:00:00+08:00", "sessionId": "v", "shopperId": "anna",
        "quantity": 2, "value": 79.0, "basketId": "b", "queryId": "q", "position": 0, "eventId": "e",
    }])  # fmt: skip
    time = datetime(2026, 11, 25, 10, tzinfo=timezone(timedelta(hours=8)))
    assert shop.entries == [[Event("s:1", "buy", time, "anna", "v", 2.0, 79.0, "b", "q", 0, "e")]]
    assert shop.entries[0][0].time.tzinfo is UTC


def test_a_time_without_a_zone_is_utc_and_none_is_now(ask: Ask, shop: MemoryShop) -> None:
    event = {"productId": "s:1", "kind": "VIEW", "sessionId": "v"}
    ask(TRACK, events=[event | {"time": "2026-11-25T10:00:00"}, event])
    named, now = (one.time for one in shop.entries[0])
    assert named == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:00:00-08:00"])
def test_a_time_that_no_calendar_holds_is_refused(ask: Ask, shop: MemoryShop, time: str) -> None:
    answer = ask(TRACK, events=[{"productId": "s:1", "kind": "VIEW", "sessionId": "v", "time": time}])
    assert answer["errors"][0]["extensions"]["code"] == "BAD_QUERY"
    assert shop.entries == []


def test_the_same_key_is_the_same_entry(ask: Ask) -> None:
    events = [{"productId": "s:1", "kind": "VIEW", "sessionId": "v"}]
    first, again, other = (ask(TRACK, events=events, key=key)["data"]["track"]["offset"] for key in ("a", "a", "b"))
    assert first == again != other


def test_an_absent_field_stays_and_null_clears(ask: Ask, shop: MemoryShop) -> None:
    answer = ask(UPSERT, SECRET, products=[{"id": "s:1", "price": 35, "brand": None}])
    assert answer["data"]["upsertProducts"] == {"offset": 1, "count": 1}
    assert shop.entries == [[{"id": "s:1", "price": 35.0, "brand": None}]]
    changed = ask('{ product(id: "s:1", minOffset: 1) { title brand price } }')["data"]["product"]
    assert changed == {"title": "Frying pan 28 cm", "brand": None, "price": 35.0}


def test_a_literal_null_clears_and_a_missing_variable_stays(ask: Ask, shop: MemoryShop) -> None:
    ask('mutation ($t: String) { upsertProducts(products: [{id: "s:1", title: $t, brand: null}]) { offset } }', SECRET)
    assert shop.entries == [[{"id": "s:1", "brand": None}]]


def test_a_new_product_reaches_the_service_as_lists_and_dicts(ask: Ask, shop: MemoryShop) -> None:
    product = {
        "id": "s:10", "title": "Pot", "category": ["Home", "Kitchen"], "stock": 4_000_000_000,
        "attributes": [{"name": "colour", "value": "red"}],
        "variants": [{"sku": "10-S", "price": 5.5, "attributes": [{"name": "size", "value": "S"}]}],
        "offers": [{"seller": "Haus", "price": 5.0}],
    }  # fmt: skip
    ask(UPSERT, SECRET, products=[product])
    row = shop.entries[0][0]
    assert (row["stock"], row["attributes"]) == (4_000_000_000, [{"name": "colour", "value": "red"}])
    assert row["variants"][0]["attributes"] == [{"name": "size", "value": "S"}]
    assert row["offers"] == [{"seller": "Haus", "price": 5.0, "currency": None, "stock": None, "url": None}]


def test_a_retired_product_is_gone(ask: Ask) -> None:
    assert ask('mutation { retireProducts(ids: ["s:1"]) { count } }', SECRET)["data"]["retireProducts"]["count"] == 1
    assert ask('{ product(id: "s:1") { id } search(query: "frying") { totalCount } }')["data"] == {
        "product": None,
        "search": {"totalCount": 0},
    }
    again = ask('mutation { retireProducts(ids: ["s:1"]) { count } }', SECRET)
    assert again["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("price", ["1e999", "-1e999"])
def test_a_number_that_is_none_changes_nothing(ask: Ask, shop: MemoryShop, price: str) -> None:
    answer = ask(f'mutation {{ upsertProducts(products: [{{id: "s:1", price: {price}}}]) {{ offset }} }}', SECRET)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_QUERY"
    event = f'{{productId: "s:1", kind: VIEW, sessionId: "v", value: {price}}}'
    answer = ask(f"mutation {{ track(events: [{event}]) {{ offset }} }}", PUBLISHABLE)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_QUERY"
    assert shop.entries == []


@pytest.mark.parametrize("stock", ["1.5", "true", '"7"', "1e400", "9007199254740993"])
def test_a_stock_that_is_no_whole_number_is_refused(ask: Ask, shop: MemoryShop, stock: str) -> None:
    answer = ask(f'mutation {{ upsertProducts(products: [{{id: "s:1", stock: {stock}}}]) {{ offset }} }}', SECRET)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_QUERY"
    assert shop.entries == []


INGEST = """mutation ($input: TextInput!) { ingestText(input: $input) {
  id productId offset claims { id name value node confidence extractor field start end quote document { id kind text } }
} }"""


def test_a_text_reaches_the_service_and_says_what_it_claims(ask: Ask, shop: MemoryShop) -> None:
    given = {"text": "It is red.", "productId": "s:1", "id": "blog:7", "kind": "review", "idempotencyKey": "k"}
    answer = ask(INGEST, SECRET, input=given)["data"]["ingestText"]
    assert shop.entries == [[("It is red.", "s:1", "blog:7", "review")]]
    assert (answer["id"], answer["productId"], answer["offset"]) == ("blog:7", "s:1", 1)
    (claim,) = answer["claims"]
    assert (claim["value"], claim["field"], claim["start"], claim["quote"]) == ("red", "text", 6, "red")
    assert claim["document"] == {"id": "blog:7", "kind": "review", "text": "It is red."}
    assert ask(INGEST, SECRET, input=given)["data"]["ingestText"]["offset"] == 1


def test_a_text_takes_the_secret_token_and_a_product(ask: Ask, shop: MemoryShop) -> None:
    refused = ask(INGEST, PUBLISHABLE, input={"text": "It is red."})
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    unsure = ask(INGEST, SECRET, input={"text": "It is red."})
    assert unsure["errors"][0]["extensions"] == {"code": "BAD_INPUT", "nextStep": "Give productId."}
    assert shop.entries == []


def test_a_text_is_taken_back(ask: Ask, shop: MemoryShop) -> None:
    answer = ask('mutation { removeText(id: "blog:7") { offset count } }', SECRET)
    assert answer["data"]["removeText"] == {"offset": 1, "count": 1}
    assert shop.entries == [["blog:7"]]


def test_provenance_walks_from_a_claim_to_its_text(ask: Ask) -> None:
    query = """{ provenance(id: "s:1") {
      productId title source file line row claims { id value quote document { id file line row } }
    } }"""
    assert ask(query, SECRET)["data"]["provenance"] == {
        "productId": "s:1", "title": "Frying pan 28 cm", "source": "s", "file": "s.csv", "line": 2, "row": None,
        "claims": [{"id": "claim:9", "value": "red", "quote": "red",
                    "document": {"id": "api:t", "file": "api", "line": 1, "row": None}}],
    }  # fmt: skip
    missing = ask('{ provenance(id: "s:99") { title } }', SECRET)
    assert missing["errors"][0]["extensions"]["code"] == "NOT_FOUND"


PROMOTE = "mutation ($version: ID!) { promoteModel(version: $version) { kind version } }"
ROLL_BACK = 'mutation { rollBackModel(version: "good") { kind version } }'
WITHDRAW = 'mutation { withdrawModel(version: "good") { kind version } }'


def test_a_model_goes_into_production_and_back_while_the_service_runs(ask: Ask, shop: MemoryShop) -> None:
    assert ask(ROLL_BACK, SECRET)["errors"][0]["extensions"]["code"] == "REFUSED"
    for _ in range(2):
        answer = ask(PROMOTE, SECRET, version="good")
        assert answer["data"]["promoteModel"] == {"kind": "mentions", "version": "good"}
    assert ask(ROLL_BACK, SECRET)["data"]["rollBackModel"] == {"kind": "mentions", "version": "good"}
    assert shop.registry.production == ["good"]
    assert ask(WITHDRAW, SECRET)["data"]["withdrawModel"] == {"kind": "mentions", "version": "good"}
    assert shop.registry.production == []
    assert ask(WITHDRAW, SECRET)["errors"][0]["extensions"]["code"] == "REFUSED"


@pytest.mark.parametrize(("version", "code"), [("bad", "GATE"), ("unheard", "NOT_FOUND")])
def test_a_model_that_may_not_or_cannot_be_promoted_is_told(
    ask: Ask, shop: MemoryShop, version: str, code: str
) -> None:
    assert ask(PROMOTE, SECRET, version=version)["errors"][0]["extensions"]["code"] == code
    assert shop.registry.production == []


@pytest.mark.parametrize("call", [PROMOTE, ROLL_BACK, WITHDRAW])
def test_no_browser_promotes(ask: Ask, shop: MemoryShop, call: str) -> None:
    variables = {"version": "good"} if call == PROMOTE else {}
    assert ask(call, PUBLISHABLE, **variables)["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert shop.registry.production == []
