"""A refused row is kept with its reason, is found again, and is taken in when it passes."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from graphsvc.errors import (
    ContractError,
    InputError,
    NotFoundError,
)
from graphsvc.history import PRODUCTS as CHANGED
from graphsvc.history import read_history
from graphsvc.warehouse.contracts import path_of
from graphsvc.warehouse.quarantine import list_refused, of_rule, pick, short_ids
from tests.graphsvc.desks import Desk, one
from tests.graphsvc.shops import (
    PRODUCTS,
    write_orders,
    write_products,
)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (one("k" * 10_000), "key_max_length"),
        (one(title="t" * 10_000), "title_max_length"),
        (one(price="NaN"), "price_unreadable"),
        (one(price="inf"), "price_unreadable"),
        (one(price="-Infinity"), "price_unreadable"),
        (one(price="1e400"), "price_unreadable"),
        (one(price="9, 10, 16"), "price_unreadable"),
        (one(price="9" * 10_000), "price_unreadable"),
        (one(price="1e12"), "price_maximum"),
        (one(price="-1"), "price_minimum"),
        (one(key=""), "key_missing"),
        (one(title="<img src=x onerror=alert(1)>"), "title_unreadable"),
        (one()[:-1], "ragged"),
        (one("1\x00"), "nul"),
    ],
)
def test_a_row_that_cannot_be_is_kept_with_its_reason(desk: Desk, tmp_path: Path, row: list[str], rule: str) -> None:
    file = write_products(tmp_path / "p.csv", [*PRODUCTS, row])
    report = desk.take(file)
    assert (report.batch.counts.accepted, report.batch.counts.quarantined) == (len(PRODUCTS), 1)
    (held,) = desk.refused()
    assert held["rule"] == rule
    assert held["line"] == len(PRODUCTS) + 2
    assert held["reason"]
    assert held["fix"]
    assert held["row"]
    again = desk.take(file)
    assert (again.offset, again.batch.counts.quarantined) == (None, 1)
    assert len(desk.products()) == len(PRODUCTS)


def test_a_retry_after_an_edited_contract_takes_the_rows_in(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"  # rows of unequal columns: a retry must see each as the file gave it
    rows: list[dict[str, object]] = [
        {"id": "1", "title": "Mug", "price": -4},
        {"id": "2", "title": "Jug", "price": 4, "colour": "red"},
        {"id": "3", "title": "Cup", "price": -40, "about": "-"},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert desk.take(file).batch.counts.quarantined == 2
    assert desk.retry().batch.counts.accepted == 0
    path = path_of(desk.shop.contracts, "shop", "products")
    path.write_text(path.read_text("utf-8").replace("minimum: 0", "minimum: -10", 1), "utf-8")
    report = desk.retry()
    assert (report.batch.counts.read, report.batch.counts.accepted, report.batch.counts.quarantined) == (2, 1, 1)
    assert desk.products()["1"]["price"] == -4
    assert [row["line"] for row in desk.refused()] == [3]
    again = desk.take(file)
    assert (again.batch.counts.accepted, again.batch.counts.unchanged, again.batch.counts.quarantined) == (0, 2, 1)


def test_a_time_that_has_not_come_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.take(write_products(tmp_path / "p.csv", PRODUCTS))
    now = datetime.now(UTC)
    times = [now + timedelta(hours=20), now + timedelta(hours=30), now + timedelta(days=400)]
    file = write_orders(tmp_path / "o.csv", [[f"b{n}", "1", "1", f"{at:%F %T}", "c"] for n, at in enumerate(times)])
    assert desk.take(file).batch.quarantined == {"time_in_future": 2}
    (first, _) = desk.refused()
    assert "1 day(s) after now: " in first["reason"]
    assert "retry" in first["fix"]
    contract = path_of(desk.shop.contracts, "shop", "orders")
    whole = contract.read_text("utf-8")
    contract.write_text(whole.replace("property: days\n      value: 1.0", "property: days\n      value: 2"), "utf-8")
    assert desk.retry("orders").batch.counts.accepted == 1
    for days in ("soon", "1e300"):
        contract.write_text(whole.replace("property: days\n      value: 1.0", f"property: days\n      value: {days}"))
        with pytest.raises(ContractError, match="time_in_future"):
            desk.retry("orders")
    contract.write_text(re.sub(r"  - name: time_in_future.*?(?=^\S|\Z)", "", whole, flags=re.DOTALL | re.MULTILINE))
    assert desk.retry("orders").batch.quarantined == {"time_in_future": 1}  # an older contract has no word of it


def test_a_refused_row_is_found_by_how_its_id_begins(desk: Desk, tmp_path: Path) -> None:
    desk.take(write_products(tmp_path / "p.csv", [one(str(n), price="-1") for n in range(40)]))
    held = list_refused(desk.warehouse, read_history(desk.log).order)
    ids = short_ids(held)
    assert len(set(ids.values())) == 40
    assert {len(short) for short in ids.values()} == {8}
    for whole, short in ids.items():
        assert pick(held, short)["quarantine_id"] == whole
    letter = next(first for first, count in Counter(whole[0] for whole in ids).items() if count > 1)
    with pytest.raises(InputError, match=f"begin with '{letter}'") as caught:
        pick(held, letter)
    assert not isinstance(caught.value, NotFoundError)
    assert letter in caught.value.message.partition(": ")[2]
    for nothing in ("", "zz"):
        with pytest.raises(NotFoundError):
            pick(held, nothing)
    twins = held.set_column(0, "quarantine_id", pa.array([f"abcdefghij{n:010d}" for n in range(40)]))
    assert {len(short) for short in short_ids(twins).values()} == {20}


def test_rows_that_will_never_pass_are_let_go(desk: Desk, tmp_path: Path) -> None:
    rows = [one("1"), one("", title="Total"), one("", title="Page 2"), one("2", price="-1")]
    file = write_products(tmp_path / "p.csv", rows)
    desk.take(file)
    held = desk.held()
    with pytest.raises(NotFoundError, match="key_missed"):
        of_rule(held, "shop", "key_missed")
    desk.receiver.dismiss(of_rule(held, "shop", "key_missing"), "totals, says ann@shop.example")
    (left,) = desk.refused()
    assert left["rule"] == "price_minimum"
    told = desk.log.read(0)
    (entry,) = [entry.payload.decode() for entry in told if entry.kind == CHANGED]
    assert "dismissed: totals" in entry
    assert "ann@shop.example" not in entry
    assert "Page 2" not in entry
    assert desk.take(file).offset is None  # the same file says nothing new
    assert len(desk.refused()) == 1
    desk.take(write_products(tmp_path / "p.csv", [*rows, one("3")]))
    assert len(desk.refused()) == 3  # a new one brings them again


def test_a_retry_says_what_it_leaves_out(desk: Desk, tmp_path: Path) -> None:
    rows = [one("1"), one("1"), one("2", price="-1"), one("3")[:-1]]
    desk.take(write_products(tmp_path / "p.csv", rows))
    desk.take(write_orders(tmp_path / "o.csv", [["b", "9", "1", "2026-01-02", "c"]]))
    report = desk.retry()
    assert report.batch.counts.read == 1
    assert report.left == {
        "which their reader could not take apart": 1,
        "which gave way to another row": 1,
        "of orders (--as orders)": 1,
    }
    assert len(desk.refused()) == report.batch.counts.read + sum(report.left.values())
