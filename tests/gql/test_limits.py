import time

import pytest
from graphql import get_introspection_query, parse

from gql.documents import KEPT_TOKENS, Documents
from gql.limits import NESTING, REPEATS, ROUND_TRIP, Limits, count_tokens
from gql.schema import build_schema
from graphsvc.errors import QueryError
from graphsvc.settings import Settings
from tests.gql.conftest import SECRET, Ask

LIMITS = Limits.of(Settings())
SCHEMA = build_schema()


def cost(query: str, **variables: object) -> int:
    documents = Documents(SCHEMA.core, LIMITS)
    document = documents.take(query)
    documents.fields(document, None, variables)
    if document.costs:
        return document.costs[None]
    loose = Limits(LIMITS.tokens, LIMITS.depth, LIMITS.aliases, 0)
    with pytest.raises(QueryError, match="objects") as found:
        Documents(SCHEMA.core, loose).fields(document, None, variables)
    return int(found.value.message.split()[4].replace(",", ""))


def refusal(ask: Ask, query: str, **variables: object) -> str:
    start = time.process_time()
    answer = ask(query, **variables)
    assert time.process_time() - start < 1.0
    assert answer["errors"][0]["extensions"]["code"] == "BAD_QUERY"
    assert answer["errors"][0]["extensions"]["nextStep"]
    return str(answer["errors"][0]["message"])


def test_ten_thousand_aliases_are_refused_at_once(ask: Ask) -> None:
    many = "{" + " ".join(f'a{n}: product(id: "s:1") {{ id }}' for n in range(10_000)) + "}"
    assert "characters" in refusal(ask, many)
    assert "tokens" in refusal(ask, "{" + " ".join(f"a{n}:status{{ready}}" for n in range(2_000)) + "}")
    few = "{" + " ".join(f"a{n}: status {{ ready }}" for n in range(LIMITS.aliases + 1)) + "}"
    assert refusal(ask, few) == "The request has 31 aliases; 30 are allowed."
    assert "errors" not in ask("{" + " ".join(f"a{n}: status {{ ready }}" for n in range(LIMITS.aliases)) + "}")


def test_aliases_in_fragments_count_each_time_they_are_spread(ask: Ask) -> None:
    doubling = "".join(f"fragment f{n} on Status {{ ...f{n + 1} x{n}: ready ...f{n + 1} }} " for n in range(60))
    assert "aliases" in refusal(ask, f"{{ status {{ ...f0 }} }} {doubling} fragment f60 on Status {{ a: ready }}")


def test_deep_queries_are_refused(ask: Ask) -> None:
    tree = "id"
    for _ in range(LIMITS.depth):
        tree = f"parent {{ {tree} }}"
    assert "deeper than 12" in refusal(ask, f'{{ category(id: "c") {{ {tree} }} }}')
    assert "deeper" in refusal(ask, "{a" * (NESTING + 1) + "}" * (NESTING + 1))
    assert "deeper" in refusal(ask, "{ product(id: " + "[" * 1_900 + ") { id } }")
    chain = "".join(f"fragment f{n} on Category {{ parent {{ ...f{n + 1} }} }} " for n in range(90))
    assert "deeper" in refusal(ask, f'{{ category(id: "c") {{ ...f0 }} }} {chain} fragment f90 on Category {{ id }}')


def test_fragments_that_spread_themselves_are_refused(ask: Ask) -> None:
    assert "itself" in refusal(ask, "{ status { ...a } } fragment a on Status { ...b } fragment b on Status { ...a }")
    assert "nothing" in refusal(ask, "{ status { ...nothing } }")


def test_one_field_many_times_is_refused_before_validation_compares_them(ask: Ask) -> None:
    many = "status{ready} " * 490
    assert "selected 490 times" in refusal(ask, "{" + many + "}")
    assert "selected 490 times" in refusal(ask, "query A {" + many + "}")
    answer = ask("query A { __typename } query B {" + many + "}")  # asked without a name; B is refused all the same
    assert "selected 490 times" in answer["errors"][0]["message"]
    spread = " ".join(f"...f{n}" for n in range(REPEATS + 1))
    each = " ".join(f"fragment f{n} on Query {{ status {{ ready }} }}" for n in range(REPEATS + 1))
    assert "times" in refusal(ask, f"{{ {spread} }} {each}")


def test_deep_introspection_is_refused(ask: Ask) -> None:
    tree = "name"
    for _ in range(12):
        tree = f"fields {{ type {{ {tree} }} }}"
    assert "introspection" in refusal(ask, f"{{ __schema {{ types {{ {tree} }} }} }}").lower()


INTROSPECTION = get_introspection_query(
    descriptions=True, specified_by_url=True, directive_is_repeatable=True, schema_description=True,
    input_value_deprecation=True,
)  # fmt: skip


