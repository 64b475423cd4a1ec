"""From claims to facts: the nodes that claims lead to, how sure a fact is, and whose word stands where claims differ.

A voice is one extractor in one text: its surest claim of a node, times the trust in the extractor. A fact is as sure
as its voices are together: 1 − Π(1 − voice), so that those who agree add up. Where the ontology says that a product has
one value, the shop's fields decide; where they are silent the surest fact stands, of equals what the product's own row
says, then what was told last. What does not stand stays among the claims. Knows claims; no log, no catalogue.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from graphsvc.ontology import NODE_ID, PREDICATES, attribute_name, is_single
from graphsvc.warehouse.instance import PLAIN
from graphsvc.warehouse.schemas import CLAIMS
from graphsvc.warehouse.tables import SQL

TRUST: Mapping[str, float] = {  # declared, not measured; what a text says counts less already (`knowledge.TEXT_TRUST`)
    "": 1.0,  # voices that were weighed before
    "fields": 1.0,
    "category": 1.0,
    "measures": 1.0,
    "gazetteer": 0.9,
    "distant": 0.9,
    "tagger": 0.9,
    "patterns": 0.8,  # their confidence is stated by rule
    "relations": 0.8,
    "llm": 0.6,  # and a language model's by the operator
}
OTHERS = 0.6  # of extractors that are not named

_NODE_FIELDS: list[Any] = [
    *(pa.field(name, pa.string()) for name in ("predicate", "qualifier", "object", "node_id", "label", "attribute")),
    pa.field("single", pa.bool_()),  # whether a product has one such node at most
]
NODES = pa.schema(_NODE_FIELDS)
_FIELDS: list[Any] = [
    pa.field("product_id", pa.string()),
    pa.field("predicate", pa.string()),
    pa.field("attribute", pa.string()),  # folded name, null unless the predicate reaches a Value
    pa.field("node_id", pa.string()),
    pa.field("name", pa.string()),  # the object as it is written; of a category the whole path
    pa.field("number", pa.float64()),
    pa.field("unit", pa.string()),
    pa.field("confidence", pa.float64()),  # of all its voices together
    pa.field("held", pa.bool_()),  # a field of the product says so
    pa.field("claims", pa.list_(pa.string())),
]
FACTS = pa.schema(_FIELDS)
TEXT_CLAIMS = CLAIMS.append(pa.field("told", pa.int64()))  # the place in the log of the text that says so
_TOGETHER = TEXT_CLAIMS.append(pa.field("ids", pa.list_(pa.string())))  # claims that stand together in one row


def facts_of(claims: pa.Table) -> pa.Table:
    """The facts of claims that stand: one row for each product and node, in the columns of FACTS.

    `claims` has the columns of CLAIMS, and where texts speak those of TEXT_CLAIMS.
    """
    return standing(weighed(claims))


def standing(facts: pa.Table) -> pa.Table:
    """Of weighed facts those that stand, in the columns of FACTS."""
    return facts.filter(pc.field("stands")).select(FACTS.names)


def outvoted(facts: pa.Table) -> set[str]:
    """The products of which some weighed fact does not stand."""
    return {str(name) for name in facts.filter(~pc.field("stands"))["product_id"].to_pylist()}


def weighed(claims: pa.Table) -> pa.Table:
    """Every fact of claims, in the columns of FACTS and `stands`."""
    columns = FACTS.append(pa.field("stands", pa.bool_()))
    if not claims.num_rows:
        return columns.empty_table()
    with closing(PLAIN.connection()) as connection:
        connection.register("claims", _together(claims))
        distinct = claims.group_by(["predicate", "qualifier", "object"]).aggregate([])
        connection.register("nodes", nodes_of_claims(distinct))
        connection.register("trust", pa.table({"extractor": list(TRUST), "trust": list(TRUST.values())}))
        text = (SQL / "facts.sql").read_text("utf-8")
        found: pa.Table = connection.sql(text, params={"others": OTHERS}).to_arrow_table()
    return found.cast(columns)


def merged_facts(own: Sequence[Mapping[str, Any]], texts: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Every fact of products from the weighed facts of their own claims and claims of texts, as `weighed` makes them of
    all claims at once.
    """
    rows = [
        {**dict.fromkeys(CLAIMS.names), "claim_id": "", "subject": fact["product_id"], "predicate": fact["predicate"],
         "qualifier": fact["attribute"] or "", "object": fact["name"], "number": fact["number"], "unit": fact["unit"],
         "confidence": fact["confidence"], "extractor": "fields" if fact["held"] else "", "ids": fact["claims"]}
        for fact in own
    ]  # fmt: skip
    rows += [{**row, "ids": [row["claim_id"]]} for row in texts]
    return weighed(pa.Table.from_pylist(rows, schema=_TOGETHER))


def nodes_of_claims(distinct: pa.Table) -> pa.Table:
    """The node that each distinct object of claims stands for. Ids are folded in Python, once per distinct value."""
    rows = [
        {
            **row,
            "node_id": NODE_ID[row["predicate"]](row["qualifier"], row["object"]),
            "label": PREDICATES[row["predicate"]].range,
            "attribute": attribute_name(row["qualifier"]) if row["qualifier"] else None,
            "single": is_single(row["predicate"], row["qualifier"]),
        }
        for row in distinct.to_pylist()
    ]
    return pa.Table.from_pylist(rows, schema=NODES)


def _together(claims: pa.Table) -> pa.Table:
    """Claims in the columns of what stands together: each alone where nothing else is said."""
    if "ids" not in claims.column_names:
        places = pa.array(range(claims.num_rows + 1), pa.int32())
        alone = pa.ListArray.from_arrays(places, claims["claim_id"].combine_chunks())
        claims = claims.append_column("ids", alone)
    if "told" not in claims.column_names:
        claims = claims.append_column("told", pa.nulls(claims.num_rows, pa.int64()))
    return claims.select(_TOGETHER.names)
