"""A Neo4j that takes connections and never answers: the rest is answered, and what is missing is said."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from graphsvc.graph_door import PATIENCE, GraphDoor
from graphsvc.settings import Settings
from graphsvc.shop import Shop
from tests.gql.conftest import PUBLISHABLE, Ask
from tests.gql.memory import MemoryShop
from tests.gql.test_server import serving
from tests.silence import silent_neo4j

HEADERS = {"authorization": f"Bearer {PUBLISHABLE}"}
PAGE = '{ products(ids: ["s:1", "s:2", "s:3"]) { title neighbourhood { id } } }'


@pytest.fixture(autouse=True)
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nodes of the graph are looked for in a Neo4j that hangs."""
    with silent_neo4j() as address:
        door = GraphDoor(Shop.open(tmp_path), Settings(home=tmp_path, neo4j_uri=address))
        monkeypatch.setattr(MemoryShop, "entity", lambda shop, entity_id: door.entity(entity_id))
        yield


def test_a_page_of_products_waits_once_and_says_what_is_missing(ask: Ask) -> None:
    start = time.monotonic()
    answer = ask(PAGE)
    assert time.monotonic() - start < PATIENCE + 1.5
    assert [one["title"] for one in answer["data"]["products"]] == ["Frying pan 28 cm", "Sauce pan with lid", "Wok pan"]
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPH_UNAVAILABLE"] * 3
    start = time.monotonic()
    assert len(ask(PAGE)["errors"]) == 3
    assert time.monotonic() - start < 0.5


def test_those_who_wait_for_it_keep_nobody_else_waiting(shop: MemoryShop) -> None:
    async def seconds(client: httpx.AsyncClient, path: str, query: str = "") -> float:
        start = time.monotonic()
        reply = await (client.post(path, json={"query": query}) if query else client.get(path))
        assert reply.status_code == 200
        return time.monotonic() - start

    async def run(address: str) -> tuple[float, float]:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(base_url=address, headers=HEADERS, limits=limits, timeout=60) as client:
            await seconds(client, "/metrics")
            waiting = [asyncio.create_task(seconds(client, "/graphql", PAGE)) for _ in range(40)]
            await asyncio.sleep(0.5)
            assert not any(one.done() for one in waiting)
            others = [seconds(client, path) for path in ("/metrics", "/healthz", "/readyz")]
            others.append(seconds(client, "/graphql", '{ search(query: "pan", minOffset: 0) { totalCount } }'))
            return max(await asyncio.gather(*others)), max(await asyncio.gather(*waiting))

    with serving(shop) as address:
        others, waiting = asyncio.run(run(address))
    assert others < 1.0
    assert waiting < PATIENCE + 3.0
