import pytest

from graphsvc.types import RecommendRequest, SearchRequest
from tests.gql.conftest import PUBLISHABLE, SECRET, Ask
from tests.gql.memory import PRODUCTS, MemoryShop


def test_a_search_shows_hits_reasons_facets_and_what_was_corrected(ask: Ask) -> None:
    answer = ask(
        """query ($q: String!) { search(query: $q, first: 2, facets: ["brand"], filter: {brands: ["Nordholm"]}) {
            totalCount query correctedQuery queryId offset
            edges { cursor score alike reasons { kind text share subject count claims } node { id title brand } }
            facets { name label values { value name count selected } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }""",
        q="pna",
    )["data"]["search"]
    assert (answer["totalCount"], answer["query"], answer["correctedQuery"]) == (3, "pna", "pan")
    assert [edge["node"]["id"] for edge in answer["edges"]] == ["s:1", "s:2"]
    assert answer["edges"][0]["reasons"] == [
        {"kind": "word", "text": "“pan” stands in its title.", "share": 1.0, "subject": "pan", "count": None,
         "claims": []}
    ]  # fmt: skip
    assert answer["facets"][0]["values"] == [
        {"value": "brand:nordholm", "name": "Nordholm", "count": 3, "selected": True}
    ]
    assert answer["pageInfo"] == {
        "hasNextPage": True, "hasPreviousPage": False, "startCursor": "c1", "endCursor": "c2"
    }  # fmt: skip
    assert answer["queryId"]
    assert answer["offset"] == 0


