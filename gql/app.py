"""The application: routes, threads, headers. The only asynchronous room; everything behind it is called in threads.

    app = create_app(service, settings, tokens)

| route | |
|---|---|
| POST, GET /graphql | GraphQL; a browser that opens it gets GraphiQL |
| /graphiql, /static | GraphiQL with its assets, all from here: it works offline |
| /healthz | the process answers |
| /readyz | 200 once answers can be given, 503 before and while stopping |
| /metrics | Prometheus |
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gql.documents import Documents
from gql.errors import BusyError, RequestError, shown
from gql.limits import GRAPH_FIELDS, Limits
from gql.metrics import Metrics
from gql.operations import Answer, Executor
from gql.requests import GraphqlRequest, read_request
from gql.schema import build_schema
from gql.service import Service
from gql.tokens import Tokens
from graphsvc.settings import Settings

STATIC = Path(__file__).with_name("static")
READERS = 8  # threads that answer from memory: more would only wait for each other
WAITERS = 16  # threads that may wait for an offset
EXPLORERS = 16  # threads that may wait for the graph database
WRITERS = 64  # threads that wait for an fsync, which they share
MOST_WAITING = 512  # requests taken on at once; more are sent away at once, to come again
WATCHERS = 2  # threads for those that watch over the service: they are answered whatever the others wait for
GRAPHQL_JSON = "application/graphql-response+json"
HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
# GraphiQL writes style attributes and holds its fonts and pictures as data; nothing comes from elsewhere.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def create_app(service: Service, settings: Settings, tokens: Tokens) -> Starlette:
    """Return the ASGI application over a service. The caller opens the service and closes it after the server."""
    door = _Door(service, settings, tokens)
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "POST"),
        allow_headers=("authorization", "content-type"),
        max_age=600,
    )
    return Starlette(
        routes=[
            Route("/", _to_graphiql),
            Route("/graphql", door.graphql, methods=["GET", "POST"]),
            Route("/graphiql", _graphiql),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/healthz", _healthz),
            Route("/readyz", door.readyz),
            Route("/metrics", door.metrics),
        ],
        middleware=[cors] if settings.cors_origins else [],
        lifespan=door.lifespan,
    )


class _Door:
    """The endpoints that need the service."""

    def __init__(self, service: Service, settings: Settings, tokens: Tokens) -> None:
        self._service, self._tokens = service, tokens
        self._body_limit = settings.body_limit
        schema = build_schema()
        self._executor = Executor(schema, Documents(schema.core, Limits.of(settings)), service)
        self._metrics = Metrics()
        self._readers, self._watchers = CapacityLimiter(READERS), CapacityLimiter(WATCHERS)
        waiters, explorers = CapacityLimiter(WAITERS), CapacityLimiter(EXPLORERS)
        self._rooms = {  # by a word in the text, the first that is there: what may wait longest comes first
            "mutation": CapacityLimiter(WRITERS), **dict.fromkeys(GRAPH_FIELDS, explorers), "minOffset": waiters,
        }  # fmt: skip
        self._taken = 0
        self._stopping = False

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """While the server runs; when it stops, load balancers are told at once."""
        yield
        self._stopping = True

    async def graphql(self, request: Request) -> Response:
        """One GraphQL request, or GraphiQL for a browser that opens the address."""
        if request.method == "GET" and "query" not in request.query_params and _wants_page(request):
            return _page()
        start = time.perf_counter()
        answer = await self._answer(request)
        self._metrics.seconds.observe(time.perf_counter() - start)
        self._metrics.requests.labels(answer.outcome).inc()
        return _response(answer, request)

    async def readyz(self, request: Request) -> Response:
        """Whether answers can be given."""
        ready = not self._stopping and self._service.ready()
        return _json({"ready": ready}, 200 if ready else 503)

    async def metrics(self, request: Request) -> Response:
        """Counters, and how far each projection is behind the log."""
        text = await to_thread.run_sync(self._measured, limiter=self._watchers)
        return Response(text, media_type="text/plain; version=0.0.4", headers=HEADERS)

    async def _answer(self, request: Request) -> Answer:
        if self._taken >= MOST_WAITING:
            error = BusyError("Too many requests are waiting.", "Send it again in a second.", 503)
            return Answer({"errors": [shown(error)]}, "refused", 503)
        self._taken += 1
        try:
            given = await read_request(request, self._body_limit)
            access = self._tokens.access(request)
            return await to_thread.run_sync(self._executor.run, given, access, limiter=self._threads(given))
        except RequestError as error:
            return Answer({"errors": [shown(error)]}, "refused", error.status)
        finally:
            self._taken -= 1

    def _threads(self, request: GraphqlRequest) -> CapacityLimiter:
        """Where a request runs. Those that may wait for something do not keep the others from being answered."""
        found = (room for word, room in self._rooms.items() if word in request.query)
        return next(found, self._readers)

    def _measured(self) -> bytes:
        status = self._service.status()
        self._metrics.head.set(status.head)
        for projection in status.projections:
            self._metrics.lag.labels(projection.name).set(projection.lag)
        return self._metrics.text()


async def _healthz(request: Request) -> Response:
    return _json({"status": "ok"}, 200)


async def _graphiql(request: Request) -> Response:
    return _page()


async def _to_graphiql(request: Request) -> Response:
    return RedirectResponse("graphiql")


def _page() -> Response:
    return FileResponse(
        STATIC / "graphiql.html",
        media_type="text/html; charset=utf-8",
        headers={**HEADERS, "content-security-policy": PAGE_POLICY, "cache-control": "no-cache"},
    )


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _response(answer: Answer, request: Request) -> Response:
    """The answer as the client accepts it: the older media type has errors of GraphQL under status 200."""
    modern = GRAPHQL_JSON in request.headers.get("accept", "")
    never_executed = answer.status == 200 and "data" not in answer.content
    status = 400 if modern and never_executed else answer.status
    return _json(answer.content, status, GRAPHQL_JSON if modern else "application/json")


def _json(content: Any, status: int, media_type: str = "application/json") -> Response:
    try:
        body = orjson.dumps(content, default=str)
    except TypeError as error:  # what no JSON can hold: a lone surrogate, a whole number over 64 bits
        body, status = orjson.dumps({"errors": [shown(error)]}), 500
    retry = {"retry-after": "1"} if status == 503 else {}
    return Response(body, status, {**HEADERS, "cache-control": "no-store", **retry}, media_type)
