from pathlib import Path

import pytest

from graphsvc.errors import QueryError
from graphsvc.search.catalogue import Catalogue
from graphsvc.search.data import no_products
from graphsvc.types import Filter, SearchRequest, SearchResult
from tests.graphsvc.search.catalogues import LIKED, SHOP, WordEncoder, build, data_of, product


@pytest.fixture(scope="module")
def encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, encoder: WordEncoder) -> Catalogue:
    return build(tmp_path_factory.mktemp("shop"), data_of(SHOP, LIKED), encoder)


def keys(result: SearchResult) -> list[str]:
    return [hit.product.key for hit in result.hits]


def test_the_thing_asked_for_comes_first(shop: Catalogue) -> None:
    result = shop.search(SearchRequest("frying pan"))
    assert keys(result)[0] == "1"
    assert result.offset == 7
    assert result.total == len(result.hits)
    hit = result.hits[0]
    assert (hit.product.brand, hit.product.brand_id) == ("Nordholm", "brand:nordholm")
    assert hit.product.category == ("Home", "Kitchen", "Pans")
    assert hit.product.category_id == "category:home/kitchen/pans"
    assert {a.node for a in hit.product.attributes} == {"value:colour=black", "value:material=cast-iron"}
    assert (hit.product.popularity, hit.product.rating, hit.product.reviews) == (5.0, 4.0, 2)


def test_chinese_is_found_by_its_words_and_by_a_homophone(shop: Catalogue) -> None:
    assert keys(shop.search(SearchRequest("保温杯")))[0] == "5"
    assert keys(shop.search(SearchRequest("保温呗")))[0] == "5"


def test_one_character_finds_the_words_that_have_it(shop: Catalogue) -> None:
    result = shop.search(SearchRequest("杯"))
    assert keys(result)[0] == "5"
    assert "has “杯”" in [reason.text for reason in result.hits[0].reasons]
    assert shop.search(SearchRequest("的")).total == 0


def test_traditional_characters_meet_simplified_ones(shop: Catalogue) -> None:
    assert "has “不锈钢保温杯”" in [r.text for r in shop.search(SearchRequest("不鏽鋼保溫杯")).hits[0].reasons]


def test_a_typo_is_corrected_unless_that_is_refused(shop: Catalogue) -> None:
    result = shop.search(SearchRequest("wireles mouse"))
    assert result.corrected == "wireless mouse"
    assert keys(result)[0] == "6"
    assert "correction" in {reason.kind for reason in result.hits[0].reasons}
    kept = shop.search(SearchRequest("wireles mouse", correct=False))
    assert kept.corrected is None
    assert "correction" not in {reason.kind for hit in kept.hits for reason in hit.reasons}


def test_a_word_that_only_retired_products_have_is_not_known(shop: Catalogue) -> None:
    grown = shop.with_changes(8, data_of([product("90", "Zebra striped ukulele", brand="Uketon")]))
    assert keys(grown.search(SearchRequest("ukulele"))) == ["90"]
    gone = grown.with_changes(9, no_products(9), ["shop:90"])
    for query in ("ukulele", "zebra", "uketon"):
        assert gone.search(SearchRequest(query)).total == 0


def test_nothing_known_and_nothing_near_is_no_answer(shop: Catalogue) -> None:
    result = shop.search(SearchRequest("xyzzyqq vbnmkl", facets=("*",)))
    assert (result.total, result.hits, result.facets, result.has_next) == (0, (), (), False)


def test_alike_products_of_derived_titles_are_one_hit_and_others_are_not(shop: Catalogue) -> None:
    result = shop.search(SearchRequest("greeting card"))
    cards = [hit for hit in result.hits if hit.product.source == "grocer"]
    assert [(hit.product.key, hit.alike) for hit in cards] == [("8", 2)]  # the most liked stands for the three
    assert {"10", "11"} <= set(keys(result))
    cheap = shop.search(SearchRequest("greeting card", Filter(sources=("grocer",), price_max=3.0)))
    assert [(hit.product.key, hit.alike) for hit in cheap.hits] == [("7", 0)]
    assert cheap.total == 1


