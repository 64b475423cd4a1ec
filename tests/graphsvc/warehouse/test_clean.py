import pyarrow as pa
import pytest

from graphsvc.warehouse.clean import clean_batch
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
