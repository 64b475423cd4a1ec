"""The analysts' door, tried on a real Neo4j."""

import csv
import io
import json

import pytest

from cypher.analyst import Answer, Limits, ask
from cypher.driver import Graph
from cypher.errors import StatementError, StatementRefused, StatementTimeout
from cypher.migrations import await_indexes, migrate
from cypher.statements import named_queries, step
from cypher.tables import render


@pytest.fixture
def shop(neo4j: Graph) -> Graph:
    migrate(neo4j)
    neo4j.write("""
        CREATE (a:Product {id: 's:1', title: 'Pan', price: 9.5, source: 's', embedding: [1.0, 0.0]})
        CREATE (b:Product {id: 's:2', title: '=1+1', source: 's', embedding: [0.9, 0.1]})
        CREATE (a)-[:HAS_BRAND {claims: ['c1'], confidence: 1.0}]->(n:Brand {id: 'brand:n', name: 'N'})
        CREATE (h:Category {id: 'category:h', name: 'H', path: ['H'], depth: 1})
        CREATE (k:Category {id: 'category:h/k', name: 'K', path: ['H', 'K'], depth: 2})-[:CHILD_OF]->(h)
        CREATE (a)-[:IN_CATEGORY]->(k), (b)-[:IN_CATEGORY]->(h), (a)-[:BOUGHT_WITH {count: 1, lift: 2.0}]->(b)
        CREATE (a)-[:HAS_VALUE]->(:Value {id: 'value:colour=red', attribute: 'colour', name: 'red'})
        CREATE (s:Shopper {id: 'shopper:x'})-[:PLACED]->(t:Basket {id: 'basket:1', time: datetime(), value: 3.0})
        CREATE (t)-[:CONTAINS {quantity: 1.0}]->(a), (t)-[:CONTAINS {quantity: 2.0}]->(b)
        CREATE (s)-[:BOUGHT {count: 2, value: 3.0}]->(a), (:Shopper {id: 'shopper:y'})-[:BOUGHT {count: 1}]->(a)
        CREATE (s)-[:REDEEMED {count: 1}]->(c:Coupon {id: 'coupon:1'})-[:APPLIES_TO]->(a)
        CREATE (c)-[:PART_OF]->(:Campaign {id: 'campaign:1', name: 'Spring'})
    """)
    neo4j.execute(step("drop_vector_index").text)
    options = {"indexConfig": {"vector.dimensions": 2, "vector.similarity_function": "cosine"}}
    neo4j.execute(step("vector_index").text, options=options)
    await_indexes(neo4j)
    return neo4j


ASKED = {
    "bought_together_evidence": {"a": "s:1", "b": "s:2"},
    "purchases_evidence": {"shopper": "shopper:x", "product": "s:1"},
    "product_neighbourhood": {"product": "s:1"},
    "product_provenance": {"product": "s:1"},
    "near": {"vector": [1.0, 0.0]},
    "similar_products": {"product": "s:1"},
    "shoppers_like": {"shopper": "shopper:x"},
    "attribute_values": {"attribute": "colour"},
    "repurchase": {"least": 1},
    "substitutes": {"product": "s:2"},
    "find_products": {"words": "pan"},
}


def test_every_named_query_answers_as_it_says_through_the_door(shop: Graph) -> None:
    for name, query in named_queries().items():
        statement = query.bind(**ASKED.get(name, {}))
        answer = ask(shop, statement.text, statement.params)
        assert answer.columns == query.returns, name
        assert answer.rows or name == "substitutes", f"{name} found nothing"