def test_an_empty_query_browses_by_popularity(shop: Catalogue) -> None:
    result = shop.search(SearchRequest("  ", first=3))
    assert keys(result) == ["4", "1", "8"]
    assert result.total == 9
    assert result.hits[0].reasons[0].kind == "popular"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(brands=("brand:sorrel",)), {"3", "4"}),
        (Filter(brands=("SORREL", "quill")), {"3", "4", "6"}),
        (Filter(brands=("岚山",)), {"5"}),
        (Filter(brands=("Nobody",)), set()),
        (Filter(categories=("category:home",)), {"1", "2", "3", "4", "5"}),
        (Filter(categories=("kitchen",)), {"1", "2", "5"}),
        (Filter(categories=("Home > Kitchen > Cups",)), {"5"}),
        (Filter(attributes={"颜色": ("BLACK",)}), {"1", "4", "6"}),
        (Filter(attributes={"colour": ("value:colour=white", "银色")}), {"3", "5"}),
        (Filter(attributes={"color": ("black",), "material": ("cast iron",)}), {"1"}),
        (Filter(price_min=29.0, price_max=55.0), {"1", "2", "3"}),
        (Filter(in_stock=True), {"1", "6"}),
        (Filter(in_stock=False), {"2"}),
        (Filter(sources=("grocer",)), {"8"}),
        (Filter(brands=("brand:sorrel",), price_min=100), {"4"}),
        (Filter(brands=("value:colour=black",)), set()),  # a node of another field
    ],
)
def test_filters(shop: Catalogue, wanted: Filter, expected: set[str]) -> None:
    result = shop.search(SearchRequest(filter=wanted))
    assert set(keys(result)) == expected
    allowed = shop.allowed(wanted)
    passing = {name for name, passes in zip(shop.ids, allowed, strict=True) if passes}
    assert {f"{hit.product.id}" for hit in result.hits} <= passing


@pytest.mark.parametrize(
    "request_",
    [
        SearchRequest(filter=Filter(attributes={"wingspan": ("2 m",)})),
        SearchRequest(facets=("wingspan",)),
        SearchRequest(filter=Filter(price_min=float("nan"))),
        SearchRequest(filter=Filter(price_max=float("inf"))),
        SearchRequest(first=-1),
        SearchRequest(first=float("nan")),  # type: ignore[arg-type]
        SearchRequest(first=True),
        SearchRequest(sort="colour"),  # type: ignore[arg-type]
        SearchRequest("x" * 10_000),
        SearchRequest(filter=Filter(brands=("x",) * 1_000)),
    ],
)
def test_what_is_not_valid_is_refused_with_a_next_step(shop: Catalogue, request_: SearchRequest) -> None:
    with pytest.raises(QueryError) as caught:
        shop.search(request_)
    assert caught.value.next_step


def test_an_unknown_attribute_names_the_known_ones(shop: Catalogue) -> None:
    with pytest.raises(QueryError, match="colour, material"):
        shop.search(SearchRequest(filter=Filter(attributes={"wingspan": ("2 m",)})))


def test_sorts_put_the_unknown_last(shop: Catalogue) -> None:
    prices = [hit.product.price for hit in shop.search(SearchRequest(sort="price")).hits]
    assert prices == sorted(price for price in prices if price is not None)
    falling = [hit.product.price for hit in shop.search(SearchRequest(sort="price_desc")).hits]
    assert falling == prices[::-1]
    assert {hit.product.rating for hit in shop.search(SearchRequest(sort="rating", first=4)).hits} == {4.0}
    assert keys(shop.search(SearchRequest(sort="popularity")))[:2] == ["4", "1"]


