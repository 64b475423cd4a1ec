"""From a text about a product to its fact in Neo4j, and from its removal to its absence, p99, bound 1 s each; CPU cost.

Home Depot's titles as shops of 1,000 and 50,000 products (titles repeat under other ids) of 50 brands and 400 shelves,
so that the nodes that products share grow with the shop. Each text says what its product is compatible with, in words
that no other has; a connection of its own asks Neo4j for the relationship from the moment the service has acknowledged
the text, while the service follows. While products are viewed, too, the waits are reported: the events' own way to the
graph takes its share of the processor. The growth is of the CPU time of both processes for one text: taken in, laid
over the answers, and laid over the graph.
"""

import csv
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median

from cypher.driver import Graph
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.types import Event
from perf._search import absent
from perf.live_texts import conclude, some_titles, text, word

SIZES = (1_000, 50_000)
TITLES = 4_000  # that are told apart: their vectors are most of the time of an import
WARM, COSTED, TIMED = 40, 60, 120  # texts; a Java that has just started is still compiling
EVERY = 0.5  # seconds between two views
SEEN = """
MATCH (:Product {id: $product})-[:COMPATIBLE_WITH]->(v:Value) WHERE v.id CONTAINS $word RETURN count(*) AS seen
"""


def main() -> int:
    if absent("homedepot"):
        return 0
    costs, worst = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            with shop(Path(folder), size) as service:
                costs.append(cost(service, size))
                service.follow_in_background()
                worst = max(worst, timed(service, size, "", 20_000))
                with viewed(service, size):
                    timed(service, size, " while products are viewed", 30_000)
    print("the longest without views:")
    return conclude(worst, costs, SIZES)


def shop(folder: Path, size: int) -> Service:
    """A shop of so many products, with a Neo4j of its own that has followed."""
    path = folder / f"{size}.csv"
    titles = some_titles(TITLES)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = ([at, titles[at % TITLES], f"Marke{at % 50}", f"Home > Aisle {at % 40} > Shelf {at % 400}"]
                for at in range(size))  # fmt: skip
        csv.writer(file).writerows([["id", "title", "brand", "category"], *rows])
    service = Service(Settings(home=folder / f"shop-{size}", encoder="use", learn=False), purpose="a measurement")
    began = time.monotonic()
    service.ingest(str(path), asset="products", name="depot")
    imported = time.monotonic()
    service.follow_graph()
    spent = f"{imported - began:.0f} s, in Neo4j in {time.monotonic() - imported:.0f} s"
    print(f"{size:,} products imported in {spent}", flush=True)
    return service


def cost(service: Service, size: int) -> float:
    """Mean CPU seconds of one text."""
    ours, java = [], []
    for at in range(WARM + COSTED):
        began, theirs = time.process_time(), java_seconds(service)
        service.ingest_text(text(10_000 + at), f"depot:{at * 7 % size}")
        service.model.follow(build=False)
        service.graph.follow_texts(service.log, service.catalogue)
        ours.append(time.process_time() - began)
        java.append(java_seconds(service) - theirs)
    assert service.graph.progress()[0] == service.log.head(), "the graph has not followed"
    parts = [mean(each[WARM:]) for each in (ours, java)]
    print(
        f"{size:,} products: CPU of a text {sum(parts) * 1000:.0f} ms = service {parts[0] * 1000:.0f}"
        f" + Neo4j {parts[1] * 1000:.0f}",
        flush=True,
    )
    return sum(parts)


def java_seconds(service: Service) -> float:
    """CPU time that the local Neo4j has taken."""
    pid = json.loads((service.shop.neo4j / "process.json").read_text("utf-8"))["pid"]
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(service: Service, size: int, when: str, first: int) -> float:
    """The larger p99 of two waits: for a text to be there, and for it to be gone."""
    there, gone = [], []
    with Graph(service.graph.connection) as graph:
        for at in range(TIMED):
            number, product = first + at, f"depot:{at * 11 % size}"
            name = service.ingest_text(text(number), product).id
            there.append(until(lambda: seen(graph, number, product)))  # noqa: B023 called at once
            service.remove_text(name)
            gone.append(until(lambda: not seen(graph, number, product)))  # noqa: B023
    return max(told(f"{size:,} products{when}, {TIMED} texts", there), told("their removals", gone))


def seen(graph: Graph, number: int, product: str) -> bool:
    return bool(graph.read(SEEN, product=product, word=word(number).casefold()).rows[0][0])


def until(true: Callable[[], bool]) -> float:
    """Seconds from now until something holds."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < 60, "never in the graph"
        time.sleep(0.01)
    return time.monotonic() - began


def told(what: str, waits: list[float]) -> float:
    p99 = sorted(waits)[int(len(waits) * 0.99)]
    print(f"{what}: p50 {median(waits) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms", flush=True)
    return p99


@contextmanager
def viewed(service: Service, size: int) -> Iterator[None]:
    """Products are viewed all the time."""
    done = threading.Event()

    def view() -> None:
        number = 0
        while not done.wait(EVERY):
            number += 1
            service.track([Event(f"depot:{number % size}", "view", datetime.now(UTC), session=f"s{number % 9}")])

    thread = threading.Thread(target=view, name="views")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
