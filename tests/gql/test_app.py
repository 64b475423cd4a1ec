import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from gql.app import STATIC, create_app
from graphsvc.settings import Settings
from tests.gql.conftest import PUBLISHABLE, TOKENS
from tests.gql.memory import MemoryShop

HEADERS = {"authorization": f"Bearer {PUBLISHABLE}"}
JSON = HEADERS | {"content-type": "application/json"}
READY = {"query": "{ status { ready } }"}


def refused(reply: Any, status: int) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"].startswith("application/json")
    (error,) = reply.json()["errors"]
    assert error["extensions"]["code"]
    found: dict[str, Any] = error
    return found


@pytest.mark.parametrize(
    "body",
    [
        b'"{ status }"', b"[]", b'[{"query": "{ status { ready } }"}]', b"7", b"null", b"", b"{", b"\xff\xfe",
        b'{"query": 7}', b'{"query": ""}', b'{"query": null}', b'{"query": ["a"]}', b"{}", b"[" * 100_000,
        b'{"query": "{ __typename }", "variables": []}', b'{"query": "{ __typename }", "variables": "x"}',
        b'{"query": "{ __typename }", "operationName": 7}', b'{"query": "{ __typename }", "variables": {"a": NaN}}',
        b'{"query": "{ __typename }", "variables": {"a": 1e999}}', b'{"query": "{ a(x: \\"\\ud800\\") }"}',
    ],
)  # fmt: skip
def test_a_body_that_is_no_request_is_refused_as_json(client: TestClient, body: bytes) -> None:
    assert refused(client.post("/graphql", content=body, headers=JSON), 400)["extensions"]["nextStep"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_a_form_on_a_foreign_page_can_send_is_refused(client: TestClient, kind: str) -> None:
    refused(client.post("/graphql", content=orjson.dumps(READY), headers=HEADERS | {"content-type": kind}), 415)


def test_a_compressed_body_is_refused(client: TestClient) -> None:
    refused(client.post("/graphql", content=b"\x1f\x8b", headers=JSON | {"content-encoding": "gzip"}), 415)


def test_a_huge_body_is_refused_announced_or_not(shop: MemoryShop) -> None:
    with TestClient(create_app(shop, Settings(body_limit=10_000), TOKENS)) as client:
        whole = orjson.dumps({**READY, "variables": {"x": "y" * 10_000}})
        assert refused(client.post("/graphql", content=whole, headers=JSON), 413)["extensions"]["code"] == "TOO_LARGE"
        read = []

        def chunks() -> Iterator[bytes]:
            for number in range(10_000):
                read.append(number)
                yield b" " * 5_000

        refused(client.post("/graphql", content=chunks(), headers=JSON), 413)
        assert client.post("/graphql", content=iter([orjson.dumps(READY)]), headers=JSON).json()["data"]


def test_a_get_reads_and_changes_nothing(client: TestClient, shop: MemoryShop) -> None:
    query = {"query": "query A($i: ID!) { product(id: $i) { id } } query B { status { ready } }"}
    found = client.get("/graphql", params=query | {"variables": '{"i": "s:1"}', "operationName": "A"}, headers=HEADERS)
    assert found.json() == {"data": {"product": {"id": "s:1"}}}
    track = 'mutation { track(events: [{productId: "s:1", kind: VIEW, sessionId: "v"}]) { offset } }'
    refused(client.get("/graphql", params={"query": track}, headers=HEADERS), 405)
    refused(client.get("/graphql", params=query | {"variables": "{"}, headers=HEADERS), 400)
    refused(client.get("/graphql", headers=HEADERS), 400)
    assert client.get("/graphql?query=%ED%A0%80", headers=HEADERS).json()["errors"]
    assert shop.entries == []
    assert client.put("/graphql", json=READY, headers=HEADERS).status_code == 405


def test_the_newer_media_type_has_errors_of_documents_under_400(client: TestClient) -> None:
    accept = HEADERS | {"accept": "application/graphql-response+json, application/json;q=0.9"}
    lagging = '{ product(id: "s:1", minOffset: 9) { id } }'
    for query, status in (("{ nothing }", 400), ("{", 400), ("{ status { ready } }", 200), (lagging, 200)):
        reply = client.post("/graphql", json={"query": query}, headers=accept)
        assert (reply.status_code, reply.headers["content-type"]) == (status, "application/graphql-response+json")
    assert client.post("/graphql", json={"query": "{ nothing }"}, headers=HEADERS).status_code == 200


def test_what_json_cannot_hold_is_our_error_and_not_a_broken_answer(client: TestClient, shop: MemoryShop) -> None:
    shop.held["s:1"] = replace(shop.held["s:1"], title="\ud800")
    query = {"query": '{ product(id: "s:1") { title } }'}
    assert refused(client.post("/graphql", json=query, headers=HEADERS), 500)["extensions"]["code"] == "INTERNAL"


def test_health_readiness_and_metrics(client: TestClient, shop: MemoryShop) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert (client.get("/readyz").status_code, client.get("/readyz").json()) == (200, {"ready": True})
    shop.is_ready = False
    assert client.get("/healthz").status_code == 200
    assert (client.get("/readyz").status_code, client.get("/readyz").json()) == (503, {"ready": False})
    client.post("/graphql", json=READY, headers=HEADERS)
    client.post("/graphql", json={"query": "{"}, headers=HEADERS)
    text = client.get("/metrics").text
    assert 'graphsvc_requests_total{outcome="ok"} 1.0' in text
    assert 'graphsvc_requests_total{outcome="refused"} 1.0' in text
    assert "graphsvc_request_seconds_count 2.0" in text
    assert 'graphsvc_projection_lag{projection="graph"} 0.0' in text


def test_foreign_pages_may_call_only_where_the_settings_name_them(shop: MemoryShop, client: TestClient) -> None:
    asking = {
        "origin": "https://shop.example", "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }  # fmt: skip
    assert client.options("/graphql", headers=asking).status_code == 405
    plain = client.post("/graphql", json=READY, headers=HEADERS | {"origin": "https://shop.example"})
    assert "access-control-allow-origin" not in plain.headers
    named = Settings(cors_origins=("https://shop.example",))
    with TestClient(create_app(shop, named, TOKENS)) as open_client:
        reply = open_client.options("/graphql", headers=asking)
        assert reply.headers["access-control-allow-origin"] == "https://shop.example"
        other = open_client.options("/graphql", headers=asking | {"origin": "https://other.example"})
        assert "access-control-allow-origin" not in other.headers


def test_the_environment_names_origins_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHSVC_CORS_ORIGINS", "https://shop.example, https://other.example,")
    assert Settings().cors_origins == ("https://shop.example", "https://other.example")


def test_graphiql_comes_whole_from_here(client: TestClient) -> None:
    page = client.get("/graphql", headers={"accept": "text/html"})
    assert page.text == client.get("/graphiql").text == client.get("/").text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http" not in page.text
    tags = re.findall(
        r'<(?:script|link rel="stylesheet")[^>]*?(?:src|href)="([^"]+)"(?: integrity="([^"]+)")?', page.text
    )
    assert len(tags) == 6
    for address, integrity in tags:
        reply = client.get("/" + address)
        assert reply.status_code == 200, address
        if integrity:
            digest = base64.b64encode(hashlib.sha384(reply.content).digest()).decode()
            assert integrity == f"sha384-{digest}"
        else:
            assert address in ("static/start.js", "static/page.css")


def test_the_query_that_graphiql_starts_with_is_valid(client: TestClient) -> None:
    start = (STATIC / "start.js").read_text("utf-8")
    query = start.split("`")[1]
    assert "errors" not in client.post("/graphql", json={"query": query}, headers=HEADERS).json()


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/", "/x"]
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_what_cannot_be_served_in_time_is_sent_away(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gql.app.MOST_WAITING", 0)
    reply = client.post("/graphql", json=READY, headers=HEADERS)
    assert refused(reply, 503)["extensions"]["code"] == "BUSY"
    assert reply.headers["retry-after"] == "1"
    monkeypatch.undo()
    assert client.post("/graphql", json=READY, headers=HEADERS).status_code == 200


VALID = """query Q($q: String = "pan", $n: Int! = 3) { search(query: $q, first: $n, sort: PRICE, facets: ["brand"]) {
    ...page @include(if: true) edges { node { id title neighbourhood { relations(first: 2) { target { id } } } } } } }
    fragment page on SearchConnection { totalCount facets { values { count } } pageInfo { endCursor } }"""
PIECES = st.sampled_from([*re.findall(r"\w+|\S", VALID), "null", "1e999", '"""', "\\u{D800}", "...", "@skip", "🦊"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, len(VALID)), cut=st.integers(0, 60), pieces=st.lists(PIECES, max_size=6))
def test_no_document_breaks_the_server(client: TestClient, start: int, cut: int, pieces: list[str]) -> None:
    query = VALID[:start] + " ".join(pieces) + VALID[start + cut :]
    reply = client.post("/graphql", json={"query": query}, headers=HEADERS)
    assert reply.status_code in (200, 400), reply.text
    assert all(error["extensions"]["code"] != "INTERNAL" for error in reply.json().get("errors", ())), query


def test_answers_say_what_they_are(client: TestClient) -> None:
    reply = client.post("/graphql", json=READY, headers=HEADERS)
    assert (reply.headers["x-content-type-options"], reply.headers["cache-control"]) == ("nosniff", "no-store")
