"""The application behind a real server: sockets, concurrency, a graceful stop, two threads of clients."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from gql.app import create_app
from graphsvc.settings import Settings
from tests.gql.conftest import PUBLISHABLE, SECRET, TOKENS
from tests.gql.memory import MemoryShop

ROOT = Path(__file__).parents[2]
HEADERS = {"authorization": f"Bearer {PUBLISHABLE}"}


@contextmanager
def serving(shop: MemoryShop) -> Iterator[str]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    server = uvicorn.Server(
        uvicorn.Config(create_app(shop, Settings(), TOKENS), log_level="warning", lifespan="on", access_log=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def test_it_answers_over_a_socket(shop: MemoryShop) -> None:
    with serving(shop) as address, httpx.Client(base_url=address, headers=HEADERS) as client:
        assert client.get("/readyz").json() == {"ready": True}
        query = {"query": '{ search(query: "pna") { totalCount correctedQuery edges { reasons { text } } } }'}
        answer = client.post("/graphql", json=query).json()["data"]["search"]
        assert (answer["totalCount"], answer["correctedQuery"]) == (5, "pan")
        track = 'mutation { track(events: [{productId: "s:1", kind: VIEW, sessionId: "v"}]) { offset } }'
        assert client.post("/graphql", json={"query": track}).json()["data"]["track"]["offset"] == 1
        assert "GraphiQL" in client.get("/graphql", headers={"accept": "text/html"}).text


def test_an_announced_giant_is_refused_before_it_is_sent(shop: MemoryShop) -> None:
    with serving(shop) as address, socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as raw:
        raw.sendall(
            b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000000000\r\n\r\n"
        )
        raw.settimeout(5)
        assert raw.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_waiting_reader_keeps_nobody_from_being_answered(shop: MemoryShop, monkeypatch: pytest.MonkeyPatch) -> None:
    hold = threading.Event()
    monkeypatch.setattr(MemoryShop, "wait", lambda self, offset, timeout: hold.wait(30))

    async def ask(client: httpx.AsyncClient, query: str) -> httpx.Response:
        return await client.post("/graphql", json={"query": query})

    async def run(address: str) -> None:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(base_url=address, headers=HEADERS, limits=limits, timeout=60) as client:
            waiting = [
                asyncio.create_task(ask(client, '{ product(id: "s:1", minOffset: 1) { id } }')) for _ in range(40)
            ]
            await asyncio.sleep(0.2)
            assert (await ask(client, '{ product(id: "s:1") { id } }')).json()["data"]["product"]
            track = 'mutation { track(events: [{productId: "s:1", kind: VIEW, sessionId: "v"}]) { offset } }'
            assert (await ask(client, track)).json()["data"]
            assert not any(task.done() for task in waiting)
            hold.set()
            assert all(reply.json()["data"]["product"] for reply in await asyncio.gather(*waiting))

    with serving(shop) as address:
        asyncio.run(run(address))


def test_many_requests_at_once_are_each_answered_right(shop: MemoryShop) -> None:
    async def run(address: str) -> None:
        async with httpx.AsyncClient(base_url=address, headers={"authorization": f"Bearer {SECRET}"}) as client:
            tasks = []
            for number in range(200):
                query = f'query A{number % 7} {{ a{number}: product(id: "s:{number % 9 + 1}") {{ id }} }}'
                tasks.append(client.post("/graphql", json={"query": query}))
            for number, reply in enumerate(await asyncio.gather(*tasks)):
                assert reply.json() == {"data": {f"a{number}": {"id": f"s:{number % 9 + 1}"}}}

    with serving(shop) as address:
        asyncio.run(run(address))


def test_a_stop_answers_what_was_asked_before_it() -> None:
    program = (
        "import time, uvicorn, socket\n"
        "from tests.gql.memory import MemoryShop\n"
        "from tests.gql.conftest import TOKENS\n"
        "from gql.app import create_app\n"
        "from graphsvc.settings import Settings\n"
        "MemoryShop.wait = lambda self, offset, timeout: time.sleep(1)\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "import sys; sys.stdout.write(f'{listener.getsockname()[1]}\\n'); sys.stdout.flush()\n"
        "config = uvicorn.Config(create_app(MemoryShop(), Settings(), TOKENS), log_level='warning',\n"
        "                        timeout_graceful_shutdown=10)\n"
        "uvicorn.Server(config).run(sockets=[listener])\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        address = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        replies: list[httpx.Response] = []
        query = {"query": '{ product(id: "s:1", minOffset: 1) { id } }'}
        asking = threading.Thread(
            target=lambda: replies.append(httpx.post(address + "/graphql", json=query, headers=HEADERS, timeout=20))
        )
        while True:
            try:
                assert httpx.get(address + "/healthz", timeout=20).status_code == 200
                break
            except httpx.ConnectError:
                time.sleep(0.05)
        asking.start()
        time.sleep(0.4)
        server.send_signal(signal.SIGTERM)
        asking.join(timeout=20)
        assert replies[0].json() == {"data": {"product": {"id": "s:1"}}}
        server.wait(timeout=20)
