"""The tests' Java: it compiles little, for tests ask each thing once, and finds Neo4j's classes linked already.

`python -m tests.java` links them; `make test` does it beside the first tests of an environment. As long as that was
not done, Java goes on without. Knows flags and one file in the environment; starts a Neo4j of its own.
"""

import fcntl
import json
import os
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from cypher import process
from cypher.jars import VERSION
from cypher.server import LocalServer

CLASSES = Path(sys.prefix) / f"neo4j-{VERSION}.aot"
QUICK = "-XX:TieredStopAtLevel=1"
PATIENCE_S = 300.0
OPTIONS = f'{QUICK} "-XX:AOTCache={CLASSES}" -Xlog:aot*=off'


def main() -> None:
    """Write the classes of one start and stop, unless they are there or another process is at it."""
    with open(f"{CLASSES}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        if not CLASSES.exists():
            link(CLASSES)


def link(target: Path) -> None:
    partial = target.with_suffix(".partial")
    with TemporaryDirectory() as folder:
        server = LocalServer(Path(folder), heap_mb=256, page_cache_mb=16)
        server.start()
        server.stop()  # its password is set; only the next Java is to write its classes
        os.environ["JDK_JAVA_OPTIONS"] = f'{QUICK} "-XX:AOTCacheOutput={partial}"'
        server.start()
        java = process.Identity(**json.loads((server.folder / "process.json").read_text("utf-8")))
        os.kill(java.pid, signal.SIGTERM)
        process.wait_for_end(java, PATIENCE_S)  # it writes them when it ends, which takes longer than `stop` waits
        server.stop()
    partial.rename(target)


if __name__ == "__main__":
    main()