def test_facets_count_what_choosing_gives_and_ignore_their_own_choice(shop: Catalogue) -> None:
    result = shop.search(SearchRequest(filter=Filter(brands=("sorrel",)), facets=("brand", "colour", "category")))
    brand, colour, category = result.facets
    assert {value.name: (value.count, value.selected) for value in brand.values} == {
        "Sorrel": (2, True), "Nordholm": (2, False), "Quill": (1, False), "岚山": (1, False),
    }  # fmt: skip
    assert {value.id: value.count for value in colour.values} == {"value:colour=white": 1, "value:colour=black": 1}
    assert (colour.name, colour.label) == ("colour", "Colour")
    assert [(value.id, value.name, value.count) for value in category.values] == [("category:home", "Home", 2)]
    below = shop.search(SearchRequest(filter=Filter(categories=("category:home",)), facets=("category",))).facets[0]
    assert {(value.name, value.count, value.selected) for value in below.values} == {
        ("Home", 5, True), ("Kitchen", 3, False), ("Lighting", 2, False),
    }  # fmt: skip


def test_truth_values_are_said_as_people_say_them(tmp_path: Path) -> None:
    said = [("true", "false"), ("False", "true"), ("maybe", "true")]
    rows = [product(str(at), f"lamp {at}", attributes={"Dimmable": a, "防水": b}) for at, (a, b) in enumerate(said)]
    shop = build(tmp_path, data_of(rows))
    english, chinese = shop.search(SearchRequest(facets=("dimmable", "防水"))).facets
    assert {value.name for value in english.values} == {"yes", "no", "maybe"}
    assert {value.name: value.count for value in chinese.values} == {"是": 2, "否": 1}
    yes = next(value for value in english.values if value.name == "yes")
    assert keys(shop.search(SearchRequest(filter=Filter(attributes={"dimmable": (yes.id,)})))) == ["0"]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (SearchRequest("xyzzyqq"), "No product has a word of “xyzzyqq”, and none is near it in meaning. Try other or"),
        (SearchRequest("xyzzyqq", correct=False), "or let them be corrected."),
        (SearchRequest("z" * 500), f"“{'z' * 80}…”"),
        (
            SearchRequest("lamp", Filter(in_stock=True)),
            "Products match “lamp”, but none passes the filter. Take a part",
        ),
        (
            SearchRequest("", Filter(brands=("Nobody",))),
            "No product passes the filter. Take a part of the filter away.",
        ),
        (SearchRequest(filter=Filter(price_max=0.5)), "away, or name another currency."),
    ],
)
def test_an_empty_answer_says_why_and_what_to_try(shop: Catalogue, request_: SearchRequest, reason: str) -> None:
    result = shop.search(request_)
    assert result.total == 0
    assert reason in (result.empty_reason or "")
    assert shop.search(SearchRequest("lamp", first=0)).empty_reason is None


def test_all_facets_are_those_that_matter(shop: Catalogue) -> None:
    names = [facet.name for facet in shop.search(SearchRequest(facets=("*",))).facets]
    assert names == ["category", "brand", "price", "stock", "source", "colour"]


def test_reasons_share_one_score_and_name_claims(shop: Catalogue) -> None:
    hit = shop.search(SearchRequest("nordholm pan cast iron")).hits[0]
    assert 0 < sum(reason.share for reason in hit.reasons) <= 1 + 1e-9
    assert all(0 <= reason.share <= 1 for reason in hit.reasons)
    fact = next(reason for reason in hit.reasons if reason.subject == "value:material=cast-iron")
    assert (fact.kind, fact.text) == ("fact", "material: cast iron")
    assert fact.claims == ("claim:shop:1:value:material=cast-iron",)
    assert {"word", "meaning"} <= {reason.kind for reason in hit.reasons}
    assert shop.search(SearchRequest("pan", reasons=False)).hits[0].reasons == ()


def test_the_ranking_is_the_one_that_search_serves(shop: Catalogue) -> None:
    for query in ("lamp", "greeting card", "pan", "不锈钢"):
        served = [hit.product.id for hit in shop.search(SearchRequest(query, first=100)).hits]
        ranked = shop.ranking(query, 100)
        assert ranked[: len(served)] == served
        assert shop.ranking(query, 100, matches_only=True) == served
        scores = dict(zip(shop.ids, shop.scores(query).tolist(), strict=True))
        assert [scores[name] for name in ranked] == sorted((scores[name] for name in ranked), reverse=True)


