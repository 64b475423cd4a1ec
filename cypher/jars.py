"""Neo4j's program: jars by a committed lock, fetched once into a cache of the user, or taken from a folder.

Knows coordinates, checksums and where jars are kept; does not know how the program is run. `neo4j.lock.toml` is written
by jgo for `ENDPOINT` and holds coordinates and sha256, no addresses; every jar is checked against it at each start.
"""

import hashlib
import os
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cypher.errors import JarsMissing

VERSION = "2026.08.1"
ENDPOINT = f"org.neo4j:neo4j:{VERSION}+org.neo4j.app:neo4j-server:{VERSION}"
LOCK = Path(__file__).parent / "neo4j.lock.toml"
DOWNLOADS = 8  # at a time
WAYS_OUT = (
    "Three ways out: start Neo4j with `docker compose up neo4j`; or set NEO4J_URI and NEO4J_PASSWORD to a Neo4j of "
    "your own; or set GRAPHSVC_NEO4J_JARS to a folder of its jars, copied from the cache of a machine that could fetch "
    f"them or from `lib` of the distribution of Neo4j Community {VERSION}."
)
Progress = Callable[[int, int], None]  # jars that are here, of how many


def ensure_jars(folder: Path | None = None, progress: Progress = lambda done, of: None) -> Path:
    """Return a folder with every jar of Neo4j, fetching what the cache lacks.

    `folder` is one of the operator's own: nothing is fetched then. Raises JarsMissing naming the three ways out.
    """
    lock = read_lock()
    if folder is not None:
        _check_own(folder, lock)
        return folder
    cache = cache_folder()
    missing = [name for name, entry in lock.items() if not _sound(cache / name, entry["sha256"])]
    progress(len(lock) - len(missing), len(lock))
    if missing:
        _fetch(cache, {name: lock[name] for name in missing}, len(lock), progress)
    return cache


def read_lock() -> Mapping[str, Mapping[str, Any]]:
    """The locked jars by file name."""
    return {file_name(entry): entry for entry in tomllib.loads(LOCK.read_text("utf-8"))["dependencies"]}


def file_name(entry: Mapping[str, Any]) -> str:
    """How Maven names the file of a coordinate."""
    classifier = f"-{entry['classifier']}" if entry.get("classifier") else ""
    return f"{entry['artifactId']}-{entry['version']}{classifier}.jar"


def cache_folder() -> Path:
    """Where jars are kept, for all shops of this user."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "graphsvc" / f"neo4j-{VERSION}"


def _check_own(folder: Path, lock: Mapping[str, Mapping[str, Any]]) -> None:
    """A folder of the operator's own must hold a server, and no jar of ours that was changed."""
    if not next(iter(folder.glob("neo4j-server-*.jar")), None):
        raise JarsMissing(f"{folder} holds no neo4j-server-*.jar, so it is not a folder of Neo4j's jars.", WAYS_OUT)
    changed = [path.name for path in sorted(folder.glob("*.jar")) if not _expected(path, lock)]
    if changed:
        raise JarsMissing(f"{folder}: {', '.join(changed[:5])} differ from the locked checksum.", WAYS_OUT)


def _expected(path: Path, lock: Mapping[str, Mapping[str, Any]]) -> bool:
    return path.name not in lock or _sound(path, lock[path.name]["sha256"])


def _sound(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _fetch(cache: Path, missing: Mapping[str, Mapping[str, Any]], total: int, progress: Progress) -> None:
    """Fetch into a folder of this process and move each jar over once its checksum is right: safe to break off."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".fetch-", dir=cache) as partial:
            _fetch_into(Path(partial), cache, missing, total, progress)
    except OSError as error:
        raise JarsMissing(f"Neo4j's jars cannot be written to {cache}: {error.strerror or error}.", WAYS_OUT) from error


def _fetch_into(
    partial: Path, cache: Path, missing: Mapping[str, Mapping[str, Any]], total: int, progress: Progress
) -> None:
    from jgo.maven import MavenContext, PythonResolver  # late: only a first start needs it

    context = MavenContext(repo_cache=partial, resolver=PythonResolver(), timeout=60)
    done = total - len(missing)
    with ThreadPoolExecutor(DOWNLOADS) as pool:
        fetched = [(name, pool.submit(_resolve, context, entry)) for name, entry in missing.items()]
        for name, future in fetched:
            try:
                path = future.result()
            except Exception as error:  # jgo lets every error of its transport through
                pool.shutdown(cancel_futures=True)
                raise JarsMissing(f"{name} could not be fetched: {_first_line(error)}.", WAYS_OUT) from error
            if not _sound(path, missing[name]["sha256"]):
                pool.shutdown(cancel_futures=True)
                raise JarsMissing(f"{name} was fetched, but is not the one that was locked (sha256 differs).", WAYS_OUT)
            shutil.move(path, cache / name)
            done += 1
            progress(done, total)


def _resolve(context: Any, entry: Mapping[str, Any]) -> Path:
    component = context.project(entry["groupId"], entry["artifactId"]).at_version(entry["version"])
    return Path(component.artifact(entry.get("classifier") or "", "jar").resolve())


def _first_line(error: Exception) -> str:
    lines: Sequence[str] = str(error).strip().splitlines()
    return type(error).__name__ if not lines else lines[0][:160].split("http")[0].rstrip(" :'\"{(")