def objects(answer: object) -> int:
    if isinstance(answer, dict):
        return 1 + sum(map(objects, answer.values()))
    return sum(map(objects, answer)) if isinstance(answer, list) else 0


def test_introspection_is_answered_whole_and_costs_what_it_answers_with(ask: Ask) -> None:
    answer = ask(INTROSPECTION, token=None)
    assert "errors" not in answer
    assert cost(INTROSPECTION) == objects(answer["data"]) - 1
    fields = '{ __typename __schema { queryType { name } } __type(name: "Product") { fields { name } } }'
    assert cost(fields) == objects(ask(fields)["data"]) - 1  # Product has most fields


def test_introspection_with_aliases_is_refused_before_it_is_answered(ask: Ask) -> None:
    lists = " ".join(f"b{n}: fields {{ name type {{ name }} }}" for n in range(60))
    many = "{ __schema {" + " ".join(f"a{n}: types {{ ...f }}" for n in range(100)) + "} }"
    assert "aliases" in refusal(ask, f"{many} fragment f on __Type {{ {lists} }}")
    named = "fields { type { name } args { type { name } } }"
    under = f"type {{ ofType {{ {named} ofType {{ ofType {{ {named} }} }} }} }}"
    lists = " ".join(f"b{n}: fields {{ {under} }}" for n in range(5))
    few = "{ __schema {" + " ".join(f"a{n}: types {{ ...f }}" for n in range(5)) + "} }"
    assert "objects" in refusal(ask, f"{few} fragment f on __Type {{ {lists} }}")
    once = "{ __schema { types { fields { type { fields { type { name kind } args { type { name } } } } } } } }"
    assert "errors" not in ask(once)


def test_introspection_that_leads_everywhere_is_counted_at_once(ask: Ask) -> None:
    chain = ""
    for n in range(45):
        under = f"...f{n + 1}"
        chain += f"fragment f{n} on __Type {{ fields {{ type {{ {under} }} args {{ type {{ {under} }} }} }} {under} }} "
    assert "objects" in refusal(
        ask, f"{{ __schema {{ types {{ ...f0 }} }} }} {chain} fragment f45 on __Type {{ name }}"
    )
    cycle = "fragment a on __Type { ofType { ...b } } fragment b on __Type { ...a }"
    assert "itself" in refusal(ask, f'{{ __type(name: "Product") {{ ...a }} }} {cycle}')
    assert refusal(ask, "{ __schema { nothing { name } types { name { length } ...lost } } }")


def test_cost_counts_the_objects_that_an_answer_may_hold() -> None:
    assert cost("{ status { ready } }") == 1
    assert cost("{ search { totalCount } }") == 1 + 20  # made, though not shown
    assert cost("{ search(first: 5) { edges { node { id } } } }") == 1 + 5 * 2
    assert cost("{ search(first: 5) { edges { reasons { text } node { attributes { name } } } } }") == 1 + 5 * 22
    assert cost("{ search(first: 5) { facets { values { name } } } }") == 1 + 10 * 11
    assert cost('{ products(ids: ["a", "b", "c"]) { offers { price } } }') == 3 * 11
    assert cost('{ entity(id: "x") { relations(first: 200) { type } } }') == ROUND_TRIP + 1 + 200
    assert cost("{ search(first: 5) { edges { node { neighbourhood { id } } } } }") == 1 + 5 * (3 + ROUND_TRIP)
    named = "query ($n: Int = 4, $ids: [ID!]!) { search(first: $n) { edges { cursor } } products(ids: $ids) { id } }"
    assert cost(named, n=7, ids=["a"] * 9) == 1 + 7 + 9
    assert cost(named, ids=[]) == 1 + 4
    fragments = "{ search(first: 3) { ...p } } fragment p on SearchConnection { edges { ...e ...e } } "
    assert cost(fragments + "fragment e on SearchEdge { node { id } }") == 1 + 3 * 3


def test_what_costs_too_much_is_refused_with_what_to_do(ask: Ask) -> None:
    assert "objects; 20,000" in refusal(
        ask, "{ search(first: 900) { edges { reasons { text } node { attributes { name } variants { sku } } } } }"
    )
    query = "query ($n: Int!) { search(first: $n) { edges { reasons { text } node { attributes { name } } } } }"
    assert "errors" not in ask(query, n=20)
    assert "objects" in ask(query, n=1_000)["errors"][0]["message"]
    huge = "9" * 5_000
    assert "objects" in refusal(ask, f"{{ search(first: {huge}) {{ totalCount }} }}")


def test_a_size_counts_as_what_graphql_takes_it_for() -> None:
    query = "query ($n: Int) { search(first: $n) { edges { node { id } } } }"
    assert cost(query, n=400.0) == cost(query, n=400) == 1 + 400 * 2
    assert cost(query) == 1 + 20 * 2  # not given: the argument's own default
    relations = 'query ($n: Int) { entity(id: "x") { relations(first: $n) { type } } }'
    assert cost(relations) == cost(relations.replace("Int", "Int = 50")) == ROUND_TRIP + 1 + 50