def test_products_categories_and_neighbours(shop: Catalogue) -> None:
    assert len(shop) == len(shop.ids) == len(SHOP)
    assert shop.product("shop:nothing") is None
    assert [found.key if found else None for found in shop.products(["shop:3", "x", "grocer:7"])] == ["3", None, "7"]
    assert shop.facts_of("shop:3") == ["brand:sorrel", "category:home/lighting", "value:colour=white"]
    kitchen = shop.category("category:home/kitchen")
    assert kitchen is not None
    assert (kitchen.name, kitchen.path, kitchen.count) == ("Kitchen", ("Home", "Kitchen"), 3)
    assert (kitchen.parent, kitchen.children) == (
        "category:home", ("category:home/kitchen/cups", "category:home/kitchen/pans"),
    )  # fmt: skip
    assert shop.category("brand:sorrel") is None
    near = shop.similar("shop:3", 4)
    assert near[0][0] == "shop:4"
    assert all(-1 <= cosine <= 1.0001 for _, cosine in near)
    assert "grocer:7" not in {name for name, _ in shop.similar("grocer:8", 20)}  # alike, so it is itself
    assert shop.similar("shop:nothing", 3) == []
    assert len(shop.similar("shop:3", 10_000)) == 8


def test_completions(shop: Catalogue) -> None:
    assert [(found.kind, found.id) for found in shop.predict("sor")][0] == ("brand", "brand:sorrel")
    assert [found.id for found in shop.predict("sor lam") if found.kind == "product"] == ["shop:4", "shop:3"]
    assert [found.text for found in shop.predict("kitch")] == ["Kitchen"]
    assert [found.id for found in shop.predict("保温")] == ["shop:5"]
    assert [found.id for found in shop.predict("greeting ca")] == ["grocer:8", shop.predict("greeting ca")[1].id]
    assert [found.id for found in shop.predict("wirelss mouse")] == ["shop:6"]  # corrected
    assert shop.predict("") == shop.predict("sor", 0) == []
    assert shop.predict("zzz\ud800") == []


def test_changes_are_laid_over_and_the_old_catalogue_stays(shop: Catalogue, encoder: WordEncoder) -> None:
    encoder.seen.clear()
    cheaper = {**SHOP[2], "price": 1.5, "batch": "l8"}
    changed = shop.with_changes(8, data_of([cheaper], {"3": 50.0}))
    assert encoder.seen == []  # a changed price encodes nothing
    found = changed.product("shop:3")
    assert found is not None
    assert (found.price, found.popularity, changed.offset, len(changed)) == (1.5, 50.0, 8, len(SHOP))
    assert [hit.product.price for hit in changed.search(SearchRequest("sorrel table lamp", first=1)).hits] == [1.5]
    assert keys(changed.search(SearchRequest(first=1))) == ["3"]
    assert keys(changed.search(SearchRequest(sort="newest", first=1))) == ["3"]
    again = changed.with_changes(9, data_of([product("12", "Bramble espresso machine", brand="Bramble",
                                                     attributes={"Pressure": "15 bar"})]), ["shop:3"])  # fmt: skip
    assert len(again) == len(SHOP)
    assert again.product("shop:3") is None
    assert again.product("shop:12") is not None
    assert keys(again.search(SearchRequest("espresso machine")))[0] == "12"
    assert keys(again.search(SearchRequest("expresso machine")))[0] == "12"  # its words are corrected to
    assert keys(again.search(SearchRequest(filter=Filter(brands=("bramble",))))) == ["12"]
    assert keys(again.search(SearchRequest(filter=Filter(attributes={"pressure": ("15 bar",)})))) == ["12"]
    assert [found.id for found in again.predict("bram")][:2] == ["brand:bramble", "shop:12"]
    assert again.similar("shop:12", 2)
    assert "shop:3" not in {name for name, _ in again.similar("shop:4", 20)}
    assert "shop:3" not in list(again.ids)
    assert "3" not in keys(again.search(SearchRequest("sorrel table lamp")))
    first = shop.product("shop:3")
    assert first is not None
    assert first.price == 55.0
    assert shop.product("shop:12") is None
    with pytest.raises(QueryError):
        shop.search(SearchRequest(filter=Filter(attributes={"pressure": ("15 bar",)})))


