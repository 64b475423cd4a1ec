"""What happens to machines: a part that dies, a full disk, a lost tail, a damaged file, a clock, a port in use.

Each ends in a clear error with its next step, or in nothing at all; what was acknowledged stays, and doctor agrees.
Kills of the service and of imports stand in test_faults.
"""

import itertools
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cypher.driver import Graph
from embeddings.arrays import read_arrays, write_arrays
from graphsvc.__main__ import app
from graphsvc.doctor import compare, examine
from graphsvc.errors import GraphUnavailable
from graphsvc.log import WriteLog
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.shop import Shop
from graphsvc.types import Event, SearchRequest
from tests.graphsvc.shops import write_products
from tests.serving import ROOT, TRACK, agree, answers, make_shop, serving, settings

PLANTED = "ann.zebra@example.com"
MORE = [[str(n), f"Copper tray {n}", "Sorrel", "Home > Trays", str(n), "copper", f"tray {n * 7919} " * 30] for n in range(100, 400)]  # fmt: skip  # noqa: E501


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with products and orders, never changed: tests copy it."""
    return make_shop(tmp_path_factory.mktemp("mishaps"))


@pytest.fixture
def home(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop."""
    return Path(shutil.copytree(shop, tmp_path / "shop"))


@pytest.fixture(scope="module")
def expected(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What the shop answers when nothing went wrong."""
    with Service(settings(Path(shutil.copytree(shop, tmp_path_factory.mktemp("sound") / "shop")))) as service:
        return answers(service.open())


def run(home: Path, *arguments: str) -> tuple[int, str]:
    """A command in this process: its exit code and all it said on one line. Anything but a sentence of ours fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHSVC_ENCODER", os.environ.get("GRAPHSVC_ENCODER", "use"))
        patch.delenv("GRAPHSVC_HOME", raising=False)
        done = CliRunner().invoke(app, ["--data", str(home), *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    return done.exit_code, re.sub(r"[\s│┃]+", " ", done.output)


def event(product: str = "shop:1") -> Event:
    return Event(product, "view", datetime.now(UTC), session="s1")


def flip(path: Path, at: float = 0.5) -> None:
    """Turn one byte around."""
    raw = bytearray(path.read_bytes())
    raw[int(at * (len(raw) - 1))] ^= 0xFF
    path.write_bytes(raw)


def cut(path: Path, by: int = 0) -> None:
    """Cut a file in half, or some bytes off its end."""
    size = path.stat().st_size
    os.truncate(path, size - by if by else size // 2)


# ---- Neo4j


def test_neo4j_is_killed_in_the_middle_and_everything_else_goes_on(home: Path, tmp_path: Path) -> None:
    """Killed between two statements of the first load, and before a small change; started anew each time."""
    ours = Settings(home=home, encoder="use", neo4j_heap_mb=256, neo4j_page_cache_mb=16)
    planted = [*MORE[0][:-1], f"Ask {PLANTED} for it"]
    with Service(ours) as service:
        service.ingest(str(write_products(tmp_path / "more.csv", [planted, *MORE[1:]])), asset="products", name="more")
        before = answers(service)
        with pytest.raises(GraphUnavailable):
            service.follow_graph(killing(home, 3))
        graph = service.status().projections[-1]
        assert graph.name == "graph"
        assert graph.detail.startswith("away")
        assert graph.lag > 0
        assert answers(service) == before, "the snapshots answer"
        service.follow_graph()
        assert not [finding for finding in compare(service) if finding.differences]
        kill(home)
        service.wait(service.upsert_products([{"id": "more:100", "title": "Tin tray"}]))
        service.wait(service.track([event()]))
        with pytest.raises(GraphUnavailable):
            service.follow_graph()
        service.follow_graph()
        assert service.status().projections[-1].detail == ""
        assert not [finding for finding in examine(service) + compare(service) if finding.differences]
    hidden = [path for path in home.rglob("*") if path.is_file() and "zebra" in content(path)]
    assert hidden == [home / "vault.db"], "an address stands in the vault alone, and not in Neo4j's store"


def killing(home: Path, moment: int) -> Callable[[str, int, int], None]:
    """Progress that kills Neo4j when it is told of the graph for the so many-th time."""
    told = itertools.count(1)
    return lambda step, done, of: kill(home) if step == "graph" and next(told) == moment else None


def kill(home: Path) -> None:
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(json.loads((home / "neo4j" / "process.json").read_text())["pid"], signal.SIGKILL)


def content(path: Path) -> str:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return str(pq.ParquetFile(path).read().to_pylist())
    return path.read_bytes().decode("latin-1")


class Line:
    """A line to Neo4j that can be taken away: a port that leads to its port while it is up."""

    def __init__(self, graph: Graph) -> None:
        self.target = int(graph.connection.uri.rpartition(":")[2])
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        self.open: list[socket.socket] = []

    @contextmanager
    def up(self) -> Iterator[None]:
        door = socket.create_server(("127.0.0.1", self.port))
        self.open = [door]
        threading.Thread(target=self._accept, args=(door,), daemon=True).start()
        try:
            yield
        finally:
            for end in self.open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _accept(self, door: socket.socket) -> None:
        while True:
            try:
                near, _ = door.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.open += [near, far]
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


def test_neo4j_away_at_start_joins_later_and_may_leave_again(
    home: Path, neo4j: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(neo4j)
    monkeypatch.setenv("NEO4J_URI", f"bolt://127.0.0.1:{line.port}")
    monkeypatch.setenv("NEO4J_USER", neo4j.connection.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j.connection.password)
    with serving(home) as server:

        def graph() -> dict[str, Any]:
            found = server.ask("{ status { projections { name lag detail } } }")["status"]["projections"]
            return next(dict(row) for row in found if row["name"] == "graph")

        def until(said: Callable[[dict[str, Any]], bool]) -> None:
            deadline = time.monotonic() + 90
            while not said(graph()):
                assert time.monotonic() < deadline, graph()
                time.sleep(0.2)

        def answered() -> bool:
            return bool(server.ask('{ search(query: "frying pan") { totalCount } }')["search"]["totalCount"])

        assert answered(), "ready without Neo4j"
        until(lambda row: "away" in row["detail"])
        with pytest.raises(AssertionError, match="GRAPH_UNAVAILABLE"):
            server.ask('{ entity(id: "brand:sorrel") { name } }')
        code, said = run(home, "ingest", str(home / "shop.json"))
        assert (code, "is being written by the service at http://127.0.0.1:" in said) == (1, True), said
        with line.up():
            until(lambda row: not row["detail"] and row["lag"] == 0)
            assert server.ask('{ entity(id: "brand:sorrel") { name } }')["entity"]["name"] == "Sorrel"
        offset = server.ask(TRACK, e=[{"productId": "shop:1", "kind": "VIEW", "sessionId": "s"}], k="k")["track"]
        assert answered(), "Neo4j left in the middle"
        again = server.ask(TRACK, e=[{"productId": "shop:1", "kind": "VIEW", "sessionId": "s"}], k="k")["track"]
        assert again == offset
    with line.up():
        agree(home)


# ---- the disk is full


APPEND = """
import json, resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from graphsvc.errors import StorageError
from graphsvc.service import open_service
from graphsvc.settings import Settings
from graphsvc.types import Event
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
home = Path(sys.argv[1])
event = Event("shop:1", "view", datetime.now(UTC), session="s" * 400)
acknowledged = {}
with open_service(Settings(home=home, encoder="use")) as service:
    acknowledged["first"] = service.track([event], "first")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((home / "log.db-wal").stat().st_size + 30_000, unlimited[1]))
    said = []
    for n in range(30):
        try:
            acknowledged[str(n)] = service.track([event], str(n))
        except StorageError as error:
            said.append(str(error))
    try:
        service.upsert_products([{"id": "shop:9", "title": "Can", "description": "word " * 3_900}], "big")
    except StorageError as error:
        said.append(str(error))
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    acknowledged["last"] = service.track([event], "last")
sys.stdout.write(json.dumps([acknowledged, said]))
"""


def test_a_full_disk_refuses_events_and_takes_them_again_later(home: Path) -> None:
    """The system lets this process write no file any further: what it then says is what a full disk says."""
    done = subprocess.run(
        [sys.executable, "-c", APPEND, str(home)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    acknowledged, said = json.loads(done.stdout)
    assert said
    assert all("nothing was written" in words and "try again" in words for words in said)
    with WriteLog(home / "log.db") as log:
        assert [entry.offset for entry in log.read() if entry.key and entry.kind == "events"] == sorted(
            acknowledged.values()
        )
    assert run(home, "doctor")[0] == 0


@contextmanager
def disk(folder: Path, size: str = "8m") -> Iterator[Path]:
    """A disk of its own in a folder."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no disk of a test's own can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, free: int) -> Path:
    """Leave so many bytes free."""
    there = os.statvfs(folder)
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(there.f_bavail * there.f_frsize - free))
    return ballast


@pytest.mark.skipif(not shutil.which("mount"), reason="no disk of a test's own can be mounted here")
@pytest.mark.parametrize("free", [0, 4, 124, 160, 900])
def test_a_full_disk_breaks_an_import_off_and_the_next_try_succeeds(shop: Path, tmp_path: Path, free: int) -> None:
    """From no byte at all to a place where the rows are written and the snapshot is not; `free` in kB."""
    more = write_products(tmp_path / "more.csv", MORE)
    command = ("ingest", str(more), "--as", "products", "--no-graph", "--json")
    with disk(tmp_path / "disk") as folder:
        home = Path(shutil.copytree(shop, folder / "shop"))
        ballast = fill(folder, free * 1024)
        code, said = run(home, *command)
        assert code == 1, said
        assert "disk" in said
        assert "ree space" in said
        ballast.unlink()
        with WriteLog(home / "log.db", read_only=True) as log:
            entries = log.head()
        assert entries == 2 or "The import is safe, as entry 3" in said
        code, said = run(home, *command)
        assert code == 0, said
        assert re.search(r'"read": 300, "accepted": (300|0), "unchanged": (0|300), "quarantined": 0', said)
        with Service(settings(home)) as service:
            assert len(service.open().catalogue) == 306
            assert service.log.verify() == 3
            assert not [finding for finding in examine(service) if finding.differences]


# ---- the log


def with_tail(home: Path, events: int) -> None:
    """Leave a shop as a crash does: entries in the write-ahead file of the log, and a mark that saw them."""
    with WriteLog(home / "log.db") as log:
        for number in range(events):
            log.append(change(number))
        log.mark()
        for name in ("log.db", "log.db-wal", "log.mark"):
            shutil.copy(home / name, home / f"copy-{name}")
    for name in ("log.db", "log.db-wal", "log.mark"):
        os.replace(home / f"copy-{name}", home / name)


def change(number: int) -> Any:
    from graphsvc.log import Change
    from graphsvc.read_model import event_row

    return Change("events", {"events": [event_row(event())]}, "track", "graphql", f"track:{number}")


@pytest.mark.parametrize("torn", [lambda path: cut(path, 3_000), lambda path: flip(path, 0.98)], ids=["cut", "flipped"])
def test_a_torn_tail_of_the_log_is_said_and_all_before_it_is_intact(home: Path, torn: Callable[[Path], None]) -> None:
    with_tail(home, 10)
    with WriteLog(home / "log.db", read_only=True) as log:
        whole = list(log.read())
    torn(home / "log.db-wal")
    with WriteLog(home / "log.db", read_only=True) as log:
        left = list(log.read())
        assert log.verify() == len(left)
    assert 2 <= len(left) < len(whole) == 12
    assert left == whole[: len(left)]
    batches = sorted(path.name for path in home.rglob("part-*"))
    for command in (["doctor"], ["ingest", str(write_products(home / "more.csv", MORE[:3]))], ["rebuild"]):
        code, said = run(home, *command)
        assert code == 1
        assert f"The end of log.db is lost: it ends at entry {len(left)}, and 12 were seen in it." in said
        assert "Restore log.db" in said
    assert sorted(path.name for path in home.rglob("part-*")) == batches
    code, said = run(home, "status")
    assert (code, "The end of log.db is lost" in said) == (0, True)
    code, said = run(home, "rebuild", "--accept-loss", "--no-graph")
    assert code == 0, said
    assert run(home, "doctor")[0] == 0
    with Service(settings(home)) as service:
        assert service.open().search(SearchRequest("frying pan")).hits[0].product.id == "shop:1"
        assert service.model.offset == len(left)
        assert service.track([event()]) == len(left) + 1


def test_a_log_that_is_gone_takes_nothing_with_it(home: Path, expected: list[Any]) -> None:
    """Put back it is all there: no sweep took what it named."""
    os.replace(home / "log.db", home / "backup")
    for command in ("doctor", "rebuild", "search"):
        assert run(home, command, *(["pan"] if command == "search" else []))[0] == 1, command
    for name in ("log.db-wal", "log.db-shm"):
        (home / name).unlink(missing_ok=True)
    os.replace(home / "backup", home / "log.db")
    assert run(home, "doctor")[0] == 0
    with Service(settings(home)) as service:
        assert answers(service.open()) == expected


def test_an_older_log_than_the_graph_and_the_snapshots_is_caught_up_with(
    home: Path, neo4j: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup of the log with its mark: what followed a later one is built anew."""
    monkeypatch.setenv("NEO4J_URI", neo4j.connection.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j.connection.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j.connection.password)
    backup = {name: (home / name).read_bytes() for name in ("log.db", "log.mark")}
    with Service(settings(home)) as service:
        service.open().wait(service.upsert_products([{"id": "shop:7", "title": "Copper can"}]))
        service.model.rebuild(service.history())
        service.follow_graph()
    for path in home.glob("log.*"):
        path.unlink()
    for name, held in backup.items():
        (home / name).write_bytes(held)
    assert "know more than the log" in run(home, "doctor")[1]
    agree(home)
    with Service(settings(home)) as service:
        assert service.open().product("shop:7") is None


def test_what_needs_a_clock_goes_on_when_it_is_set_back(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Service(settings(home)) as service:
        service.open().track([event()])
        with monkeypatch.context() as patch:
            patch.setattr(time, "time_ns", lambda: 1_000_000)
            service.wait(service.upsert_products([{"id": "shop:7", "title": "Copper can"}]))
            assert service.ingest(str(write_products(home / "more.csv", MORE[:3])), asset="products").offset
        times = [entry.time for entry in service.log.read()]
        assert times == sorted(times)
        assert service.product("shop:7") is not None
        assert service.search(SearchRequest("tray")).total == 3
        assert not [finding for finding in examine(service) if finding.differences]


# ---- damaged files, other versions


DAMAGE: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "vectors flipped": ("snapshots/search/*/vectors", flip, "vectors"),
    "vectors cut": ("snapshots/search/*/vectors", cut, "vectors is cut"),
    "vectors emptied": ("snapshots/search/*/vectors", lambda path: os.truncate(path, 0), "an empty file"),
    "meta flipped": ("snapshots/search/*/meta", flip, "meta"),
    "a file gone": ("snapshots/search/*/texts", Path.unlink, "texts"),
    "pointer cut": ("snapshots/search/CURRENT", cut, "pointed at is not there"),
    "pointer flipped": ("snapshots/search/CURRENT", flip, "no search snapshot"),
    "behaviour flipped": ("snapshots/behaviour/*/behaviour", flip, "snapshot of behaviour is damaged"),
    "model cut": ("snapshots/behaviour/*/content", cut, "snapshot of behaviour is damaged"),
    "search of another version": ("snapshots/search/*/meta", lambda path: rewrite(path, search=99), "format 99"),
    "behaviour of another version": ("snapshots/behaviour/*/behaviour", lambda path: rewrite(path, format=99), "99"),
}  # fmt: skip


def rewrite(path: Path, **meta: object) -> None:
    arrays, told = read_arrays(path)
    write_arrays(path, arrays, told | meta)


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_snapshot_is_named_and_built_anew(home: Path, expected: list[Any], what: str) -> None:
    where, harm, word = DAMAGE[what]
    (path,) = home.glob(where)
    harm(path)
    for command in ("doctor", "status"):
        code, said = run(home, command)
        assert code == 1
        assert word in said
        assert "rebuild" in said
    with Service(settings(home)) as service:
        assert answers(service.open()) == expected
    assert run(home, "doctor")[0] == 0


@pytest.mark.parametrize(
    ("table", "harm"),
    [("products", lambda path: flip(path, 0.1)), ("events", cut), ("claims", Path.unlink), ("raw", cut)],
)
def test_a_damaged_table_is_found_by_doctor_and_named(home: Path, table: str, harm: Callable[[Path], None]) -> None:
    path = next((home / "warehouse" / table).glob("batch=*/part-*"))
    harm(path)
    code, said = run(home, "doctor")
    assert code == 1
    assert f"{path.name} is damaged" in said
    code, said = run(home, "rebuild", "--no-graph")
    assert code == 0 or "restore" in said


@pytest.mark.parametrize(
    ("file", "harm", "word"),
    [
        ("shop.json", lambda path: path.write_text('{"format": 99, "id": "x"}'), "has format 99"),
        ("shop.json", cut, "damaged"),
        ("shop.json", lambda path: path.write_text("[]"), "damaged"),
        ("shop.json", Path.unlink, "missing"),
        ("log.db", lambda path: version(path, 7), "has format 7"),
        ("log.db", lambda path: path.write_bytes(b"not a database at all" * 500), "log.db cannot be used"),
        ("vault.db", lambda path: path.write_bytes(b"not a database at all" * 500), "vault.db cannot be used"),
        ("secrets/pseudonyms", lambda path: path.write_bytes(b""), "damaged"),
        ("secrets/pseudonyms", flip, "damaged"),
        ("secrets/pseudonyms", Path.unlink, "not the one"),
        ("warehouse/products/_delta_log/00000000000000000000.json", cut, "products cannot be used"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_anew_is_refused_and_left_alone(
    home: Path, file: str, harm: Callable[[Path], None], word: str
) -> None:
    held = (home / file).read_bytes()
    harm(home / file)
    for command in (["ingest", str(write_products(home / "more.csv", MORE[:3]))], ["doctor"], ["rebuild"]):
        code, said = run(home, *command)
        assert (code, word in said) == (1, True), said
        assert re.search("[Rr]estore|Use the version", said)
    for stale in home.glob("log.db-*"):
        stale.unlink()
    (home / file).write_bytes(held)
    assert run(home, "doctor")[0] == 0, "with the file put back all is as it was"


def version(path: Path, number: int) -> None:
    with sqlite3.connect(path) as log:
        log.execute(f"PRAGMA user_version = {number}")
    log.close()


# ---- where it stands


def test_a_port_in_use_is_said(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = run(home, "serve", "--port", port)
    assert code == 1
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use. Give another with --port" in said
    with Service(settings(home)) as service:
        assert service.log.head() == 2


def test_rules_that_cannot_be_read_end_the_service_with_a_word(home: Path) -> None:
    """It does not stand there for ever, alive and never ready."""
    (home / "recommend.yaml").write_text("repeat: [")
    command = [sys.executable, "-m", "graphsvc", "--data", str(home), "serve", "--port", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "recommend.yaml is not YAML" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["", "warehouse", "snapshots", "secrets", "log.db", "vault.db"])
def test_what_stands_in_the_way_is_named(tmp_path: Path, name: str) -> None:
    """A file where a folder should be, or the other way round."""
    home, products = tmp_path / "shop", write_products(tmp_path / "products.csv", MORE[:3])
    if not name:
        home.write_text("")
    elif "." in name:
        Shop.open(home)
        (home / name).mkdir()
    else:
        home.mkdir()
        (home / name).write_text("")
    code, said = run(home, "ingest", str(products), "--as", "products", "--no-graph")
    assert code == 1
    assert (name.rstrip("s") or "shop") in said
    (home / name).rmdir() if "." in name else (home / name).unlink()
    code, said = run(home, "ingest", str(products), "--as", "products", "--no-graph")
    assert code == 0, said
    assert run(home, "doctor")[0] == 0


def test_a_read_only_folder_is_said_by_what_writes(shop: Path, tmp_path: Path, expected: list[Any]) -> None:
    with disk(tmp_path / "disk") as folder:
        home = Path(shutil.copytree(shop, folder / "shop"))
        more = write_products(tmp_path / "more.csv", MORE[:3])
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        for command in (["ingest", str(more), "--no-graph"], ["doctor"], ["rebuild"], ["serve", "--port", "0"]):
            code, said = run(home, *command)
            assert code == 1
            assert "cannot be" in said
            assert "writable" in said or "Free space" in said, said
        code, said = run(tmp_path / "disk" / "new", "ingest", str(more))
        assert code == 1
        assert "cannot be used: Read-only file system" in said
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        with Service(settings(home)) as service:
            assert answers(service.open()) == expected
