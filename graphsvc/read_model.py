"""What answers are made from: a catalogue and a recommender, each a snapshot on disk and the small changes since.

Both follow the log. An import, or many small changes, is built into a new snapshot; a small change is laid over the old
one at once. Knows when to do which; what a snapshot holds is the business of `search` and `recommend`.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute

from embeddings.cache import VectorCache
from embeddings.encoders import Encoder, choose_encoder, load_encoder
from embeddings.errors import EmbeddingsError, UnknownEncoder
from graphsvc.errors import InputError, StorageError
from graphsvc.history import EVENTS, IMPORT, PRODUCTS, History, log_rows, read_history
from graphsvc.knowledge import FACTS, facts_of, view_facts
from graphsvc.log import Entry, WriteLog
from graphsvc.recommend import behaviour
from graphsvc.recommend.engine import Engine
from graphsvc.recommend.rules import FILE as RULES
from graphsvc.recommend.rules import Rules
from graphsvc.search import snapshot
from graphsvc.search.catalogue import Catalogue, warm
from graphsvc.search.data import CatalogueData
from graphsvc.settings import Settings
from graphsvc.shop import Shop
from graphsvc.types import Event
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.tables import Warehouse, storage_errors

pc: Any = pyarrow.compute  # its stubs know no columns of chunks
FRESH = 2_000  # products laid over a snapshot before a new one is built
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Progress = Callable[[str, int, int], None]  # step, done, of


class ReadModel:
    """The catalogue and the recommender of one shop. One thread at a time follows; any number may read.

    Readers take `catalogue` and `engine` once per answer: each is replaced whole, never changed under them.
    """

    def __init__(self, shop: Shop, log: WriteLog, warehouse: Warehouse, settings: Settings) -> None:
        self._shop, self._log, self._warehouse, self._settings = shop, log, warehouse, settings
        self._encoder: Encoder | None = None
        self._encoder_name = ""
        self._fresh = 0
        self.catalogue: Catalogue | None = None
        self.engine: Engine | None = None

    @property
    def offset(self) -> int:
        """The place in the log that answers speak of, −1 before anything was opened."""
        if self.catalogue is None or self.engine is None:
            return -1
        return min(self.catalogue.offset, self.engine.offset)

    @property
    def encoder_name(self) -> str:
        """The encoder of the catalogue's vectors."""
        return self._encoder_name

    def open(self, *, build: bool, progress: Progress = lambda step, done, of: None) -> None:
        """Open the snapshots and follow the log to its head. `build` false never writes one, but says what is missing.

        Raises StorageError when there is no sound snapshot and none may be built.
        """
        try:
            self.engine = self._open_engine()
            meta = snapshot.read_meta(self._shop.search)
            self._take_encoder(str(meta["encoder"]))
            self.catalogue = Catalogue.open(self._shop.search, self._encoder)
            self._refuse_later(self._log.head())
        except StorageError:
            if not build:
                raise
            self.rebuild(read_history(self._log), progress)
        self.follow(build=build, progress=progress)
        warm()

    def follow(self, *, build: bool, progress: Progress = lambda step, done, of: None) -> None:
        """Bring both to the head of the log."""
        if self.catalogue is None or self.engine is None:
            raise StorageError("Nothing has been built from this shop's log.", "Run: python -m graphsvc rebuild")
        entries = list(self._log.read(self.offset))
        if not entries:
            return
        if build and (any(entry.kind == IMPORT for entry in entries) or self._fresh > FRESH):
            self.rebuild(read_history(self._log), progress)
            return
        for entry in entries:
            self._take(entry)

    def _refuse_later(self, head: int) -> None:
        if any(part is not None and part.offset > head for part in (self.catalogue, self.engine)):
            self.catalogue = self.engine = None
            raise StorageError("The snapshots know more than the log.", "Run: python -m graphsvc rebuild")

    def rebuild(self, history: History, progress: Progress = lambda step, done, of: None) -> None:
        """Build new snapshots of everything up to the history's offset and open them.

        Raises StorageError when the disk fails, InputError when the encoder of the settings cannot be had.
        """
        self._log.mark()
        with projection_faults():
            self._rebuild(history, progress)

    def _rebuild(self, history: History, progress: Progress) -> None:
        with closing(self._warehouse.connection()) as connection:
            history.view(self._warehouse, connection, "products", "events", "reviews")
            products = connection.table("current_products").to_arrow_table()
            products = products.select(TABLES["products"].names).cast(TABLES["products"])
            facts = view_facts(self._warehouse, history, connection)
            progress("behaviour", 0, 1)
            behaviour.build(self._shop.behaviour, history.offset, connection, products, facts)
        self.engine = self._open_engine()
        progress("behaviour", 1, 1)
        self._take_encoder(self._choose(products))
        assert self._encoder is not None
        data = CatalogueData(history.offset, products, facts, self.engine.popularity(), history.places)
        cache = VectorCache(self._shop.vectors, self._bulk_encoder())
        snapshot.build(self._shop.search, data, self._encoder, cache, progress)
        self.catalogue = Catalogue.open(self._shop.search, self._encoder)
        self._fresh = 0

    def encode(self, text: str) -> Any:
        """A query as the catalogue's encoder sees it, float32[d]."""
        assert self._encoder is not None
        return self._encoder.encode([text], kind="query")[0]

    def _take(self, entry: Entry) -> None:
        """Lay one small entry over the snapshots."""
        assert self.catalogue is not None
        assert self.engine is not None
        if entry.kind == EVENTS and entry.offset > self.engine.offset:
            self.engine.apply(entry.offset, [event_of(row) for row in entry.json()["events"]])
        if entry.kind == PRODUCTS and entry.offset > self.catalogue.offset:
            data, retired = self._changes(entry)
            self.catalogue = self.catalogue.with_changes(entry.offset, data, retired)
            self._fresh += data.products.num_rows + len(retired)
        if entry.offset > self.catalogue.offset:
            self.catalogue = self.catalogue.at(entry.offset)
        self.engine.apply(entry.offset, ())

    def _changes(self, entry: Entry) -> tuple[CatalogueData, list[str]]:
        assert self.engine is not None
        payload = entry.json()
        rows = log_rows("products", [(entry, payload["products"])])
        gone = pc.fill_null(rows["retired"], False)
        stays = rows.filter(pc.invert(gone))
        claims = log_rows("claims", [(entry, payload.get("claims", ()))])
        facts = facts_of(claims) if claims.num_rows else FACTS.empty_table()
        popularity = self.engine.popularity()
        mine = popularity.filter(pc.is_in(popularity["product_id"], stays["product_id"].combine_chunks()))
        retired = [str(name) for name in rows.filter(gone)["product_id"].to_pylist()]
        return CatalogueData(entry.offset, stays, facts, mine), retired

    def _open_engine(self) -> Engine:
        return Engine.open(self._shop.behaviour, Rules.load(self._shop.home / RULES))

    def _choose(self, products: pa.Table) -> str:
        if self._settings.encoder != "auto":
            return self._settings.encoder
        texts = products.group_by(["title", "language"]).aggregate([])
        counts = texts.group_by("language").aggregate([("title", "count")]).to_pylist()
        return choose_encoder({row["language"] or "en": row["title_count"] for row in counts})

    def _take_encoder(self, name: str) -> None:
        if self._encoder is None or name != self._encoder_name:
            with projection_faults():
                self._encoder = load_encoder(name, model_cache())
            self._encoder_name = name

    def _bulk_encoder(self) -> Encoder:
        return load_encoder(self._encoder_name, model_cache(), threads=self._settings.threads, bulk=True)


@contextmanager
def projection_faults() -> Iterator[None]:
    """Say what the disk, the tables and the encoders raise while snapshots are made in errors of ours."""
    try:
        with storage_errors(Path("snapshots")):
            yield
    except UnknownEncoder as error:
        raise InputError(str(error), "Set GRAPHSVC_ENCODER to auto, or to one that is there.") from error
    except EmbeddingsError as error:
        raise StorageError(str(error), "Run: python -m graphsvc rebuild") from error


def event_of(row: Mapping[str, Any]) -> Event:
    """An event as it stands in the log."""
    fields = {name: row.get(name) for name in Event.__dataclass_fields__ if name != "time"}
    return Event(time=EPOCH + timedelta(microseconds=row["time"]), **fields)  # type: ignore[arg-type]


def event_row(event: Event) -> dict[str, Any]:
    """The inverse of `event_of`."""
    row = {name: getattr(event, name) for name in Event.__dataclass_fields__}
    return row | {"time": (event.time - EPOCH) // timedelta(microseconds=1)}


def model_cache() -> Path:
    """Where what is made of encoders' weights is kept, for all shops of this user."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "graphsvc" / "models"
