import json

import pyarrow as pa
import pytest

from graphsvc.warehouse.clean import CleanBatch, clean_batch
from graphsvc.warehouse.contracts import Contract, propose


def contract_in(zone: str) -> Contract:
    contract = propose("s", "campaigns", {}, {"end": []}, {})
    for custom in contract.model.customProperties or []:
        if custom.property == "timeZone":
            custom.value = zone
    return contract


@pytest.mark.parametrize(
    ("text", "zone", "year"),
    [
        ("9999-12-31 23:59:59", "UTC", 9999),
        ("9999-12-31 23:59:59", "America/New_York", None),
        ("0001-01-01", "UTC", 1),
        ("0001-01-01", "Asia/Shanghai", None),
        ("0000-01-01", "UTC", None),
    ],
)
def test_a_plain_time_outside_the_years_that_are_told_is_none(text: str, zone: str, year: int | None) -> None:
    times = clean_batch(pa.table({"end": [text, "2026-08-31"]}), "campaigns", contract_in(zone)).columns["end"]
    first, second = times.to_pylist()
    assert (first and first.year, second.year) == (year, 2026)


def test_a_link_that_a_page_must_not_show_is_none() -> None:
    contract = propose("s", "products", {}, {"url": []}, {})
    links = ["https://a.example/x", "/x", "HTTP://a.example", "javascript:alert(1)", " data:text/html,x", "a.example/x"]
    clean = clean_batch(pa.table({"url": links}), "products", contract)
    assert clean.columns["url"].to_pylist() == [links[0], "/x", links[2], None, None, links[5]]
    changes = pa.concat_tables(clean.changes).filter(pa.compute.field("rule") == "link_scheme").to_pylist()
    assert [(row["before"], row["after"]) for row in changes] == [(links[3], None), (links[4], None)]


def changes_of(clean: CleanBatch) -> list[tuple[str, str, str | None, str]]:
    return [
        (row["field"], row["before"], row["after"], row["rule"])
        for row in pa.concat_tables(clean.changes).sort_by([("index", "ascending")]).to_pylist()
    ]


def test_a_word_that_stands_for_nothing_is_nothing() -> None:
    names = ["key", "title", "brand", "price", "attributes.pattern", "attributes.colour"]
    rows = [
        ["1", "Rug", "null", "N/A", "none", "NaN"],
        ["2", "None", "Null Island", "5", "stripes", "null blue"],
    ]
    contract = propose("s", "products", {}, {name: [] for name in names}, {})
    mapped = pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})
    clean = clean_batch(mapped, "products", contract)
    assert clean.columns["title"].to_pylist() == ["Rug", None]
    assert clean.columns["brand"].to_pylist() == [None, "Null Island"]
    assert clean.texts["title"].to_pylist() == ["Rug", None]  # missing, and not unreadable
    assert clean.texts["price"].to_pylist() == ["N/A", "5"]  # which is refused
    kept = [[entry["value"] for entry in row] for row in clean.columns["attributes"].to_pylist()]
    assert kept[0] == ["none"]  # as an attribute it is an answer
    assert len(kept[1]) == 2
    assert sorted(changes_of(clean)) == sorted(
        (field, before, None, "missing_word")
        for field, before in (("brand", "null"), ("attributes.colour", "NaN"), ("title", "None"))
    )


def test_amounts_of_variants_that_cannot_be_are_nothing_and_recorded() -> None:
    texts = [
        '[{"sku": "a", "price": "abc", "stock": -2}, {"sku": "b", "price": "€ 5", "stock": "3"}]',
        '[{"sku": "a", "price": -1.0, "stock": null}]',
        "S, M, L",
        '["S", {"sku": "b", "price": 5.0, "stock": 3}]',
        "[]",
    ]
    contract = propose("s", "products", {}, {"variants": []}, {})
    clean = clean_batch(pa.table({"variants": texts}), "products", contract)
    first, second, *others = clean.columns["variants"].to_pylist()
    assert [(one["price"], one["stock"]) for one in json.loads(first)] == [(None, None), (5.0, 3)]
    assert [(one["price"], one["stock"]) for one in json.loads(second)] == [(None, None)]
    none, rest, empty = others
    assert (none, json.loads(rest), empty) == (None, [{"sku": "b", "price": 5.0, "stock": 3}], "[]")
    assert [(before, rule) for _, before, _, rule in changes_of(clean)] == [
        (texts[0], "impossible_price+impossible_stock"),
        (texts[1], "impossible_price"),
        (texts[2], "no_list"),
        (texts[3], "no_object"),
    ]


@pytest.mark.parametrize(
    ("ratings", "maximum"),
    [
        (["5", "4", "3", "5", "11"], 5),
        (["9", "10", "7", "4", "10"], 10),
        (["87", "90", "12", "100", "55"], 100),
        (["5", "4"], 100),  # too few to say
        (["four", None, "5", "4", "5", "3", "2"], 5),
    ],
)
def test_the_scale_of_ratings_is_read_from_them(ratings: list[str | None], maximum: int) -> None:
    (rule,) = [rule for rule in propose("s", "reviews", {}, {"rating": ratings}, {}).rules() if rule.test == "maximum"]
    assert (rule.field, rule.value) == ("rating", str(maximum))
