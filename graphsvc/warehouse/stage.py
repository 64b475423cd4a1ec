"""The first half of an import: rows stream in, are told apart, shielded, mapped, cleaned and judged, and rest on disk.

What needs all rows at once (duplicates, cancellations, outliers) is the second half, in `finish.py`. Knows the order of
the steps; holds one batch of rows in memory.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import md5
from pathlib import Path
from typing import Any, Protocol

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphsvc.contacts import holds_address
from graphsvc.errors import ContractError, SourceError
from graphsvc.vault import Vault
from graphsvc.warehouse.clean import clean_batch, typed_schema
from graphsvc.warehouse.contracts import PREDICATES, Contract, Rule, file_name
from graphsvc.warehouse.schemas import TEXT, WHOLE
from graphsvc.warehouse.standardise import NOTHING
from graphsvc.warehouse.tables import SQL

Column = Any  # a pa.Array; the stubs of pyarrow cannot tell its type
RAW_LIMIT = 2_000  # characters of a line that its reader refused
# Columns that readers add, the last one in a retry; any other name, as Mongo's _id, is the source's own.
OURS = ("_line", "_file", "_row_hash")

VERSION = 5  # of the cleaning; raised when the same row would come out otherwise, so that known rows are read anew
STAGED = pa.schema([("seq", WHOLE), ("file", TEXT), ("line", WHOLE), ("row_hash", TEXT), ("row", TEXT)])


class Reject(Protocol):
    """A row that its reader refused."""

    @property
    def line(self) -> int: ...  # noqa: D102
    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def fix(self) -> str: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102


class Columns(Protocol):
    """A mapping of raw columns to fields, as `graphsvc.mapping` makes it."""

    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    def column_of(self, field: str) -> str | None: ...  # noqa: D102
    def apply(self, batch: pa.RecordBatch) -> pa.Table: ...  # noqa: D102


def run_script(connection: duckdb.DuckDBPyConnection, script: str, /, **params: object) -> None:
    """Run the statements of `sql/SCRIPT.sql` in order, each with those parameters that it uses."""
    text = (SQL / f"{script}.sql").read_text("utf-8")
    for statement in text.split(";\n"):
        used = {key: value for key, value in params.items() if f"${key}" in statement}
        connection.execute(statement, used or None)


class Stage:
    """Takes the rows of one import. `folder` receives Parquet files; `store` is false in a dry run."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        contract: Contract,
        mapping: Columns,
        vault: Vault,
        *,
        store: bool,
        shielded: bool = False,
    ) -> None:
        self._connection = connection
        self._contract = contract
        self._mapping = mapping
        self._vault = vault
        self._store = store
        self._identifiers = _identifiers(contract, mapping)
        self._key = vault.derive_key("digests of rows")
        reading = repr((VERSION, mapping.fingerprint, sorted(self._identifiers.items()), contract.reading))
        self._reading = md5(reading.encode(), usedforsecurity=False).hexdigest()[:8]
        self._rules = contract.rules()
        self._shielded = shielded
        self._schema = pa.schema([*STAGED, *typed_schema(contract.asset)])
        self._path = folder / "stage.parquet"
        self._writer = pq.ParquetWriter(self._path, self._schema, compression="zstd", compression_level=1)
        self.read = self.unchanged = self._seq = 0

    def take(self, file: str, batch: pa.RecordBatch) -> None:
        """Stage one batch of raw string columns, with the columns `_line` and, for rows of several files, `_file`."""
        self.read += batch.num_rows
        start, self._seq = self._seq, self._seq + batch.num_rows
        lines, files, raw = _split(batch, self._vault.mask(file, store=self._store))
        rows = self._hash(raw, batch, start)
        fresh = pc.invert(rows["known"]).combine_chunks()
        known = rows.num_rows - int(pc.sum(fresh).as_py() or 0)
        if known:
            self.unchanged += known
            self._connection.register("gone", rows.filter(rows["known"]).select(["seq", "row_hash"]))
            self._connection.execute("INSERT INTO seen SELECT seq, row_hash FROM gone")
            rows, raw = rows.filter(fresh), raw.filter(fresh)
            lines, files = lines.filter(fresh), files.filter(fresh)
        if rows.num_rows:
            self._write(self._shield(raw), rows, files, lines)

    def reject(self, file: str, rejects: Iterable[Reject]) -> None:
        """Stage the rows that a reader refused. Which of their characters identify someone nobody can tell, so a source
        with identifiers keeps none of them outside the vault."""  # fmt: skip
        found = list(rejects)
        if not found:
            return
        self.read += len(found)
        columns = {
            "file": pa.repeat(pa.scalar(self._vault.mask(file, store=self._store)), len(found)),
            "line": pa.array([reject.line for reject in found], WHOLE),
            "rule": pa.array([reject.rule for reject in found]),
            "reason": self._vault.mask_column(pa.array([reject.reason for reject in found]), store=self._store),
            "fix": pa.array([reject.fix for reject in found]),
            "row_text": self._shield_text(pa.array([reject.text[:RAW_LIMIT] for reject in found])),
        }
        self._connection.register("refused", pa.table(columns))
        self._connection.execute("INSERT INTO rejects SELECT file, line, rule, reason, fix, row_text FROM refused")

    def close(self) -> None:
        """End the Parquet file and make it readable as `stage`."""
        self._writer.close()
        pa.default_memory_pool().release_unused()
        self._connection.read_parquet(str(self._path)).create_view("stage", replace=True)

    def _shield_text(self, texts: Column) -> Column:
        """Lines as they may be kept: whole ones where nobody need be protected, else the vault's word for each."""
        if not self._identifiers:
            return self._vault.mask_column(texts, store=self._store)
        words = self._vault.shield_column(texts, "row", store=self._store)
        return pc.fill_null(pc.binary_join_element_wise("[row:", words, "]", ""), "")

    def _shield(self, raw: pa.RecordBatch) -> pa.RecordBatch:
        """Pseudonyms for direct identifiers, before anything else sees what the row says."""
        if self._shielded:
            return raw
        columns: dict[str, Column] = {}
        for name in raw.schema.names:
            column = raw.column(name)
            kind = self._identifiers.get(name)
            columns[name] = (
                self._vault.shield_column(_somebody(column, kind), kind, store=self._store)
                if kind
                else self._vault.mask_column(column, store=self._store)
            )
        shopper = self._mapping.column_of("shopper")
        if shopper in columns and self._store:
            others = [columns[name] for name in self._identifiers if name != shopper and name in columns]
            self._vault.link(columns[shopper], others)
        return pa.RecordBatch.from_pydict(columns)

    def _hash(self, raw: pa.RecordBatch, batch: pa.RecordBatch, start: int) -> pa.Table:
        """What each row is called.

        Told from the row as it came, so that it is no other row when a column becomes an identifier, or is one no more.
        A row from quarantine, which came before, is called what it was called then.
        """
        seq = pa.array(np.arange(start, start + raw.num_rows))
        if self._shielded:
            incoming = pa.table({"seq": seq, "row_hash": batch.column("_row_hash")})
            return self._ask("hash_refused", incoming, reading=self._reading)
        incoming = pa.table({"seq": seq, "cells": _cells(raw)})
        return self._ask("hash_rows", incoming, key=self._key, reading=self._reading)

    def _ask(self, script: str, incoming: pa.Table, **params: str) -> pa.Table:
        self._connection.register("incoming", incoming)
        text = (SQL / f"{script}.sql").read_text("utf-8")
        answer: pa.Table = self._connection.sql(text, params=params or None).to_arrow_table()
        return answer

    def _write(self, raw: pa.RecordBatch, rows: pa.Table, files: Column, lines: Column) -> None:
        clean = clean_batch(self._mapping.apply(raw), self._contract.asset, self._contract)
        cells = pa.Table.from_arrays([rows["seq"], _cells(raw)], names=["seq", "cells"])
        row: Column = self._ask("row_texts", cells)["row"]
        staged = pa.table(
            {"file": files, "line": lines, "row": row, **_columns(rows, "seq", "row_hash"), **clean.columns}
        ).select(self._schema.names)
        judge(self._connection, self._contract, self._rules, staged.drop_columns(["row"]), clean.texts)
        for changes in clean.changes:
            moved = changes.set_column(0, "seq", rows["seq"].take(changes["index"].combine_chunks()))
            self._connection.register("moved", moved)
            self._connection.execute("INSERT INTO value_changes SELECT seq, field, before, after, rule FROM moved")
        self._writer.write_table(staged.cast(self._schema))


