"""The whole graph as Arrow tables: one per label and one per kind of edge, each made by a named SQL file.

`sql/nodes/LABEL.sql` and `sql/relationships/START.TYPE.END.sql` are the graph model; their first lines say which tables
they read. Knows DuckDB and the ontology; does not know how the tables reach Neo4j.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from extractors.category import SEPARATOR
from graphsvc.ontology import PREDICATES, attribute_name, brand_id, category_id, manufacturer_id, value_id

SQL = Path(__file__).parent / "sql"
RelationshipKey = tuple[str, str, str]  # start label, type, end label

OBJECT_ID = {
    "has_brand": lambda qualifier, value: brand_id(value),
    "made_by": lambda qualifier, value: manufacturer_id(value),
    "in_category": lambda qualifier, value: category_id(value.split(SEPARATOR)),
    "has_attribute": value_id,
}
OBJECTS = pa.schema(
    [("predicate", pa.string()), ("qualifier", pa.string()), ("object", pa.string()), ("node_id", pa.string()),
     ("label", pa.string()), ("attribute", pa.string())]
)  # fmt: skip
CATEGORIES = pa.schema(
    [("id", pa.string()), ("name", pa.string()), ("path", pa.list_(pa.string())), ("parent", pa.string())]
)


@dataclass(frozen=True, slots=True)
class GraphTables:
    """Nodes by label, each with a column `id`; relationships by key, each with columns `start` and `end`."""

    nodes: Mapping[str, pa.Table]
    relationships: Mapping[RelationshipKey, pa.Table]


def build_tables(inputs: Mapping[str, pa.Table]) -> GraphTables:
    """Build every table of the graph.

    `inputs` holds products (current, not retired), claims, events, customers, reviews, campaigns, coupons, redemptions
    and bought_together (product_a, product_b, count, lift), with the schemas of the warehouse.
    """
    connection = duckdb.connect(":memory:")
    try:
        for name, table in inputs.items():
            connection.register(name, table)
        claims = inputs["claims"]
        connection.register("objects", _objects(claims))
        connection.register("categories", _categories(claims))
        nodes = {path.stem: _run(connection, path) for path in sorted((SQL / "nodes").glob("*.sql"))}
        relationships = {_key(path): _run(connection, path) for path in sorted((SQL / "relationships").glob("*.sql"))}
    finally:
        connection.close()
    return GraphTables(nodes, relationships)


def _run(connection: duckdb.DuckDBPyConnection, path: Path) -> pa.Table:
    table: pa.Table = connection.sql(path.read_text("utf-8")).to_arrow_table()
    return table


def _key(path: Path) -> RelationshipKey:
    start, kind, end = path.stem.split(".")
    return start, kind, end


def _objects(claims: pa.Table) -> pa.Table:
    """The node that each distinct object of a claim stands for. Ids are folded in Python, once per distinct value."""
    distinct = claims.group_by(["predicate", "qualifier", "object"]).aggregate([]).to_pylist()
    rows = [
        {
            **row,
            "node_id": OBJECT_ID[row["predicate"]](row["qualifier"], row["object"]),
            "label": PREDICATES[row["predicate"]].range,
            "attribute": attribute_name(row["qualifier"]) if row["qualifier"] else None,
        }
        for row in distinct
    ]
    return pa.Table.from_pylist(rows, schema=OBJECTS)


def _categories(claims: pa.Table) -> pa.Table:
    """Every category of every path, each with its parent."""
    paths = {
        tuple(row["object"].split(SEPARATOR))
        for row in claims.group_by(["predicate", "object"]).aggregate([]).to_pylist()
        if row["predicate"] == "in_category"
    }
    nodes: dict[str, dict[str, object]] = {}
    for prefix in sorted(_prefixes(paths)):
        parent = category_id(prefix[:-1]) if len(prefix) > 1 else None
        nodes.setdefault(
            category_id(prefix), {"id": category_id(prefix), "name": prefix[-1], "path": list(prefix), "parent": parent}
        )
    return pa.Table.from_pylist(list(nodes.values()), schema=CATEGORIES)


def _prefixes(paths: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    return {path[: depth + 1] for path in paths for depth in range(len(path))}
