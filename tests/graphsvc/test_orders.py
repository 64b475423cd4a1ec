from pathlib import Path
from typing import Any

import pytest

from graphsvc.ingest import PreparedBatch
from graphsvc.vault import Vault
from graphsvc.warehouse import contracts
from graphsvc.warehouse.quarantine import RefusedRows, list_refused
from tests.graphsvc.imports import (
    ORDER_HEADER,
    ORDERS,
    PRODUCTS,
    Renaming,
    Shop,
    catalogue,
    order,
    write,
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


def test_cancellations_reduce_what_they_cancel(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(catalogue(tmp_path / "a.csv"), "products", PRODUCTS)
    rows = [
        order("1", "1", "80995"), order("C1", "1", "-80995", "2024-01-03"),
        order("2", "2", "5"), order("C2", "2", "-2", "2024-01-03"),
        order("C3", "3", "-1"), order("4", "4", "0"), order("5", "nowhere", "1"), order("6", "5", "1", "1900-01-01"),
    ]  # fmt: skip
    done = shop.ingest(write(tmp_path / "o.csv", rows, ORDER_HEADER), "orders", ORDERS)
    assert done.quarantined == {"cancels_nothing": 1, "quantity_zero": 1, "unknown_product": 1, "time_earliest": 1}
    found = {(event["product_id"], event["kind"], event["quantity"], event["value"]) for event in shop.rows("events")}
    assert found == {
        ("shop:1", "remove", 80995.0, 161990.0), ("shop:1", "remove", 80995.0, -161990.0),
        ("shop:2", "buy", 3.0, 6.0), ("shop:2", "remove", 2.0, -4.0),
    }  # fmt: skip
    assert {(c["before"], c["after"]) for c in shop.rows("changes")} == {("80995.0", "0.0"), ("5.0", "3.0")}


def bought(shop: Shop) -> dict[tuple[str, str], list[float]]:
    """Quantities bought, by basket and product."""
    found: dict[tuple[str, str], list[float]] = {}
    for event in shop.current_events():
        if event["kind"] == "buy":
            key = (event["basket"].partition(":")[2], event["product_id"].partition(":")[2])
            found[key] = sorted([*found.get(key, []), event["quantity"]])
    return found


def take_orders(shop: Shop, path: Path, *rows: list[str], **options: Any) -> PreparedBatch:
    options.setdefault("mapping", Renaming(ORDERS))
    return shop.ingest(write(path, rows, ORDER_HEADER), "orders", ORDERS, **options)


@pytest.fixture
def till(shop: Shop, tmp_path: Path) -> Shop:
    shop.ingest(catalogue(tmp_path / "a.csv"), "products", PRODUCTS)
    return shop


def kinds(shop: Shop) -> list[tuple[str, str, float, float]]:
    return sorted((e["basket"][5:], e["kind"], e["quantity"], e["value"]) for e in shop.current_events())


def test_a_cancellation_that_comes_later_takes_back_once(till: Shop, tmp_path: Path) -> None:
    take_orders(till, tmp_path / "o.csv", order("1", "1", "4"), order("2", "2", "5"))
    back = order("C1", "1", "-4", "2024-01-03")
    part = order("C2", "2", "-2", "2024-01-03")
    assert take_orders(till, tmp_path / "c.csv", back, part).counts.accepted == 2
    taken = [("1", "remove", 4, 8), ("2", "buy", 3, 6), ("C1", "remove", 4, -8), ("C2", "remove", 2, -4)]
    assert kinds(till) == taken
    changes = {(change["before"], change["after"], change["key"]) for change in till.rows("changes")}
    assert changes == {("4.0", "0.0", "C1"), ("5.0", "3.0", "C2")}
    more = [order("C3", "1", "-4", "2024-01-04"), order("C4", "2", "-4", "2024-01-04")]
    twice = take_orders(till, tmp_path / "d.csv", *more)
    assert twice.quarantined == {"cancels_nothing": 2}
    assert take_orders(till, tmp_path / "e.csv", back, part, order("6", "3", "1")).counts.unchanged == 2
    assert kinds(till) == sorted([*taken, ("6", "buy", 1, 2)])


def test_what_was_taken_back_stays_so_when_one_side_is_read_again(till: Shop, tmp_path: Path) -> None:
    orders = [order("1", "1", "4"), order("2", "2", "5")]
    cancels = [order("C1", "1", "-4", "2024-01-03"), order("C2", "2", "-2", "2024-01-03")]
    take_orders(till, tmp_path / "o.csv", *orders)
    take_orders(till, tmp_path / "c.csv", *cancels)
    before = kinds(till)
    other = Renaming({**ORDERS, "title": "order"})
    for file, rows in (("o.csv", orders), ("c.csv", cancels), ("all.csv", [*cancels, *orders])):
        for mapping in (other, Renaming(ORDERS)):
            assert take_orders(till, tmp_path / file, *rows, mapping=mapping).counts.accepted == len(rows)
            assert kinds(till) == before
    take_orders(till, tmp_path / "c.csv", cancels[0], order("C2", "2", "-3", "2024-01-03"))  # corrected
    assert kinds(till)[1] == ("2", "buy", 2, 4)
    take_orders(till, tmp_path / "o.csv", orders[0], order("2", "2", "8"))
    assert kinds(till)[1] == ("2", "buy", 5, 10)


def test_order_lines_read_by_another_mapping_take_their_own_places(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(catalogue(tmp_path / "a.csv"), "products", PRODUCTS)
    rows = [order("1", "1", "3"), order("2", "2", "5"), order("C2", "2", "-5", "2024-01-03")]
    orders = write(tmp_path / "o.csv", rows, ORDER_HEADER)
    shop.ingest(orders, "orders", ORDERS)
    before = shop.current_events()
    other = {name: column for name, column in ORDERS.items() if name != "price"}
    done = shop.ingest(orders, "orders", ORDERS, mapping=Renaming(other))
    assert (done.counts.accepted, done.counts.unchanged) == (3, 0)
    after = shop.current_events()
    assert [(e["event_id"], e["kind"], e["quantity"]) for e in after] == [
        (e["event_id"], e["kind"], e["quantity"]) for e in before
    ]
    assert ({e["value"] for e in before}, {e["value"] for e in after}) == ({6.0, 10.0, -10.0}, {None})


def test_words_that_stand_for_nobody_are_no_shopper(till: Shop, tmp_path: Path) -> None:
    take_orders(
        till, tmp_path / "o.csv", *(order(f"b-{who}", "1", "2", who=who) for who in ("c1", "nan", "None", "null"))
    )
    shoppers = {event["basket"]: event["shopper"] for event in till.current_events()}
    assert list(shoppers.values()).count(None) == 3
    assert shoppers["shop:b-c1"] == till.vault.pseudonym("c1")


def test_who_the_shopper_is_may_be_said_later(till: Shop, tmp_path: Path) -> None:
    rows = [order("1", "1", "3"), order("1", "1", "4"), order("2", "2", "5")]
    nobody = {name: column for name, column in ORDERS.items() if name != "shopper"}
    for columns in (nobody, ORDERS, nobody):
        assert take_orders(till, tmp_path / "o.csv", *rows, mapping=Renaming(columns)).counts.accepted == 3
        events = till.current_events()
        assert bought(till) == {("1", "1"): [3, 4], ("2", "2"): [5]}
        assert {event["shopper"] for event in events} == {till.vault.pseudonym("c1") if columns is ORDERS else None}
    path = contracts.path_of(till.home / "contracts", "shop", "orders")
    mark = "    customProperties:\n    - property: identifier\n      value: person\n"
    text = path.read_text("utf-8")
    assert "name: order\n" in text
    path.write_text(text.replace("name: order\n", "name: order\n" + mark, 1), "utf-8")
    assert take_orders(till, tmp_path / "o.csv", *rows).counts.accepted == 3
    assert len(till.current_events()) == 3
    assert {event["basket"] for event in till.current_events()} == {f"shop:{till.vault.pseudonym(n)}" for n in "12"}


@pytest.mark.parametrize("asset", ["events", "reviews"])
def test_rows_without_an_id_keep_their_places_under_another_mapping(till: Shop, tmp_path: Path, asset: str) -> None:
    header = ["item", "when", "who", "what", "id"]
    rows = [["1", f"2024-01-0{n}", "c1", "view", f"x{n}"] for n in (1, 2)]
    file = write(tmp_path / "e.csv", rows, header)
    last = {"events": {"kind": "what"}, "reviews": {"text": "what"}}[asset]
    name = {"events": "event_id", "reviews": "key"}[asset]
    plain = {"product": "item", "time": "when", **last}
    for columns in (plain, {**plain, "shopper": "who"}, {**plain, "shopper": "who", name: "id"}, plain):
        assert till.ingest(file, asset, columns, mapping=Renaming(columns)).counts.accepted == 2
        assert len(till.current(asset)) == 2


def test_a_changed_order_line_takes_its_own_place(till: Shop, tmp_path: Path) -> None:
    rows = [order("1", "1", "2"), order("1", "1", "3"), order("1", "2", "1"), order("2", "1", "1")]
    take_orders(till, tmp_path / "o.csv", *rows, rows[0])  # and one of them twice
    assert bought(till) == {("1", "1"): [2, 3], ("1", "2"): [1], ("2", "1"): [1]}
    rows[1] = order("1", "1", "7")
    done = take_orders(till, tmp_path / "o.csv", *rows, rows[0])
    assert (done.counts.accepted, done.counts.unchanged) == (1, 4)
    assert bought(till)["1", "1"] == [2, 7]
    take_orders(till, tmp_path / "o.csv", order("1", "1", "9"), *rows)  # a line more, above the others
    assert bought(till)["1", "1"] == [2, 7, 9]
    take_orders(till, tmp_path / "part.csv", rows[1])  # a file with one line of the basket
    assert bought(till)["1", "1"] == [2, 7, 9]
    take_orders(till, tmp_path / "day.csv", order("3", "1", "1"), order("1", "3", "1"))
    assert bought(till) == {("1", "1"): [2, 7, 9], ("1", "2"): [1], ("1", "3"): [1], ("2", "1"): [1], ("3", "1"): [1]}


def test_a_status_that_changes_changes_the_purchase(till: Shop, tmp_path: Path) -> None:
    header, columns = [*ORDER_HEADER, "status"], {**ORDERS, "status": "status"}
    for status, kind in (("paid", "buy"), ("cancelled", "remove"), ("paid", "buy")):
        till.ingest(write(tmp_path / "o.csv", [[*order("1", "1", "2"), status]], header), "orders", columns)
        assert [event["kind"] for event in till.current_events()] == [kind]


def test_lines_of_an_order_may_have_ids(till: Shop, tmp_path: Path) -> None:
    header, columns = [*ORDER_HEADER, "no"], {**ORDERS, "order_line": "no"}
    rows = [[*order("1", "1", "2"), "1"], [*order("1", "1", "3"), "2"]]
    till.ingest(write(tmp_path / "o.csv", rows, header), "orders", ORDERS)
    till.ingest(write(tmp_path / "o.csv", rows, header), "orders", columns, mapping=Renaming(columns))
    assert bought(till) == {("1", "1"): [2, 3]}
    rows = [[*order("5", "1", "2"), "1"], [*order("5", "1", "3"), "2"]]
    till.ingest(write(tmp_path / "p.csv", rows, header), "orders", columns)
    late = [[*order("5", "2", "9"), "2"], [*order("5", "2", "4"), "2"]]
    done = till.ingest(write(tmp_path / "q.csv", late, header), "orders", columns)
    assert done.quarantined == {"duplicate_key": 1}
    assert bought(till) == {("1", "1"): [2, 3], ("5", "1"): [2], ("5", "2"): [4]}


def test_a_refused_order_line_comes_back_to_its_own_place(till: Shop, tmp_path: Path) -> None:
    rows = [order("1", "1", "2"), order("1", "1", "3", "1900-01-01"), order("1", "new", "1")]
    take_orders(till, tmp_path / "o.csv", *rows)
    (held, _) = list_refused(till.warehouse, till.named).to_pylist()
    take_orders(till, tmp_path / "day.csv", order("1", "1", "4"), rows[0])
    assert bought(till) == {("1", "1"): [2, 4]}  # it is taken for the refused line, corrected
    path = contracts.path_of(till.home / "contracts", "shop", "orders")
    path.write_text(path.read_text("utf-8").replace("1980-01-01", "1880-01-01"), "utf-8")
    till.ingest(write(tmp_path / "n.csv", [["new", "Pot", "3", "", "", ""]]), "products", PRODUCTS)
    for _ in range(2):
        till.source = RefusedRows(till.warehouse, till.named, "shop", "orders")
        till.ingest(tmp_path / "none", "orders", ORDERS, retry=True)
        assert held["identity"] in {event["event_id"] for event in till.current_events()}
        assert bought(till) == {("1", "1"): [2, 4], ("1", "new"): [1]}


def test_no_name_of_a_row_can_be_made_without_the_key(till: Shop, tmp_path: Path) -> None:
    take_orders(till, tmp_path / "o.csv", order("1", "1", "2"))
    other = Shop(tmp_path / "other")
    other.vault = Vault(tmp_path / "vault.db", b"q" * 32)
    other.ingest(tmp_path / "a.csv", "products", PRODUCTS)
    take_orders(other, tmp_path / "o.csv", order("1", "1", "2"))
    names = [shop.current_events()[0]["row_hash"][:24] for shop in (till, other)]
    assert names[0] != names[1]


def test_outliers_are_measured_by_the_items_own_history(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(catalogue(tmp_path / "a.csv"), "products", PRODUCTS)
    fuel = [order(f"f{n}", "1", str(5_000 + n)) for n in range(30)] + [order("big", "1", "89638")]
    mugs = [order(f"m{n}", "2", str(1 + n % 3)) for n in range(30)] + [order("typo", "2", "9999")]
    done = shop.ingest(write(tmp_path / "o.csv", fuel + mugs, ORDER_HEADER), "orders", ORDERS)
    assert done.quarantined == {"quantity_outlier": 1}
    assert "9999" in str(list_refused(shop.warehouse, shop.named).to_pylist()[0]["reason"])
    again = [*fuel, *mugs, order("new", "2", "2")]  # the same file and a row more: what was refused stays so
    grown = shop.ingest(write(tmp_path / "g.csv", again, ORDER_HEADER), "orders", ORDERS)
    assert (grown.counts.accepted, grown.counts.unchanged, grown.counts.quarantined) == (1, 61, 1)
    later = shop.ingest(
        write(tmp_path / "l.csv", [order("z", "1", "7000"), order("y", "2", "7000")], ORDER_HEADER), "orders", ORDERS
    )
    assert (later.counts.accepted, later.quarantined) == (1, {"quantity_outlier": 1})


def test_orders_with_titles_bring_their_products(shop: Shop, tmp_path: Path) -> None:
    rows = [[*order("1", "A", "1"), "Lamp"], [*order("2", "A", "2"), "LAMP"], [*order("3", "A", "1"), "Lamp"]]
    done = shop.ingest(
        write(tmp_path / "o.csv", rows, [*ORDER_HEADER, "title"]), "orders", {**ORDERS, "title": "title"}
    )
    assert (done.counts.accepted, done.counts.derived) == (3, 1)
    assert shop.products()["A"]["title"] == "Lamp"
    assert shop.products()["A"]["title_derived"]