def _somebody(column: Column, kind: str) -> Column:
    """Identifiers without the words that stand for nobody: theirs would be the pseudonym of one shopper with the past
    of all. There are people called Null."""
    if kind == "name":
        return column
    nobody: Column = pc.is_in(column, pa.array(NOTHING))
    return pc.if_else(nobody, pa.scalar(None, pa.string()), column)


def judge(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    rules: Iterable[Rule],
    staged: pa.Table,
    texts: Mapping[str, Column],
) -> None:
    """Ask every rule of every row, so that a refused row hears all of its reasons at once.

    `staged` has the typed fields beside `seq`, `texts` what each was read from. Refusals enter the table `refusals`.
    Raises ContractError for a rule whose bound cannot be used.
    """  # fmt: skip
    table = staged
    for name, text in texts.items():
        table = table.append_column(f"{name} as text", text)
    connection.register("judged", table)
    for rule in rules:
        params = {"rule": rule.name, "reason": rule.reason, "fix": rule.fix}
        try:
            connection.execute(_statement(rule), params if rule.value is None else {**params, "value": rule.value})
        except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
            raise ContractError(
                f"The rule {rule.name} of the contract {contract.name} cannot be used: {rule.value!r}.",
                f"Correct it in {file_name(contract.name, contract.asset)}.",
            ) from error


