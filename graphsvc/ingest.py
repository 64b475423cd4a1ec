"""From files to a batch in the warehouse that the write log can name. Until it is named, nothing has happened.

Knows the order of the steps and what an import reports; formats are `sources`' business, values the warehouse's.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from graphsvc.errors import InputError, SafetyStop, SourceError, StorageError
from graphsvc.history import History
from graphsvc.vault import Vault
from graphsvc.warehouse import contracts
from graphsvc.warehouse.contracts import Contract
from graphsvc.warehouse.fields import ASSETS
from graphsvc.warehouse.finish import FINISHES, judge_all, retire_missing, rows_of
from graphsvc.warehouse.identifiers import detect_identifiers
from graphsvc.warehouse.quarantine import list_refused
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.stage import OURS, VERSION, Columns, Reject, Stage, run_script, sized
from graphsvc.warehouse.tables import ROWS, SQL, Warehouse, batch_order, new_batch, storage_errors

LONGEST_NAME = 100  # characters
SAMPLE = 1_000  # rows from which a mapping and a contract are drawn


class Source(Protocol):
    """Rows of one file, as `graphsvc.sources` opens it."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def rejects(self) -> Iterable[Reject]: ...  # noqa: D102
    def batches(self) -> Iterator[pa.RecordBatch]: ...  # noqa: D102


