"""What answers are made from: a catalogue and a recommender, each a snapshot on disk and the small changes since.

Both follow the log. An import is built into a new snapshot at once; a small change is laid over the old one, and after
many of them a new snapshot is built beside it, while answers go on. Knows when to do which; what a snapshot holds is
the business of `search` and `recommend`.
"""

import ctypes
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from threading import RLock, Thread
from typing import Any

import pyarrow as pa

from embeddings.cache import VectorCache
from embeddings.encoders import Encoder, choose_encoder, load_encoder
from embeddings.errors import EmbeddingsError, UnknownEncoder
from graphsvc import overlay
from graphsvc.errors import InputError, StorageError
from graphsvc.history import EVENTS, IMPORT, READINGS, History, read_history
from graphsvc.knowledge import text_knowledge, texts_about, view_facts
from graphsvc.log import Entry, WriteLog
from graphsvc.recommend import behaviour
from graphsvc.recommend.engine import Engine
from graphsvc.recommend.rules import FILE as RULES
from graphsvc.recommend.rules import Rules
from graphsvc.renewal import Renewal
from graphsvc.search import snapshot
from graphsvc.search.catalogue import Catalogue, warm
from graphsvc.search.data import CatalogueData
from graphsvc.settings import Settings
from graphsvc.shop import Shop
from graphsvc.types import Event
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.tables import Warehouse, storage_errors

FRESH = 2_000  # products laid over a snapshot before a new one is built
WHOLE = (IMPORT, READINGS)  # entries after which a new snapshot is built at once
EVENT = 0.1  # and what an event counts beside a product
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Progress = Callable[[str, int, int], None]  # step, done, of
Answers = tuple[Catalogue, Engine]