def test_a_change_from_an_old_state_does_not_touch_another_change(shop: Catalogue) -> None:
    left = shop.with_changes(8, data_of([product("20", "Left glove")]))
    right = shop.with_changes(8, data_of([product("21", "Right shoe")]))
    further = left.with_changes(9, data_of([product("22", "Third hat")]))
    assert [left.product(name) is not None for name in ("shop:20", "shop:21", "shop:22")] == [True, False, False]
    assert [right.product(name) is not None for name in ("shop:20", "shop:21", "shop:22")] == [False, True, False]
    assert keys(further.search(SearchRequest("left glove")))[0] == "20"
    assert keys(further.search(SearchRequest("third hat")))[0] == "22"
    assert keys(right.search(SearchRequest("right shoe")))[0] == "21"


def test_alike_products_stay_one_hit_when_one_of_them_changes(shop: Catalogue) -> None:
    changed = shop.with_changes(8, data_of([{**SHOP[6], "price": 9.0}], {"7": 10.0}))
    cards = [hit for hit in changed.search(SearchRequest("greeting card")).hits if hit.product.source == "grocer"]
    assert [(hit.product.key, hit.product.price, hit.alike) for hit in cards] == [("7", 9.0, 2)]
    moved = changed.with_changes(9, data_of([{**SHOP[6], "category": ["Paper", "Birthday"]}]))
    cards = [hit for hit in moved.search(SearchRequest("greeting card")).hits if hit.product.source == "grocer"]
    assert sorted((hit.product.key, hit.alike) for hit in cards) == [("7", 0), ("8", 1)]


def test_many_changes_one_after_another_are_all_found(shop: Catalogue) -> None:
    changed = shop
    for at in range(300):
        changed = changed.with_changes(8 + at, data_of([product(f"n{at}", f"gadget number{at} blue")]))
    assert len(changed) == len(SHOP) + 300
    assert keys(changed.search(SearchRequest("number17", first=1, correct=False))) == ["n17"]
    assert changed.search(SearchRequest("gadget")).total == 300
    assert len(changed._state.corpus.segments) < 6
    gone = changed.with_changes(400, no_products(400), [f"shop:n{at}" for at in range(299)])
    assert gone.search(SearchRequest("gadget blue")).hits[0].product.key == "n299"
    assert gone.at(500).offset == 500


@pytest.fixture
def empty(tmp_path: Path) -> Catalogue:
    return build(tmp_path, no_products(3))


def test_a_catalogue_without_products_answers(empty: Catalogue) -> None:
    assert empty.search(SearchRequest("lamp", facets=("*",))).total == 0
    assert empty.search(SearchRequest(facets=("*",))).total == 0
    assert empty.predict("lamp") == empty.similar("x", 3) == empty.ranking("lamp", 5) == []
    filled = empty.with_changes(4, data_of(SHOP[:3]))
    assert keys(filled.search(SearchRequest("table lamp")))[0] == "3"
    assert {value.name for value in filled.search(SearchRequest(facets=("brand",))).facets[0].values} == {
        "Nordholm", "Sorrel",
    }  # fmt: skip


def test_a_source_that_counts_no_pieces_may_say_what_is_in_stock(tmp_path: Path, encoder: WordEncoder) -> None:
    said = ("in_stock", "In stock", "有货", "out_of_stock")
    rows = [product(str(at), "Mug", attributes={"Availability": word}) for at, word in enumerate(said)]
    rows.append(product("counted", "Mug", stock=0, attributes={"Availability": "in stock"}))
    found = build(tmp_path, data_of(rows), encoder).search(SearchRequest("mug", Filter(in_stock=True)))
    assert sorted(keys(found)) == ["0", "1", "2"]
