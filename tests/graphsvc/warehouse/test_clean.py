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
