"""A small real server that speaks the protocol of chat completions and answers by a script of the test's."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Reply = Callable[[str], Response]  # what the user said → what the server answers


@dataclass
class Script:
    """Replies in turn, the last one for good. `asked` holds what came, `most_at_once` how many were on their way."""

    replies: list[Reply]
    pause_s: float = 0.0
    url: str = ""
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
        with self._lock:
            reply = self.replies[min(len(self.asked), len(self.replies) - 1)]
            self.asked.append(body)
            self.headers.append(headers)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(self.pause_s)
        with self._lock:
            self._now -= 1
        return reply(body["messages"][-1]["content"])


def says(
    *facts: tuple[str, str, str], finish: str = "stop", tokens: tuple[int, int] | None = (100, 20), content: str = ""
) -> Reply:
    """A whole completion with these facts, or with any other content."""
    told = [dict(zip(("predicate", "name", "value"), fact, strict=True)) for fact in facts]
    completion = {
        "choices": [{
            "finish_reason": finish,
            "message": {"role": "assistant", "content": content or json.dumps({"facts": told}, ensure_ascii=False)},
        }],
        "usage": tokens and {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]},
    }  # fmt: skip
    return lambda _: Response(json.dumps(completion), media_type="application/json")


def fails(status: int, message: str = "told", **headers: str) -> Reply:
    """An error as these servers say it."""
    body = json.dumps({"error": {"message": message}})
    return lambda _: Response(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


@contextmanager
def serving(*replies: Reply, pause_s: float = 0.0) -> Iterator[Script]:
    script = Script(list(replies), pause_s)

    async def complete(request: Request) -> Response:
        return await run_in_threadpool(script.reply, await request.json(), request.headers)

    app = Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        script.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        try:
            yield script
        finally:
            server.should_exit = True
            thread.join(timeout=10)
