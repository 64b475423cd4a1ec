"""The product's one door: what GraphQL, the command line, evaluation and import scripts all call.

    from graphsvc.service import open_service
    with open_service(Settings(home=Path("shop"))) as service:
        service.ingest("products.csv")
        print(service.search(SearchRequest("pan")).hits[0].product.title)

Composes the rooms and keeps their order; decides nothing that a room could.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from typing import Any
from uuid import uuid4

from extractors.errors import ExtractorError
from extractors.llm import LanguageModelExtractor
from graphsvc.arrivals import Arrivals
from graphsvc.delivery import Delivery, Receiver, Report
from graphsvc.entities.desk import EntityDesk
from graphsvc.errors import InputError, StorageError
from graphsvc.extraction import TextReader
from graphsvc.following import Followers
from graphsvc.graph.tables import BOUGHT_TOGETHER
from graphsvc.graph_door import GraphDoor
from graphsvc.history import DOCUMENTS, EVENTS, PRODUCTS, READINGS, History, read_history
from graphsvc.idempotency import Once
from graphsvc.knowledge import Reader
from graphsvc.language_model import of_extractor, read_and_ask
from graphsvc.learning import learn_values
from graphsvc.lessons import Teach, learn
from graphsvc.lineage import trace
from graphsvc.log import Change, WriteLog
from graphsvc.models import Registry
from graphsvc.read_model import ReadModel, event_row, model_cache
from graphsvc.rereading import Rereading
from graphsvc.search.catalogue import Catalogue
from graphsvc.settings import Settings
from graphsvc.shop import Shop, WriterLock
from graphsvc.standing import ProjectionStatus, Status
from graphsvc.texts import GivenText, Texts, current_texts, ingested
from graphsvc.tracking import admit, pseudonym_of
from graphsvc.types import (
    CategoryView,
    Entity,
    Event,
    Extracted,
    IngestedText,
    Product,
    Provenance,
    Recommendation,
    Recommendations,
    RecommendRequest,
    SearchRequest,
    SearchResult,
    Suggestion,
)
from graphsvc.upsert import ContractsOf, Upserter
from graphsvc.vault import Vault
from graphsvc.warehouse.tables import Warehouse, storage_errors

MOST_EVENTS = 1_000  # in one call
Progress = Callable[[str, int, int], None]


class Service:
    """One shop, opened. With `write` it holds the shop's writer lock; else it only reads.

    Raises ShopLockedError when another process writes, StorageError when the folder cannot be used.
    """

    def __init__(
        self, settings: Settings, *, write: bool = True, purpose: str = "a command", accept_loss: bool = False
    ) -> None:
        self.settings = settings
        self.shop = Shop.open(settings.home, create=write)
        with ExitStack() as opened:
            self._lock = WriterLock(self.shop, purpose) if write else None
            if self._lock is not None:
                opened.callback(self._lock.release)
            self.log = WriteLog(self.shop.log, read_only=not write, accept_loss=accept_loss)
            opened.callback(self.log.close)
            self.warehouse = Warehouse(self.shop.warehouse, memory_mb=settings.tables_mb, threads=settings.threads)
            self.vault = Vault(self.shop.vault, self.shop.secret("pseudonyms").encode())
            opened.callback(self.vault.close)
            self.registry = Registry(self.shop, self.log)
            self.arrivals = Arrivals(self.shop, self.log, self.warehouse, self.registry)
            self._history = History()
            if write and not self.log.lost():  # what a lost entry named is kept until its loss is accepted
                self.warehouse.sweep(self.history().batches)
                self.registry.sweep()
                self.arrivals.take_in()
            self.model = ReadModel(self.shop, self.log, self.warehouse, settings, self.history)
            self.graph = GraphDoor(self.shop, settings, own=write)
            opened.pop_all()
        self._reader: Reader | None = None
        self._texts = TextReader(self.registry)
        self._documents = Texts(self.log, self.warehouse, self.vault)
        self.entities = EntityDesk(self.log, self.history)
        self._writing = threading.RLock()
        arrivals = self.arrivals if write else None
        self._followers = Followers(self.log, self.model, self.graph, self.follow_graph, arrivals)

    # ---- opening and following

    def open(self, *, build: bool | None = None, progress: Progress = lambda step, done, of: None) -> "Service":
        """Open the snapshots, building what is missing when this process may write."""
        self.model.open(build=self._lock is not None if build is None else build, progress=progress)
        return self

    def follow_in_background(self) -> None:
        """Keep answers and the graph up with the log from now on. Neo4j is joined when it is there."""
        self._followers.start()

    def follow_graph(self, progress: Progress = lambda step, done, of: None) -> None:
        """Bring Neo4j to the offset of the answers. Raises GraphUnavailable, ForeignGraphError."""
        engine = self.model.engine
        pairs = engine.bought_together if engine is not None else BOUGHT_TOGETHER.empty_table
        self.log.mark()
        self.graph.follow(self.warehouse, self.history(), pairs, progress)
        if self.model.catalogue is not None:
            self.graph.give_vectors(self.model.encoder_name, self.model.catalogue.vectors, progress)

    def ready(self) -> bool:
        """Whether answers can be given."""
        return self.model.offset >= 0 and not self._followers.stopping

    def wait(self, offset: int, timeout_s: float = 5.0) -> None:
        """Wait until answers speak of an offset: read your write. Raises LagError after `timeout_s`."""
        self._followers.wait(offset, timeout_s)

    def close(self) -> None:
        """Write what is queued, stop following, give the lock back. Closing twice does no harm."""
        self._followers.stop()
        self.model.close()
        self.graph.close()
        self.log.close()
        self.vault.close()
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # ---- writing

    def ingest(self, *paths: str, build: bool = True, **options: Any) -> Report:
        """Import files; `options` are those of Delivery. `build` brings search and recommendation up with it.

        Raises what Receiver.receive raises.
        """
        progress = options.pop("progress", None) or (lambda step, done, of: None)
        with self._writing:
            report = self.receiver().receive(
                Delivery(tuple(map(str, paths)), **options), lambda step, done: progress(step, done, 0)
            )
        if report.offset is not None:
            self._reader = None
            self.log.mark()
        if build and not options.get("dry_run"):
            bring = self.open if self.model.offset < 0 else self.model.follow
            try:
                bring(build=True, progress=progress)
            except StorageError as error:
                if report.offset is None:
                    raise
                kept = f"The import is safe, as entry {report.offset} of the log, but answers do not know it yet."
                raise StorageError(f"{kept} {error.message}", error.next_step) from error
        return report

    def receiver(self) -> Receiver:
        """What takes deliveries for this shop."""
        return Receiver(self.shop, self.log, self.warehouse, self.vault, self._teach, self._texts.trained)

    def rereading(self, ask: LanguageModelExtractor | None = None, sources: Sequence[str] = ()) -> Rereading:
        """What reads products and texts anew, to be used in a `with`; nothing is written until it is accepted.

        `ask` is asked about products of whose texts nothing is claimed; without it, what it said before stands.
        Of `sources` alone products are read, with the texts about them, if any are named.
        """
        with self._writing, storage_errors(self.warehouse.folder):
            self._reader = learn(self.warehouse, self.history(), teach=self._teach)  # anew, by another version
        reader = self.reader()
        read, unasked = (partial(read_and_ask, reader, ask), ask.unanswered) if ask else (reader.read, None)
        return Rereading(self.warehouse, self.history(), read, reader.read_texts, sources, unasked)

    def accept(self, reading: Rereading, progress: Progress = lambda step, done, of: None) -> int | None:
        """Write what a reading found, once it was compared; its offset, None where nothing changes."""
        with self._writing:
            payload = reading.write()
            if payload is None:
                return None
            offset = self.log.append(Change(READINGS, dict(payload), "re-extract", "local", str(payload["batch"])))
            self.log.mark()
            self.open(build=True, progress=progress)
        return offset

    def track(self, events: Sequence[Event], key: str | None = None) -> int:
        """Write events durably and return their offset. `key` makes the call idempotent.

        Raises InputError and NotFoundError naming the event that is wrong, ConflictError when other events were sent
        under the key; nothing of the call is written then.
        """
        if not 0 < len(events) <= MOST_EVENTS:
            raise InputError(f"{len(events):,} events in one call.", f"Send between 1 and {MOST_EVENTS:,}.")
        once = Once.of(self.vault, "track", key, [asdict(event) | {"time": None} for event in events]) if key else None
        known = self._known(once)
        if known is not None:
            return known
        catalogue = self.catalogue
        admitted = [
            admit(at, event, lambda product: catalogue.product(product) is not None, self.vault)
            for at, event in enumerate(events)
        ]
        return self._append(EVENTS, {"events": [event_row(event) for event in admitted]}, "track", once)

    def upsert_products(self, products: Sequence[Mapping[str, Any]], key: str | None = None) -> int:
        """Change or add products and return the offset. An absent field stays, null clears. `key` as in `track`."""
        once = Once.of(self.vault, "products", key, products) if key else None
        return self._change(PRODUCTS, once, lambda: self._upserter.upsert(products, self.history(), self.reader()))

    def retire_products(self, ids: Sequence[str], key: str | None = None) -> int:
        """Take products out of the catalogue and return the offset. `key` as in `track`."""
        once = Once.of(self.vault, "products", key, ids) if key else None
        return self._change(PRODUCTS, once, lambda: self._upserter.retire(ids, self.history()))

    def ingest_text(
        self, text: str, product_id: str | None = None, document_id: str | None = None, kind: str = "text",
        key: str | None = None,
    ) -> IngestedText:  # fmt: skip
        """Take in a text about a product, which becomes claims; the same id again replaces it. `key` as in `track`.

        Without `product_id` the text must surely name one (`graphsvc.subject`). Raises InputError, NotFoundError.
        """
        given, history = GivenText(text, product_id, document_id, kind), self.history
        once = Once.of(self.vault, "texts", key, [asdict(given)]) if key else None
        offset = self._change(
            DOCUMENTS, once,
            lambda: self._documents.add(given, history, self.catalogue, self._product_row, self.reader()),
        )  # fmt: skip
        return ingested(next(self.log.read(offset - 1, offset)))

    def remove_text(self, document_id: str, key: str | None = None) -> int:
        """Take a text back, with what only it supported; returns the offset. `key` as in `track`."""
        once = Once.of(self.vault, "texts", key, [document_id]) if key else None
        return self._change(DOCUMENTS, once, lambda: self._documents.remove(document_id, self.history))

    # ---- answers

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue as it is now. Raises StorageError before anything was imported."""
        if self.model.catalogue is None:
            raise StorageError("This shop has no products yet.", "Import some: python -m graphsvc ingest FILE")
        return self.model.catalogue

    def search(self, request: SearchRequest) -> SearchResult:
        """Hybrid search. Raises QueryError for a filter, cursor or page that is not valid."""
        return replace(self.catalogue.search(request), query_id=uuid4().hex)

    def predict(self, text: str, first: int = 8) -> list[Suggestion]:
        """Completions while typing."""
        return self.catalogue.predict(text, first)

    def product(self, product_id: str) -> Product | None:
        """One product, None when there is none."""
        return self.catalogue.product(product_id)

    def products(self, ids: Sequence[str]) -> list[Product | None]:
        """Products in the order of `ids`."""
        return self.catalogue.products(ids)

    def category(self, category_id: str) -> CategoryView | None:
        """One category with its children."""
        return self.catalogue.category(category_id)

    def extract(self, text: str) -> Extracted:
        """What a text says, and the nodes that it leads to; nothing is written. Raises InputError for no text."""
        try:
            return self._texts.read(text, self.reader(models=False), self.entities.linker(self.catalogue))
        except ExtractorError as error:
            raise of_extractor(error) from error

    def texts(self) -> list[dict[str, Any]]:
        """The texts that stand, the latest first: those that came alone, and reviews of which something is claimed."""
        return current_texts(self.warehouse, self.history())

    def provenance(self, name: str) -> Provenance:
        """From a product or a claim back to texts, rows and files. Raises NotFoundError."""
        return trace(self.warehouse, self.history(), name)

    def entity(self, entity_id: str) -> Entity | None:
        """A node of the graph with what stands around it. Raises GraphUnavailable when Neo4j is away or hangs."""
        if not self._followers.running:
            self.graph.open()  # nobody else starts it
        return self.graph.entity(entity_id)

    def recommend(self, request: RecommendRequest) -> Recommendations:
        """Products for a shopper, a session, a product or a basket. Raises NotFoundError for an unknown product."""
        catalogue, engine = self.catalogue, self.model.engine
        assert engine is not None
        named = replace(
            request,
            shopper=self.shopper(request.shopper) if request.shopper else None,
            session=self.vault.mask(request.session, store=False) if request.session else None,
        )
        found = engine.recommend(named, catalogue)
        products = catalogue.products([product_id for product_id, _, _ in found])
        items = tuple(
            Recommendation(product, score, reasons)
            for product, (_, score, reasons) in zip(products, found, strict=True)
            if product is not None
        )
        return Recommendations(items, min(catalogue.offset, engine.offset), uuid4().hex)

    def shopper(self, name: str) -> str:
        """The pseudonym of a shopper, given by the shop's own id, or as the graph names them: "shopper:PSEUDONYM"."""
        return pseudonym_of(name, self.vault)

    def status(self) -> Status:
        """What stands where."""
        head = self.log.head()
        model = self.model
        catalogue = -1 if model.catalogue is None else model.catalogue.offset
        behaviour = -1 if model.engine is None else model.engine.offset
        found = [(name, catalogue, "") for name in ("columns", "words", "vectors")]
        found += [("behaviour", behaviour, ""), ("graph", *self.graph.last_seen())]
        projections = tuple(
            ProjectionStatus(name, offset, head - max(offset, 0), self._followers.failures.get(name, "") or detail)
            for name, offset, detail in found
        )
        products = len(model.catalogue) if model.catalogue is not None else 0
        return Status(self.shop.id, head, products, model.encoder_name, self.ready(), projections)

    # ---- inner works

    def history(self) -> History:
        """The log's history up to its head."""
        self._history = read_history(self.log, before=self._history)
        return self._history

    def reader(self, *, models: bool = True) -> Reader:
        """The extractors, taught by the catalogue as it was when first asked for; with the `models` in production."""
        with self._writing:
            if self._reader is None:
                with storage_errors(self.warehouse.folder):
                    self._reader = learn(self.warehouse, self.history(), keep=False)  # values are learnt by imports
            return self._reader.beside(self._texts.trained() if models else None, self.entities.decided())

    @property
    def _teach(self) -> Teach | None:
        """How attributes' values are learnt, None where the settings say that they are not."""
        settings = self.settings
        return partial(learn_values, settings.encoder, model_cache(), settings.threads) if settings.learn else None

    @property
    def _upserter(self) -> Upserter:
        return Upserter(self.warehouse, self.vault, ContractsOf(self.shop.contracts))

    def _product_row(self, product_id: str) -> Mapping[str, Any] | None:
        """A product's row: of the catalogue, or where that does not know it yet, of the tables."""
        known = self.catalogue.known(product_id)
        return known.row if known else self._upserter.row(product_id, self.history())

    def _change(self, kind: str, once: Once | None, make: Callable[[], Mapping[str, Any]]) -> int:
        with self._writing:
            known = self._known(once)
            return self._append(kind, make(), "api", once) if known is None else known

    def _known(self, once: Once | None) -> int | None:
        """The offset at which the same request was written before. Raises ConflictError when another has its key."""
        entry = self.log.under(once.key) if once else None
        return once.check(entry) if once and entry else None

    def _append(self, kind: str, payload: Mapping[str, Any], source: str, once: Once | None) -> int:
        content = once.over(payload) if once else dict(payload)
        offset = self.log.append(Change(kind, content, source, "graphql", once.key if once else None))
        self._known(once)  # two callers at once with one key and not one request
        self._followers.knock()
        return offset


def open_service(settings: Settings, *, write: bool = True, purpose: str = "a command") -> Service:
    """Open a shop and its snapshots: the composition root."""
    service = Service(settings, write=write, purpose=purpose)
    try:
        if service.log.head():
            service.open()
        return service
    except BaseException:
        service.close()
        raise
