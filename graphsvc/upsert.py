"""Small changes of the catalogue, as GraphQL sends them: an absent field stays, null clears.

A change goes through the same cleaning, contract and extractors as an import, and is refused whole with every reason.
Knows one call's products; what it makes is written to the log by the service.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from hashlib import md5
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from graphsvc.errors import InputError, NotFoundError
from graphsvc.history import History
from graphsvc.knowledge import Reader, claim_row, documents_of
from graphsvc.vault import Vault
from graphsvc.warehouse import contracts
from graphsvc.warehouse.clean import clean_batch
from graphsvc.warehouse.contracts import Contract
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.stage import judge, run_script
from graphsvc.warehouse.tables import Warehouse

MOST = 1_000  # products in one call
SOURCE = "api"  # of a product whose id names none
NESTED = ("variants", "offers")
JSON_FIELDS = ("attributes", *NESTED)
FIELDS = (
    "title", "description", "brand", "manufacturer", "category", "price", "currency", "stock", "gtin", "url", "image",
    *JSON_FIELDS,
)  # fmt: skip
Row = dict[str, Any]


class Upserter:
    """Turns changes of products into the payload of a log entry.

    Raises InputError with every reason when a contract refuses a row, NotFoundError for a product to retire that is
    not there.
    """

    def __init__(self, warehouse: Warehouse, vault: Vault, contract_of: Mapping[str, Contract]) -> None:
        self._warehouse, self._vault, self._contract_of = warehouse, vault, contract_of

    def upsert(self, changes: Sequence[Mapping[str, Any]], history: History, reader: Reader) -> Mapping[str, Any]:
        """Merge changes into the current rows. Each has an `id` ("source:key") and any of FIELDS."""
        merged = _merged(changes)
        current = {row["product_id"]: row for row in self._rows(list(merged), history)}
        rows, reasons = [], []
        for name, change in merged.items():
            row, refused = self._apply(name, change, current.get(name))
            rows.append(row)
            reasons += [f"{name}: {reason}" for reason in refused]
        if reasons:
            raise InputError(
                "; ".join(reasons[:20]) + ".", "Correct these and send the call again; nothing of it was written."
            )
        table = _table(rows)
        claims = [claim_row(claim) for claim in reader.read(documents_of(table)).claims]
        return {"products": rows, "claims": claims}

    def retire(self, ids: Sequence[str], history: History) -> Mapping[str, Any]:
        """Rows that say that these products are gone."""
        _check_count(ids)
        rows = self._rows(list(dict.fromkeys(ids)), history)
        missing = sorted(set(ids) - {row["product_id"] for row in rows})
        if missing:
            raise NotFoundError(f"There is no product {missing[0]!r}.", "Nothing was retired; leave it out.")
        return {"products": [{**row, "retired": True} for row in rows]}

    def _rows(self, ids: Sequence[str], history: History) -> list[Row]:
        rows = history.rows.get("products")
        found = self._warehouse.run("product_rows", history.order, rows={"products": rows}, ids=list(ids))
        return [row | {"batch": ""} for row in found.select(TABLES["products"].names).to_pylist()]

    def _apply(self, name: str, change: Mapping[str, Any], current: Row | None) -> tuple[Row, list[str]]:
        source, _, key = name.partition(":")
        given = {field: change[field] for field in FIELDS if field in change}
        contract = self._contract_of.get(source) or contracts.propose(
            source, "products", {}, dict.fromkeys(given, ()), {}
        )
        mapped = pa.table({"key": [key], **{field: pa.array([self._text(field, value)], pa.string())
                                            for field, value in given.items()}})  # fmt: skip
        clean = clean_batch(mapped, "products", contract)
        row: Row = {**dict.fromkeys(TABLES["products"].names), **(current or {})}
        for field in given:
            row[field] = given[field] if field in NESTED else clean.columns[field][0].as_py()
        row |= {"product_id": name, "key": key, "source": source, "retired": False, "title_derived": False, "line": 1}
        if "price" in given and "currency" not in given:
            row["currency"] = clean.columns["currency"][0].as_py() or row["currency"]
        if "title" not in given and current:
            row["title_derived"] = current["title_derived"]
        row |= {"file": SOURCE, "row_hash": md5(orjson.dumps(row, default=str), usedforsecurity=False).hexdigest()}
        row["language"] = _language(row, contract)
        return row, self._refusals(row, clean.texts, given, contract)

    def _text(self, field: str, value: Any) -> str | None:
        """A value as an import would find it in a cell."""
        if value is None:
            return None
        if field == "category":
            return " > ".join(map(str, value))
        if field in JSON_FIELDS:
            return orjson.dumps(value).decode()
        return self._vault.mask(value) if isinstance(value, str) else str(value)

    def _refusals(self, row: Row, texts: Mapping[str, Any], given: Mapping[str, Any], contract: Contract) -> list[str]:
        names = [*given, "title", "key"]
        rules = [rule for rule in contract.rules() if rule.field in names]
        used = {rule.field for rule in rules}
        table = _table([row]).select(sorted(used))
        kept = {name: texts[name] if name in given else pa.array([_shown(row[name])], pa.string()) for name in used}
        with closing(duckdb.connect(":memory:")) as connection:
            run_script(connection, "setup")
            judge(connection, contract, rules, table.append_column("seq", pa.array([0])), kept)
            return [reason for (reason,) in connection.execute("SELECT reason FROM refusals").fetchall()]


def _merged(changes: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Changes by product id; a product named twice takes the later word on each field."""
    _check_count(changes)
    merged: dict[str, Mapping[str, Any]] = {}
    for change in changes:
        given = str(change.get("id") or "").strip()
        if not given:
            raise InputError("A product has no id.", 'Give each an id, "source:key".')
        name = given if ":" in given else f"{SOURCE}:{given}"
        merged[name] = {**merged.get(name, {}), **change}
    return merged


def _check_count(items: Sequence[object]) -> None:
    if len(items) > MOST:
        raise InputError(f"{len(items):,} products in one call are too many.", f"Send {MOST:,} at a time.")


def _table(rows: Sequence[Row]) -> pa.Table:
    try:
        return pa.Table.from_pylist(list(rows), schema=TABLES["products"])
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(f"A variant or an offer is not of the form that they have: {error}.", "Correct it.") from error


def _shown(value: object) -> str | None:
    return None if value is None else str(value)


def _language(row: Row, contract: Contract) -> str | None:
    whole = pa.table({name: pa.array([row[name]], pa.string()) for name in ("title", "description")})
    found: str | None = clean_batch(whole, "products", contract).columns["language"][0].as_py()
    return found