def test_a_size_written_as_a_fraction_passes_no_limit(ask: Ask) -> None:
    query = "query ($n: Int!) { search(first: $n) { edges { reasons { text } node { attributes { name } } } } }"
    assert "objects" in refusal(ask, query, n=1_000.0)
    assert "objects" in refusal(ask, query, n=1e300)


def test_a_page_asks_the_graph_for_some_products_but_not_for_a_thousand(ask: Ask) -> None:
    page = "query ($n: Int!) { search(first: $n) { edges { node { neighbourhood { relations { type } } } } } }"
    assert "errors" not in ask(page, n=20)
    assert "`neighbourhood` counts as 500" in ask(page, n=1_000)["errors"][0]["extensions"]["nextStep"]
    nodes = "{" + " ".join(f'a{n}: entity(id: "s:1") {{ id }}' for n in range(30)) + "}"
    assert "errors" not in ask(nodes)
    assert "objects" in refusal(
        ask, nodes[:-1] + 'products(ids: ["s:1"' + ', "s:1"' * 9 + "]) { neighbourhood { id } } }"
    )


@pytest.mark.parametrize(
    ("query", "given", "said"),
    [
        ("query ($l: [ID!]) { recommendations(basket: $l) { totalCount } }", ["s:1"] * 201, "basket: 201"),
        ("query ($l: [ID!]!) { products(ids: $l) { id } }", ["s:1"] * 1_001, "ids: 1,001"),
        ("query ($l: [String!]) { search(facets: $l) { facets { name } } }", ["brand"] * 101, "facets: 101"),
        ("query ($l: [String!]) { search(filter: {brands: $l}) { totalCount } }", ["a"] * 501, "brands: 501"),
        ("query ($l: [String!]) { search(filter: {categories: $l}) { totalCount } }", ["a"] * 501, "categories: 501"),
        ("query ($l: [String!]) { search(filter: {sources: $l}) { totalCount } }", ["a"] * 501, "sources: 501"),
        (
            "query ($l: [AttributeFilter!]) { search(filter: {attributes: $l}) { totalCount } }",
            [{"name": "colour", "values": ["red"]}] * 101, "attributes: 101",
        ),
        (
            "query ($l: [AttributeFilter!]) { search(filter: {attributes: $l}) { totalCount } }",
            [{"name": "colour", "values": ["red"] * 300}] * 2, "values: 600",
        ),
    ],
)  # fmt: skip
def test_lists_are_bounded_and_the_error_says_how(ask: Ask, query: str, given: list[object], said: str) -> None:
    (error,) = ask(query, l=given)["errors"]
    assert error["message"].startswith(f"{said} in one call")
    assert (error["extensions"]["code"], "Send at most" in error["extensions"]["nextStep"]) == ("BAD_QUERY", True)
    assert "errors" not in ask(query, l=given[:1])


def test_names_of_shoppers_and_sessions_are_bounded(ask: Ask) -> None:
    for query in (
        "query ($s: String!) { recommendations(sessionId: $s) { totalCount } }",
        "query ($s: String!) { recommendations(shopperId: $s) { totalCount } }",
        'query ($s: String!) { productRecommendations(productId: "s:1", sessionId: $s) { totalCount } }',
    ):
        assert "500" in ask(query, SECRET, s="v" * 501)["errors"][0]["extensions"]["nextStep"]
        assert "errors" not in ask(query, SECRET, s="v" * 500)


@pytest.mark.parametrize("first", [-1, 1_001])
def test_a_page_of_an_impossible_size_is_refused(ask: Ask, first: int) -> None:
    assert "between 0 and 1,000" in refusal(ask, f"{{ search(first: {first}) {{ totalCount }} }}")
    assert "between 0 and 1,000" in refusal(ask, f'{{ predictiveSearch(query: "p", first: {first}) {{ text }} }}')


def test_tokens_are_counted_as_the_parser_counts_them() -> None:
    for text in ("{ a }", 'query Q($a: [Int!]! = [1, 2]) { b(c: "x", d: """y""") @skip(if: true) { ...f } }'):
        assert count_tokens(text, LIMITS) == parse(text).token_count


def test_documents_are_kept_within_bounds() -> None:
    documents = Documents(SCHEMA.core, LIMITS)
    first = documents.take("{ a0 }")
    assert documents.take("{ a0 }") is first
    for n in range(KEPT_TOKENS // 3 + 10):
        documents.take(f"{{ a{n + 1} }}")
    assert documents.tokens <= KEPT_TOKENS
    assert documents.take("{ a0 }") is not first