class ReadModel:
    """The catalogue and the recommender of one shop. Who follows waits for another who does; any number may read.

    Readers take `catalogue` and `engine` once per answer: each is replaced whole, never changed under them.
    """

    def __init__(
        self, shop: Shop, log: WriteLog, warehouse: Warehouse, settings: Settings,
        history: Callable[[], History] | None = None,
    ) -> None:  # fmt: skip
        self._shop, self._log, self._warehouse, self._settings = shop, log, warehouse, settings
        self._history = history or (lambda: read_history(log))
        self._encoder: Encoder | None = None
        self._encoder_name = ""
        self._following = RLock()
        self._fresh = 0.0
        self._renewal: Thread | None = None
        self._building: Renewal | None = None
        self._renewed: Answers | Exception | None = None
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
        with self._following:
            try:
                self.catalogue, self.engine = self._opened()
                self._refuse_later(self._log.head())
            except StorageError:
                if not build:
                    raise
                self.rebuild(read_history(self._log), progress)
            self.follow(build=build, progress=progress)
        warm()
        return_memory()

    @property
    def renewing(self) -> bool:
        """Whether a new snapshot is being built, or waits for the next `follow`."""
        return self._renewal is not None

    def follow(self, *, build: bool, progress: Progress = lambda step, done, of: None) -> None:
        """Bring both to the head of the log; without `build`, to the first import that no snapshot knows yet."""
        with self._following:
            self._follow(build, progress)

    def _follow(self, build: bool, progress: Progress) -> None:
        if self.catalogue is None or self.engine is None:
            raise StorageError("Nothing has been built from this shop's log.", "Run: python -m graphsvc rebuild")
        entries = list(self._log.read(self.offset))
        if any(entry.kind in WHOLE for entry in entries):
            if build:
                self.rebuild(read_history(self._log), progress)
                return
            entries = list(takewhile(lambda entry: entry.kind not in WHOLE, entries))
        self.catalogue = self._laid(entries, self.catalogue, self.engine)
        if build:
            self._renew()

    def close(self) -> None:
        """Break off the snapshot that is being built."""
        if self._building is not None:
            self._building.cancel()
        if self._renewal is not None:
            self._renewal.join()

    def _refuse_later(self, head: int) -> None:
        if any(part is not None and part.offset > head for part in (self.catalogue, self.engine)):
            self.catalogue = self.engine = None
            raise StorageError("The snapshots know more than the log.", "Run: python -m graphsvc rebuild")

    def rebuild(self, history: History, progress: Progress = lambda step, done, of: None) -> None:
        """Build new snapshots of everything up to the history's offset and open them.

        Raises StorageError when the disk fails, InputError when the encoder of the settings cannot be had.
        """
        with self._following, projection_faults():
            self.close()
            self._renewal = self._renewed = self._building = None
            self._log.mark()
            self.write(history, progress)
            self.catalogue, self.engine = self._opened()
            self._fresh = 0.0

    def _renew(self) -> None:
        """Begin to build a new snapshot beside the one in use, or take the one that was built."""
        if self._renewal is None:
            if self._fresh > FRESH:
                self._log.mark()
                self._building = Renewal(self._settings, self._log.head())
                self._renewal = Thread(target=self._build_beside, name="renew-answers", daemon=True)
                self._renewal.start()
            return
        if self._renewal.is_alive():
            return
        renewed = self._renewed
        self._renewal = self._renewed = self._building = None
        self._fresh = 0.0  # also when it failed: it is tried again after as many changes
        if not isinstance(renewed, tuple):
            raise renewed or StorageError("A new snapshot could not be built.", "Run: python -m graphsvc rebuild")
        catalogue, engine = renewed
        # To where the old ones stood: an import that came after is not laid over, but built in by the next follow.
        later = list(self._log.read(min(catalogue.offset, engine.offset), self.offset))
        self.catalogue, self.engine = self._laid(later, catalogue, engine), engine
        del catalogue, engine, renewed
        return_memory()

    def _build_beside(self) -> None:
        try:
            with projection_faults():
                assert self._building is not None
                self._building.wait()
                self._renewed = self._opened()
        except Exception as error:  # whoever follows next raises it
            self._renewed = error

    def write(self, history: History, progress: Progress = lambda step, done, of: None) -> None:
        """Write snapshots of everything up to the history's offset, and leave those that are open as they are.

        Raises what `rebuild` raises.
        """
        with projection_faults(), closing(self._warehouse.connection()) as connection:
            history.view(self._warehouse, connection, "products", "events", "reviews")
            products = connection.table("current_products").to_arrow_table()
            products = products.select(TABLES["products"].names).cast(TABLES["products"])
            facts = view_facts(self._warehouse, history, connection)
            own, texts = text_knowledge(connection)
            progress("behaviour", 0, 1)
            behaviour.build(self._shop.behaviour, history.offset, connection, products, facts)
            popularity = self._open_engine().popularity()
            progress("behaviour", 1, 1)
            encoder = load_encoder(self._choose(products), model_cache(), threads=self._settings.threads, bulk=True)
            data = CatalogueData(history.offset, products, facts, popularity, history.places, own, texts)
            snapshot.build(self._shop.search, data, encoder, VectorCache(self._shop.vectors, encoder), progress)

    def _opened(self) -> Answers:
        """The snapshots that are on the disk."""
        engine = self._open_engine()
        self._take_encoder(str(snapshot.read_meta(self._shop.search)["encoder"]))
        return Catalogue.open(self._shop.search, self._encoder), engine

    def encode(self, text: str) -> Any:
        """A query as the catalogue's encoder sees it, float32[d]."""
        assert self._encoder is not None
        return self._encoder.encode([text], kind="query")[0]

    def _laid(self, entries: Sequence[Entry], catalogue: Catalogue, engine: Engine) -> Catalogue:
        """Lay small entries over a catalogue and an engine; returns the catalogue, the engine is the same.

        Products of many entries are laid over at once: each layer copies the columns under it.
        """
        changed = []
        for entry in entries:
            events = entry.json()["events"] if entry.kind == EVENTS and entry.offset > engine.offset else ()
            engine.apply(entry.offset, [event_of(row) for row in events])
            self._fresh += EVENT * len(events)
            if entry.kind in overlay.KINDS and entry.offset > catalogue.offset:
                changed.append(entry)
        if changed:
            data, retired = overlay.changes(changed, catalogue, engine.popularity, self._texts_of)
            catalogue = catalogue.with_changes(changed[-1].offset, data, retired)
            self._fresh += data.products.num_rows + len(retired)
        return catalogue.at(entries[-1].offset) if entries and entries[-1].offset > catalogue.offset else catalogue

    def _texts_of(self, products: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """What texts claim of products that the catalogue lacks, which come back or are new."""
        with storage_errors(self._warehouse.folder):
            return texts_about(self._warehouse, self._history(), products)

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


def return_memory() -> None:
    """Hand what opening left free in the heap back to the machine, where libc is glibc (see perf/memory.py)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


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
