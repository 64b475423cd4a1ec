"""Texts about products, as GraphQL and the command line send them: each becomes a row and the claims that it makes.

A text is masked and cleaned as an import's cells are, linked to its product, and read by the extractors of imports;
what the product's fields say already, it cannot claim. The same id again replaces a text, and a removed one takes with
it exactly what only it supported. Knows one call's text; what it makes is written to the log by the service.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b, md5
from typing import Any

import orjson
import pyarrow as pa

from graphsvc.errors import InputError, NotFoundError
from graphsvc.extraction import LONGEST
from graphsvc.history import DOCUMENTS, History
from graphsvc.ingest import check_name
from graphsvc.knowledge import Reader, claim_row, refusals_of, text_of, view_texts
from graphsvc.lineage import stated
from graphsvc.log import Entry, WriteLog
from graphsvc.search.catalogue import Catalogue
from graphsvc.subject import find_subject
from graphsvc.types import IngestedText
from graphsvc.upsert import SOURCE
from graphsvc.vault import Vault
from graphsvc.warehouse import contracts
from graphsvc.warehouse.clean import clean_batch
from graphsvc.warehouse.schemas import DOCUMENTS as COLUMNS
from graphsvc.warehouse.tables import Warehouse, storage_errors

LONGEST_NAME = 200  # characters of an id or a kind
Row = dict[str, Any]
ProductOf = Callable[[str], Mapping[str, Any] | None]  # a product's row by its id


@dataclass(frozen=True, slots=True)
class GivenText:
    """What a caller gives. Without `product` the text says which it is about; without `name` its content names it."""

    text: str
    product: str | None = None
    name: str | None = None
    kind: str = "text"


class Texts:
    """Turns texts into the payloads of log entries.

    Raises InputError for a text that cannot be read or linked, NotFoundError for a product or a text that is not there.
    """

    def __init__(self, log: WriteLog, warehouse: Warehouse, vault: Vault) -> None:
        self._log, self._warehouse, self._vault = log, warehouse, vault
        self._owner: dict[str, str | None] = {}  # of each text of the log the product, None for a removed one
        self._upto = 0

    def add(
        self, given: GivenText, history: Callable[[], History], catalogue: Catalogue, product_of: ProductOf,
        reader: Reader,
    ) -> Mapping[str, Any]:  # fmt: skip
        """A text with its claims."""
        text, language = self._read(given.text)
        kind = _short("kind", self._vault.mask(given.kind.strip()) or "text")
        about = given.product or find_subject(text, catalogue)
        product = product_of(about)
        if product is None:
            raise NotFoundError(f"There is no product {about!r}.", "Import it first, or leave productId out.")
        name = self._named(given.name, about, text)
        owner = self._owner_of(name, history) if given.name else about
        if owner not in (None, about):
            raise InputError(
                f"The text {name!r} is about {owner!r}, not {about!r}.", "Remove it first, or give this one another id."
            )
        row = _row(name, about, kind, text, language)
        found = reader.read_texts([text_of(name, text, product, language=language)], [about])
        payload: Row = {"documents": [row], "claims": [claim_row(claim) for claim in found.claims]}
        doubtful = list(refusals_of(found.refused, pa.Table.from_pylist([row], schema=COLUMNS), key="document_id"))
        return payload | {"quarantine": doubtful} if doubtful else payload

    def remove(self, name: str, history: Callable[[], History]) -> Mapping[str, Any]:
        """A row that says that a text is gone, be it one of these or an imported review."""
        named = self._named(name, "", "")
        owner = self._owner_of(named, history)
        if owner is None:
            raise NotFoundError(f"There is no text {name!r}.", "List them: python -m graphsvc texts list")
        return {"documents": [{**_row(named, owner, "", "", None), "kind": None, "text": None, "retired": True}]}

    def _read(self, text: str) -> tuple[str, str | None]:
        """A text as it is kept, and its language."""
        if len(text) > LONGEST:
            raise InputError(f"The text has {len(text):,} characters.", f"Give at most {LONGEST:,}.")
        contract = contracts.propose(SOURCE, "reviews", {}, {}, {})
        columns = clean_batch(pa.table({"text": [self._vault.mask(text)]}), "reviews", contract).columns
        kept, language = columns["text"][0].as_py(), columns["language"][0].as_py()
        if not kept:
            raise InputError("The text is empty.", "Give a review, a description or a document.")
        return kept, language

    def _named(self, given: str | None, product: str, text: str) -> str:
        """The id of a text, masked as an import masks a key."""
        if not (given or "").strip():
            content = blake2b(f"{product}\x1f{text}".encode("utf-8", "surrogatepass"), digest_size=10)
            return f"{SOURCE}:text-{content.hexdigest()}"
        source, colon, key = self._vault.mask(_short("id", str(given).strip())).partition(":")
        source, key = (source, key) if colon else (SOURCE, source)
        check_name(source)
        return f"{source}:{key}"

    def _owner_of(self, name: str, history: Callable[[], History]) -> str | None:
        """The product that a text is about, None when there is no such text."""
        for entry in self._log.read(self._upto, kinds=(DOCUMENTS,)):
            for row in entry.json()["documents"]:
                self._owner[row["document_id"]] = None if row["retired"] else row["product_id"]
            self._upto = entry.offset
        return self._owner.get(name) or self._reviewed(name, history())

    def _reviewed(self, name: str, history: History) -> str | None:
        source = name.partition(":")[0]
        if not any(one["name"] == source and "reviews" in one["tables"] for one in history.imports):
            return None
        rows = current_texts(self._warehouse, history, name)
        if rows:
            return str(rows[0]["product_id"])
        return None if name in self._owner else _product_of_review(self._warehouse, history, name)


def ingested(entry: Entry) -> IngestedText:
    """What an entry says that was taken in."""
    payload = entry.json()
    row = payload["documents"][0]
    claims = tuple(stated(claim) for claim in payload.get("claims", ()))
    return IngestedText(entry.offset, row["document_id"], row["product_id"], claims)


def current_texts(warehouse: Warehouse, history: History, name: str | None = None) -> list[Row]:
    """The texts that stand, the latest first, or the one of a name; reviews that claim nothing are left out."""
    with closing(warehouse.connection()) as connection, storage_errors(warehouse.folder):
        history.view(warehouse, connection, "products")
        view_texts(warehouse, history, connection)
        found = connection.sql(
            "SELECT document_id, product_id, kind, text, source, file, line FROM texts"
            " WHERE recency = 1 AND NOT retired AND ($name IS NULL OR document_id = $name)"
            " ORDER BY position DESC, document_id",
            params={"name": name},
        )
        rows: list[Row] = found.to_arrow_table().to_pylist()
        return rows


def _product_of_review(warehouse: Warehouse, history: History, name: str) -> str | None:
    """The product of an imported review, also of one that claims nothing."""
    with closing(warehouse.connection()) as connection, storage_errors(warehouse.folder):
        history.view(warehouse, connection, "reviews")
        found = connection.sql(
            "SELECT product_id FROM current_reviews WHERE review_id = $name", params={"name": name}
        ).fetchall()
    return str(found[0][0]) if found else None


def _row(name: str, product: str, kind: str, text: str, language: str | None) -> Row:
    row: Row = {
        "document_id": name, "product_id": product, "kind": kind, "text": text, "language": language, "retired": False,
        "source": name.partition(":")[0], "file": SOURCE, "line": 1,
    }  # fmt: skip
    return row | {"row_hash": md5(orjson.dumps(row), usedforsecurity=False).hexdigest()}


def _short(what: str, given: str) -> str:
    if len(given) > LONGEST_NAME:
        raise InputError(f"The {what} of a text has {len(given):,} characters.", f"Give at most {LONGEST_NAME}.")
    return given