def _statement(rule: Rule) -> str:
    """The rule's predicate over its field. Only a field's name, from our own closed list, enters the text."""
    return (
        "INSERT INTO refusals SELECT seq, $rule, $reason || coalesce(': ' || left(raw, 80), ''), $fix FROM"
        f' (SELECT seq, "{rule.field}" AS f, "{rule.field} as text" AS raw FROM judged) WHERE {PREDICATES[rule.test]}'
    )


def _identifiers(contract: Contract, mapping: Columns) -> dict[str, str]:
    shopper = mapping.column_of("shopper")
    return {**contract.identifiers, **({shopper: "person"} if shopper else {})}


def _cells(raw: pa.RecordBatch) -> Column:
    """Rows as structs, in one order: a retry, or a file with its columns in another order, gives the same rows."""
    names = sorted(raw.schema.names)
    return pa.StructArray.from_arrays([raw.column(name) for name in names], names=names)


def _columns(rows: pa.Table, *names: str) -> dict[str, Column]:
    return {name: rows[name] for name in names}


def _split(batch: pa.RecordBatch, file: str) -> tuple[Column, Column, pa.RecordBatch]:
    """Lines, files, and the raw columns proper as strings. Raises SourceError for a name that identifies someone."""
    names = [name for name in batch.schema.names if name not in OURS]
    if any(map(holds_address, names)):  # names enter contracts, mappings and messages as they stand
        raise SourceError(
            "The name of a column is an e-mail address.", "Give the file a header, and addresses a column of their own."
        )
    raw = pa.RecordBatch.from_arrays([batch.column(name).cast(pa.string()) for name in names], names=names)
    if "_file" in batch.schema.names:
        return batch.column("_line"), batch.column("_file"), raw
    return batch.column("_line"), pa.repeat(pa.scalar(file, pa.string()), batch.num_rows), raw


def sized(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Cut large batches, so that one never holds more than `rows`."""
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)
