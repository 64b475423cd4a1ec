"""Which statements bring rows of the graph's tables into Neo4j, and which lay a small change over what is there.

Knows parts, rows and named Cypher; does not know when what is run, nor how far the graph is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cypher.statements import Query, Statement, step
from graphsvc.graph.changes import BATCH, Row, Touch
from graphsvc.graph.tables import SHARED, Part

PRODUCT = Part("Product")
SPOKEN = ("Brand", "Category")  # labels whose names stand in the texts that vectors are of
Rows = Mapping[Part, Sequence[Row]]


def writing(part: Part, found: Iterable[list[Row]]) -> tuple[Query, Iterator[list[Row]]]:
    """The statement that upserts rows of a part, and the rows as it takes them."""
    query = _naming(part, "upsert_relationships" if part.kind else "upsert_nodes")
    return query, ([_shaped(part, row) for row in rows] for rows in found)


def _shaped(part: Part, row: Row) -> Row:
    if part.kind:
        properties = {name: value for name, value in row.items() if name not in part.keys and value is not None}
        return {"start": row["start"], "end": row["end"], "properties": properties}
    return {**row, "embedding": None} if part == PRODUCT else row  # its vector is of the text that it had


def deletion(part: Part) -> Query:
    """The statement that deletes rows of a part by their keys."""
    return _naming(part, "delete_relationships" if part.kind else "delete_nodes")


def keys_of(part: Part) -> Query:
    """The statement that lists the keys of what the database holds of a part."""
    return _naming(part, "relationship_ids" if part.kind else "node_ids")


def change_of(
    rows: Rows, replaced: Sequence[Row], facts: Sequence[Row], before: Mapping[str, frozenset[str]]
) -> tuple[list[Statement], bool]:
    """The statements that lay a small change over the graph, and whether products are left without a vector.

    `replaced` are products to be as `rows` say, or their facts alone where `rows` has no products at all; `facts` are
    the shared nodes that they led to, as `known_facts` gives them, `before` those of each, as `read_facts` does.
    """
    reached = list(_reached(rows))
    renamed = [] if PRODUCT in rows else _renamed(rows, replaced, before)
    statements = [*_replacement(rows, replaced), *_upserts(rows), *_prunes([*facts, *reached])]
    statements += _bound(step("forget_vectors"), renamed)
    return statements, bool(renamed or rows.get(PRODUCT))


def touches_of(rows: Rows, replaced: Sequence[Row], facts: Sequence[Row]) -> Iterator[Touch]:
    """What a small change touches, to be noted before it is made."""
    yield from ((PRODUCT.name, row["id"], None) for row in replaced)
    yield from ((row["label"], row["id"], None) for row in facts)
    for part, found in rows.items():
        first = part.keys[0]
        yield from ((part.name, str(row[first]), row.get("end")) for row in found)


def _naming(part: Part, name: str) -> Query:
    return step(name).naming(label=part.label, kind=part.kind, end=part.end)


def _replacement(rows: Rows, replaced: Sequence[Row]) -> Iterator[Statement]:
    """Forget what the replaced products are made of, and those that are gone altogether."""
    if PRODUCT not in rows:
        yield from _bound(step("reset_facts"), replaced)
        return
    stays = {row["id"] for row in rows[PRODUCT]}
    gone = [row for row in replaced if row["id"] not in stays]
    for query, keys in ((step("reset_products"), replaced), (_naming(PRODUCT, "delete_nodes"), gone)):
        yield from _bound(query, keys)


def _upserts(rows: Rows) -> Iterator[Statement]:
    """Shared nodes are only made when missing: their names are those of all products, which are not known here."""
    for part, found in rows.items():
        query, shaped = writing(part, [list(found)])
        yield from _bound(_naming(part, "create_nodes") if part in SHARED else query, next(shaped))


def _reached(rows: Rows) -> Iterator[Row]:
    """The shared nodes of a change, as `known_facts` names them; what leads to one may be a product not yet there."""
    for part in SHARED & rows.keys():
        yield from ({"label": part.label, "id": row["id"], "depth": row.get("depth", 0)} for row in rows[part])


def _renamed(rows: Rows, replaced: Sequence[Row], before: Mapping[str, frozenset[str]]) -> list[Row]:
    """The products that lead to another brand or category than before, so that their vectors are of another text."""
    after: dict[str, set[str]] = {row["id"]: set() for row in replaced}
    for part, found in rows.items():
        if part.kind and part.end in SPOKEN and part.label == PRODUCT.label:
            for row in found:
                after[row["start"]].add(row["end"])
    return [row for row in replaced if after[row["id"]] != set(filter(_is_spoken, before.get(row["id"], ())))]


def _is_spoken(node: str) -> bool:
    return node.startswith(tuple(f"{label.lower()}:" for label in SPOKEN))


def _prunes(nodes: Sequence[Row]) -> Iterator[Statement]:
    """Delete shared nodes that nothing needs any more; categories from the leaves up, so a level at a time."""
    levels: dict[tuple[str, int], set[str]] = {}
    for row in nodes:
        levels.setdefault((row["label"], row["depth"]), set()).add(row["id"])
    for (label, _), ids in sorted(levels.items(), key=lambda level: -level[0][1]):
        yield from _bound(step("prune").naming(label=label), [{"id": one} for one in sorted(ids)])


def _bound(query: Query, rows: Sequence[Row]) -> Iterator[Statement]:
    for at in range(0, len(rows), BATCH):
        yield query.bind(rows=list(rows[at : at + BATCH]))