def test_walking_all_pages_gives_each_match_once(ask: Ask) -> None:
    query = """query ($after: String) { search(query: "pan", first: 2, after: $after) {
        totalCount edges { node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    seen: list[str] = []
    after = None
    while True:
        page = ask(query, after=after)["data"]["search"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == page["totalCount"]


def test_every_argument_of_search_reaches_the_service(ask: Ask, shop: MemoryShop) -> None:
    ask(
        """{ search(query: "x", first: 3, after: "c0", sort: PRICE_DESC, correct: false, facets: ["colour"], filter: {
            brands: ["a"], categories: ["Home > Kitchen"], attributes: [{name: "colour", values: ["red"]},
            {name: "colour", values: ["blue"]}], priceMin: 1, priceMax: 2.5, currency: "EUR",
            inStock: true, sources: ["s"]
        }) { facets { name } edges { reasons { text } } } }"""
    )
    asked = shop.asked[0]
    assert isinstance(asked, SearchRequest)
    assert (asked.query, asked.first, asked.after, asked.sort) == ("x", 3, "c0", "price_desc")
    assert (asked.correct, asked.reasons, tuple(asked.facets)) == (False, True, ("colour",))
    wanted = asked.filter
    assert (wanted.brands, wanted.categories, wanted.sources) == (("a",), ("Home > Kitchen",), ("s",))
    assert wanted.attributes == {"colour": ("red", "blue")}
    assert (wanted.price_min, wanted.price_max, wanted.currency, wanted.in_stock) == (1.0, 2.5, "EUR", True)


def test_an_answer_says_in_which_currency_it_compared_and_why_it_is_empty(ask: Ask) -> None:
    query = """query ($q: String!) { search(query: $q, sort: PRICE) {
        totalCount currency emptyReason facets { name currency } } }"""
    assert ask(query, q="pan")["data"]["search"] == {
        "totalCount": 5, "currency": "EUR", "emptyReason": None, "facets": [{"name": "brand", "currency": None}],
    }  # fmt: skip
    nothing = ask(query, q="xyzzy")["data"]["search"]
    assert (nothing["totalCount"], nothing["emptyReason"]) == (0, "No product has it.")


def test_facets_and_reasons_are_made_only_when_they_are_selected(ask: Ask, shop: MemoryShop) -> None:
    ask("{ search { totalCount } }")
    ask("query { search { ...page } } fragment page on SearchConnection { facets { name } edges { ...hit } }"
        " fragment hit on SearchEdge { reasons { text } }")  # fmt: skip
    bare, full = shop.asked
    assert isinstance(bare, SearchRequest)
    assert isinstance(full, SearchRequest)
    assert (bare.reasons, bare.facets) == (False, ())
    assert (full.reasons, full.facets) == (True, ("*",))


def test_a_product_shows_all_that_is_known_and_null_for_the_rest(ask: Ask) -> None:
    found = ask(
        """{ product(id: "s:1") { id key source title titleDerived description brand brandId manufacturer category
            categoryId price currency stock gtin url image language popularity rating reviews
            attributes { name value nodeId number unit }
            variants { sku title gtin price currency stock attributes { name value number unit } }
            offers { seller price currency stock url } } }"""
    )["data"]["product"]
    assert (found["category"], found["categoryId"]) == (["Home", "Kitchen"], "category:home/kitchen")
    assert (found["manufacturer"], found["url"], found["stock"]) == (None, None, 3)
    assert found["attributes"][0]["nodeId"] == "value:colour=black"
    assert found["variants"][0]["attributes"] == [{"name": "size", "value": "28 cm", "number": 28.0, "unit": "cm"}]
    assert found["offers"][0]["stock"] == 3_000_000_000  # over what GraphQL's Int holds


def test_products_come_in_the_order_of_their_ids_with_null_for_what_is_not_there(ask: Ask) -> None:
    found = ask('{ products(ids: ["s:3", "s:nothing", "s:1"]) { id } product(id: "s:no") { id } }')["data"]
    assert found == {"products": [{"id": "s:3"}, None, {"id": "s:1"}], "product": None}


def test_texts_come_back_as_they_are(ask: Ask) -> None:
    found = ask('{ products(ids: ["s:6", "s:8"]) { title } }')["data"]["products"]
    assert [one["title"] for one in found] == [PRODUCTS[5].title, PRODUCTS[7].title]


def test_a_neighbourhood_is_the_product_in_the_graph(ask: Ask) -> None:
    found = ask(
        """{ product(id: "s:1") { neighbourhood { id label properties
            relations { type outgoing target { id label name } properties claims } } }
            entity(id: "s:1") { relations(type: "BOUGHT_WITH", first: 1) { properties } } }"""
    )["data"]
    brand, bought = found["product"]["neighbourhood"]["relations"]
    assert brand["target"] == {"id": "brand:nordholm", "label": "Brand", "name": "Nordholm"}
    assert (brand["outgoing"], brand["claims"], bought["outgoing"]) == (True, ["claim:1"], False)
    assert found["entity"]["relations"] == [{"properties": {"count": 3, "lift": 1.5}}]


def test_without_neo4j_all_but_the_graph_is_answered_and_it_is_said(ask: Ask, shop: MemoryShop) -> None:
    shop.graph_away = True
    answer = ask('{ product(id: "s:1") { title neighbourhood { id } } }')
    assert answer["data"]["product"] == {"title": "Frying pan 28 cm", "neighbourhood": None}
    error = answer["errors"][0]
    assert (error["path"], error["extensions"]["code"]) == (["product", "neighbourhood"], "GRAPH_UNAVAILABLE")
    assert "bolt" not in str(answer)


def test_a_category_shows_its_tree(ask: Ask) -> None:
    found = ask(
        '{ category(id: "category:home") { name path count parent { id } children { name parent { name } count } } }'
    )["data"]["category"]
    assert (found["path"], found["count"], found["parent"]) == (["Home"], 8, None)
    assert found["children"] == [
        {"name": "Kitchen", "parent": {"name": "Home"}, "count": 7},
        {"name": "Light", "parent": {"name": "Home"}, "count": 1},
    ]
    assert ask('{ category(id: "category:none") { id } }')["data"] == {"category": None}


def test_predictive_search_completes(ask: Ask) -> None:
    found = ask('{ predictiveSearch(query: "ket", first: 1) { kind target text } }')["data"]["predictiveSearch"]
    assert found == [{"kind": "product", "target": "s:4", "text": "Kettle 1.7 l"}]


def test_recommendations_move_with_the_events_of_a_session(ask: Ask) -> None:
    query = """query ($min: Long) { recommendations(sessionId: "v1", first: 2, minOffset: $min) {
        totalCount queryId offset edges { cursor score reasons { text } node { id } }
        pageInfo { hasNextPage endCursor } } }"""
    before = ask(query)["data"]["recommendations"]
    assert [edge["node"]["id"] for edge in before["edges"]] == ["s:4", "s:1"]
    written = ask('mutation { track(events: [{productId: "s:9", kind: VIEW, sessionId: "v1"}]) { offset count } }')
    after = ask(query, min=written["data"]["track"]["offset"])["data"]["recommendations"]
    assert [edge["node"]["id"] for edge in after["edges"]] == ["s:9", "s:4"]
    assert (after["totalCount"], after["pageInfo"]) == (2, {"hasNextPage": False, "endCursor": "2"})


def test_what_goes_with_a_product(ask: Ask, shop: MemoryShop) -> None:
    answer = ask(
        """{ productRecommendations(productId: "s:4", intent: COMPLEMENTARY, first: 1, filter: {inStock: true}) {
            edges { node { id } reasons { kind text } } } }"""
    )
    assert [edge["node"]["id"] for edge in answer["data"]["productRecommendations"]["edges"]] == ["s:1"]
    asked = shop.asked[0]
    assert isinstance(asked, RecommendRequest)
    assert (asked.product, asked.intent, asked.filter.in_stock) == ("s:4", "complementary", True)


def test_an_unknown_product_has_no_recommendations(ask: Ask) -> None:
    answer = ask('{ productRecommendations(productId: "s:no") { totalCount } }')
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"] == {"code": "NOT_FOUND", "nextStep": "Leave it out."}


def test_status_says_more_to_the_secret_token(ask: Ask) -> None:
    query = "{ status { ready offset products version encoder projections { name offset lag detail } } }"
    told = ask(query)
    assert told["data"]["status"]["ready"] is True
    assert told["data"]["status"]["projections"] is None
    assert told["errors"][0]["path"] == ["status", "projections"]
    assert ask(query, SECRET)["data"]["status"]["projections"][0]["name"] == "graph"


def test_an_answer_may_wait_for_an_offset_but_not_for_ever(ask: Ask) -> None:
    answer = ask('{ product(id: "s:1", minOffset: 7) { id } }')
    assert answer["errors"][0]["extensions"]["code"] == "LAG"


@pytest.mark.parametrize("token", [PUBLISHABLE, SECRET])
def test_nothing_but_status_is_answered_before_the_shop_is_ready(ask: Ask, shop: MemoryShop, token: str) -> None:
    shop.is_ready = False
    answer = ask('{ status { ready } product(id: "s:1") { id } }', token)
    assert answer["data"] == {"status": {"ready": False}, "product": None}
    assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


def test_what_a_text_says_is_shown_with_its_places_to_the_secret_token(ask: Ask) -> None:
    asked = """query ($text: String!) { extract(text: $text) {
        mentions { start end text label } attributes { name value start end quote node known }
        relations { relation head { text } tail { text } confidence } } }"""
    found = ask(asked, SECRET, text="Nordholm pan, red")["data"]["extract"]
    assert found["mentions"][1] == {"start": 9, "end": 12, "text": "pan", "label": "product"}
    assert (found["attributes"][0]["node"], found["attributes"][0]["known"]) == ("value:colour=red", True)
    assert found["relations"] == [
        {"relation": "made_by", "head": {"text": "pan"}, "tail": {"text": "Nordholm"}, "confidence": 0.7}
    ]
    assert ask(asked, SECRET, text=" ")["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert ask(asked, text="pan")["errors"][0]["extensions"]["code"] == "FORBIDDEN"
