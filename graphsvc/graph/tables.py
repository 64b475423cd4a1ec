"""The whole graph as Parquet files: one per label and one per kind of edge, each made by a named SQL file.

`sql/nodes/LABEL.sql` and `sql/relationships/START.TYPE.END.sql` are the graph model; their second lines say which
tables they read. Nothing is held in memory: DuckDB reads its views and writes the files. Knows DuckDB and the ontology;
does not know how the tables reach Neo4j.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from extractors.category import SEPARATOR
from graphsvc.facts import FACTS
from graphsvc.families import family_of
from graphsvc.ontology import FAMILY, RULES, category_id, predicate_of, varies
from graphsvc.warehouse.instance import PLAIN
from graphsvc.warehouse.schemas import TABLES, TEXT, WHOLE

SQL = Path(__file__).parent / "sql"
CURRENT = ("products", "events", "customers", "reviews", "campaigns", "coupons", "redemptions")
PIECE = 5_000  # products whose families are found at a time
NOTHING = ""  # a scope that leaves a table out
BOUGHT_TOGETHER = pa.schema([("product_a", TEXT), ("product_b", TEXT), ("count", WHOLE), ("lift", pa.float64())])
CATEGORIES = pa.schema(
    [("id", pa.string()), ("name", pa.string()), ("path", pa.list_(pa.string())), ("parent", pa.string())]
)
READ: Mapping[str, pa.Schema] = {
    **{name: TABLES[name] for name in CURRENT}, "facts": FACTS, "bought_together": BOUGHT_TOGETHER,
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One table of the graph: nodes of a label (`kind` is ""), or relationships of one kind between two labels.

    Tables of nodes have a column `id`, tables of relationships `start` and `end`, which are unique; the other columns
    are properties.
    """

    label: str
    kind: str = ""
    end: str = ""

    @classmethod
    def of(cls, name: str) -> "Part":
        """The inverse of `name`."""
        return cls(*name.split("."))

    @property
    def name(self) -> str:
        """How its files are called."""
        return ".".join(filter(None, (self.label, self.kind, self.end)))

    @property
    def says(self) -> str:
        """The predicate of the facts that its relationships are, where they are facts."""
        return predicate_of(self.kind)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that tell its rows apart."""
        return ("start", "end") if self.kind else ("id",)


@dataclass(frozen=True, slots=True)
class GraphTables:
    """A folder of `PART.parquet` files. A part that has no file was not built."""

    folder: Path

    def path(self, part: Part) -> Path:
        """Where a part stands."""
        return self.folder / f"{part.name}.parquet"

    def parts(self) -> list[Part]:
        """The parts that were built: nodes before relationships."""
        return [part for part in all_parts() if self.path(part).exists()]

    def table(self, part: Part) -> pa.Table:
        """One part as a table."""
        return pq.read_table(self.path(part))

    def rows(self) -> int:
        """Rows of all parts."""
        return sum(pq.read_metadata(self.path(part)).num_rows for part in self.parts())


@dataclass(frozen=True, slots=True)
class HeldTables:
    """A few parts as tables in memory, nodes before relationships: a small change, of which no file is needed."""

    held: Mapping[Part, pa.Table]

    def parts(self) -> list[Part]:
        """The parts that were built."""
        return list(self.held)

    def table(self, part: Part) -> pa.Table:
        """One part."""
        return self.held[part]


@cache
def all_parts() -> tuple[Part, ...]:
    """The graph model: every label, then every kind of edge."""
    nodes = [Part.of(path.stem) for path in (SQL / "nodes").glob("*.sql")]
    edges = [Part.of(path.stem) for path in (SQL / "relationships").glob("*.sql")]
    return (*sorted(nodes), *sorted(edges))


SHARED = frozenset(Part(label) for label in ("Brand", "Manufacturer", "Category", "Value"))
PRODUCT_PARTS = SHARED | frozenset(
    part for part in all_parts() if part.label in ("Product", "Variant", "Offer", "Category") and part.end != "Product"
)
FACT_PARTS = SHARED | frozenset(part for part in all_parts() if part.kind and Part(part.end) in SHARED)
HISTORY_PARTS = frozenset(part for part in all_parts() if part.end == "Product" and part.label != "Product")
BASKET_PARTS = frozenset(map(Part.of, ("Basket", "Shopper.PLACED.Basket", "Basket.CONTAINS.Product")))
PAIR_PARTS = frozenset(
    map(
        Part.of,
        ("Shopper", "Shopper.BOUGHT.Product", "Shopper.INTERACTED.Product", "Product.BOUGHT_WITH.Product"),
    )
)


def build_tables(
    connection: duckdb.DuckDBPyConnection, folder: Path, only: Collection[Part] | None = None
) -> GraphTables:
    """Build the parts of the graph, all or those given, into `folder`.

    `connection` has views or tables `current_products`, `current_events` and so on for each of `CURRENT`, `facts` and
    `bought_together`; what is not there counts as empty.
    """
    return _build(connection, folder, all_parts() if only is None else only, {})


def build_product_tables(
    connection: duckdb.DuckDBPyConnection, folder: Path, ids: Collection[str], *, history: bool = False
) -> GraphTables:
    """Build what stands around some products alone: their nodes, parts and facts.

    `history` adds what points at them (purchases, reviews, coupons), for products that were retired before.
    """
    connection.register("graph_scope", pa.table({"product_id": pa.array(sorted(ids), pa.string())}))
    try:
        scopes = {"products": "scopes/products", "facts": "scopes/facts"}
        return _build(connection, folder, PRODUCT_PARTS | HISTORY_PARTS if history else PRODUCT_PARTS, scopes)
    finally:
        connection.unregister("graph_scope")


def build_fact_tables(products: pa.Table, facts: pa.Table) -> HeldTables:
    """Build what is known of some products and no more: their facts, and the nodes that these lead to.

    `products` and `facts` hold these products alone, in the columns of PRODUCTS and FACTS.
    """
    with PLAIN.connection() as connection:
        connection.register("current_products", products)
        connection.register("facts", facts)
        _provide(connection, {})
        known = connection.table("graph_facts").to_arrow_table()
        connection.execute("DROP VIEW graph_facts")
        connection.register("graph_facts", known)  # worked out once, for each part reads it
        said = set(known["predicate"].to_pylist())
        parts = [part for part in all_parts() if part in FACT_PARTS and (part.label != "Product" or part.says in said)]
        return HeldTables({part: _select(connection, part).to_arrow_table() for part in parts})


def build_event_tables(connection: duckdb.DuckDBPyConnection, folder: Path, changed: pa.Table) -> GraphTables:
    """Build what some events touch: whole baskets, whole sums of a shopper and a product, pairs bought together.

    `changed` has the columns source, shopper, product_id and basket of the events; `current_events` has all events.
    """
    connection.register("graph_changed", changed)
    try:
        scopes = {"customers": "scopes/customers", "reviews": NOTHING, "redemptions": NOTHING}
        _build(connection, folder, BASKET_PARTS, {**scopes, "events": "scopes/events_of_baskets"})
        return _build(
            connection,
            folder,
            PAIR_PARTS,
            {**scopes, "events": "scopes/events_of_pairs", "bought_together": "scopes/bought_together"},
        )
    finally:
        connection.unregister("graph_changed")


def _build(
    connection: duckdb.DuckDBPyConnection, folder: Path, parts: Collection[Part], scopes: Mapping[str, str]
) -> GraphTables:
    folder.mkdir(parents=True, exist_ok=True)
    connection.execute("SET TimeZone = 'UTC'")
    _provide(connection, scopes)
    for part in sorted(parts):
        _select(connection, part).write_parquet(str(folder / f"{part.name}.parquet"), compression="zstd")
    return GraphTables(folder)


def _select(connection: duckdb.DuckDBPyConnection, part: Part) -> duckdb.DuckDBPyRelation:
    text = (SQL / ("relationships" if part.kind else "nodes") / f"{part.name}.sql").read_text("utf-8")
    return connection.sql(text)


def _provide(connection: duckdb.DuckDBPyConnection, scopes: Mapping[str, str]) -> None:
    """Give the views that the SQL files read: the whole table, a narrower one, or an empty one where there is none."""
    there = _there(connection)
    for name, schema in READ.items():
        source, scope = f"current_{name}" if name in CURRENT else name, scopes.get(name)
        view = f"graph_{name}" if name != "facts" else "given_facts"
        if scope == NOTHING or source not in there:
            connection.register(view, schema.empty_table())
        else:
            text = (SQL / f"{scope}.sql").read_text("utf-8") if scope else f"FROM {source}"
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {text}")
    connection.register("graph_rules", pa.Table.from_pylist(list(map(asdict, RULES))))
    named = [name for (name,) in connection.table("given_facts").select("attribute").distinct().fetchall() if name]
    connection.register("graph_varying", pa.table({"attribute": pa.array(filter(varies, named), pa.string())}))
    connection.register("graph_families", _families(connection))
    connection.execute(f"CREATE OR REPLACE TEMP VIEW graph_facts AS {(SQL / 'derived_facts.sql').read_text('utf-8')}")
    connection.register("graph_categories", _categories(connection))


def _there(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The names of all tables and views."""
    found = connection.table("information_schema.tables").select("table_name").fetchall()
    return {name for (name,) in found}


