"""The shop's Neo4j: which one it is, how it is reached, and how it follows the log.

A local one of ours, unless the settings name another; or, for a process that only reads, the local one that another
process runs. Knows when the whole graph is compared and when a small change is laid over it; how stands in `graph`.
"""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from cypher.driver import Connection, Graph
from cypher.server import LocalServer, find_running
from graphsvc.breaker import Breaker
from graphsvc.errors import GraphUnavailable
from graphsvc.graph.faults import graph_faults
from graphsvc.graph.projection import GraphProjection
from graphsvc.graph.tables import (
    GraphTables,
    HeldTables,
    build_event_tables,
    build_fact_tables,
    build_product_tables,
    build_tables,
)
from graphsvc.graph.vectors import Vectors
from graphsvc.history import CURRENT, DOCUMENTS, EVENTS, IMPORT, PRODUCTS, READINGS, History
from graphsvc.knowledge import view_facts
from graphsvc.log import WriteLog
from graphsvc.overlay import spoken_of
from graphsvc.search.catalogue import Catalogue
from graphsvc.settings import Settings
from graphsvc.shop import Shop
from graphsvc.types import Entity
from graphsvc.warehouse.tables import Warehouse, storage_errors

Progress = Callable[[str, int, int], None]
VectorsOf = Callable[[Sequence[str]], tuple[list[str], Vectors]]  # of those ids that are known, float32[n, d]
Tables = GraphTables | HeldTables
Change = tuple[GraphTables, Sequence[str]]  # what stands around it, and the products that it replaces
PairsOf = Callable[[], pa.Table]  # the pairs bought together, worked out when a step needs them
PATIENCE = 3.0  # seconds that a reader waits for the graph, which may be hanging
PLANNING = 15.0  # the same after it was reached, until it has planned its questions: three seconds and more
REST = 5.0  # seconds in which it is not asked after that
WHOLE, LATER = {IMPORT, READINGS}, {PRODUCTS, EVENTS}  # entries before which texts wait, and that wait themselves
EVENT_COLUMNS = ("source", "shopper", "product_id", "basket")


