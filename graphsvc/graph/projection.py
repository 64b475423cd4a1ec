"""The graph in Neo4j as a projection of the write log: how far it is, and how it gets further.

    FOLDER/applied/       the tables that the database was last brought to, with state.json
    FOLDER/next/          those it is being brought to; there after a kill, the way is gone to its end first
    FOLDER/touched.jsonl  what small changes touched since `applied`

The watermark stands on a marker node `(:Graphsvc {shop, offset, tables})`, which is also how a database of ours is told
from any other: one that is not empty and has no marker of this shop is refused, never cleared. One thread at a time
writes. Knows order and repair; what the tables are made of is the business of `tables`.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from cypher.driver import Graph
from cypher.migrations import await_indexes, migrate
from cypher.server import LocalServer
from cypher.statements import step
from graphsvc.errors import ForeignGraphError, GraphUnavailable
from graphsvc.graph.bulk import write_files
from graphsvc.graph.changes import Changes, TouchedIds, plain_rows, rows_of, strays
from graphsvc.graph.faults import graph_faults
from graphsvc.graph.tables import GraphTables, HeldTables
from graphsvc.graph.vectors import Vectors, clear_vectors, missing_vectors, write_vectors
from graphsvc.graph.view import EACH, read_any_product, read_entity, read_facet_counts, read_facts, read_product_ids
from graphsvc.graph.writing import PRODUCT, change_of, deletion, keys_of, touches_of, writing
from graphsvc.types import Entity

BULK_ROWS = 50_000  # from so many rows on an offline import is faster than statements
CHANGED_ROWS = 200_000  # and from so many changed ones
Progress = Callable[[str, int, int], None]  # step, done, of
Build = Callable[[int, Path], GraphTables]  # offset, folder to build in


@dataclass(frozen=True, slots=True)
class Marker:
    """What the database says of itself. `tables` names the tables it was made from, "" while a first load lasts."""

    offset: int
    tables: str
    vectors: str | None = None


class GraphProjection:
    """The graph of one shop.

    `server` is the local server that holds it, None for a Neo4j that we did not start. `open_graph` is called again
    after the server was restarted. Raises GraphUnavailable, ForeignGraphError, StorageError.
    """

    def __init__(
        self, open_graph: Callable[[], Graph], shop_id: str, folder: Path, server: LocalServer | None = None
    ) -> None:
        self._open_graph, self._shop, self._folder, self._server = open_graph, shop_id, folder, server
        self._touched = TouchedIds(folder / "touched.jsonl")
        self._graph: Graph | None = None

    @property
    def graph(self) -> Graph:
        """The connection, opened with the first use."""
        if self._graph is None:
            with graph_faults():
                self._graph = self._open_graph()
        return self._graph

    def offset(self) -> int:
        """How far the graph has followed, −1 when there is none."""
        with graph_faults():
            marker = self._marker()
        return marker.offset if marker else -1

    def follow(self, target: int, build: Build, progress: Progress = lambda step, done, of: None) -> bool:
        """Bring the graph to `target`; false when it was there. `build` makes the tables of an offset in a folder.

        Broken off at any moment, following again leads to the same graph.
        """
        with graph_faults():
            self._finish(progress)
            marker = self._marker()
            if marker is not None and marker.tables and marker.offset >= target:
                return False
            new = self._build_next(target, build, progress)
            self._bring_to(new, marker, progress)
        return True

    def apply(self, tables: GraphTables | HeldTables, offset: int, *, products: Sequence[str] = ()) -> bool:
        """Lay a small change over the graph, in one transaction with the watermark; behind that it does nothing.

        `tables` holds what stands around the change (build_product_tables, build_fact_tables, build_event_tables).
        `products` are replaced: those that `tables` lacks are gone; where it has no products at all, their facts alone
        are replaced. The graph must have followed to the entry before. A brand or value that was there keeps its name
        until the next `follow`, which sees how all products write it. Returns whether products lost their vectors.
        """
        with graph_faults():
            if self._follows().offset > offset:
                return False
            rows = {part: plain_rows(tables.table(part)) for part in tables.parts()}
            replaced = [{"id": product} for product in products]
            facts = self.graph.read(step("known_facts"), rows=replaced).dicts() if replaced else []
            self._touched.add(touches_of(rows, replaced, facts))
            before = {} if PRODUCT in rows else read_facts(self.graph, products)
            statements, bare = change_of(rows, replaced, facts, before)
            self.graph.write_all([*statements, step("advance_marker").bind(shop=self._shop, offset=offset)])
            return bare

    def advance(self, offset: int) -> None:
        """Note that the log went on without a change to the graph."""
        with graph_faults():
            self._follows()
            self.graph.write(step("advance_marker"), shop=self._shop, offset=offset)

    def missing_vectors(self, encoder: str) -> list[str]:
        """The products without a vector of this encoder as they are now, new and changed ones too."""
        with graph_faults():
            return missing_vectors(self.graph, encoder, self._follows().vectors)

    def write_vectors(
        self, encoder: str, ids: Sequence[str], vectors: Vectors, progress: Progress = lambda step, done, of: None
    ) -> None:
        """Give products their vectors, float32[n, d] in the order of `ids`; those of another encoder go first."""
        with graph_faults():
            if self._follows().vectors != encoder:
                clear_vectors(self.graph)
                self.graph.write(step("set_vectors"), shop=self._shop, encoder=encoder)
            write_vectors(self.graph, ids, vectors, lambda done, of: progress("graph vectors", done, of))

    def drop(self) -> None:
        """Take the graph out of the database; following builds it again."""
        with graph_faults():
            if self._marker() is not None:
                self._clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._graph is not None:
            self._graph.close()
            self._graph = None

    # ---- reading

    def entity(self, entity_id: str, each: int = EACH) -> Entity | None:
        """A node with what stands around it, at most `each` relations of a kind and direction."""
        with graph_faults():
            return read_entity(self.graph, entity_id, each)

    def neighbours(self, ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """The fact nodes (brand, manufacturer, category, values) of each product that is there."""
        with graph_faults():
            return read_facts(self.graph, ids)

    def any_product(self) -> str | None:
        """One product, None when there is none."""
        with graph_faults():
            return read_any_product(self.graph)

    def product_ids(self) -> list[str]:
        """Every product, in no order."""
        with graph_faults():
            return read_product_ids(self.graph)

    def facet_counts(self) -> dict[str, int]:
        """How many products stand at each fact node itself."""
        with graph_faults():
            return read_facet_counts(self.graph)

    # ---- the ways to a newer graph

    def _bring_to(self, new: GraphTables, marker: Marker | None, progress: Progress) -> None:
        """Choose the way: differences when it is known what the database holds, else everything."""
        old = self._applied(marker)
        if old is not None:
            changes = Changes(old, new, self._touched.table())
            try:
                if self._server is None or changes.count() < CHANGED_ROWS:
                    self._apply_changes(changes, new, progress)
                    self._promote(progress)
                    return
            finally:
                changes.close()
        if self._server is not None and new.rows() >= BULK_ROWS:
            self._load_offline(new, progress)
        else:
            self._load_online(new, marker, progress)
        self._promote(progress)

    def _apply_changes(self, changes: Changes, new: GraphTables, progress: Progress) -> None:
        """Nodes before what joins them, then deletions, relationships first."""
        migrate(self.graph)
        parts = new.parts()
        for done, part in enumerate(parts):
            progress("graph", done, len(parts))
            self.graph.write_rows(*writing(part, changes.changed(part)))
        for part in reversed(parts):
            self.graph.write_rows(deletion(part), changes.gone(part))

    def _load_offline(self, new: GraphTables, progress: Progress) -> None:
        """Import files while the server is down. The marker comes with the data."""
        assert self._server is not None
        folder = self._folder / "files"
        shutil.rmtree(folder, ignore_errors=True)
        state = _state(new)
        marker: dict[str, str | int] = {
            "shop": self._shop,
            "offset": int(state["offset"]),
            "tables": str(state["tables"]),
        }
        try:
            files = write_files(new, folder, marker, lambda done, of: progress("graph files", done, of))
            self.close()
            progress("graph import", 0, 1)
            self._server.import_full(
                folder, files.nodes, files.relationships, multiline=files.multiline, longest=files.longest
            )
            progress("graph import", 1, 1)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        migrate(self.graph)
        await_indexes(self.graph)

    def _load_online(self, new: GraphTables, marker: Marker | None, progress: Progress) -> None:
        """Upsert everything, then delete what the tables do not have. The database need not be empty, only ours."""
        if marker is None and self._server is not None and self.graph.read(step("any_node")).rows:
            self._clear()  # a server of ours whose first load was broken off
        self.graph.write(step("set_marker"), shop=self._shop, offset=-1, tables="")
        migrate(self.graph)
        parts, total, done = new.parts(), new.rows(), 0
        for part in parts:
            for rows in rows_of(new, part):
                done += self.graph.write_rows(*writing(part, iter([rows])))
                progress("graph", done, total)
        if marker is not None:
            for part in reversed(parts):
                self.graph.write_rows(deletion(part), strays(new, part, self.graph.stream(keys_of(part))))
        await_indexes(self.graph)

    # ---- state

    def _marker(self) -> Marker | None:
        """The marker node; None for an empty database. Raises ForeignGraphError for any other."""
        found = self.graph.read(step("read_marker")).dicts()
        if found:
            if found[0]["shop"] != self._shop:
                raise self._foreign("holds the graph of another shop")
            return Marker(int(found[0]["offset"]), found[0]["tables"] or "", found[0]["vectors"])
        if self._server is None and self.graph.read(step("any_node")).rows:
            raise self._foreign("is not empty and is not ours")
        return None

    def _follows(self) -> Marker:
        """The marker of a graph that stands, after the way to it has come to its end."""
        self._finish(lambda step, done, of: None)
        marker = self._marker()
        if marker is None or not marker.tables:
            raise GraphUnavailable("The graph has not been loaded yet.", "Follow the log first.")
        return marker

    def _foreign(self, reason: str) -> ForeignGraphError:
        return ForeignGraphError(
            f"The Neo4j at {self.graph.connection.uri} {reason}; nothing in it was changed.",
            "Give an empty database, or unset NEO4J_URI to use a local one.",
        )

    def _clear(self) -> None:
        """Empty the database, which is known to be ours: by statements, that takes a minute for two million edges."""
        if self._server is not None:
            self.close()
            self._server.clear()
            return
        self.graph.execute(step("clear_relationships").text)
        self.graph.execute(step("clear_nodes").text)
        self.graph.write(step("clear_marker"), shop=self._shop)

    def _build_next(self, target: int, build: Build, progress: Progress) -> GraphTables:
        """Build the tables of an offset; they are there whole or not at all."""
        progress("graph tables", 0, 1)
        work, following = self._folder / "work", self._folder / "next"
        shutil.rmtree(work, ignore_errors=True)
        build(target, work)
        (work / "state.json").write_text(json.dumps({"offset": target, "tables": uuid4().hex}), "utf-8")
        work.rename(following)
        progress("graph tables", 1, 1)
        return GraphTables(following)

    def _finish(self, progress: Progress) -> None:
        """Go a way to its end that was broken off."""
        following = self._folder / "next"
        if not following.exists():
            return
        marker, new = self._marker(), GraphTables(following)
        if marker is None or marker.tables != _state(new)["tables"]:
            self._bring_to(new, marker, progress)
        else:
            self._promote(progress)

    def _promote(self, progress: Progress) -> None:
        """The tables stand in the database: say so there first, then here."""
        following, applied = self._folder / "next", self._folder / "applied"
        state = _state(GraphTables(following))
        marker = self._marker()
        if marker is None or marker.tables != state["tables"]:
            self.graph.write(step("set_marker"), shop=self._shop, **state)
        shutil.rmtree(applied, ignore_errors=True)
        following.rename(applied)
        self._touched.clear()
        progress("graph", 1, 1)

    def _applied(self, marker: Marker | None) -> GraphTables | None:
        """The tables that the database was made from, when they are the ones kept here."""
        kept = GraphTables(self._folder / "applied")
        if marker is None or not marker.tables or not (kept.folder / "state.json").exists():
            return None
        return kept if _state(kept)["tables"] == marker.tables else None


def _state(tables: GraphTables) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((tables.folder / "state.json").read_text("utf-8"))
    return state
