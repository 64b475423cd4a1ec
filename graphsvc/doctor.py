"""Whether a shop is sound: the log's checksums, batches and models against the log, what arrived, Neo4j against the
snapshots.

Only looks; the remedy stands in each finding's words. Knows what must agree, not how it is stored.
"""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphsvc.errors import GraphsvcError, StorageError
from graphsvc.warehouse.schemas import TABLES

if TYPE_CHECKING:
    from graphsvc.service import Service

REBUILD = "Run: python -m graphsvc rebuild"
SEED = 7  # the same sample each time, so that a difference can be looked at again


@dataclass(frozen=True, slots=True)
class Finding:
    """One check, what it found in words, and how many differences."""

    check: str
    result: str
    differences: int = 0


def examine(service: "Service") -> list[Finding]:
    """Check the log, the warehouse, models, arrivals and the snapshots, which are opened if they are not."""
    return [_log(service), _batches(service), _models(service), _arrivals(service), _answers(service)]


def compare(service: "Service", sample: int = 1_000) -> list[Finding]:
    """Compare Neo4j with the catalogue at one offset: products, facet counts, neighbours of random products.

    Raises GraphUnavailable; StorageError when the two stand at different offsets.
    """
    catalogue, graph = service.catalogue, service.graph
    at = graph.progress()[0]
    if at != catalogue.offset:
        raise StorageError(
            f"Neo4j stands at offset {at}, the catalogue at {catalogue.offset}.", f"Wait for it, or: {REBUILD}"
        )
    ids = list(catalogue.ids)
    drawn = random.Random(SEED).sample(sorted(ids), min(sample, len(ids)))
    return [
        _difference("products", Counter(ids), Counter(graph.product_ids())),
        _difference("facet counts", Counter(_counted(service, ids)), Counter(graph.facet_counts())),
        _neighbours(service, drawn),
    ]


def _counted(service: "Service", ids: list[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for product_id in ids:
        counts.update(set(service.catalogue.facts_of(product_id)))
    return counts


def _neighbours(service: "Service", ids: list[str]) -> Finding:
    ours = {product_id: set(service.catalogue.facts_of(product_id)) for product_id in ids}
    theirs = service.graph.neighbours(ids)
    wrong = [name for name in ids if ours[name] != set(theirs.get(name, ()))]
    words = f"{', '.join(wrong[:3])}. {REBUILD}" if wrong else "all agree"
    return Finding("neighbours", f"of {len(ids):,} products; {words}", len(wrong))


def _difference(check: str, ours: Counter[str], theirs: Counter[str]) -> Finding:
    wrong = [name for name in ours.keys() | theirs.keys() if ours[name] != theirs[name]]
    named = ", ".join(f"{name}: {ours[name]} here, {theirs[name]} in Neo4j" for name in sorted(wrong)[:3])
    words = f"{named}. {REBUILD}" if wrong else "all agree"
    return Finding(check, f"{len(ours):,} here, {len(theirs):,} in Neo4j; {words}", len(wrong))


def _log(service: "Service") -> Finding:
    try:
        return Finding("log", f"{service.log.verify():,} entries, each matches its checksum")
    except GraphsvcError as error:
        return Finding("log", str(error), 1)


def _batches(service: "Service") -> Finding:
    """Every batch that the log names is there, in every table that its entry says, and can be read."""
    named: dict[str, set[str]] = defaultdict(set)
    history = service.history()
    for payload in history.named:
        for table in TABLES.keys() & payload["tables"].keys():
            named[table].add(payload["batch"])
    wrong = []
    for table, batches in sorted(named.items()):
        wrong += [f"{batch} is missing in {table}" for batch in sorted(batches - service.warehouse.batches(table))]
        wrong += [f"{file} is damaged" for file in service.warehouse.damaged(table, batches)]
    if not wrong:
        return Finding("warehouse", "every named batch is there, and matches its checksums")
    return Finding("warehouse", f"{'; '.join(wrong[:3])}. Restore these files from a backup", len(wrong))


def _models(service: "Service") -> Finding:
    wrong = service.registry.damaged()
    if not wrong:
        return Finding("models", f"{len(service.registry.versions()):,} models, each matches its digest")
    return Finding("models", f"{'; '.join(wrong[:3])}. Restore these folders from a backup", len(wrong))


def _arrivals(service: "Service") -> Finding:
    wrong = service.arrivals.failed
    return Finding("arrivals", " ".join(map(str, wrong[:3])) or "nothing waits to be taken in", len(wrong))


def _answers(service: "Service") -> Finding:
    try:
        if service.model.offset < 0 < service.log.head():
            service.open(build=False)
    except GraphsvcError as error:
        return Finding("snapshots", str(error), 1)
    behind = service.log.head() - max(service.model.offset, 0)
    words = f"at offset {service.model.offset}, {behind} behind the log"
    return Finding("snapshots", f"{words}. {REBUILD}" if behind > 0 else words, int(behind > 0))
