"""From rows to knowledge: products and texts about them → documents → claims, and which claims stand behind products.

The one place where extractors meet products. Claims that break the ontology go to quarantine with their reason. Knows
no database but the warehouse.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from extractors import EXTRACTORS, Claim, Document, Extractor, Learner, load_extractor, recall_extractor
from graphsvc.entities.decided import REFUSED, Decided
from graphsvc.facts import FACTS, TEXT_CLAIMS, outvoted, standing, weighed
from graphsvc.history import History
from graphsvc.ontology import breach
from graphsvc.warehouse.schemas import CLAIMS, TABLES
from graphsvc.warehouse.tables import SQL, Warehouse

PIECE = 8_192  # products, or texts, whose claims are held at once
EXTRACTED = (
    "product_id",
    "title",
    "description",
    "brand",
    "manufacturer",
    "category",
    "attributes",
    "language",
    "title_derived",
)

BY_ONTOLOGY = {"rule": "ontology", "fix": "Correct the value in the source, or extend the ontology."}
BY_SHOP = {"rule": "entities", "fix": "Take the decision back: python -m graphsvc entities undo NODE"}
TEXT_TRUST = 0.8  # by which the confidence of what a text says is multiplied: the shop's own words weigh more


@dataclass(slots=True)
class Extraction:
    """What the extractors said of a set of products: claims that stand, and those refused with their reason."""

    claims: list[Claim] = field(default_factory=list)
    refused: list[tuple[Claim, str]] = field(default_factory=list)
    decided: Decided = field(default_factory=Decided)

    def admit(self, claims: Iterable[Claim]) -> None:
        """Take claims in; those that break the ontology, or that lead to what the shop rejected, are refused."""
        for claim in claims:
            reason = breach(claim)
            settled = claim if reason else self.decided.settled(claim)
            reason = reason or self.decided.refusal(settled)
            if reason is None:
                self.claims.append(settled)
            else:
                self.refused.append((claim, reason))


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
        self._decided = Decided()

    def beside(self, extractor: Extractor | None, decided: Decided | None = None) -> "Reader":
        """This reader with one more extractor, if there is one, and with what the shop decided about nodes."""
        grown = object.__new__(Reader)
        grown._extractors = [*self._extractors, *([extractor] if extractor else [])]
        grown._decided = decided or self._decided
        return grown

    def learnt(self) -> dict[str, str]:
        """What the extractors have learnt, by name: the inverse of `kept`."""
        return {extractor.name: extractor.learnt() for extractor in self._extractors if isinstance(extractor, Learner)}

    def read(self, documents: Sequence[Document]) -> Extraction:
        """Ask every extractor about every document; each claim is checked against the ontology."""
        result = Extraction(decided=self._decided)
        for extractor in self._extractors:
            for claims in extractor.extract(documents):
                result.admit(claims)
        return result

    def read_texts(self, documents: Sequence[Document], subjects: Sequence[str]) -> Extraction:
        """Read texts about products: each document has the id of a text, and the fields of the product it is about.

        What the fields say is no claim of the text.
        """
        of = {document.id: subject for document, subject in zip(documents, subjects, strict=True)}
        result = Extraction(decided=self._decided)
        for extractor in self._extractors:
            for claims in extractor.extract(documents):
                result.admit(_of_text(claim, of[claim.subject]) for claim in claims if _is_in_text(claim))
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
    with closing(warehouse.connection()) as connection:
        warehouse.view(connection, "products", [batch])
        parts = connection.table("products").filter("NOT retired").to_arrow_reader(PIECE)
        read = ((part, reader.read(documents_of(part))) for part in parts)
        return _write(warehouse, batch, read, "product_id", progress)


def extract_reviews(
    warehouse: Warehouse,
    history: History,
    batch: str,
    reader: Reader,
    progress: Callable[[int], None] = lambda reviews: None,
) -> tuple[dict[str, int], int]:
    """Write the claims of a batch's reviews, as texts about their products, into the same batch. As `extract_batch`."""
    with closing(warehouse.connection()) as connection:
        history.view(warehouse, connection, "products")
        warehouse.view(connection, "reviews", [batch])
        parts = connection.sql(_sql("review_texts")).to_arrow_reader(PIECE)
        read = ((part, reader.read_texts(*texts_in(part))) for part in parts)
        return _write(warehouse, batch, read, "document_id", progress)


def _write(
    warehouse: Warehouse,
    batch: str,
    read: Iterable[tuple[pa.RecordBatch, Extraction]],
    key: str,
    progress: Callable[[int], None],
) -> tuple[dict[str, int], int]:
    refused: list[dict[str, Any]] = []
    count = 0

    def pieces() -> Iterator[pa.RecordBatch]:
        nonlocal count
        done = 0
        for part, found in read:
            refused.extend(refusals_of(found.refused, part, batch, key))
            done += part.num_rows
            count += len(found.claims)
            progress(done)
            yield from claims_table(found.claims, batch).to_batches()

    written = {"claims": warehouse.append("claims", pieces(), batch)}
    if refused:
        table = pa.Table.from_pylist(refused, schema=TABLES["quarantine"])
        written["quarantine"] = warehouse.append("quarantine", table, batch)
    return written, count


