"""One delivery: files of a source into the log, with the mapping that reads them, the claims they make, and a report.

Knows the order in which rooms take part; each step is theirs. Whatever fails before the log entry has never happened.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from extractors import Extractor
from graphsvc.entities.ledger import Ledger
from graphsvc.errors import InputError, MappingError, SourceError, StorageError
from graphsvc.history import IMPORT, PRODUCTS, History, read_history
from graphsvc.ingest import SAMPLE, Importer, PreparedBatch, Request, check_asset, check_name
from graphsvc.knowledge import extract_batch, extract_reviews
from graphsvc.language_model import extractor_faults
from graphsvc.lessons import Teach, learn
from graphsvc.log import Change, WriteLog
from graphsvc.mapping import Mapping as Columns
from graphsvc.mapping import guess, guess_asset
from graphsvc.shop import Shop
from graphsvc.sources import open_source
from graphsvc.vault import Vault
from graphsvc.warehouse.contracts import file_name
from graphsvc.warehouse.fields import ASSETS
from graphsvc.warehouse.quarantine import RefusedRows, dismissed
from graphsvc.warehouse.stage import OURS
from graphsvc.warehouse.tables import Warehouse, storage_errors

Progress = Callable[[str, int], None]  # step, done


@dataclass(frozen=True, slots=True)
class Delivery:
    """What to import and how. `asset` and `name` are guessed from the data and the file's name when not given."""

    paths: Sequence[str]
    asset: str | None = None
    name: str | None = None
    mapping: Path | None = None
    sync: bool = False
    confirmed: bool = False
    dry_run: bool = False
    actor: str = "local"


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery did. `offset` is its place in the log, None when nothing was to be written."""

    name: str
    asset: str
    batch: PreparedBatch
    offset: int | None
    mapping: Columns | None = None
    sample: pa.Table | None = None
    claims: int = 0
    left: Mapping[str, int] = field(default_factory=dict)  # by a retry: why a refused row was not judged → rows


class Receiver:
    """Takes deliveries for one shop. The caller holds the shop's writer lock."""

    def __init__(
        self, shop: Shop, log: WriteLog, warehouse: Warehouse, vault: Vault, teach: Teach | None = None,
        trained: Callable[[], Extractor | None] = lambda: None,
    ) -> None:  # fmt: skip
        self._shop, self._log, self._warehouse, self._vault, self._teach = shop, log, warehouse, vault, teach
        self._trained = trained

    def receive(self, delivery: Delivery, progress: Progress = lambda step, done: None) -> Report:
        """Import files. Raises InputError, SourceError, MappingError, ContractError, SafetyStop, StorageError."""
        if not delivery.paths:
            raise InputError("No file was given.", "Name one or more files.")
        name = source_name(delivery.paths[0]) if delivery.name is None else delivery.name
        check_name(name)
        if self._vault.mask(name, store=False) != name:  # it stands in ids, files and messages
            raise InputError(
                "The name of a source is an e-mail address or a telephone number.", "Give it another name."
            )
        given = Columns.load(delivery.mapping) if delivery.mapping is not None else None
        sample = _sample(delivery.paths[0])
        asset = delivery.asset or (given.asset if given else guess_asset(sample))
        check_asset(asset)
        if delivery.asset is None and given is None:
            _check_alike(delivery, _assets_of(delivery.paths, asset, sample))
        saved = self._shop.mappings / file_name(name, asset)
        mapping = given or (Columns.load(saved) if saved.exists() else guess(sample, asset))
        _check(mapping, asset, sample, whole=given is not None)
        request = Request(
            list(delivery.paths), asset, name, read_history(self._log), mapping,
            sync=delivery.sync, confirmed=delivery.confirmed, dry_run=delivery.dry_run,
        )  # fmt: skip
        importer = Importer(self._warehouse, self._vault, self._shop.contracts, open_source, guess)
        report = self._commit(importer, request, delivery.actor, progress)
        if not delivery.dry_run and (given or not saved.exists()) and delivery.mapping != saved:
            with storage_errors(saved):
                saved.parent.mkdir(parents=True, exist_ok=True)
                mapping.save(saved)
        return replace(report, mapping=mapping, sample=sample)

    def retry(
        self, name: str, asset: str, actor: str = "local", progress: Progress = lambda step, done: None
    ) -> Report:
        """Judge the refused rows of one source again, by the contract and the catalogue as they are now."""
        history = read_history(self._log)
        held = RefusedRows(self._warehouse, history.order, name, asset)
        left = held.left_out(history.rows.get("quarantine"))
        mapping = Columns.load(self._shop.mappings / file_name(name, asset))
        importer = Importer(self._warehouse, self._vault, self._shop.contracts, lambda path: held, guess)
        request = Request(["quarantine"], asset, name, history, mapping, retry=True)
        return replace(self._commit(importer, request, actor, progress), mapping=mapping, left=left)

    def dismiss(self, rows: Sequence[Mapping[str, object]], why: str, actor: str = "local") -> int:
        """Let rows of the quarantine go that will never pass; returns the offset. A new file may bring them back."""
        masked = self._vault.mask(why.strip() or "no reason given")
        let_go = {str(row["quarantine_id"]): dismissed(row, masked) for row in rows}
        return self._log.append(Change(PRODUCTS, {"products": [], "quarantine": list(let_go.values())}, "", actor))

    def _commit(self, importer: Importer, request: Request, actor: str, progress: Progress) -> Report:
        done = importer.prepare(request, lambda rows: progress("reading", rows))
        if done.batch is None:
            return Report(request.name, request.asset, done, None)
        try:
            tables, claims = self._extract(request.history, done, progress)
            payload = {**done.payload, "tables": dict(tables)}
            offset = self._log.append(Change(IMPORT, payload, request.name, actor, done.batch))
        except BaseException:
            with suppress(StorageError):  # a disk that took nothing may not give either: the next start sweeps
                self._warehouse.drop_batch(done.batch)
            raise
        return Report(request.name, request.asset, done, offset, claims=claims)

    def _extract(self, history: History, done: PreparedBatch, progress: Progress) -> tuple[Mapping[str, int], int]:
        if done.batch is None or not {"products", "reviews"} & done.tables.keys():
            return done.tables, 0

        def extracting(rows: int) -> None:
            progress("extracting", rows)

        with storage_errors(self._warehouse.folder), extractor_faults():
            progress("learning", 0)
            models, decided = self._trained(), Ledger.of(history.entities).decided()
            if "products" in done.tables:
                reader = learn(self._warehouse, history, done.batch, self._teach).beside(models, decided)
                written, claims = extract_batch(self._warehouse, done.batch, reader, extracting)
            else:
                reader = learn(self._warehouse, history).beside(models, decided)  # values are learnt by products
                written, claims = extract_reviews(self._warehouse, history, done.batch, reader, extracting)
        return {**done.tables, **written}, claims


