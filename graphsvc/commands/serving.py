"""`serve` and `demo`: the service over HTTP, and the sample shop that shows what it does.

Is given the application to serve, for GraphQL stands above this package.
"""

import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer
from rich.markup import escape

from graphsvc.commands.terminal import err, errors, out, progress, show
from graphsvc.delivery import Report
from graphsvc.demo.tour import load_shops, tour
from graphsvc.demo.workshop import Learnt, learn_from_texts
from graphsvc.errors import GraphsvcError, RefusedError
from graphsvc.rereading import KINDS
from graphsvc.service import Service
from graphsvc.settings import Settings

LEARNT = 8  # statements that the demo shows of what its models read
Application = Callable[[Service, Settings], Any]  # → an ASGI application


def serve_with(application: Application) -> Callable[..., None]:
    """The command `serve`, for one application."""

    def serve(
        context: typer.Context,
        host: Annotated[str | None, typer.Option(help="address to listen on; loopback unless told")] = None,
        port: Annotated[int | None, typer.Option(help="port; 0 takes a free one", min=0, max=65535)] = None,
    ) -> None:
        """Serve GraphQL, GraphiQL and metrics until Ctrl-C.

        Example:  GRAPHSVC_HOME=.demo python -m graphsvc serve --port 8090
        """
        given = {"host": host, "port": port}
        settings = context.obj.model_copy(update={key: value for key, value in given.items() if value is not None})
        with errors(), listen(settings) as listener, Service(settings, purpose=_purpose(settings, listener)) as service:
            address = _address(settings, listener)
            server = _server(application(service, settings), settings)
            failed: list[Exception] = []
            opening = threading.Thread(target=_open, args=(service, server, failed), name="open", daemon=True)
            opening.start()
            err.print(f"GraphiQL: {address}/graphql   ready when {address}/readyz says so")
            err.print(f"Tokens: {escape(str(service.shop.secrets))} (publishable, secret)")
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # both ask for the same: finish, then go
            with suppress(KeyboardInterrupt):
                server.run(sockets=[listener])
            opening.join()
            if failed:
                raise failed[0]

    return serve


def demo_with(application: Application) -> Callable[..., None]:
    """The command `demo`, for one application."""

    def demo(context: typer.Context) -> None:
        """Load the two sample shops, build everything, and answer over HTTP."""
        settings: Settings = context.obj.model_copy(update={"port": 0, "host": "127.0.0.1"})
        with errors(), Service(settings, purpose="the demo") as service:
            threading.Thread(target=_start_graph, args=(service,), name="start-graph", daemon=True).start()
            with progress() as report:
                loaded = load_shops(service, report)
                learnt = learn_from_texts(service, report)
                service.open(build=True, progress=report)
                service.follow_graph(report)
                service.graph.warm()
            _say(loaded)
            _say_learnt(learnt)
            service.follow_in_background()
            with running(application, service, settings) as address:
                tour(address, service.shop.secret("secret"), service.shop.home, out)

    return demo


def _start_graph(service: Service) -> None:
    """Neo4j starts while files are read and models learn; what is wrong with it is said when it is needed."""
    with suppress(GraphsvcError):
        service.graph.open()


def _say(loaded: Sequence[Report]) -> None:
    """What became of the rows of each file."""
    rows = [
        (f"{done.name} {done.asset}", *(f"{count:,}" for count in (n.read, n.accepted, n.unchanged, n.quarantined)))
        for done in loaded
        for n in (done.batch.counts,)
    ]
    show(("file", "rows read", "= accepted", "+ unchanged", "+ quarantined"), rows)


def _say_learnt(learnt: Learnt) -> None:
    """Which models were made of the texts, and what they read there that no field held."""
    for made in learnt.models:
        place = "in production" if made.promoted else f"not in production: {made.refused}"
        out.print(f"{made.kind} {made.version}: {place}", markup=False)
    counts = learnt.difference.counts
    said = ", ".join(f"{counts.get(kind, 0):,} {kind}" for kind in KINDS)
    out.print(f"Of {learnt.difference.read:,} products read anew: {said} statements. Some that no field held:")
    show(
        ("product", "says", "value", "words", "by"),
        [
            (one.title, one.qualifier or one.predicate, one.object, one.quote, one.extractor)
            for one in learnt.difference.samples.get("new", ())[:LEARNT]
        ],
    )


@contextmanager
def running(application: Application, service: Service, settings: Settings) -> Iterator[str]:
    """Serve in a thread of this process; gives the address."""
    listener = listen(settings)
    server = _server(application(service, settings), settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="http", daemon=True)
    thread.start()
    try:
        yield _address(settings, listener)
    finally:
        server.should_exit = True
        thread.join(timeout=15)


def listen(settings: Settings) -> socket.socket:
    """A listening socket. Raises RefusedError when the port is in use, StorageError when the address is not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms for the client's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        where = f"{settings.host}:{settings.port}"
        raise RefusedError(
            f"{where} cannot be listened on: {error.strerror}.", "Give another with --port, or 0 for a free one."
        ) from error
    listener.listen(128)
    return listener


def _address(settings: Settings, listener: socket.socket) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


def _purpose(settings: Settings, listener: socket.socket) -> str:
    """What whoever wants to write the shop is told of its writer: `running.address_of` reads the address in it."""
    return f"the service at {_address(settings, listener)}"


def _open(service: Service, server: Any, failed: list[Exception]) -> None:
    """Open the snapshots while the server answers /healthz already; a shop that cannot be opened ends it."""
    try:
        service.open(build=True)
        service.follow_in_background()
    except Exception as error:  # any other would leave a server that is never ready
        failed.append(error)
        server.should_exit = True


def _server(application: Any, settings: Settings) -> Any:
    import uvicorn  # late: only a server needs it

    return uvicorn.Server(
        uvicorn.Config(
            application, log_level="warning", lifespan="on", access_log=False, timeout_graceful_shutdown=10,
            server_header=False,
        )
    )  # fmt: skip
