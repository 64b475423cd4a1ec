import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest
import yaml

from graphsvc.errors import ContractError, InputError, SafetyStop, SourceError
from graphsvc.history import History
from graphsvc.ingest import Importer, PreparedBatch, Request
from graphsvc.mapping import guess
from graphsvc.vault import Vault
from graphsvc.warehouse import contracts
from graphsvc.warehouse.quarantine import RefusedRows, list_refused, pick
from graphsvc.warehouse.tables import Warehouse


@dataclass
class Renaming:
    """The smallest mapping: field → raw column."""

    columns: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        return repr(sorted(self.columns.items()))

    def column_of(self, name: str) -> str | None:
        return self.columns.get(name)

    def apply(self, batch: pa.RecordBatch) -> pa.Table:
        names = batch.schema.names
        return pa.table({f: batch.column(c) for f, c in self.columns.items() if c in names})


@dataclass
class Refused:
    line: int
    text: str
    rule: str = "ragged"
    reason: str = "the row has another number of cells"
    fix: str = "Correct the row."


@dataclass
class Rows:
    """A CSV file read in small batches, as the readers of `sources` do."""

    path: str
    rejects: list[Refused] = field(default_factory=list)

    @property
    def name(self) -> str:
        return Path(self.path).name

    def batches(self) -> Iterator[pa.RecordBatch]:
        with open(self.path, newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            header = next(reader)
            for number, row in enumerate(reader, 2):
                if len(row) != len(header):
                    self.rejects.append(Refused(number, ",".join(row)))
                    continue
                cells: dict[str, Any] = {
                    name: pa.array([cell], pa.string()) for name, cell in zip(header, row, strict=True)
                }
                yield pa.RecordBatch.from_pydict({**cells, "_line": pa.array([number], pa.int64())})


class Shop:
    """A warehouse with the history that a write log would hold."""

    def __init__(self, home: Path) -> None:
        home.mkdir(exist_ok=True)
        self.home = home
        self.warehouse = Warehouse(home / "warehouse")
        self.vault = Vault(home / "vault.db", b"k" * 32)
        self.history: list[Mapping[str, Any]] = []
        self.source: Any = None

    def prepare(
        self, path: Path, asset: str, columns: Mapping[str, str], name: str = "shop", **options: Any
    ) -> PreparedBatch:
        def guess(sample: pa.Table, asset: str) -> Renaming:
            return Renaming(columns)

        opener = (lambda _: self.source) if self.source else Rows
        importer = Importer(self.warehouse, self.vault, self.home / "contracts", opener, guess)
        done = importer.prepare(Request([str(path)], asset, name, History.of_imports(self.history), **options))
        assert done.counts.read == done.counts.accepted + done.counts.unchanged + done.counts.quarantined
        return done

    def ingest(self, *args: Any, **options: Any) -> PreparedBatch:
        done = self.prepare(*args, **options)
        if done.payload:
            self.history.append(done.payload)
        return done

    @property
    def named(self) -> list[str]:
        return [payload["batch"] for payload in self.history]

    def products(self) -> dict[str, dict[str, Any]]:
        return {row["key"]: row for row in self.warehouse.current_products(self.named).to_pylist()}

    def rows(self, table: str) -> list[dict[str, Any]]:
        connection = self.warehouse.connection()
        self.warehouse.view(connection, table, self.named)
        found = connection.sql(f"SELECT * FROM {table}").to_arrow_table().to_pylist()
        connection.close()
        return list(found)

    def current(self, table: str) -> list[dict[str, Any]]:
        with closing(self.warehouse.connection()) as connection:
            self.warehouse.view_current(connection, table, self.named)
            return list(connection.sql(f"SELECT * FROM current_{table} ORDER BY 1").to_arrow_table().to_pylist())

    def current_events(self) -> list[dict[str, Any]]:
        return self.current("events")


PRODUCTS = {
    "key": "id",
    "title": "name",
    "price": "price",
    "description": "text",
    "gtin": "ean",
    "attributes.colour": "colour",
}
HEADER = ["id", "name", "price", "text", "ean", "colour"]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


def write(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def catalogue(path: Path, count: int = 10, price: str = "5") -> Path:
    return write(path, [[str(n), f"Mug {n}", price if n == 1 else "3.50", "", "", ""] for n in range(1, count + 1)])


def test_values_are_standardised_and_each_change_is_kept(shop: Shop, tmp_path: Path) -> None:
    file = write(tmp_path / "p.csv", [["7", "<b>Tea&nbsp;pot</b>", "1.234,56 €", "cafÃ©", "4006381333932", "紅色"]])
    done = shop.ingest(file, "products", PRODUCTS)
    row = shop.products()["7"]
    assert (row["title"], row["price"], row["currency"], row["description"]) == ("Tea pot", 1234.56, "EUR", "café")
    assert row["gtin"] is None
    assert row["attributes"][0]["value"] == "red"
    assert row["language"] == "en"
    changes = {change["field"]: change for change in shop.rows("changes")}
    assert changes["gtin"]["rule"] == "gtin_check_digit"
    assert changes["title"]["before"] == "<b>Tea&nbsp;pot</b>"
    assert changes["title"]["key"] == "7"
    assert changes["attributes.colour"]["after"] == "red"
    assert done.counts.accepted == 1


def test_the_same_file_changes_nothing_and_one_changed_row_changes_one(shop: Shop, tmp_path: Path) -> None:
    assert shop.ingest(catalogue(tmp_path / "a.csv"), "products", PRODUCTS).counts.accepted == 10
    again = shop.ingest(tmp_path / "a.csv", "products", PRODUCTS)
    assert (again.batch, again.counts.accepted, again.counts.unchanged) == (None, 0, 10)
    changed = shop.ingest(catalogue(tmp_path / "b.csv", price="6"), "products", PRODUCTS)
    assert (changed.counts.accepted, changed.counts.changed, changed.counts.unchanged) == (1, 1, 9)
    assert shop.products()["1"]["price"] == 6
    back = shop.ingest(catalogue(tmp_path / "c.csv", price="5"), "products", PRODUCTS)
    assert back.counts.accepted == 1
    assert shop.products()["1"]["price"] == 5


def test_sync_retires_what_is_gone_but_stops_before_much_is(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(catalogue(tmp_path / "a.csv"), "products", PRODUCTS)
    nine = shop.ingest(catalogue(tmp_path / "b.csv", 9), "products", PRODUCTS, sync=True)
    assert (nine.counts.retired, len(shop.products())) == (1, 9)
    three = catalogue(tmp_path / "c.csv", 3)
    with pytest.raises(SafetyStop, match="6 of the 9"):
        shop.ingest(three, "products", PRODUCTS, sync=True)
    assert len(shop.products()) == 9
    tried = shop.ingest(three, "products", PRODUCTS, sync=True, dry_run=True)
    assert (tried.counts.retired, "6 of the 9" in str(tried.stop)) == (6, True)
    assert shop.ingest(three, "products", PRODUCTS, sync=True, confirmed=True).stop is None
    assert set(shop.products()) == {"1", "2", "3"}
    assert shop.ingest(catalogue(tmp_path / "d.csv", 9), "products", PRODUCTS).counts.accepted == 6


def test_every_reason_of_a_refused_row(shop: Shop, tmp_path: Path) -> None:
    rows = [
        ["1", "", "-4", "", "", ""],
        ["", "Mug", "cheap", "", "", ""],
        ["3", "Cup", "inf", "", "", ""],
        ["4", "Jug", "2", "", "", ""],
    ]
    done = shop.ingest(write(tmp_path / "p.csv", rows), "products", PRODUCTS)
    assert (done.counts.accepted, done.counts.quarantined) == (1, 3)
    held = {row["line"]: row for row in list_refused(shop.warehouse, shop.named).to_pylist()}
    assert held[2]["rule"] == "price_minimum, title_missing"
    assert held[3]["rule"] == "key_missing, price_unreadable"
    assert held[4]["rule"] == "price_unreadable"
    assert held[2]["file"] == "p.csv"
    assert "contract" in str(held[2]["fix"])
    assert pick(list_refused(shop.warehouse, shop.named), str(held[2]["quarantine_id"]))["reason"] == held[2]["reason"]
    again = shop.ingest(write(tmp_path / "q.csv", rows), "products", PRODUCTS)
    assert (again.counts.unchanged, again.counts.quarantined) == (1, 3)


def test_duplicates_are_refused_and_the_last_of_a_key_wins(shop: Shop, tmp_path: Path) -> None:
    rows = [
        ["1", "Mug", "1", "", "", ""],
        ["1", "Mug", "1", "", "", ""],
        ["2", "Old", "1", "", "", ""],
        ["2", "New", "1", "", "", ""],
    ]
    done = shop.ingest(write(tmp_path / "p.csv", rows), "products", PRODUCTS)
    assert done.quarantined == {"exact_duplicate": 1, "duplicate_key": 1}
    assert shop.products()["2"]["title"] == "New"


def test_the_last_of_a_key_wins_again_when_another_row_is_new(shop: Shop, tmp_path: Path) -> None:
    rows = [["1", "Old", "1", "", "", ""], ["1", "New", "1", "", "", ""]]
    shop.ingest(write(tmp_path / "p.csv", rows), "products", PRODUCTS)
    grown = [*rows, ["2", "Jug", "1", "", "", ""]]
    done = shop.ingest(write(tmp_path / "q.csv", grown), "products", PRODUCTS)
    assert (done.counts.accepted, done.counts.unchanged, done.quarantined) == (1, 1, {"duplicate_key": 1})
    assert shop.products()["1"]["title"] == "New"
    turned = [grown[1], grown[0], grown[2]]
    assert shop.ingest(write(tmp_path / "r.csv", turned), "products", PRODUCTS).counts.accepted == 1
    assert shop.products()["1"]["title"] == "Old"


def test_a_retry_never_puts_an_older_row_over_a_newer_one(shop: Shop, tmp_path: Path) -> None:
    rows = [["1", "Old", "-4", "", "", ""], ["1", "Middle", "1", "", "", ""], ["1", "New", "1", "", "", ""]]
    shop.ingest(write(tmp_path / "p.csv", rows), "products", PRODUCTS)
    path = contracts.path_of(shop.home / "contracts", "shop", "products")
    path.write_text(path.read_text("utf-8").replace("minimum: 0", "minimum: -10"), "utf-8")
    shop.source = RefusedRows(shop.warehouse, shop.named, "shop", "products")
    done = shop.ingest(tmp_path / "none", "products", PRODUCTS, retry=True)
    assert (done.counts.read, done.counts.accepted, done.quarantined) == (1, 0, {"duplicate_key": 1})
    assert shop.products()["1"]["title"] == "New"


def test_retry_reads_refused_rows_under_the_edited_contract(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(
        write(tmp_path / "p.csv", [["1", "Mug", "-4", "", "", ""], ["2", "", "1", "", "", ""]]), "products", PRODUCTS
    )
    path = contracts.path_of(shop.home / "contracts", "shop", "products")
    path.write_text(path.read_text("utf-8").replace("minimum: 0", "minimum: -10"), "utf-8")
    shop.source = RefusedRows(shop.warehouse, shop.named, "shop", "products")
    done = shop.ingest(tmp_path / "none", "products", PRODUCTS, retry=True)
    assert (done.counts.read, done.counts.accepted, done.counts.quarantined) == (2, 1, 1)
    assert shop.products()["1"]["price"] == -4
    assert [row["line"] for row in list_refused(shop.warehouse, shop.named).to_pylist()] == [3]
    shop.source = RefusedRows(shop.warehouse, shop.named, "shop", "products")
    assert shop.ingest(tmp_path / "none", "products", PRODUCTS, retry=True).counts.accepted == 0


def test_a_row_that_is_corrected_on_another_line_is_released(shop: Shop, tmp_path: Path) -> None:
    wrong, right, other = ["1", "Mug", "-4", "", "", ""], ["1", "Mug", "4", "", "", ""], ["2", "Jug", "1", "", "", ""]

    def held() -> list[tuple[str, int]]:
        return [(row["file"], row["line"]) for row in list_refused(shop.warehouse, shop.named).to_pylist()]

    shop.ingest(write(tmp_path / "p.csv", [wrong, ["3", "", "1", "", "", ""]]), "products", PRODUCTS)
    assert held() == [("p.csv", 2), ("p.csv", 3)]
    shop.ingest(write(tmp_path / "q.csv", [other, right]), "products", PRODUCTS)
    assert held() == [("p.csv", 3)]
    shop.ingest(write(tmp_path / "r.csv", [wrong]), "products", PRODUCTS)  # wrong again: the product stays as it was
    assert held() == [("p.csv", 3), ("r.csv", 2)]
    shop.ingest(write(tmp_path / "s.csv", [right, ["4", "Cup", "1", "", "", ""]]), "products", PRODUCTS)
    assert held() == [("p.csv", 3)]
    for extra in ("5", "6"):  # both in one file: the wrong one is kept, and stays
        shop.ingest(write(tmp_path / "t.csv", [wrong, right, [extra, "Pot", "1", "", "", ""]]), "products", PRODUCTS)
        assert held() == [("p.csv", 3), ("t.csv", 2)]


def test_a_dry_run_counts_the_same_and_writes_nothing(shop: Shop, tmp_path: Path) -> None:
    file = write(tmp_path / "p.csv", [["1", "ask ann@x.org", "4", "", "", ""], ["2", "", "1", "", "", ""]])
    before = {path for path in shop.home.rglob("*") if path.is_file()}
    dry = shop.prepare(file, "products", PRODUCTS, dry_run=True)
    assert {path for path in shop.home.rglob("*") if path.is_file()} == before
    assert b"ann@x.org" not in (shop.home / "vault.db").read_bytes()
    assert dry.counts == shop.ingest(file, "products", PRODUCTS).counts


ORDERS = {"basket": "order", "product": "item", "quantity": "qty", "price": "price", "time": "when", "shopper": "who"}
ORDER_HEADER = ["order", "item", "qty", "price", "when", "who"]


def order(basket: str, item: str, quantity: str, when: str = "2024-01-02", who: str = "c1") -> list[str]:
    return [basket, item, quantity, "2", when, who]


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


REVIEWS = {"key": "id", "product": "item", "rating": "stars"}
EVENTS = {"event_id": "id", "product": "item", "kind": "kind", "time": "time"}
CUSTOMERS = {"shopper": "id", "attributes.town": "town"}
CAMPAIGNS = {"key": "id", "name": "name"}


@pytest.mark.parametrize(
    ("asset", "columns", "header", "values"),
    [
        ("reviews", REVIEWS, ["id", "item", "stars"], ("r", "1", "1.5", "5.0")),
        ("events", EVENTS, ["id", "item", "time", "kind"], ("e", "1", "2024-01-01", "view", "buy")),
        ("customers", CUSTOMERS, ["id", "town"], ("c", "Ulm", "Kiel")),
        ("campaigns", CAMPAIGNS, ["id", "name"], ("c", "Spring", "Autumn")),
    ],
)
def test_a_row_that_goes_back_to_an_earlier_value_is_a_change(
    shop: Shop, tmp_path: Path, asset: str, columns: Mapping[str, str], header: Sequence[str], values: Sequence[str]
) -> None:
    shop.ingest(catalogue(tmp_path / "a.csv", 2), "products", PRODUCTS)
    *same, first, second = values
    for value in (first, second, first):
        done = shop.ingest(write(tmp_path / "r.csv", [[*same, value]], header), asset, columns)
        assert (done.counts.accepted, done.counts.unchanged) == (1, 0)
        (row,) = shop.current(asset)
        assert value in str(row)
    both = write(tmp_path / "s.csv", [[*same, second], [*same, first]], header)
    again = shop.ingest(both, asset, columns)
    assert (again.counts.unchanged, again.quarantined) == (1, {"duplicate_key": 1})
    assert first in str(shop.current(asset))


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


def test_a_key_that_two_sources_have_is_ambiguous(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(catalogue(tmp_path / "a.csv", 2), "products", PRODUCTS, name="one")
    shop.ingest(catalogue(tmp_path / "b.csv", 1), "products", PRODUCTS, name="two")
    rows = [order("1", "1", "1"), order("2", "2", "1"), order("3", "two:1", "1")]
    done = shop.ingest(write(tmp_path / "o.csv", rows, ORDER_HEADER), "orders", ORDERS, name="till")
    assert done.quarantined == {"ambiguous_product": 1}
    assert {event["product_id"] for event in shop.rows("events")} == {"one:2", "two:1"}


def test_planted_identifiers_stand_in_no_file_but_the_vault(shop: Shop, tmp_path: Path) -> None:
    header = ["customer", "e-mail", "full_name", "note"]
    rows = [
        ["c1", "ann.planted@x.org", "Ann Planted", "call 13812345678 or bob.planted@x.org"],
        ["", "refused.planted@x.org", "Rolf Planted", "-"],
        ["c3", "ragged.planted@x.org", "Rita Planted"],
    ]
    columns = {
        "shopper": "customer",
        "attributes.email": "e-mail",
        "attributes.name": "full_name",
        "attributes.note": "note",
    }
    done = shop.ingest(write(tmp_path / "c.csv", rows, header), "customers", columns)
    assert (done.counts.accepted, done.counts.quarantined) == (1, 2)
    import pyarrow.parquet as pq

    for path in shop.home.rglob("*"):
        if path.is_file() and path.name != "vault.db":
            text = (
                str(pq.ParquetFile(path).read().to_pylist())
                if path.suffix == ".parquet"
                else path.read_bytes().decode("utf-8", "replace")
            )
            for planted in ("planted@", "Planted", "13812345678"):
                assert planted not in text, path
    assert shop.vault.original(shop.vault.pseudonym("ann.planted@x.org")) == "ann.planted@x.org"
    event = shop.rows("customers")[0]
    assert event["shopper"] == shop.vault.pseudonym("c1")


@pytest.mark.parametrize("header", [HEADER, ["id", "name", "price", "e-mail", "ean", "colour"]])
def test_many_refused_lines_are_kept_at_once(shop: Shop, tmp_path: Path, header: list[str]) -> None:
    ragged = [[str(n), f"of planted{n}@x.org"] for n in range(20_000)]
    file = write(tmp_path / "p.csv", [["1", "Mug", "1", "", "", ""], *ragged], header)
    start = time.process_time()
    done = shop.ingest(file, "products", PRODUCTS)
    assert time.process_time() - start < 10  # row by row it took 29 s
    assert (done.counts.read, done.counts.quarantined) == (20_001, 20_000)
    held = list_refused(shop.warehouse, shop.named)
    assert len(set(held["row"].to_pylist())) == 20_000
    assert "planted" not in str(held.to_pylist())


@dataclass
class Given:
    """Records as a reader of JSON gives them: a batch has every column met so far."""

    records: Sequence[Mapping[str, str | None]]
    name: str = "p.jsonl"
    rejects: Sequence[Refused] = ()

    def batches(self) -> Iterator[pa.RecordBatch]:
        names = list(dict.fromkeys(name for record in self.records for name in record))
        cells = {name: pa.array([record.get(name) for record in self.records], pa.string()) for name in names}
        yield pa.RecordBatch.from_pydict({**cells, "_line": pa.array(range(len(self.records)), pa.int64())})


def test_a_row_is_the_same_whatever_columns_others_have(shop: Shop, tmp_path: Path) -> None:
    mug = {"id": "1", "name": "Mug", "price": "1"}
    shop.source = Given([mug])
    shop.ingest(tmp_path / "none", "products", PRODUCTS)
    shop.source = Given([{"weight": "2 kg", "price": "3", "id": "2", "name": "Jug"}, mug])
    done = shop.ingest(tmp_path / "none", "products", PRODUCTS)
    assert (done.counts.accepted, done.counts.unchanged) == (1, 1)
    raw = shop.warehouse.run("raw_row", shop.named, row_hash=shop.products()["1"]["row_hash"]).to_pylist()
    assert json.loads(raw[0]["row"]) == mug


def test_a_column_that_begins_with_an_underscore_is_the_sources_own(shop: Shop, tmp_path: Path) -> None:
    shop.source = Given([{"_id": "66f0", "name": "Mug"}])
    shop.ingest(tmp_path / "none", "products", {"key": "_id", "title": "name"})
    assert set(shop.products()) == {"66f0"}
    contract = contracts.load(shop.home / "contracts", "shop", "products")
    assert contract is not None
    assert contract.columns == ["_id", "name"]


@pytest.mark.parametrize("text", ["S, M, L", "[", '{"a": ', "NaN", "7", '"x"', "{}", '[{"price": "cheap"}]', "[[1]]"])
def test_variants_that_are_none_harm_no_row(shop: Shop, tmp_path: Path, text: str) -> None:
    header = ["id", "name", "variants", "offers"]
    rows = [["1", "Mug", text, text], ["2", "Jug", '[{"sku": "2-1"}]', '[{"seller": "Ann"}]']]
    file = write(tmp_path / "p.csv", rows, header)
    columns = {"key": "id", "title": "name", "variants": "variants", "offers": "offers"}
    assert shop.ingest(file, "products", columns).counts.accepted == 2
    assert shop.products()["2"]["variants"][0]["sku"] == "2-1"
    assert shop.products()["2"]["offers"][0]["seller"] == "Ann"


def test_amounts_of_variants_and_offers_are_written_as_the_contract_says(shop: Shop, tmp_path: Path) -> None:
    header = ["id", "name", "price", "variants", "offers"]
    variants = [{"sku": "a", "price": "1.234", "stock": "2.000"}, {"sku": "b", "price": 1.5, "stock": 3.0}]
    offers = [{"store": "x", "price": "1.234 €"}, {"store": "y", "price": "9,50"}, {"store": "z", "price": "cheap"}]
    row = ["1", "Mug", "12,50", json.dumps(variants), json.dumps(offers)]
    mapping = guess(pa.table(dict(zip(header, ([cell] for cell in row), strict=True))), "products")
    shop.ingest(write(tmp_path / "p.csv", [row], header), "products", {}, mapping=mapping)
    product = shop.products()["1"]
    assert product["price"] == 12.5
    assert [(v["price"], v["stock"]) for v in product["variants"]] == [(1234, 2000), (1.5, 3)]
    assert [(o["price"], o["currency"]) for o in product["offers"]] == [(1234, "EUR"), (9.5, None), (None, None)]


def test_drift_is_reported(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(catalogue(tmp_path / "a.csv"), "products", PRODUCTS)
    file = write(tmp_path / "b.csv", [["1", "Mug", "1", "", "", "x"]], ["id", "name", "price", "text", "ean", "finish"])
    assert shop.ingest(file, "products", PRODUCTS).drift == ["new column 'finish'", "column 'colour' is missing"]


def test_a_full_disk_loses_nothing_that_was_named(tmp_path: Path) -> None:
    """The child may write no file beyond 20 kB: what the system then says is what a full disk says."""
    home = tmp_path / "shop"
    shop = Shop(home)
    shop.ingest(catalogue(tmp_path / "a.csv"), "products", PRODUCTS)
    words = [f"{hash((n, 'w')):x}" * 40 for n in range(300)]
    big = write(tmp_path / "big.csv", [[str(n), word[:300], "1", word, "", ""] for n, word in enumerate(words)])
    script = (
        "import resource, signal, sys, pathlib; from tests.graphsvc.test_ingest import *\n"
        "shop = Shop(pathlib.Path(sys.argv[1]))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try: shop.prepare(pathlib.Path(sys.argv[2]), 'products', PRODUCTS, name='big')\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(home), str(big)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "StorageError", done.stderr
    shop.warehouse.sweep(set(shop.named))
    assert len(shop.products()) == 10
    assert shop.ingest(big, "products", PRODUCTS, name="big").counts.accepted == 300


def test_lineage_ends_at_the_raw_row(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(write(tmp_path / "p.csv", [["7", " Mug ", "3", "", "", ""]]), "products", PRODUCTS)
    row_hash = shop.products()["7"]["row_hash"]
    found = shop.warehouse.run("raw_row", shop.named, row_hash=row_hash).to_pylist()
    assert (found[0]["file"], found[0]["line"]) == ("p.csv", 2)
    assert '"name":" Mug "' in found[0]["row"]


def test_a_file_of_which_nothing_can_be_read_is_an_error(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 2"):
        shop.ingest(write(tmp_path / "p.csv", [["1", "2"]]), "products", PRODUCTS)
    assert shop.ingest(write(tmp_path / "q.csv", []), "products", PRODUCTS).counts.read == 0


def test_a_contract_that_cannot_be_used_says_which_rule(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(catalogue(tmp_path / "a.csv", 2), "products", PRODUCTS)
    path = contracts.path_of(shop.home / "contracts", "shop", "products")
    text = path.read_text("utf-8")
    path.write_text(text.replace("minimum: 0", "minimum: cheap"), "utf-8")
    with pytest.raises(ContractError, match="price_minimum"):
        shop.ingest(catalogue(tmp_path / "b.csv", 3), "products", PRODUCTS)
    path.write_text("kind: [", "utf-8")
    with pytest.raises(ContractError, match="not a valid contract"):
        shop.ingest(catalogue(tmp_path / "b.csv", 3), "products", PRODUCTS)


def test_the_generated_contract_keeps_the_standard(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(catalogue(tmp_path / "a.csv"), "products", PRODUCTS)
    rows = [order("1", "1", "1")]
    shop.ingest(write(tmp_path / "o.csv", rows, ORDER_HEADER), "orders", ORDERS)
    schema = json.loads((files("open_data_contract_standard") / "schema.json").read_text("utf-8"))
    for path in (shop.home / "contracts").glob("*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), schema)


def test_an_unknown_asset_is_said_so(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Unknown asset"):
        shop.prepare(tmp_path / "a.csv", "widgets", {})


def test_injections_are_values(shop: Shop, tmp_path: Path) -> None:
    nasty = ["'; DROP TABLE products; --", '=cmd|"/c calc"!A1', "${jndi:x}", "MATCH (n) DETACH DELETE n", "k" * 10_000]
    done = shop.ingest(write(tmp_path / "p.csv", [[key, key, "1", "", "", ""] for key in nasty]), "products", PRODUCTS)
    assert set(shop.products()) == set(nasty[:4])
    assert done.quarantined == {"key_max_length": 1, "title_max_length": 1}


def test_a_kill_leaves_nothing_that_a_sweep_does_not_take(tmp_path: Path) -> None:
    home = tmp_path / "shop"
    shop = Shop(home)
    shop.ingest(catalogue(tmp_path / "a.csv"), "products", PRODUCTS)
    script = (
        "import sys, pathlib; from tests.graphsvc.test_ingest import *\n"
        "home, file = map(pathlib.Path, sys.argv[1:])\n"
        "shop = Shop(home)\n"
        "for n in range(1000):\n"
        "    shop.prepare(file, 'products', PRODUCTS, name=f'n{n}'); print(n, flush=True)\n"
    )
    big = catalogue(tmp_path / "big.csv", 60)
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(home), str(big)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert child.stdout is not None
    child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    again = Warehouse(home / "warehouse")
    assert again.sweep(set(shop.named))
    assert not again.spill.exists()
    assert len(shop.products()) == 10
    assert {batch for table in ("products", "raw", "changes", "quarantine") for batch in again.batches(table)} == set(
        shop.named
    )
