"""The local server with real processes: killed, orphaned, owned, broken off in an import."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cypher import jars, process
from cypher.driver import Graph
from cypher.errors import GraphAway, ImportFailed, JarsMissing, ServerBusy, ServerError, ServerFailed
from cypher.server import LocalServer, find_running

OWNER = """
import sys, time
from pathlib import Path
from cypher.server import LocalServer
server = LocalServer(Path(sys.argv[1]), heap_mb=256, page_cache_mb=16)
print(server.start().uri, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's folder that the tests of this module hand on, for a start takes seconds.

    Its password looks like an option, as one in 64 does.
    """
    folder = tmp_path_factory.mktemp("server")
    (folder / "password").write_text("-Xb7mZ0qLr2Ty5uWn8vKp1sDf4gHj6k")
    (folder / "password").chmod(0o600)
    return folder


def server(folder: Path) -> LocalServer:
    return LocalServer(folder, heap_mb=256, page_cache_mb=16)


def java_of(folder: Path) -> process.Identity:
    kept = json.loads((folder / "process.json").read_text())
    return process.Identity(kept["pid"], kept["began"])


def test_killed_and_started_again_it_has_what_was_written(folder: Path) -> None:
    with server(folder) as local:
        first = local.connection
        assert first is not None
        assert (folder / "password").stat().st_mode & 0o777 == 0o600
        assert find_running(folder) == first
        with pytest.raises(ServerBusy, match=f"pid {os.getpid()}"):
            server(folder).start()
        with Graph(first) as graph:
            graph.write("CREATE (:Kept {id: 1})")
            os.kill(java_of(folder).pid, signal.SIGKILL)
            assert process.wait_for_end(java_of(folder), 10)
            assert not local.running()
            with pytest.raises(GraphAway):
                graph.read("MATCH (n:Kept) RETURN n.id")
            assert local.start() == first, "the address stays"
            assert graph.read("MATCH (n:Kept) RETURN n.id").rows == ((1,),)
    assert find_running(folder) is None


def test_it_stops_with_an_owner_that_was_killed(folder: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        assert owner.stdout.readline().startswith("bolt://")
        java = java_of(folder)
        owner.kill()
        owner.wait()
        assert process.wait_for_end(java, 20), "nobody owns it, so it stops"
    finally:
        owner.kill()
        owner.communicate()


def test_an_orphan_is_ended_by_the_next_start_and_a_used_port_is_left_alone(folder: Path) -> None:
    local = server(folder)
    connection = local.start()
    assert local._watcher is not None
    process.unwatch(local._watcher)  # as if both had been killed together
    local._watcher = None
    assert local._lock is not None
    local._lock.close()
    orphan = java_of(folder)
    port = int(connection.uri.rpartition(":")[2])
    with server(folder) as heir:
        assert not process.alive(orphan)
        assert heir.connection == connection
    assert local._java is not None
    local._java.wait()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert server(folder)._port() != port


def test_a_pid_of_somebody_else_is_not_touched(folder: Path) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        identity = process.identify(bystander.pid)
        assert identity is not None
        (folder / "process.json").write_text(json.dumps({"pid": identity.pid, "began": identity.began}))
        server(folder)._end_orphan()
        assert bystander.poll() is None
        assert not (folder / "process.json").exists()
    finally:
        bystander.kill()
        bystander.wait()


def test_an_import_replaces_everything_and_one_broken_off_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "header.csv").write_text("id:ID(Thing),text,many:string[],time:datetime\n")
    (tmp_path / "things.csv").write_text('"a","x ""y""\nz","1\x1f2","2026-03-01T00:00:00.5Z"\n"b","",,\n')
    (tmp_path / "edges.header.csv").write_text(":START_ID(Thing),:END_ID(Thing),n:long\n")
    (tmp_path / "edges.csv").write_text('"a","b","7"\n')
    files = {"Thing": ["header.csv", "things.csv"]}, {"NEXT": [["edges.header.csv", "edges.csv"]]}
    local = server(folder)
    with pytest.raises(ServerError, match="must be started"):
        local.import_full(tmp_path, *files)
    with local:
        with Graph(local.import_full(tmp_path, *files, multiline=True)) as graph:
            found = graph.read("MATCH (a)-[r:NEXT]->(b) RETURN a.text, a.many, r.n, b.text, b.many")
            assert found.rows == (('x "y"\nz', ["1", "2"], 7, "", None),)
        (tmp_path / "edges.csv").write_text('"a","nobody","7"\n')
        with pytest.raises(ImportFailed, match="import.log"):
            local.import_full(tmp_path, *files, multiline=True)
        assert (folder / "loading").exists()
        with Graph(local.start()) as graph:
            assert graph.read("MATCH (n) RETURN count(n)").rows == ((0,),)
        assert not (folder / "loading").exists()
        before = local.connection
        with Graph(local.start()) as graph:
            graph.write("CREATE (:Thing)")
        assert local.clear() == before
        with Graph(local.start()) as graph:
            assert graph.read("MATCH (n) RETURN count(n)").rows == ((0,),)


def test_a_failed_start_names_its_log(tmp_path: Path) -> None:
    jar = tmp_path / "jars" / "neo4j-server-0.jar"
    jar.parent.mkdir()
    jar.write_bytes(b"not a jar")
    with pytest.raises(ServerFailed, match=r"password\.log"):
        LocalServer(tmp_path / "server", jars=jar.parent).start()
    assert find_running(tmp_path / "server") is None
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerError, match="cannot be used"):
        LocalServer(tmp_path / "file" / "server").start()


def test_jars_of_an_operator_are_checked(tmp_path: Path) -> None:
    with pytest.raises(JarsMissing, match="NEO4J_URI"):
        jars.ensure_jars(tmp_path)
    name = next(name for name in jars.read_lock() if name.startswith("neo4j-server-"))
    (tmp_path / name).write_bytes(b"changed")
    with pytest.raises(JarsMissing, match="differ from the locked checksum"):
        jars.ensure_jars(tmp_path)
    shutil.copy(jars.ensure_jars() / name, tmp_path / name)
    assert jars.ensure_jars(tmp_path) == tmp_path


def test_a_damaged_jar_is_fetched_again_or_the_ways_out_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = jars.ensure_jars()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = jars.cache_folder()
    assert cache.is_relative_to(tmp_path)
    cache.mkdir(parents=True)
    for path in sound.glob("*.jar"):
        os.link(path, cache / path.name)
    assert jars.ensure_jars() == cache
    damaged = next(iter(jars.read_lock()))
    (cache / damaged).unlink()
    (cache / damaged).write_bytes(b"cut short")
    monkeypatch.setattr(socket, "getaddrinfo", _no_network)
    with pytest.raises(JarsMissing, match="Three ways out") as told:
        jars.ensure_jars()
    assert "http" not in str(told.value)


def _no_network(*_: object, **__: object) -> list[object]:
    raise socket.gaierror("there is no network")


def test_waiting_for_an_end_gives_up(folder: Path) -> None:
    me = process.identify(os.getpid())
    assert me is not None
    began = time.monotonic()
    assert not process.wait_for_end(me, 0.1)
    assert time.monotonic() - began < 5
    assert process.identify(2**22 - 3) is None
    assert "python" in process.command_line(os.getpid())