def texts_in(part: pa.RecordBatch) -> tuple[list[Document], list[str]]:
    """Rows of texts, each with what is known of its product, as documents for extractors, and the products' ids."""
    rows = part.to_pylist()
    documents = [text_of(row["document_id"], row["text"] or "", row, row["headline"] or "") for row in rows]
    return documents, [row["product_id"] for row in rows]


def text_of(name: str, text: str, product: Mapping[str, Any], title: str = "", language: str | None = None) -> Document:
    """A text about a product, as a document for extractors."""
    about = _document(product)
    return replace(about, id=name, title=title, text=text, language=language or about.language, composed=False)


def _is_in_text(claim: Claim) -> bool:
    return claim.evidence is not None and claim.evidence.field in ("title", "text")


def _of_text(claim: Claim, subject: str) -> Claim:
    """What an extractor says of a text's subject, as a claim about the product."""
    sure = round(claim.confidence * TEXT_TRUST, 4)
    return replace(claim, subject=subject, document=claim.subject, confidence=sure)


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
        "quote": claim.quote, "extractor": claim.extractor, "version": claim.version,
        "document": claim.document or None, "batch": batch,
    }  # fmt: skip


def refusals_of(
    refused: Sequence[tuple[Claim, str]], rows: pa.Table | pa.RecordBatch, batch: str = "", key: str = "product_id"
) -> Iterator[dict[str, Any]]:
    """Claims that break the ontology, as rows of the quarantine, with the place of the row that they come from."""
    if not refused:
        return
    places = {row[key]: row for row in rows.select([key, "source", "file", "line"]).to_pylist()}
    for claim, reason in refused:
        place = places[claim.document or claim.subject]
        text = orjson.dumps(claim_row(claim)).decode()
        yield {
            "quarantine_id": blake2b(text.encode(), digest_size=10).hexdigest(), "source": place["source"],
            "asset": "claims", "file": place["file"], "line": place["line"], "reason": reason, "row": text,
            "row_hash": claim.id, "batch": batch, **(BY_SHOP if reason.startswith(REFUSED) else BY_ONTOLOGY),
        }  # fmt: skip


def view_facts(
    warehouse: Warehouse,
    history: History,
    connection: duckdb.DuckDBPyConnection,
    products: Sequence[str] | None = None,
) -> pa.Table:
    """The facts of the current products, all or those given; `connection` has `current_products`, and gains `claims`,
    `facts`, and `contested`: the products of which some fact is outvoted.
    """
    view_claims(warehouse, history, connection)
    found = connection.table("current_claims")
    if products is not None:
        ids = [duckdb.ConstantExpression(name) for name in products]
        found = found.filter(duckdb.ColumnExpression("subject").isin(*ids))
    every = weighed(found.to_arrow_table())
    facts = standing(every)
    connection.register("facts", facts)
    connection.register("contested", pa.table({"product_id": pa.array(sorted(outvoted(every)), pa.string())}))
    return facts


def view_claims(warehouse: Warehouse, history: History, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the claims behind the products of `current_products` readable in `connection` as `current_claims`.

    Those of the products' own rows alone are `own_claims`.
    """
    view_texts(warehouse, history, connection)
    connection.execute(f"CREATE OR REPLACE VIEW own_claims AS {_sql('current_claims')}")
    connection.execute(f"CREATE OR REPLACE VIEW current_claims AS {_sql('every_claim')}")


def view_texts(warehouse: Warehouse, history: History, connection: duckdb.DuckDBPyConnection) -> None:
    """Make texts about products readable in `connection` as `texts`, what they claim as `text_claims`.

    `connection` gains `places`, of each batch its offset in the log.
    """
    history.view(warehouse, connection, "claims", "documents", "reviews", "readings")
    batches, offsets = pa.array(history.places.keys(), pa.string()), pa.array(history.places.values(), pa.int64())
    connection.register("places", pa.table({"batch": batches, "position": offsets}))
    for name in ("texts", "text_claims"):
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {_sql(name)}")


def text_knowledge(connection: duckdb.DuckDBPyConnection) -> tuple[pa.Table, pa.Table]:
    """What a later change must know of products that texts speak of, or of which a fact is outvoted: every weighed fact
    of their own claims, and the claims of the texts.

    `connection` has what `view_facts` gives it.
    """
    texts = connection.sql("FROM current_claims WHERE document IS NOT NULL").to_arrow_table()
    connection.register("said_in_texts", texts)
    own = connection.sql(_sql("contested_claims")).to_arrow_table()
    return weighed(own).select(FACTS.names), texts.select(TEXT_CLAIMS.names).cast(TEXT_CLAIMS)


def texts_about(warehouse: Warehouse, history: History, products: Sequence[str]) -> list[dict[str, Any]]:
    """The claims of texts about products, in the catalogue or not; where there are no texts, nothing is read."""
    reviews = any("reviews" in payload["tables"] for payload in history.imports)
    if "documents" not in history.rows and not reviews:
        return []
    with closing(warehouse.connection()) as connection:
        history.view(warehouse, connection, "products")
        view_texts(warehouse, history, connection)
        wanted = [duckdb.ConstantExpression(name) for name in products]
        found = connection.table("text_claims").filter(duckdb.ColumnExpression("subject").isin(*wanted))
        rows: list[dict[str, Any]] = found.to_arrow_table().to_pylist()
    return rows


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text("utf-8")


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
        row["language"] or "en", bool(row["title_derived"]) and not row["description"],
    )  # fmt: skip
