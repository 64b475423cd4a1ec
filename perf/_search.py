"""A judged catalogue imported into a shop of its own, and the search that serves it measured against plain BM25."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from graphsvc.evaluate.baseline import PlainBm25
from graphsvc.evaluate.judgements import Grades, Texts, read_grades, read_texts
from graphsvc.evaluate.metrics import bootstrap_interval
from graphsvc.evaluate.search import Evaluation
from graphsvc.search.catalogue import Catalogue
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.types import SearchRequest
from perf._verdicts import said

CACHE = Path(__file__).parent / ".cache"
TIMED = 300  # queries


def absent(name: str) -> bool:
    """Say "not run" where the data set is not there."""
    if folder_of(name).is_dir():
        return False
    print(f"search on {name}: not run, the data set is absent (set GRAPHSVC_DATA)")
    return True


def folder_of(name: str) -> Path:
    return Path(os.environ.get("GRAPHSVC_DATA", "../shared/data")) / name


def read(name: str) -> tuple[Texts, Grades]:
    return read_texts(folder_of(name) / "catalogue.csv.gz"), read_grades(folder_of(name) / "judgements.csv.gz")


@contextmanager
def shop(name: str, *, fresh: bool) -> Iterator[Service]:
    """The set as a shop: imported anew if `fresh`, with the vectors that are known; else as it stands."""
    home = CACHE / f"search-{name}"
    kept = CACHE / f"vectors-{name}"
    if fresh and home.exists():
        shutil.rmtree(kept, ignore_errors=True)
        if (home / "cache").exists():
            shutil.move(home / "cache", kept)
        shutil.rmtree(home)
    if kept.exists() and not home.exists():
        home.mkdir(parents=True)
        shutil.move(kept, home / "cache")
    with Service(Settings(home=home), purpose="a measurement") as service:
        if service.log.head():
            service.open()
        else:
            service.ingest(str(folder_of(name) / "catalogue.csv.gz"), asset="products", name="judged")
        yield service


def ratio(found: Evaluation, metric: str, bound: float) -> bool:
    """Print the hybrid's ratio to plain BM25 with its interval over the queries, and whether the bound holds."""
    ours, plain = found.scores["hybrid"][metric], found.scores["bm25"][metric]
    value = found.mean("hybrid", metric) / found.mean("bm25", metric)
    low, high = bootstrap_interval(ours, plain)
    held = value >= bound
    print(
        f"hybrid / plain BM25, {metric} = {value:.3f} (95 % of resampled queries {low:.3f}–{high:.3f}), bound {bound}: "
        f"{said(held)}"
    )
    return held


def table(found: Evaluation) -> None:
    print(f"{len(found.queries):,} queries, {found.products:,} products")
    for system, metrics in found.scores.items():
        means = ", ".join(f"{metric} {found.mean(system, metric):.4f}" for metric in metrics)
        print(f"{system}: {means}")


def costs(catalogue: Catalogue, texts: Texts, queries: Sequence[str]) -> None:
    """Print what a query costs here and by plain BM25, in CPU ms; none is asked twice."""
    plain = PlainBm25(texts.keys, map(" ".join, zip(texts.titles, texts.descriptions, strict=True)))
    asked = [f"{query} {at}" for at, query in enumerate(queries[:TIMED])]
    catalogue.search(SearchRequest("warm up"))
    ours = cpu_ms(lambda query: catalogue.search(SearchRequest(query)), asked)
    theirs = cpu_ms(lambda query: plain.rank(query, 20), asked)
    print(f"CPU ms a query: search of 20 products with reasons {ours:.2f}, plain BM25 of 20 ids {theirs:.2f}")


def cpu_ms(ask: Callable[[str], object], queries: Sequence[str]) -> float:
    began = time.process_time()
    for query in queries:
        ask(query)
    return (time.process_time() - began) * 1e3 / len(queries)