def test_what_named_queries_say_is_right(shop: Graph) -> None:
    def rows(name: str, **params: object) -> list[dict[str, object]]:
        statement = named_queries()[name].bind(**params)
        answer = ask(shop, statement.text, statement.params)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    (brand,) = rows("top_brands", category="category:h")
    assert brand == {"brand": "N", "products": 1, "buyers": 2, "purchases": 3, "value": 3.0}
    assert rows("top_brands", category="category:elsewhere") == []
    tree = {str(row["id"]): row["products"] for row in rows("category_tree")}
    assert tree == {"category:h": 2, "category:h/k": 1}
    (reach,) = rows("coupon_reach")
    assert (reach["products"], reach["redeemers"], reach["buyers"]) == (1, 1, 1)
    (like,) = rows("shoppers_like", shopper="shopper:x")
    assert (like["shopper"], like["common"], like["share"]) == ("shopper:y", 1, 1.0)
    assert [row["lacks"] for row in rows("incomplete_products")] == [["brand", "price"]]
    assert [row["id"] for row in rows("near", vector=[1.0, 0.0])] == ["s:1", "s:2"]


def test_substitutes_are_of_a_like_price_in_one_currency(shop: Graph) -> None:
    prices = {"s:3": (9.0, "USD"), "s:4": (10.0, "USD"), "s:5": (9.0, "CNY"), "s:6": (90.0, "USD"), "s:7": (None, None)}
    rows = [{"id": name, "price": price, "currency": currency} for name, (price, currency) in prices.items()]
    shop.write(
        "MATCH (h:Category {id: 'category:h'}) UNWIND $rows AS row CREATE (p:Product)-[:IN_CATEGORY]->(h) SET p = row",
        rows=rows,
    )
    statement = named_queries()["substitutes"].bind(product="s:3")
    found = {row[0] for row in ask(shop, statement.text, statement.params).rows}
    assert found == {"s:2", "s:4", "s:7"}  # those without a price may be


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("CREATE (:X)", "would change"),
        ("MATCH (n) SET n.x = 1", "would change"),
        ("MATCH (n) DETACH DELETE n", "would change"),
        ("MERGE (n:X {id: 1}) RETURN n", "would change"),
        ("EXPLAIN CREATE (:X)", "would change"),
        ("/* a */ profile CREATE (:X)", "would change"),
        ("MATCH (n) CALL (n) { SET n.x = 1 } IN TRANSACTIONS", "would change"),
        ("CREATE INDEX x FOR (n:A) ON (n.b)", "would change"),
        ("DROP CONSTRAINT product_id", "would change"),
        ("ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'", "would change"),
        ("SHOW USERS", "would change"),
        ("SHOW SETTINGS", "command is not let through"),
        ("SHOW TRANSACTIONS", "command is not let through"),
        ("TERMINATE TRANSACTIONS 'neo4j-transaction-1'", "command is not let through"),
        ("LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line", "LOAD CSV"),
        ("CALL { LOAD /* */ CSV FROM 'http://127.0.0.1/' AS line RETURN line } RETURN line", "LOAD CSV"),
        ("CALL dbms.listConfig()", "dbms.listConfig is not let through"),
        ("CALL `dbms`.`listConfig`()", "dbms.listConfig is not let through"),
        ("CALL dbms.listConfig", "procedure dbms.listConfig is not let through"),
        ("CALL tx.setMetaData({a: 1})", "tx.setMetaData is not let through"),
        ("CALL db.create.setNodeVectorProperty(null, 'x', [1.0])", "not let through"),
        ("RETURN apoc.load.json('http://127.0.0.1/')", "apoc.load.json is not let through"),
        ("MATCH (`'`:Product) RETURN apoc.version(), `'`", "apoc.version is not let through"),
        ("RETURN graph.byName ('x')", "graph.byName is not let through"),
        ("CALL dbms.\\u006cistConfig()", "Escapes"),
    ],
)
def test_what_does_not_only_read_the_graph_is_refused_with_a_clear_word(neo4j: Graph, text: str, word: str) -> None:
    with pytest.raises(StatementRefused, match=word):
        ask(neo4j, text)
    assert neo4j.read("MATCH (n:X) RETURN count(n)").rows == ((0,),)