class GraphDoor:
    """One shop's graph database, opened with the first use. Threads may share it; one of them follows.

    `own` says whether a local server may be started; without it, one that runs already is looked for.
    Raises GraphUnavailable, ForeignGraphError, QueryError.
    """

    def __init__(self, shop: Shop, settings: Settings, *, own: bool = True) -> None:
        self._shop, self._settings, self._own = shop, settings, own
        self._server: LocalServer | None = None
        self._projection: GraphProjection | None = None
        self._opening = threading.Lock()
        self._failure: GraphUnavailable | None = None  # what the last try to open it came to
        self._breaker = Breaker(REST)
        self._laying = threading.Lock()  # held while the graph is changed: texts do not wait for what others prepare
        self._spoken = -1  # to which offset texts have been laid over, where other changes before it have not
        self._tried = -1  # the furthest offset that was to be brought: its commit may have been made unheard
        self._closed = False  # for good: who still follows must not start another server, which nobody would stop
        self._offset, self._detail = -1, "not opened here"
        self._note = shop.home / "graph" / "seen"  # for status alone, which opens no Neo4j
        self._cold = True  # whether the database has planned no question yet
        self.bare = True  # whether products may be without vectors

    def open(self) -> GraphProjection:
        """Reach Neo4j, starting the local one where that is ours to do."""
        before = self._failure
        with self._opening:
            if self._closed:
                raise GraphUnavailable("The shop has been closed.", "Open it again.")
            if self._projection is None:
                if self._failure not in (None, before):  # another tried meanwhile: what hangs, hangs for all
                    raise GraphUnavailable(self._failure.message, self._failure.next_step)
                try:
                    self._connect()
                except GraphUnavailable as error:
                    self._failure, self._detail = error, f"away: {error.message}"
                    raise
                self._answers()
            assert self._projection is not None
            return self._projection

    def revive(self) -> GraphProjection:
        """`open`, after a local server of ours that has died was noticed."""
        self._recover()
        return self.open()

    @property
    def connection(self) -> Connection:
        """Where Neo4j's own tools reach it, and as whom."""
        return self.open().graph.connection

    @property
    def is_ours(self) -> bool:
        """Whether the server ends with this process."""
        return self._server is not None

    @property
    def graph(self) -> Graph:
        """The connection to ask."""
        return self.open().graph

    def progress(self) -> tuple[int, str]:
        """How far this process has seen the graph follow, −1 before, and what is wrong with it, if anything."""
        return self._offset, self._detail

    def last_seen(self) -> tuple[int, str]:
        """`progress`, or where this process has not opened the graph, how far it was when one last followed."""
        if self._offset >= 0:
            return self.progress()
        try:
            return int(self._note.read_text("ascii")), self._detail
        except (OSError, ValueError):
            return self.progress()

    def follow(self, warehouse: Warehouse, history: History, bought_together: PairsOf, progress: Progress) -> None:
        """Bring the graph to the history's offset. Broken off at any moment, following again leads there."""
        progress("Neo4j", 0, 1)
        projection = self.open()
        progress("Neo4j", 1, 1)
        with self._faults():
            self._bring(projection, warehouse, history, bought_together, progress)

    def follow_texts(self, log: WriteLog, catalogue: Catalogue) -> None:
        """Lay what texts say of products over a graph that stands, as the catalogue has it.

        It costs as much in a large graph as in a small one. All else waits for `follow`; where the graph was not
        reached yet, or an import stands between, so do the texts.
        """
        with self._laying:
            projection, after = self._projection, max(self._offset, self._spoken)
            if projection is None or self._offset < 0 or after >= catalogue.offset:
                return
            kinds = log.kinds(after, catalogue.offset)
            if kinds & WHOLE:
                return
            waits = self._spoken > self._offset or bool(kinds & LATER)
            upto = self._offset if waits else catalogue.offset
            products, facts = spoken_of(log.read(after, catalogue.offset, [DOCUMENTS]), catalogue)
            log.mark()
            self._tried = max(self._tried, upto)
            with self._faults():
                if products.num_rows:
                    ids = [str(name) for name in products["product_id"].to_pylist()]
                    self._lay(projection, build_fact_tables(products, facts), ids, upto)
                elif not waits:
                    projection.advance(upto)
            self._spoken = catalogue.offset
            if not waits:
                self._note_offset(upto)

    def _lay(self, projection: GraphProjection, tables: Tables, products: Sequence[str], offset: int) -> None:
        if projection.apply(tables, offset, products=products):
            self.bare = True

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Take note of a database that is away; a local server of ours that died is started anew by the next use."""
        try:
            with storage_errors(self._shop.home / "graph"):
                yield
        except GraphUnavailable as error:
            self._detail = f"away: {error.message}"
            self._recover()
            raise

    def _bring(
        self,
        projection: GraphProjection,
        warehouse: Warehouse,
        history: History,
        bought_together: PairsOf,
        progress: Progress,
    ) -> None:
        small = self._shop.home / "graph" / "small"
        with self._laying:
            at = projection.offset()
            if at > max(history.offset, self._spoken, self._tried):  # of another log, this one is an older copy of it
                projection.drop()
                at = -1
        if at < history.offset:
            step = _Step(warehouse, history, bought_together, small)
            if at < 0 or history.rewritten_since(at):
                with self._laying:
                    projection.follow(history.offset, step.build, progress)
                    self.bare = True
                    self._note_offset(history.offset)
            else:
                self._lay_over(projection, step.changes(at), history.offset)
                shutil.rmtree(small, ignore_errors=True)
        else:
            self._lay_over(projection, [], at)

    def _lay_over(self, projection: GraphProjection, changes: Sequence[Change], offset: int) -> None:
        """Lay small changes over the graph, unless texts have brought it as far meanwhile."""
        with self._laying:
            at = projection.offset()  # not what this process last heard of: the answer to a commit may be lost
            if at < offset:
                for tables, products in changes:
                    self._lay(projection, tables, products, at)
                projection.advance(offset)
            self._note_offset(max(offset, at))

    def _note_offset(self, offset: int) -> None:
        """Take note of how far the graph has followed."""
        self._offset = self._spoken = offset
        self._detail = ""
        self._answers()
        self._note.parent.mkdir(exist_ok=True)
        self._note.write_text(str(offset), "ascii")

    def give_vectors(self, encoder: str, vectors: VectorsOf, progress: Progress) -> None:
        """Give the products that lack one their vector, for analysts' questions. `vectors` says which it knows."""
        if not self.bare:
            return
        projection = self.open()
        self.bare = False  # said before looking, for a text may take a vector away meanwhile
        try:
            ids, found = vectors(projection.missing_vectors(encoder))
            projection.write_vectors(encoder, ids, found, progress)
        except BaseException:
            self.bare = True
            raise

    def warm(self) -> None:
        """Look at one product once, so that the database has planned the questions before someone waits for them."""
        projection = self.open()
        if not self._cold:
            return
        if (one := projection.any_product()) is not None:
            projection.entity(one)
            self._cold = False

    def entity(self, entity_id: str) -> Entity | None:
        """A node with what stands around it, within `PATIENCE`; after a failure it is not looked for until `REST`."""
        patience = PLANNING if self._projection is not None and self._cold else PATIENCE
        return self._breaker.ask(lambda: self.open().entity(entity_id), patience)

    def product_ids(self) -> list[str]:
        """Every product of the graph."""
        return self.open().product_ids()

    def facet_counts(self) -> dict[str, int]:
        """How many products stand at each fact node itself."""
        return self.open().facet_counts()

    def neighbours(self, ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """The fact nodes of products."""
        return self.open().neighbours(ids)

    def drop(self) -> None:
        """Take the graph out of the database."""
        self.open().drop()
        self._offset = self._spoken = -1

    def close(self) -> None:
        """Close the connection and stop the local server, if it is ours."""
        self._closed = True
        self._breaker.settle(PATIENCE)
        with self._opening:
            if self._projection is not None:
                self._projection.close()
                self._projection = None
            if self._server is not None:
                self._server.stop()
                self._server = None

    def _answers(self) -> None:
        """Take note that Neo4j answers."""
        self._failure = None
        self._breaker.reset()

    def _connect(self) -> None:
        settings, server = self._settings, None
        if settings.neo4j_uri:
            password = settings.neo4j_password.get_secret_value() if settings.neo4j_password else ""
            connection = Connection(settings.neo4j_uri, settings.neo4j_user, password)
        else:
            server, connection = self._local()
        graphs = (lambda: Graph(server.start())) if server is not None else (lambda: Graph(connection))
        projection = GraphProjection(graphs, self._shop.id, self._shop.home / "graph", server)
        try:
            self._offset, self._detail = projection.offset(), ""
        except BaseException:  # it is tried again every few seconds: what this try opened must not stay open
            projection.close()
            if server is not None:
                server.stop()
            raise
        self._projection, self._server, self._cold = projection, server, True

    def _local(self) -> tuple[LocalServer | None, Connection]:
        if not self._own:
            running = find_running(self._shop.neo4j)
            if running is not None:
                return None, running
        settings = self._settings
        server = LocalServer(
            self._shop.neo4j, jars=settings.neo4j_jars, heap_mb=settings.neo4j_heap_mb,
            page_cache_mb=settings.neo4j_page_cache_mb,
        )  # fmt: skip
        with graph_faults():
            return server, server.start()

    def _recover(self) -> None:
        """A local server that died is started anew by the next use."""
        with self._opening:
            if self._server is not None and not self._server.running():
                assert self._projection is not None
                self._projection.close()
                self._server.stop()
                self._projection = self._server = None


class _Step:
    """One way from an offset to a later one."""

    def __init__(self, warehouse: Warehouse, history: History, bought_together: PairsOf, folder: Path) -> None:
        self._warehouse, self._history, self._folder = warehouse, history, folder
        self._bought_together = bought_together

    def build(self, target: int, folder: Path) -> GraphTables:
        """The whole graph's tables."""
        with closing(self._warehouse.connection()) as connection:
            self._view(connection)
            return build_tables(connection, folder)

    def changes(self, at: int) -> list[Change]:
        """What small changes since `at` touch, as it is now."""
        shutil.rmtree(self._folder, ignore_errors=True)
        later, found = set(self._history.since(at)), list[Change]()
        events, *touching = (self._changed(table, later) for table in ("events", "products", "documents"))
        ids = sorted({str(name) for rows in touching for name in rows["product_id"].to_pylist()})
        with closing(self._warehouse.connection()) as connection:
            self._view(connection, ids)
            if events.num_rows:
                columns = events.select(list(EVENT_COLUMNS))
                found.append((build_event_tables(connection, self._folder / "events", columns), []))
            if ids:
                tables = build_product_tables(connection, self._folder / "products", ids, history=True)
                found.append((tables, ids))
        return found

    def _changed(self, table: str, batches: set[str]) -> pa.Table:
        rows = self._history.rows.get(table)
        if rows is None:
            return pa.table({"product_id": pa.array([], pa.string())})
        return rows.filter(pc.is_in(rows["batch"], pa.array(sorted(batches), pa.string())))

    def _view(self, connection: duckdb.DuckDBPyConnection, products: Sequence[str] | None = None) -> None:
        """Give `connection` the current tables, and the facts of all products or of those given."""
        self._history.view(self._warehouse, connection, *CURRENT)
        if products is None or products:
            view_facts(self._warehouse, self._history, connection, products)
        connection.register("bought_together", self._bought_together())
