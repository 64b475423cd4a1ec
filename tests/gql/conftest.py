from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from gql.app import create_app
from gql.tokens import Tokens
from graphsvc.settings import Settings
from tests.gql.memory import MemoryShop

PUBLISHABLE, SECRET = "publishable-" + "p" * 32, "secret-" + "s" * 32
TOKENS = Tokens(PUBLISHABLE, SECRET)
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def shop() -> MemoryShop:
    return MemoryShop()


@pytest.fixture
def client(shop: MemoryShop) -> Iterator[TestClient]:
    with TestClient(create_app(shop, Settings(), TOKENS)) as client:
        yield client


@pytest.fixture
def ask(client: TestClient) -> Ask:
    """Asks with a token and variables; returns the whole JSON answer."""

    def ask(query: str, token: str | None = PUBLISHABLE, **variables: Any) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        reply = client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        answer: dict[str, Any] = reply.json()
        assert reply.status_code == 200, answer
        return answer

    return ask
