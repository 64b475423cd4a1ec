"""From a product's fact back to its claims, the words that prove them, the raw row and the file it stood in.

Knows the warehouse's tables; asks no index and no graph, so that an answer about them cannot come from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphsvc.errors import NotFoundError
from graphsvc.history import History
from graphsvc.knowledge import NODE_ID
from graphsvc.warehouse.tables import Warehouse


@dataclass(frozen=True, slots=True)
class Fact:
    """One claim: what it says, the node it leads to, and the characters that prove it."""

    predicate: str
    value: str
    node: str
    claim: str
    confidence: float
    extractor: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Trace:
    """The claims of a product, or one of them, and the raw row they come from."""

    product: str
    facts: tuple[Fact, ...]
    source: str | None
    file: str | None
    line: int | None
    row: str | None


def trace(warehouse: Warehouse, history: History, name: str) -> Trace:
    """Walk back from a product's or a claim's id. Raises NotFoundError."""
    rows = {table: history.rows.get(table) for table in ("claims", "products")}
    claims = warehouse.run("subject_claims", history.order, rows=rows, id=name).to_pylist()
    if not claims:
        raise NotFoundError(f"No product or claim has the id {name!r}.", "Search for it: ids stand beside each hit.")
    first = claims[0]  # of a product without facts it is the product's row alone
    raw = warehouse.run("raw_row", history.order, row_hash=first["row_hash"]).to_pylist()
    facts = tuple(_fact(claim) for claim in claims if claim["claim_id"] is not None)
    return Trace(
        f"{first['product_id']}  {first['title']}", facts, first["source"], first["file"],
        first["line"], raw[0]["row"] if raw else None,
    )  # fmt: skip


def _fact(claim: Mapping[str, Any]) -> Fact:
    qualifier = f" {claim['qualifier']}" if claim["qualifier"] else ""
    place = f"{claim['field']} {claim['start']}–{claim['end']}" if claim["field"] else "?"
    node = NODE_ID[claim["predicate"]](claim["qualifier"], claim["object"])
    extractor, evidence = f"{claim['extractor']} {claim['version']}", f"{place}: {claim['quote']}"
    return Fact(
        claim["predicate"] + qualifier, claim["object"], node, claim["claim_id"], claim["confidence"], extractor,
        evidence,
    )  # fmt: skip