def source_name(path: str) -> str:
    """The name a source goes by when none is given: its file's name without endings, or its host's."""
    last = path.split("?")[0].rstrip("/").rpartition("/")[2].rpartition("@")[2]
    plain = re.sub(r"(\.(csv|tsv|txt|jsonl?|ndjson|parquet|xml|gz|zst|zip))+$", "", last, flags=re.IGNORECASE)
    return re.sub(r"[^\w-]+", "-", plain).strip("-").lower() or "shop"


def _check(mapping: Columns, asset: str, sample: pa.Table, *, whole: bool) -> None:
    """Refuse a mapping that cannot be meant: of another asset, or of columns that are not there.

    One that was saved for an earlier file need only give what a row must have: the rest the contract calls drift.
    """
    if mapping.asset != asset:
        raise MappingError(
            f"The mapping is for {mapping.asset}, not for {asset}.",
            f"Import with --as {mapping.asset}, or pass a mapping of {asset} with --map.",
        )
    if not whole:
        required = {spec.name for spec in ASSETS[asset] if spec.required}
        mapping = replace(
            mapping, fields={name: mapping.fields[name] for name in sorted(required & mapping.fields.keys())}
        )
    mapping.check(sample.column_names)


def _assets_of(paths: Sequence[str], asset: str, sample: pa.Table) -> Mapping[str, Sequence[str]]:
    """Files by what they look like. `sample` is the first one's; a file of the same columns is of the same asset."""
    found = {asset: [paths[0]]}
    for path in paths[1:]:
        with suppress(SourceError):  # what cannot be read says so when its turn comes
            other = _sample(path)
            alike = set(other.column_names) == set(sample.column_names)
            found.setdefault(asset if alike else guess_asset(other), []).append(path)
    return found


def _check_alike(delivery: Delivery, found: Mapping[str, Sequence[str]]) -> None:
    """Refuse files of several assets, which would all be read as the first."""
    if len(found) == 1:
        return
    if any("://" in path for path in delivery.paths):
        raise InputError(  # an address may hold a password
            f"One import takes files of one asset; these look like {', '.join(found)}.",
            "Import each by itself, or say with --as what all of them are.",
        )
    assets = [(asset, found[asset]) for asset in ASSETS if asset in found]  # products first: others name them
    said = ", ".join(f"{Path(path).name} looks like {asset}" for asset, paths in assets for path in paths)
    name = shlex.quote(delivery.name or source_name(assets[0][1][0]))
    commands = [
        f"  python -m graphsvc ingest {shlex.join(paths)} --as {asset} --name {name}" for asset, paths in assets
    ]
    raise InputError(
        f"One import takes files of one asset: {said}.",
        "\n".join(["Import each by itself, or say with --as what all of them are:", *commands]),
    )


def _sample(path: str) -> pa.Table:
    source = open_source(path)
    first = next((batch for batch in source.batches() if batch.num_rows), None)
    if first is None:
        refused = next(iter(source.rejects), None)
        if refused is None:
            raise SourceError(f"{source.name} holds no rows.", "Give a file with a header and at least one row.")
        raise SourceError(f"No row of {source.name} can be read; line {refused.line}: {refused.reason}.", refused.fix)
    names = [name for name in first.schema.names if name not in OURS]
    return pa.Table.from_batches([first.slice(0, SAMPLE).select(names)])
