"""The nodes of a shop's graph as they are reviewed: which are new, how they are said, and which known one is nearest.

A node is known when the shop's own words say it of some product: a field, a category, a measure. One that only texts
support is new until somebody decides about it. Knows claims and decisions; changes nothing.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graphsvc.entities.decided import OWN
from graphsvc.entities.ledger import ACCEPT, MERGE, REJECT, Ledger
from graphsvc.entities.linker import Asked, Linker
from graphsvc.entities.links import LinkCandidate
from graphsvc.facts import nodes_of_claims
from graphsvc.history import History
from graphsvc.knowledge import view_claims
from graphsvc.search.nodes import Node, Nodes
from graphsvc.warehouse.tables import SQL, Warehouse, storage_errors

NEW, KNOWN = "new", "known"
STATES = {ACCEPT: "accepted", REJECT: "rejected", MERGE: "merged"}


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A node with its state, and a sample of what says it. `into` is the node that a merged one becomes."""

    node: str
    predicate: str
    attribute: str
    name: str
    state: str
    products: int
    product: str
    quote: str
    extractor: str
    into: str = ""
    nearest: LinkCandidate | None = None


def review(warehouse: Warehouse, history: History, attribute: str | None = None, *, only_new: bool = False,
           first: int = 50) -> tuple[int, list[Reviewed]]:  # fmt: skip
    """How many nodes there are of an attribute, or all that are new, and the first of them with the nearest known."""
    rows, ledger = _rows(warehouse, history), Ledger.of(history.entities)
    every = [_reviewed(row, ledger) for row in rows]
    wanted = [
        one for one in every
        if (attribute is None or one.attribute == attribute) and (one.state == NEW or not only_new)
    ]  # fmt: skip
    linker = _linker([one for one in every if one.state in (KNOWN, STATES[ACCEPT])])
    return len(wanted), [replace(one, nearest=_nearest(one, linker)) for one in wanted[:first]]


def _rows(warehouse: Warehouse, history: History) -> list[dict[str, Any]]:
    with closing(warehouse.connection()) as connection, storage_errors(warehouse.folder):
        history.view(warehouse, connection, "products")
        view_claims(warehouse, history, connection)
        distinct = connection.sql("SELECT DISTINCT predicate, qualifier, object FROM current_claims").to_arrow_table()
        connection.register("nodes", nodes_of_claims(distinct))
        text = (SQL / "entities.sql").read_text("utf-8")
        found: list[dict[str, Any]] = connection.sql(text, params={"own": list(OWN)}).to_arrow_table().to_pylist()
        return found


def _reviewed(row: dict[str, Any], ledger: Ledger) -> Reviewed:
    made = ledger.about(row["node"])
    state = STATES[made.decision] if made else KNOWN if row["own"] else NEW
    return Reviewed(
        row["node"], row["predicate"], row["attribute"], row["name"], state, row["products"], row["product"],
        row["quote"] or "", row["extractor"], ledger.end_of(row["node"]) if made and made.into else "",
    )  # fmt: skip


def _linker(known: Sequence[Reviewed]) -> Linker:
    nodes = [Node(one.node, _asked(one).field, one.name) for one in known]
    return Linker(Nodes.empty().with_more(nodes, {}), np.array([one.products for one in known], np.int64))


def _nearest(one: Reviewed, linker: Linker) -> LinkCandidate | None:
    """The known node that a new one most likely is."""
    if one.state != NEW:
        return None
    link = linker.link(_asked(one))
    if link.known:
        return LinkCandidate(link.node, link.name, link.confidence, link.how)
    return link.candidates[0] if link.candidates else None


def _asked(one: Reviewed) -> Asked:
    return Asked(one.name, one.predicate, one.attribute)
