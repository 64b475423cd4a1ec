from collections.abc import Sequence
from pathlib import Path

import pytest

from graphsvc.errors import QueryError
from graphsvc.search.catalogue import Catalogue
from graphsvc.types import Filter, SearchRequest, SearchResult
from tests.graphsvc.search.catalogues import build, data_of, product

AMOUNTS: Sequence[tuple[str, float | None, str | None]] = (
    ("lamp", 10.0, "USD"), ("lamp", 20.0, "USD"), ("lamp", 30.0, "USD"), ("lamp", 60.0, "USD"),
    ("lamp", 15.0, "EUR"), ("lamp", None, None),
    ("灯 lamp", 100.0, "CNY"), ("灯 lamp", 12.0, "CNY"), ("灯 lamp", 400.0, "CNY"),
    ("chair", 5.0, None), ("chair", 7.0, None),
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    rows = [
        product(str(at), f"{title} {at}", price=price, currency=currency, brand="Kuro" if currency == "CNY" else "Lux")
        for at, (title, price, currency) in enumerate(AMOUNTS)
    ]
    return build(tmp_path_factory.mktemp("shop"), data_of(rows))


def prices(result: SearchResult) -> list[tuple[float | None, str | None]]:
    return [(hit.product.price, hit.product.currency) for hit in result.hits]


def test_a_bound_is_of_one_currency_which_the_answer_names(shop: Catalogue) -> None:
    dollars = shop.search(SearchRequest(filter=Filter(price_max=20.0)))
    assert sorted(prices(dollars)) == [(10.0, "USD"), (20.0, "USD")]
    assert dollars.currency == "USD"  # what most of the shop is priced in
    yuan = shop.search(SearchRequest(filter=Filter(price_max=100.0, currency=" cny ")))
    assert sorted(prices(yuan)) == [(12.0, "CNY"), (100.0, "CNY")]
    assert yuan.currency == "CNY"
    assert shop.search(SearchRequest(filter=Filter(currency="GBP"))).total == 0
    assert shop.search(SearchRequest("lamp")).currency is None  # nothing was compared


def test_without_a_currency_it_is_that_of_most_that_the_words_match_whatever_else_is_filtered(shop: Catalogue) -> None:
    for wanted in (Filter(price_max=100.0), Filter(brands=("Lux",), price_max=100.0)):
        assert shop.search(SearchRequest("灯", wanted)).currency == "CNY"
    assert shop.search(SearchRequest("chair", Filter(price_max=6.0))).currency == ""
    assert prices(shop.search(SearchRequest("chair", Filter(price_max=6.0)))) == [(5.0, None)]


def test_a_currency_alone_asks_for_what_is_priced_in_it(shop: Catalogue) -> None:
    assert prices(shop.search(SearchRequest(filter=Filter(currency="EUR")))) == [(15.0, "EUR")]
    assert len(prices(shop.search(SearchRequest(filter=Filter(currency=""))))) == 2
    allowed = dict(zip(shop.ids, shop.allowed(Filter(currency="EUR")), strict=True))
    assert [name for name, passes in allowed.items() if passes] == ["shop:4"]


def test_an_order_by_price_keeps_currencies_apart_and_drops_nothing(shop: Catalogue) -> None:
    rising = shop.search(SearchRequest(sort="price"))
    unknown, yuan, euro, none = [(5.0, None), (7.0, None)], [(12.0, "CNY"), (100.0, "CNY"), (400.0, "CNY")], [
        (15.0, "EUR")], [(None, None)]  # fmt: skip
    dollars = [(10.0, "USD"), (20.0, "USD"), (30.0, "USD"), (60.0, "USD")]
    assert prices(rising) == [*dollars, *unknown, *yuan, *euro, *none]
    falling = shop.search(SearchRequest(sort="price_desc"))
    assert prices(falling) == [*dollars[::-1], *unknown[::-1], *yuan[::-1], *euro, *none]
    assert rising.currency == falling.currency == "USD"


def test_prices_have_a_facet_for_each_currency_and_its_choices_count_what_they_give(shop: Catalogue) -> None:
    request = SearchRequest(filter=Filter(price_min=15.0, price_max=24.99), facets=("price",))
    dollars, yuan = shop.search(request).facets  # one price in euros offers no choice
    assert [(facet.name, facet.label, facet.currency) for facet in (dollars, yuan)] == [
        ("price", "Price, USD", "USD"), ("price", "Price, CNY", "CNY"),
    ]  # fmt: skip
    assert sum(value.count for value in dollars.values) == 4
    assert sum(value.count for value in yuan.values) == 3
    for facet in (dollars, yuan):
        for value in facet.values:
            low, high = (float(bound) if bound else None for bound in value.id.split(".."))
            chosen = Filter(price_min=low, price_max=high, currency=facet.currency)
            again = shop.search(SearchRequest(filter=chosen, facets=("price",)))
            assert again.total == value.count
            selected = [(one.currency, each.id) for one in again.facets for each in one.values if each.selected]
            assert selected == [(facet.currency, value.id)]


def test_a_cursor_is_refused_where_another_currency_is_compared(shop: Catalogue) -> None:
    first = shop.search(SearchRequest(sort="price", first=2))
    more = [product(f"y{at}", f"Yuan {at}", price=1.0 + at, currency="CNY") for at in range(9)]
    changed = shop.with_changes(9, data_of(more))
    assert changed.search(SearchRequest(sort="price", first=1)).currency == "CNY"
    with pytest.raises(QueryError, match="another"):
        changed.search(SearchRequest(sort="price", first=2, after=first.hits[-1].cursor))


def test_a_shop_of_one_currency_does_not_speak_of_it_in_labels(tmp_path: Path) -> None:
    rows = [product(str(at), f"lamp {at}", price=float(10 * at), currency="EUR") for at in range(1, 9)]
    (facet,) = build(tmp_path, data_of(rows)).search(SearchRequest(facets=("price",))).facets
    assert (facet.label, facet.currency) == ("Price", "EUR")
