"""From rows to knowledge: products → documents → claims, and claims → facts about nodes of the graph.

The one place where extractors meet products. Claims that break the ontology go to quarantine with their reason. Knows
no database but the warehouse.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from extractors import EXTRACTORS, Claim, Document, Extractor, Learner, load_extractor, recall_extractor
from extractors.category import SEPARATOR
from graphsvc.history import History
from graphsvc.ontology import PREDICATES, attribute_name, brand_id, breach, category_id, manufacturer_id, value_id
from graphsvc.warehouse.schemas import CLAIMS, TABLES
from graphsvc.warehouse.tables import SQL, Warehouse

PIECE = 8_192  # products whose claims are held at once
EXTRACTED = ("product_id", "title", "description", "brand", "manufacturer", "category", "attributes", "language")

NODE_ID: Mapping[str, Callable[[str, str], str]] = {
    "has_brand": lambda qualifier, value: brand_id(value),
    "made_by": lambda qualifier, value: manufacturer_id(value),
    "in_category": lambda qualifier, value: category_id(value.split(SEPARATOR)),
    "has_attribute": value_id,
}
NODES = pa.schema(
    [pa.field(name, pa.string()) for name in ("predicate", "qualifier", "object", "node_id", "label", "attribute")]
)
_FIELDS: list[Any] = [
    pa.field("product_id", pa.string()),
    pa.field("predicate", pa.string()),
    pa.field("attribute", pa.string()),  # folded name, null unless the predicate is has_attribute
    pa.field("node_id", pa.string()),
    pa.field("name", pa.string()),  # the object as it is written; of a category the whole path
    pa.field("number", pa.float64()),
    pa.field("unit", pa.string()),
    pa.field("confidence", pa.float64()),
    pa.field("claims", pa.list_(pa.string())),
]
FACTS = pa.schema(_FIELDS)


@dataclass(slots=True)
class Extraction:
    """What the extractors said of a set of products: claims that stand, and those refused with their reason."""

    claims: list[Claim] = field(default_factory=list)
    refused: list[tuple[Claim, str]] = field(default_factory=list)


class Reader:
    """All extractors, with what they have learnt from a catalogue; `more` are those that the shop has besides."""

    def __init__(
        self, documents: Sequence[Document], kept: Mapping[str, str] | None = None, more: Sequence[Extractor] = ()
    ) -> None:
        recalled = kept or {}
        self._extractors: list[Extractor] = [
            recall_extractor(name, recalled[name]) if name in recalled else load_extractor(name, documents)
            for name in EXTRACTORS
        ]
        self._extractors += more

    def learnt(self) -> dict[str, str]:
        """What the extractors have learnt, by name: the inverse of `kept`."""
        return {extractor.name: extractor.learnt() for extractor in self._extractors if isinstance(extractor, Learner)}

    def read(self, documents: Sequence[Document]) -> Extraction:
        """Ask every extractor about every document; each claim is checked against the ontology."""
        result = Extraction()
        for extractor in self._extractors:
            for claims in extractor.extract(documents):
                for claim in claims:
                    reason = breach(claim)
                    if reason is None:
                        result.claims.append(claim)
                    else:
                        result.refused.append((claim, reason))
        return result


def documents_of(products: pa.Table | pa.RecordBatch) -> list[Document]:
    """Product rows as documents for extractors."""
    return [_document(row) for row in products.select(list(EXTRACTED)).to_pylist()]


def extract_batch(
    warehouse: Warehouse, batch: str, reader: Reader, progress: Callable[[int], None] = lambda products: None
) -> tuple[dict[str, int], int]:
    """Write the claims of a batch's products into the same batch, before it is named.

    Returns the versions of the tables that were written, and how many claims there are.
    """
    refused: list[dict[str, Any]] = []
    count = 0

    def pieces() -> Iterator[pa.RecordBatch]:
        nonlocal count
        done = 0
        with closing(warehouse.connection()) as connection:
            warehouse.view(connection, "products", [batch])
            relation = connection.table("products").filter("NOT retired")
            for part in relation.to_arrow_reader(PIECE):
                found = reader.read(documents_of(part))
                refused.extend(refusals_of(found.refused, part, batch))
                done += part.num_rows
                count += len(found.claims)
                progress(done)
                yield from claims_table(found.claims, batch).to_batches()

    written = {"claims": warehouse.append("claims", pieces(), batch)}
    if refused:
        table = pa.Table.from_pylist(refused, schema=TABLES["quarantine"])
        written["quarantine"] = warehouse.append("quarantine", table, batch)
    return written, count


def claims_table(claims: Sequence[Claim], batch: str) -> pa.Table:
    """Claims in the columns of their table."""
    return pa.Table.from_pylist([claim_row(claim, batch) for claim in claims], schema=CLAIMS)


def claim_row(claim: Claim, batch: str = "") -> dict[str, Any]:
    """One claim as a row."""
    span = claim.evidence
    return {
        "claim_id": claim.id, "subject": claim.subject, "predicate": claim.predicate, "qualifier": claim.qualifier,
        "object": claim.object, "number": claim.number, "unit": claim.unit, "confidence": claim.confidence,
        "field": span.field if span else None, "start": span.start if span else None, "end": span.end if span else None,
        "quote": claim.quote, "extractor": claim.extractor, "version": claim.version, "batch": batch,
    }  # fmt: skip


def refusals_of(
    refused: Sequence[tuple[Claim, str]], products: pa.Table | pa.RecordBatch, batch: str = ""
) -> Iterator[dict[str, Any]]:
    """Claims that break the ontology, as rows of the quarantine, with the place of the row that they come from."""
    if not refused:
        return
    places = {row["product_id"]: row for row in products.select(["product_id", "source", "file", "line"]).to_pylist()}
    for claim, reason in refused:
        place = places[claim.subject]
        text = orjson.dumps(claim_row(claim)).decode()
        yield {
            "quarantine_id": blake2b(text.encode(), digest_size=10).hexdigest(), "source": place["source"],
            "asset": "claims", "file": place["file"], "line": place["line"], "rule": "ontology", "reason": reason,
            "fix": "Correct the value in the source, or extend the ontology.", "row": text,
            "row_hash": claim.id, "batch": batch,
        }  # fmt: skip


def view_facts(
    warehouse: Warehouse,
    history: History,
    connection: duckdb.DuckDBPyConnection,
    products: Sequence[str] | None = None,
) -> pa.Table:
    """The facts of the current products, all or those given; `connection` has `current_products`, and gains `claims`
    and `facts`.
    """
    history.view(warehouse, connection, "claims")
    current = (SQL / "current_claims.sql").read_text("utf-8")
    connection.execute(f"CREATE OR REPLACE VIEW current_claims AS {current}")
    found = connection.table("current_claims")
    if products is not None:
        ids = [duckdb.ConstantExpression(name) for name in products]
        found = found.filter(duckdb.ColumnExpression("subject").isin(*ids))
    claims = found.to_arrow_table()
    facts = facts_of(claims)
    connection.register("facts", facts)
    return facts


def facts_of(claims: pa.Table) -> pa.Table:
    """Facts of claims: one row for each product and node, in the columns of FACTS."""
    with closing(duckdb.connect(":memory:")) as connection:
        connection.register("claims", claims)
        connection.register("nodes", _nodes(claims))
        found: pa.Table = connection.sql((SQL / "facts.sql").read_text("utf-8")).to_arrow_table()
    return found.cast(FACTS)


def _nodes(claims: pa.Table) -> pa.Table:
    """The node that each distinct object of a claim stands for. Ids are folded in Python, once per distinct value."""
    distinct = claims.group_by(["predicate", "qualifier", "object"]).aggregate([]).to_pylist()
    rows = [
        {
            **row,
            "node_id": NODE_ID[row["predicate"]](row["qualifier"], row["object"]),
            "label": PREDICATES[row["predicate"]].range,
            "attribute": attribute_name(row["qualifier"]) if row["qualifier"] else None,
        }
        for row in distinct
    ]
    return pa.Table.from_pylist(rows, schema=NODES)


def documents_in(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[Document]:
    """The documents of a table of products, one after the other."""
    for part in connection.table(table).select(*EXTRACTED).to_arrow_reader(PIECE):
        yield from documents_of(part)


def _document(row: Mapping[str, Any]) -> Document:
    fields: dict[str, list[str]] = {}
    for name in ("brand", "manufacturer"):
        if row[name]:
            fields[name] = [row[name]]
    for attribute in row["attributes"] or ():
        if attribute["name"] and attribute["value"]:
            fields.setdefault(attribute["name"], []).append(attribute["value"])
    return Document(
        row["product_id"], row["title"] or "", row["description"] or "", fields, row["category"] or (),
        row["language"] or "en",
    )  # fmt: skip