def _categories(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Every category of every path, each with its parent. Ids are folded in Python, once per distinct path."""
    paths = connection.sql((SQL / "category_paths.sql").read_text("utf-8")).fetchall()
    nodes: dict[str, dict[str, object]] = {}
    for prefix in sorted(_prefixes(tuple(path.split(SEPARATOR)) for (path,) in paths)):
        parent = category_id(prefix[:-1]) if len(prefix) > 1 else None
        nodes.setdefault(
            category_id(prefix), {"id": category_id(prefix), "name": prefix[-1], "path": list(prefix), "parent": parent}
        )
    return pa.Table.from_pylist(list(nodes.values()), schema=CATEGORIES)


def _families(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The family of every product that has one, as facts. A piece of the catalogue is read at a time."""
    pieces = [FACTS.empty_table()]
    for batch in connection.sql((SQL / "family_premises.sql").read_text("utf-8")).to_arrow_reader(PIECE):
        found = [(row["product_id"], family_of(row["title"], row["facts"])) for row in batch.to_pylist()]
        rows = [
            {"product_id": product, "predicate": "variant_of", "attribute": FAMILY, "node_id": family.node,
             "name": family.name, "confidence": family.confidence, "claims": family.claims}
            for product, family in found
            if family is not None
        ]  # fmt: skip
        pieces.append(pa.Table.from_pylist(rows, schema=FACTS))
    return pa.concat_tables(pieces)


def _prefixes(paths: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    return {path[: depth + 1] for path in paths for depth in range(len(path))}
