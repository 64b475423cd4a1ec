"""From a product's fact back to its claims, the words that prove them, the text or raw row and the file it stood in.

Knows the warehouse's tables; asks no index and no graph, so that an answer about them cannot come from them.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from graphsvc.errors import NotFoundError
from graphsvc.families import family_of
from graphsvc.history import History
from graphsvc.knowledge import view_facts, view_texts
from graphsvc.ontology import FAMILY, NODE_ID, derived_of
from graphsvc.types import DerivedFact, Provenance, StatedClaim, TextSource
from graphsvc.warehouse.tables import SQL, Warehouse, storage_errors


def trace(warehouse: Warehouse, history: History, name: str) -> Provenance:
    """Walk back from a product's or a claim's id. Raises NotFoundError."""
    texts = _text_claims(warehouse, history, name)
    own = _own_claims(warehouse, history, name)
    if texts and not own:  # one claim of a text: the product's row comes without its other claims
        own = [{**row, "claim_id": None} for row in _own_claims(warehouse, history, texts[0]["subject"])[:1]]
    if not own:
        raise NotFoundError(f"No product or claim has the id {name!r}.", "Search for it: ids stand beside each hit.")
    first = own[0]  # of a product without facts it is the product's row alone
    claims = [stated(claim) for claim in own if claim["claim_id"] is not None]
    claims += [replace(stated(claim), document=_source(warehouse, history, claim)) for claim in texts]
    found = Provenance(
        first["product_id"], first["title"] or "", tuple(claims), first["source"], first["file"], first["line"],
        _raw(warehouse, history, first["row_hash"]),
    )  # fmt: skip
    return _with_facts(warehouse, history, found) if name == found.product_id else found


def _with_facts(warehouse: Warehouse, history: History, found: Provenance) -> Provenance:
    """With what follows from a product's facts, and which claims make none. A product that is gone has no facts."""
    with closing(warehouse.connection()) as connection, storage_errors(warehouse.folder):
        history.view(warehouse, connection, "products")
        rows = view_facts(warehouse, history, connection, [found.product_id]).to_pylist()
    facts = {(row["predicate"], row["attribute"] or "", row["node_id"]): row for row in rows}
    derived = tuple(
        DerivedFact(predicate, attribute, facts[given]["name"], node, given[0], tuple(facts[given]["claims"]))
        for (predicate, attribute, node), given in derived_of(facts).items()
    )
    family = family_of(found.title, rows)
    if family and not any(row["predicate"] == "variant_of" for row in rows):
        derived += (DerivedFact("variant_of", FAMILY, family.name, family.node, "has_attribute", family.claims),)
    behind = {claim for row in rows for claim in row["claims"]}
    outvoted = tuple(claim.id for claim in found.claims if rows and claim.id not in behind)
    return replace(found, derived=derived, outvoted=outvoted)


def stated(claim: Mapping[str, Any]) -> StatedClaim:
    """A row of claims as people read it."""
    return StatedClaim(
        claim["claim_id"], claim["predicate"], claim["qualifier"] or "", claim["object"],
        NODE_ID[claim["predicate"]](claim["qualifier"], claim["object"]), claim["confidence"],
        f"{claim['extractor']} {claim['version']}", claim["field"], claim["start"], claim["end"], claim["quote"],
        claim["number"], claim["unit"],
    )  # fmt: skip


def _own_claims(warehouse: Warehouse, history: History, name: str) -> list[dict[str, Any]]:
    rows = {table: history.rows.get(table) for table in ("claims", "products", "readings")}
    found: list[dict[str, Any]] = warehouse.run("subject_claims", history.order, rows=rows, id=name).to_pylist()
    return found


def _text_claims(warehouse: Warehouse, history: History, name: str) -> list[dict[str, Any]]:
    with closing(warehouse.connection()) as connection, storage_errors(warehouse.folder):
        history.view(warehouse, connection, "products")
        view_texts(warehouse, history, connection)
        text = (SQL / "text_lineage.sql").read_text("utf-8")
        found: list[dict[str, Any]] = connection.sql(text, params={"id": name}).to_arrow_table().to_pylist()
        return found


def _source(warehouse: Warehouse, history: History, claim: Mapping[str, Any]) -> TextSource:
    return TextSource(
        claim["document"], claim["kind"] or "", claim["text"] or "", claim["source"] or "", claim["file"] or "",
        claim["line"] or 0, _raw(warehouse, history, claim["row_hash"]),
    )  # fmt: skip


def _raw(warehouse: Warehouse, history: History, row_hash: str | None) -> str | None:
    raw = warehouse.run("raw_row", history.order, row_hash=row_hash).to_pylist()
    return str(raw[0]["row"]) if raw else None
