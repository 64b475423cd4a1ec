"""Totals, facets, pages and filters speak of the same matches, on catalogues and questions that nobody thought of."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphsvc.search.catalogue import Catalogue
from graphsvc.types import Facet, FacetValue, Filter, SearchRequest, SearchResult
from tests.graphsvc.search.catalogues import build, data_of, product

WORDS = ("lamp", "pan", "red", "steel", "杯子", "18v")
BRANDS = (None, "Sorrel", "Quill")
CATEGORIES = (None, "Home", "Home > Kitchen", "Home > Kitchen > Pans", "Toys")
COLOURS = (None, "red", "black")
PRICES = (None, 0.0, 0.01, 1.0, 9.99, 10.0, 10.005, 25.0, 1e9)
CURRENCIES = ("USD", "CNY", None)

titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
shapes = st.tuples(
    titles, st.sampled_from(BRANDS), st.sampled_from(CATEGORIES), st.sampled_from(COLOURS), st.sampled_from(PRICES),
    st.sampled_from((None, 0, 3)), st.booleans(), st.sampled_from(("a", "b")), st.integers(0, 2),
    st.sampled_from(CURRENCIES),
)  # fmt: skip
filters = st.builds(
    Filter,
    brands=st.sampled_from(((), ("sorrel",), ("brand:quill", "Sorrel"), ("nobody",))),
    categories=st.sampled_from(((), ("category:home",), ("Home > Kitchen",), ("pans", "toys"))),
    price_min=st.sampled_from((None, 0.0, 9.99)),
    price_max=st.sampled_from((None, 10.0, 25.0)),
    in_stock=st.sampled_from((None, True, False)),
    sources=st.sampled_from(((), ("a",))),
    currency=st.sampled_from((None, None, "usd", "CNY", "", "GBP")),
)
requests = st.builds(
    SearchRequest,
    query=st.one_of(st.just(""), titles, st.just("lampp")),
    filter=filters,
    sort=st.sampled_from(("relevance", "price", "price_desc", "newest", "popularity", "rating")),
    reasons=st.booleans(),
)


def rows(drawn: Sequence[tuple[Any, ...]]) -> tuple[list[dict[str, Any]], dict[str, float]]:
    made, liked = [], {}
    for at, (title, brand, category, colour, price, stock, derived, source, popular, currency) in enumerate(drawn):
        attributes = {"Colour": colour} if colour else None
        made.append(
            product(
                str(at),
                title,
                brand=brand,
                category=category,
                price=price,
                currency=currency,
                stock=stock,
                title_derived=derived,
                source=source,
                attributes=attributes,
            )  # fmt: skip
        )
        liked[str(at)] = float(popular)
    return made, liked


def walk(catalogue: Catalogue, request: SearchRequest, size: int) -> list[str]:
    """The ids of all pages."""
    found: list[str] = []
    page = catalogue.search(replace(request, first=size))
    while True:
        found += [hit.product.id for hit in page.hits]
        if not page.has_next:
            return found
        assert len(page.hits) == size
        page = catalogue.search(replace(request, first=size, after=page.hits[-1].cursor))


def chosen(request: SearchRequest, facet: Facet, value: FacetValue) -> SearchRequest:
    """The question after choosing one value of a facet alone."""
    wanted = request.filter
    if facet.name == "brand":
        wanted = replace(wanted, brands=(value.id,))
    elif facet.name == "category":
        wanted = replace(wanted, categories=(value.id,))
    elif facet.name == "price":
        low, high = (float(bound) if bound else None for bound in value.id.split(".."))
        wanted = replace(wanted, price_min=low, price_max=high, currency=facet.currency)
    elif facet.name == "stock":
        wanted = replace(wanted, in_stock=value.id == "true")
    elif facet.name == "source":
        wanted = replace(wanted, sources=(value.id,))
    else:
        wanted = replace(wanted, attributes={facet.name: (value.id,)})
    return replace(request, filter=wanted)


def check(catalogue: Catalogue, request: SearchRequest, size: int) -> None:
    whole: SearchResult = catalogue.search(replace(request, first=1000, facets=("*", "colour")))
    everything = [hit.product.id for hit in whole.hits]
    assert len(everything) == len(set(everything)) == whole.total
    assert walk(catalogue, request, size) == everything
    for facet in whole.facets:
        for value in facet.values:
            assert catalogue.search(chosen(request, facet, value)).total == value.count, (facet.name, value)
    unfiltered = catalogue.search(replace(request, filter=Filter(), first=1000))
    assert whole.total <= unfiltered.total
    for hit in whole.hits:
        assert sum(reason.share for reason in hit.reasons) <= 1 + 1e-6
    if request.sort in ("price", "price_desc"):
        check_order(whole, falling=request.sort == "price_desc")
    bounded = request.filter.price_min is not None or request.filter.price_max is not None
    allowed = catalogue.allowed(replace(request.filter, currency=whole.currency) if bounded else request.filter)
    passing = {name for name, passes in zip(catalogue.ids, allowed, strict=True) if passes}
    assert set(everything) <= passing
    if not request.query:
        assert sum(1 + hit.alike for hit in whole.hits) == len(passing)


def check_order(whole: SearchResult, *, falling: bool) -> None:
    """The compared currency first, each currency by itself, the unpriced last."""
    found = [(hit.product.price, hit.product.currency or "") for hit in whole.hits]
    runs = [(name, [price for price, _ in run]) for name, run in groupby(found, lambda one: (one[0] is None, one[1]))]
    priced = [(currency, prices) for (unpriced, currency), prices in runs if not unpriced]
    assert all(prices == sorted(prices, reverse=falling) for _, prices in priced)
    names = [currency for currency, _ in priced]
    assert names == sorted(names, key=lambda name: (name != whole.currency, name))
    assert len(set(names)) == len(names)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(shapes, min_size=1, max_size=25), st.lists(shapes, max_size=6), st.lists(requests, min_size=1, max_size=4),
    st.integers(1, 5),
)  # fmt: skip
def test_every_number_agrees(
    drawn: list[tuple[Any, ...]], later: list[tuple[Any, ...]], asked: list[SearchRequest], size: int
) -> None:
    made, liked = rows([*drawn, ("red lamp", "Quill", "Toys", "red", 1.0, 3, False, "a", 1, "USD")])
    with TemporaryDirectory() as folder:
        catalogue = build(Path(folder), data_of(made, liked))
        changed, more = rows(later)
        laid_over = catalogue.with_changes(9, data_of(changed, more), [made[-1]["product_id"]])
        for request in asked:
            check(catalogue, request, size)
            check(laid_over, request, size)