Open = Callable[[str], Source]
Guess = Callable[[pa.Table, str], Columns]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of an import. read = accepted + unchanged + quarantined; `changed`: accepted rows of known products."""

    read: int = 0
    accepted: int = 0
    unchanged: int = 0
    changed: int = 0
    quarantined: int = 0
    retired: int = 0
    derived: int = 0  # products that only order lines know


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """What was written and what the log entry must say. `batch` is None when there is nothing to name."""

    batch: str | None
    tables: Mapping[str, int]
    counts: Counts
    quarantined: Mapping[str, int]  # rule → rows; a row with two reasons counts under both
    changed: Mapping[str, int]  # "field rule" → values
    drift: Sequence[str]
    payload: Mapping[str, Any] = field(default_factory=dict)
    stop: SafetyStop | None = None  # what the import would end with, were it no dry run


@dataclass(frozen=True, slots=True)
class Request:
    """One import: files of one asset of one source."""

    paths: Sequence[str]
    asset: str
    name: str
    history: History
    mapping: Columns | None = None
    sync: bool = False
    confirmed: bool = False
    dry_run: bool = False
    retry: bool = False


class Importer:
    """Imports into one shop. `open_source` and `guess` come from the rooms that know formats and names.

    Raises InputError for an unknown asset, SourceError and MappingError from those rooms, ContractError, SafetyStop
    when a sync would retire more than a fifth, StorageError when the disk is full or read-only.
    """

    def __init__(
        self, warehouse: Warehouse, vault: Vault, contracts_folder: Path, open_source: Open, guess: Guess
    ) -> None:
        self._warehouse = warehouse
        self._vault = vault
        self._contracts = contracts_folder
        self._open = open_source
        self._guess = guess

    def prepare(self, request: Request, progress: Callable[[int], None] = lambda rows: None) -> PreparedBatch:
        """Read, clean, judge and write; `progress` hears the rows read so far."""
        check_asset(request.asset)
        if request.sync and request.asset != "products":
            raise InputError(f"A sync retires products; these rows are {request.asset}.", "Import them without --sync.")
        marks = _marks(request)
        contract = contracts.load(self._contracts, request.name, request.asset)
        last = _last_import(request)
        same = contract and last and last["marks"] == marks and last["contract"] == contract.fingerprint
        if same and last and not request.sync and not self._moved_on(request, last):
            return _unchanged(last)
        batch = new_batch()
        folder = self._warehouse.spill / batch
        with storage_errors(self._warehouse.folder), closing(self._warehouse.connection()) as connection:
            folder.mkdir(parents=True)
            try:
                return _Run(self, request, batch, folder, connection, contract, marks, progress).finish()
            except BaseException:
                with suppress(StorageError):  # a disk that took nothing may not give either: the next start sweeps
                    self._warehouse.drop_batch(batch)
                raise
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def _moved_on(self, request: Request, last: Mapping[str, Any]) -> bool:
        """Whether the shop has changed since in a way that makes the same file say something new.

        Products of the source that came or went otherwise, over the API or with orders; and for rows that were refused
        for want of their product, that very product.
        """
        history = request.history
        later = history.since(history.places[str(last["batch"])])
        if request.asset != "products":
            return bool(last["counts"]["quarantined"]) and self._came(request, later)
        if any(done["batch"] in later and done["name"] == request.name and "products" in done["tables"]
               for done in history.imports):  # fmt: skip
            return True
        rows = history.rows.get("products")
        if rows is None:
            return False
        found = rows.filter(pc.equal(rows["source"], pa.scalar(request.name)))
        return not set(later).isdisjoint(found["batch"].unique().to_pylist())

    def _came(self, request: Request, later: Sequence[str]) -> bool:
        history = request.history
        rows = history.rows.get("quarantine")
        held = list_refused(self._warehouse, history.order, request.name, request.asset, rows=rows)
        with storage_errors(self._warehouse.folder), closing(self._warehouse.connection()) as connection:
            self._warehouse.view(connection, "products", history.order, history.rows.get("products"))
            connection.register("held", held)
            awaited = (SQL / "awaited.sql").read_text("utf-8")
            return bool(connection.execute(awaited, {"later": list(later)}).fetchall()[0][0])


class _Run:
    """One import under way."""

    def __init__(
        self,
        importer: Importer,
        request: Request,
        batch: str,
        folder: Path,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract | None,
        marks: str,
        progress: Callable[[int], None],
    ) -> None:
        self.warehouse, self.vault, self.importer = importer._warehouse, importer._vault, importer
        self.request, self.batch, self.folder, self.connection = request, batch, folder, connection
        self.contract, self.marks, self.progress = contract, marks, progress
        self.drift: list[str] = []
        self.stage: Stage | None = None

    def finish(self) -> PreparedBatch:
        self._register_known()
        for path in self.request.paths:
            self._read(self.importer._open(path))
        if self.stage is None or self.contract is None:
            return PreparedBatch(None, {}, Counts(), {}, {}, self.drift)
        self.stage.close()
        self.connection.execute("DROP TABLE known")  # it is large, and all rows have been asked
        judge_all(self.connection, self.request.asset, self.request.name, self.contract, retry=self.request.retry)
        stop = retire_missing(self.connection, self.request.name) if self.request.sync else None
        if stop is not None and not (self.request.confirmed or self.request.dry_run):
            raise stop
        counts = self._count()
        tables = {} if self.request.dry_run else self._write_tables(counts)
        rules = self.connection.execute((SQL / "counts.sql").read_text("utf-8")).fetchall()
        named = bool(tables)
        if not self.request.dry_run:
            self.contract.save(self.importer._contracts)
        return PreparedBatch(
            batch=self.batch if named else None,
            tables=tables,
            counts=counts,
            quarantined={rule: rows for what, rule, rows in rules if what == "quarantined"},
            changed={rule: rows for what, rule, rows in rules if what == "changed"},
            drift=self.drift,
            payload=self._payload(tables, counts) if named else {},
            stop=None if self.request.confirmed else stop,
        )

    def _register_known(self) -> None:
        connection, name, history = self.connection, self.request.name, self.request.history
        run_script(connection, "setup")
        connection.register("batch_order", batch_order(history.order))
        for table in ("products", "quarantine", FINISHES[self.request.asset].table):
            self.warehouse.view(connection, table, history.order, history.rows.get(table))
        current = (SQL / "current_products.sql").read_text("utf-8")
        connection.execute(f"CREATE TABLE catalogue AS {current}")
        held = (SQL / "held.sql").read_text("utf-8")
        connection.execute(f"CREATE TABLE all_held AS {held}")
        connection.execute(
            "CREATE VIEW held AS SELECT * FROM all_held"
            " WHERE source = getvariable('name') AND asset = getvariable('asset')"
        )
        connection.execute("SET VARIABLE name = $name", {"name": name})
        connection.execute("SET VARIABLE asset = $asset", {"asset": self.request.asset})
        self._register_current(FINISHES[self.request.asset].table)
        run_script(connection, "known", name=name)

    def _register_current(self, table: str) -> None:
        """Make what the shop says now in the asset's table readable as `history`.

        Events may be many, and are asked many times: which row is the last is worked out once, into a file, for that
        takes no memory.
        """
        connection = self.connection
        if table == "products":
            connection.execute("CREATE VIEW history AS SELECT * FROM catalogue")
        elif table != "events":
            text = (SQL / f"current_{table}.sql").read_text("utf-8")
            connection.execute(f"CREATE VIEW history AS {text}")
        else:
            run_script(connection, "repeated_events")
            path = str(self.folder / "latest.parquet")
            connection.sql((SQL / "latest_events.sql").read_text("utf-8")).write_parquet(path, row_group_size=ROWS)
            connection.read_parquet(path).create_view("latest", replace=True)
            connection.execute(
                "CREATE VIEW history AS SELECT * FROM events WHERE hash(event_id) NOT IN (SELECT id FROM repeated)"
                " UNION ALL SELECT * FROM latest"
            )

    def _read(self, source: Source) -> None:
        batches = sized(source.batches(), ROWS)
        first = next(batches, None)
        if first is not None:
            stage = self._stage(first)
            for batch in chain([first], batches):
                stage.take(source.name, batch)
                self.progress(stage.read)
        if self.stage is not None:
            self.stage.reject(source.name, source.rejects)
        elif refused := next(iter(source.rejects), None):
            raise SourceError(
                f"No row of {source.name} can be read; line {refused.line}: {refused.reason}.", refused.fix
            )

    def _stage(self, first: pa.RecordBatch) -> Stage:
        sample = first.slice(0, SAMPLE)
        names = [name for name in sample.schema.names if name not in OURS]
        if self.stage is None:
            mapping = self.request.mapping or self.importer._guess(
                pa.Table.from_batches([sample.select(names)]), self.request.asset
            )
            self.contract = self.contract or self._propose(sample.select(names), mapping)
            self.stage = Stage(
                self.connection, self.folder, self.contract, mapping, self.vault,
                store=not self.request.dry_run, shielded=self.request.retry,
            )  # fmt: skip
        if self.contract is not None and not self.request.retry:
            self.drift += [word for word in self.contract.drift(names) if word not in self.drift]
        return self.stage

    def _propose(self, sample: pa.RecordBatch, mapping: Columns) -> Contract:
        raw = {name: sample.column(name).to_pylist() for name in sample.schema.names}
        mapped = mapping.apply(sample)
        fields = {name: mapped[name].to_pylist() for name in mapped.column_names}
        found = detect_identifiers(raw)
        if self.request.asset == "products":  # a product's "name" is no person's
            found = {column: kind for column, kind in found.items() if kind in ("email", "phone")}
        return contracts.propose(self.request.name, self.request.asset, raw, fields, found)

    def _count(self) -> Counts:
        assert self.stage is not None
        query = (
            "SELECT (SELECT count(DISTINCT seq) FROM refusals) + (SELECT count(*) FROM rejects),"
            " (SELECT count(*) FROM stage WHERE seq NOT IN (SELECT seq FROM refusals))"
        )
        quarantined, accepted = self.connection.execute(query).fetchall()[0]
        changed = derived = retired = 0
        if self.request.asset == "products":
            changed = self.connection.execute(
                "SELECT count(*) FROM stage WHERE seq NOT IN (SELECT seq FROM refusals)"
                " AND getvariable('name') || ':' || key IN (SELECT product_id FROM catalogue)"
            ).fetchall()[0][0]
            retired = self.connection.execute("SELECT count(*) FROM leaving").fetchall()[0][0]
        if self.request.asset == "orders":
            derived = self.connection.execute("SELECT count(*) FROM derived").fetchall()[0][0]
        counts = Counts(self.stage.read, accepted, self.stage.unchanged, changed, quarantined, retired, derived)
        if counts.read != counts.accepted + counts.unchanged + counts.quarantined:
            raise AssertionError(f"rows are not conserved: {counts}")
        return counts

    def _write_tables(self, counts: Counts) -> dict[str, int]:
        asset, table = self.request.asset, FINISHES[self.request.asset].table
        jobs = [
            (table, f"accepted_{asset}"),
            ("raw", "write_raw"),
            ("quarantine", "write_quarantine"),
            ("changes", "write_changes"),
        ]
        if counts.derived:
            jobs.append(("products", "accepted_derived"))
        written: dict[str, int] = {}
        for target, script in jobs:
            rows = rows_of(
                self.connection, script, target, name=self.request.name, asset=asset, retry=self.request.retry
            )
            self._append(target, rows, written)
        if counts.retired:
            retired = self.connection.sql("SELECT * FROM leaving").to_arrow_reader(ROWS)
            self._append("products", (b.select(TABLES["products"].names) for b in retired), written)
        return written

    def _append(self, table: str, rows: Iterator[pa.RecordBatch], written: dict[str, int]) -> None:
        first = next((batch for batch in rows if batch.num_rows), None)
        if first is not None:
            written[table] = self.warehouse.append(table, chain([first], rows), self.batch)

    def _payload(self, tables: Mapping[str, int], counts: Counts) -> dict[str, Any]:
        assert self.contract is not None
        return {
            "batch": self.batch,
            "tables": dict(tables),
            "asset": self.request.asset,
            "name": self.request.name,
            "marks": self.marks,
            "contract": self.contract.fingerprint,
            "counts": asdict(counts),
        }


def check_name(name: str) -> None:
    """Raise InputError for what cannot be the name of a source. It stands in ids, in files' names and in messages."""
    if not name.strip():
        raise InputError("The name of a source is empty.", "Give it one, such as shop.")
    if not name.isprintable():
        raise InputError(f"The name of a source, {name[:40]!r}, has characters that are not seen.", "Leave them out.")
    if len(name) > LONGEST_NAME:
        raise InputError(
            f"The name of a source, {name[:40]!r}..., has {len(name):,} characters.", f"Give at most {LONGEST_NAME}."
        )


def check_asset(asset: str) -> None:
    """Raise InputError for what is no asset."""
    if asset not in ASSETS:
        raise InputError(f"Unknown asset {asset!r}.", f"Use one of {', '.join(ASSETS)}.")


def _marks(request: Request) -> str:
    """What decides an import's outcome besides the contract: the bytes of its files, the mapping, our version."""
    digest = blake2b(digest_size=16)
    given = request.mapping.fingerprint if request.mapping else "guessed"
    digest.update(repr((VERSION, given, request.sync, request.retry)).encode())
    for path in request.paths:
        file = Path(path)
        if not file.is_file():
            return ""  # a database is read anew each time
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _last_import(request: Request) -> Mapping[str, Any] | None:
    """The last batch under that name; orders that came after it leave its products alone."""
    for payload in reversed(request.history.imports):
        if payload.get("name") == request.name and payload.get("asset") == request.asset:
            return payload if payload.get("marks") and not request.retry else None
    return None


def _unchanged(last: Mapping[str, Any]) -> PreparedBatch:
    counts = last["counts"]
    refused = int(counts["quarantined"])
    return PreparedBatch(
        None, {}, Counts(counts["read"], 0, counts["read"] - refused, 0, refused, 0), {}, {}, []
    )  # fmt: skip