def test_what_is_wrong_with_a_statement_is_said_of_it_as_it_was_written(neo4j: Graph) -> None:
    with pytest.raises(StatementError, match=r"line 1, column 18 \(offset: 17\)") as caught:
        ask(neo4j, "MATCH (p:Product RETURN p")
    assert caught.value.message.splitlines()[1:] == ['"MATCH (p:Product RETURN p"', " " * 18 + "^"]
    with pytest.raises(StatementError, match="--param name=value"):
        ask(neo4j, "MATCH (p {id: $x}) RETURN p")


@pytest.mark.parametrize(
    "text",
    [
        "RETURN date.truncate('month', date()) AS d, point.distance(point({x: 1, y: 1}), point({x: 1, y: 2})) AS p",
        "RETURN 'CALL dbms.listConfig() LOAD CSV \\u0041' AS text // apoc.x()",
        "PROFILE MATCH (n) RETURN count(n)",
        "SHOW INDEXES",
        "CALL db.labels()",
        "RETURN vector.similarity.cosine([1.0, 0.0], [1.0, 0.0]) AS one",
        "UNWIND [1] AS x RETURN x.y IS NULL AND (x = 1) AS z",
    ],
)
def test_reading_is_let_through(neo4j: Graph, text: str) -> None:
    if "x.y" in text:
        text = "UNWIND [{y: 1}] AS x WITH x WHERE x.y IN [1] AND (x.y = 1) RETURN x.y AS z"
    ask(neo4j, text)


def test_injection_in_a_parameter_stays_a_value(neo4j: Graph) -> None:
    nasty = "' OR 1=1 // `) DETACH DELETE (n) \\u0027 $x {0} %s \n"
    answer = ask(neo4j, "RETURN $text AS text", {"text": nasty})
    assert answer.rows == ((nasty,),)


def test_time_and_rows_are_limited(neo4j: Graph) -> None:
    answer = ask(neo4j, "UNWIND range(1, 100) AS x RETURN x", limits=Limits(rows=10))
    assert (len(answer.rows), answer.truncated) == (10, True)
    assert not ask(neo4j, "UNWIND range(1, 10) AS x RETURN x", limits=Limits(rows=10)).truncated
    endless = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a = -b RETURN count(*)"
    with pytest.raises(StatementTimeout, match="longer than it may"):
        ask(neo4j, endless, limits=Limits(timeout_s=0.5))


@pytest.mark.parametrize(
    "text", ["", " ;\n", "MATCH (n", "RETURN $missing", "RETURN 1; RETURN 2", "MATCH (n) RETURN m"]
)
def test_what_is_no_statement_is_said_so(neo4j: Graph, text: str) -> None:
    with pytest.raises(StatementError):
        ask(neo4j, text)


def test_nodes_come_back_as_plain_values_without_their_vectors(shop: Graph) -> None:
    answer = ask(shop, "MATCH p = (a:Product {id: 's:1'})-[r:HAS_BRAND]->(b) RETURN a, r, p, [b] AS list")
    node, edge, path, many = answer.rows[0]
    assert node == {"_labels": ["Product"], "id": "s:1", "price": 9.5, "source": "s", "title": "Pan"}
    assert edge == {"_type": "HAS_BRAND", "claims": ["c1"], "confidence": 1.0}
    assert path == [node, edge, many[0]]
    json.loads(render(answer, "json"))


def test_answers_are_shown_as_tables_csv_and_json() -> None:
    answer = Answer(("name", "n", "x"), (("=HYPERLINK(1)", -2, None), ("a\x1b[31m", 1.5, ["+1", True])))
    read = list(csv.reader(io.StringIO(render(answer, "csv"))))
    assert read == [["name", "n", "x"], ["'=HYPERLINK(1)", "-2", ""], ["a\x1b[31m", "1.5", '["+1", true]']]
    assert json.loads(render(answer, "json"))[0] == {"name": "=HYPERLINK(1)", "n": -2, "x": None}
    table = render(answer, "table")
    assert "\x1b" not in table
    assert "2 rows" in table
    assert "there are more" in render(Answer(("a",), ((1,),), truncated=True), "table")
    with pytest.raises(StatementError, match="table, csv, json"):
        render(answer, "xml")
