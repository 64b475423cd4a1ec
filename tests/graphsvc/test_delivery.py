"""Real files through the whole intake: reader, mapping, contract, warehouse, claims and log. Nothing is ever lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from graphsvc.delivery import Delivery
from graphsvc.errors import (
    InputError,
    MappingError,
    NotFoundError,
    SafetyStop,
    ShopLockedError,
    SourceError,
)
from graphsvc.history import read_history
from graphsvc.lineage import trace
from graphsvc.log import Change
from graphsvc.mapping import Mapping
from graphsvc.upsert import Upserter
from tests.graphsvc.desks import Desk, many, one
from tests.graphsvc.shops import (
    ORDERS,
    PRODUCT_COLUMNS,
    PRODUCTS,
    write_orders,
    write_products,
    write_rows,
)

ROOT = Path(__file__).parents[2]


# ---- files that are none


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\n", "is empty"),
        (b"id,title,price\n", "holds no rows"),
        (b"id,title,price\n1,Mug\n", "line 2"),
        (b"id,title,id\n1,Mug,2\n", "two columns called 'id'"),
        (b"id,title,ID\n1,Mug,2\n", "two columns called 'ID'"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "a picture"),
        (b"SQLite format 3\0" + bytes(4096), "SQLite"),
        (bytes(range(256)) * 64, "no text"),
        (b"id,title,_line\n1,Mug,2\n", "our own word"),
        (b"ann.planted@x.org,Mug,5.00\nbob@x.org,Jug,6.00\n", "e-mail address"),
        (b"<html><body>Sign in</body></html>", "a web page"),
    ],
)
def test_a_file_that_is_no_table_is_an_error_and_nothing_has_happened(
    desk: Desk, tmp_path: Path, content: bytes, word: str
) -> None:
    file = tmp_path / "p.csv"
    file.write_bytes(content)
    mapping = tmp_path / "m.yaml"
    mapping.write_text("asset: products\nfields: {key: 'ann.planted@x.org', title: Mug}\n")
    with pytest.raises(SourceError, match=word) as caught:
        desk.take(file, mapping=mapping if b"planted" in content else None)
    assert caught.value.next_step
    assert desk.is_empty()
    assert not list(desk.shop.mappings.glob("*"))
    assert not list(desk.shop.contracts.glob("*"))


def test_what_cannot_be_asked_is_said_so(desk: Desk, tmp_path: Path) -> None:
    file = write_products(tmp_path / "p.csv", PRODUCTS)
    for paths, options, word in (
        ((), {}, "No file"),
        ((file,), {"asset": "widgets"}, "Unknown asset"),
        ((tmp_path / "none.csv",), {}, "none.csv"),
    ):
        with pytest.raises(InputError, match=word):
            desk.take(*paths, **options)
    assert desk.is_empty()


# ---- rows that are none


INJECTIONS = {
    "=cmd|' /C calc'!A0": "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0": "@SUM(1+1)*cmd|' /C calc'!A0",
    "Mug <img src=x onerror=alert(1)>": "Mug",
    "<script>alert(1)</script>Mug": "Mug",
    "&lt;img src=x onerror=alert(1)&gt;Mug": "Mug",
    "Mug &lt; 5 cm": "Mug < 5 cm",
    "'; DROP TABLE products; --": "'; DROP TABLE products; --",
    "MATCH (n) DETACH DELETE n": "MATCH (n) DETACH DELETE n",
    "${jndi:ldap://x/y}": "${jndi:ldap://x/y}",
    "../../etc/passwd": "../../etc/passwd",
}


def test_what_looks_like_code_is_text(desk: Desk, tmp_path: Path) -> None:
    rows = [one(str(n), title) for n, title in enumerate(INJECTIONS)]
    assert desk.take(write_products(tmp_path / "p.csv", rows)).batch.counts.accepted == len(rows)
    found = desk.products()
    assert [found[str(n)]["title"] for n in range(len(rows))] == list(INJECTIONS.values())


def test_names_of_columns_and_sources_are_no_code(desk: Desk, tmp_path: Path) -> None:
    columns = ["id", "title", "a\"b'; DROP TABLE stage; --", "=1+1", "<b>x</b>", "${x}", "select"]
    file = write_rows(tmp_path / "p.csv", [["1", "Mug", "a", "b", "c", "d", "e"]], columns)
    assert desk.take(file, name="../'; DROP TABLE x; --").batch.counts.accepted == 1
    assert len(list(desk.shop.mappings.iterdir())) == len(list(desk.shop.contracts.iterdir())) == 1
    assert not list(tmp_path.glob("*DROP*"))
    assert desk.take(file, name="../'; DROP TABLE x; --").offset is None


def test_one_foreign_price_does_not_move_the_thousands_of_others(desk: Desk, tmp_path: Path) -> None:
    prices = ["€27,50", "$1,299", "1.299"]
    desk.take(write_products(tmp_path / "p.csv", [one(str(n), price=price) for n, price in enumerate(prices)]))
    assert [row["price"] for _, row in sorted(desk.products().items())] == [27.5, 1299, 1299]


def test_ids_and_sparse_records_of_mongo(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    mug = {"_id": {"$oid": "66f0"}, "title": "Mug", "price": 5}
    file.write_text(json.dumps(mug) + "\n")
    desk.take(file)
    assert set(desk.products()) == {"66f0"}
    jug = {"_id": {"$oid": "66f1"}, "title": "Jug", "Title": "Other", "price": 6, "colour": "red"}
    file.write_text(json.dumps(jug) + "\n" + json.dumps(mug) + "\n")
    report = desk.take(file)
    assert (report.batch.counts.accepted, report.batch.counts.unchanged) == (1, 1)


# ---- again, less, and otherwise


def test_the_same_file_again_is_no_entry(desk: Desk, tmp_path: Path) -> None:
    file = write_products(tmp_path / "p.csv", PRODUCTS)
    first = desk.take(file)
    assert first.offset == desk.log.head() == 1
    again = desk.take(file)
    assert (again.offset, again.batch.counts.unchanged, desk.log.head()) == (None, len(PRODUCTS), 1)
    turned = [columns[::-1] for columns in PRODUCTS]
    moved = desk.take(write_rows(tmp_path / "q.csv", turned, PRODUCT_COLUMNS[::-1]))
    assert (moved.offset, moved.batch.counts.unchanged) == (None, len(PRODUCTS))


def test_a_sync_stops_before_much_would_go(desk: Desk, tmp_path: Path) -> None:
    desk.take(many(tmp_path / "a.csv", 10))
    with pytest.raises(SafetyStop, match="7 of the 10") as caught:
        desk.take(many(tmp_path / "b.csv", 3), sync=True)
    assert "--yes" in caught.value.next_step
    assert (desk.log.head(), len(desk.products())) == (1, 10)
    dry = desk.take(tmp_path / "b.csv", sync=True, dry_run=True)
    assert (dry.batch.counts.retired, dry.offset) == (7, None)
    assert desk.take(tmp_path / "b.csv", sync=True, confirmed=True).batch.counts.retired == 7
    assert set(desk.products()) == {"1", "2", "3"}


def test_a_sync_asks_when_a_row_does_not_say_which_product_it_is(desk: Desk, tmp_path: Path) -> None:
    desk.take(many(tmp_path / "a.csv", 10))
    rows = [one(str(n), f"Mug {n}", "5.00" if n == 1 else "3.50") for n in range(1, 11)]
    for wrong in ([*rows[9], "one too many"], ["", *rows[9][1:]]):
        file = write_products(tmp_path / "b.csv", [*rows[:9], wrong])
        with pytest.raises(SafetyStop, match="1 products of shop, and 1 rows"):
            desk.take(file, sync=True)
        assert len(desk.products()) == 10
    assert desk.take(file, sync=True, confirmed=True).batch.counts.retired == 1


def test_the_same_file_says_something_new_to_a_shop_that_moved_on(desk: Desk, tmp_path: Path) -> None:
    file = write_products(tmp_path / "p.csv", PRODUCTS)
    desk.take(file)
    lines = [["b1", "9", "77", "2026-01-01", "Lamp"], ["b1", "x", "77", "2026-01-01", ""]]
    extra = write_rows(tmp_path / "o.csv", lines, ["order_id", "product_id", "quantity", "order_date", "title"])
    assert desk.take(extra, asset="orders").batch.counts.quarantined == 2
    assert desk.take(extra, asset="orders").offset is None

    upserter = Upserter(desk.warehouse, desk.vault, {})
    desk.log.append(Change("products", dict(upserter.retire(["shop:1"], read_history(desk.log)))))
    assert "1" not in desk.products()
    back = desk.take(file)
    assert (back.batch.counts.accepted, back.batch.counts.unchanged) == (1, len(PRODUCTS) - 1)
    assert desk.take(file).offset is None

    row = {**desk.products()["2"], "product_id": "shop:z", "key": "z", "row_hash": "api", "batch": ""}
    desk.log.append(Change("products", {"products": [row]}))
    heard: list[str] = []  # a product that no refused row names is no reason to read them again
    asked = Delivery((str(extra),), name="shop", asset="orders")
    assert desk.receiver.receive(asked, lambda step, done: heard.append(step)).offset is None
    assert heard == []

    desk.log.append(Change("products", {"products": [{**row, "product_id": "shop:x", "key": "x"}]}))
    assert desk.take(extra, asset="orders").batch.counts.accepted == 1
    assert desk.take(file, sync=True, confirmed=True).batch.counts.retired == 2
    assert set(desk.products()) == {row[0] for row in PRODUCTS}


def test_orders_bring_no_retired_product_back(desk: Desk, tmp_path: Path) -> None:
    desk.take(write_products(tmp_path / "p.csv", PRODUCTS))
    upserter = Upserter(desk.warehouse, desk.vault, {})
    desk.log.append(Change("products", dict(upserter.retire(["shop:1"], read_history(desk.log)))))
    desk.take(
        write_products(tmp_path / "q.csv", [row for row in PRODUCTS if row[0] not in "12"]), sync=True, confirmed=True
    )
    lines = [[key, key, "2", "2026-01-01", "Lamp", "7.00"] for key in ("1", "2", "new")]
    header = ["order_id", "product_id", "quantity", "order_date", "title", "price"]
    report = desk.take(write_rows(tmp_path / "o.csv", lines, header), asset="orders")
    assert set(desk.products()) == {"3", "4", "5", "6", "new"}
    assert (report.batch.counts.derived, report.batch.quarantined) == (1, {"unknown_product": 2})
    desk.take(write_products(tmp_path / "r.csv", PRODUCTS))
    assert desk.retry("orders").batch.counts.accepted == 2


def test_why_shows_a_product_of_which_nothing_is_claimed(desk: Desk, tmp_path: Path) -> None:
    desk.take(write_rows(tmp_path / "p.csv", [["7", "Thing"]], ["id", "title"]))
    found = trace(desk.warehouse, read_history(desk.log), "shop:7")
    assert (found.product_id, found.title, found.claims) == ("shop:7", "Thing", ())
    assert (found.file, found.line) == ("p.csv", 2)
    assert found.row == '{"id":"7","title":"Thing"}'
    desk.take(write_products(tmp_path / "q.csv", PRODUCTS), name="other")
    whole = trace(desk.warehouse, read_history(desk.log), "other:1")
    fact = trace(desk.warehouse, read_history(desk.log), whole.claims[0].id)
    assert len(whole.claims) > 1
    assert (fact.product_id, fact.claims) == (whole.product_id, whole.claims[:1])
    with pytest.raises(NotFoundError):
        trace(desk.warehouse, read_history(desk.log), "shop:8")


def test_a_contract_that_reads_otherwise_reads_known_rows_anew(desk: Desk, tmp_path: Path) -> None:
    path = write_products(tmp_path / "p.csv", [one("1", price="5.00"), one("2", "Cup", "7.00 USD")])
    desk.take(path)
    contract = desk.shop.contracts / "shop.products.yaml"
    text = contract.read_text("utf-8")
    contract.write_text(
        text.replace("\ncustomProperties:\n", "\ncustomProperties:\n- {property: currency, value: CNY}\n")
    )
    assert desk.take(path).batch.counts.changed == 2
    assert {key: row["currency"] for key, row in desk.products().items()} == {"1": "CNY", "2": "USD"}
    assert desk.take(path).batch.counts.unchanged == 2


# ---- mappings


def test_a_mapping_is_saved_edited_and_used_again(desk: Desk, tmp_path: Path) -> None:
    file = many(tmp_path / "a.csv", 3)
    dry = desk.take(file, dry_run=True)
    assert not desk.shop.mappings.exists()
    first = desk.take(file)
    saved = desk.shop.mappings / "shop.products.yaml"
    assert Mapping.load(saved).fingerprint == first.mapping.fingerprint == dry.mapping.fingerprint  # type: ignore[union-attr]
    saved.write_text(saved.read_text("utf-8").replace("price: price", "price: {column: price, factor: 0.01}"), "utf-8")
    assert desk.take(file).batch.counts.accepted == 3
    assert desk.products()["2"]["price"] == 0.035
    assert "factor" in saved.read_text("utf-8")


def test_a_given_mapping_says_the_asset_and_is_kept_for_retries(desk: Desk, tmp_path: Path) -> None:
    desk.take(write_products(tmp_path / "p.csv", PRODUCTS))
    rows = [["a", "1", "2", "2026-01-01"], ["a", "nowhere", "1", "2026-01-01"]]
    file = write_rows(tmp_path / "o.csv", rows, ["w", "x", "y", "z"])
    mapping = tmp_path / "m.yaml"
    mapping.write_text("asset: orders\nfields: {basket: w, product: x, quantity: y, time: z}\n")
    report = desk.take(file, mapping=mapping)
    assert (report.asset, report.batch.counts.accepted, report.batch.counts.quarantined) == ("orders", 1, 1)
    assert desk.take(file, asset="orders").offset is None
    desk.take(write_products(tmp_path / "q.csv", [one("nowhere")]))
    assert desk.retry("orders").batch.counts.accepted == 1


@pytest.mark.parametrize(
    ("text", "asset", "word", "step"),
    [
        ("asset: orders\nfields: {basket: id, product: id, quantity: id, time: id}", "products", "for orders", "--as"),
        ("asset: products\nfields: {key: id, title: titel}", None, "'titel', which is no column", "'title'"),
        ("asset: products\nfields: {key: id, title: title, price: cost}", None, "'cost'", "price"),
        ("asset: widgets\nfields: {key: id}", None, "what its rows are", "products"),
        ("nonsense: [", None, "YAML", "Correct"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(
    desk: Desk, tmp_path: Path, text: str, asset: str | None, word: str, step: str
) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text(text)
    with pytest.raises(MappingError, match=word) as caught:
        desk.take(write_products(tmp_path / "p.csv", PRODUCTS), mapping=mapping, asset=asset)
    assert step in caught.value.next_step
    assert desk.is_empty()


def test_a_later_file_may_lack_what_a_row_need_not_have(desk: Desk, tmp_path: Path) -> None:
    desk.take(write_products(tmp_path / "a.csv", PRODUCTS))
    short = write_rows(tmp_path / "b.csv", [["7", "Cup"]], ["id", "title"])
    report = desk.take(short)
    assert report.batch.counts.accepted == 1
    assert "column 'brand' is missing" in report.batch.drift
    with pytest.raises(MappingError, match="'id'"):
        desk.take(write_rows(tmp_path / "c.csv", [["8", "Cup"]], ["ident", "title"]))


# ---- two at a time


def test_a_second_writer_is_refused_and_nothing_is_lost(desk: Desk, tmp_path: Path) -> None:
    file = write_products(tmp_path / "p.csv", PRODUCTS)
    with pytest.raises(ShopLockedError, match="a test"):
        Desk(desk.shop.home)
    script = (
        "import sys, pathlib\nfrom tests.graphsvc.test_delivery import *\n"
        "try: Desk(pathlib.Path(sys.argv[1])).take(pathlib.Path(sys.argv[2]))\n"
        "except ShopLockedError as error: sys.exit(str(error))\n"
    )
    command = [sys.executable, "-c", script, str(desk.shop.home), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "is being written by a test, pid" in done.stderr
    assert desk.is_empty()
    desk.take(file)
    desk.take(write_orders(tmp_path / "o.csv", ORDERS), asset="orders")
    assert desk.log.verify() == 2
    assert len(desk.products()) == len(PRODUCTS)


# ---- times


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+08:00"])
def test_a_time_beyond_all_years_is_none(desk: Desk, tmp_path: Path, end: str) -> None:
    rows = [
        ["c0", "Spring", "2026-03-01", end],
        *([f"c{n}", "Summer", "2026-06-01", "2026-08-31"] for n in range(1, 9)),
    ]
    file = write_rows(tmp_path / "c.csv", rows, ["campaign_id", "name", "start", "end"])
    report = desk.take(file, asset="campaigns")
    assert (report.batch.counts.accepted, report.batch.quarantined) == (8, {"end_unreadable": 1})


def test_a_sync_is_for_products(desk: Desk, tmp_path: Path) -> None:
    desk.take(write_products(tmp_path / "p.csv", PRODUCTS))
    with pytest.raises(InputError, match="orders"):
        desk.take(write_orders(tmp_path / "o.csv", ORDERS), sync=True)


# ---- several files


def test_files_of_several_assets_are_told_apart(desk: Desk, tmp_path: Path) -> None:
    products = write_products(tmp_path / "p 1.csv", PRODUCTS)
    orders = write_orders(tmp_path / "orders.csv", ORDERS)
    report = desk.receiver.receive
    with pytest.raises(InputError, match="p 1.csv looks like products, orders.csv looks like orders") as caught:
        report(Delivery((str(orders), str(products))))
    assert desk.is_empty()
    commands = [line.split("graphsvc ")[1] for line in caught.value.next_step.splitlines() if "ingest" in line]
    assert commands == [
        f"ingest '{products}' --as products --name p-1", f"ingest {orders} --as orders --name p-1",
    ]  # fmt: skip
    for asset, file in (("products", products), ("orders", orders)):
        assert report(Delivery((str(file),), asset, "p-1")).batch.counts.quarantined == 0


def test_files_of_one_asset_come_together_whatever_they_hold(desk: Desk, tmp_path: Path) -> None:
    first, header = write_products(tmp_path / "p.csv", PRODUCTS), [*PRODUCT_COLUMNS, "stock"]
    same = write_products(tmp_path / "q.csv", [["7", "", "", "", "", "", ""]])
    more = write_rows(tmp_path / "r.csv", [[*one("8"), "3"]], header)
    assert desk.take(first, same, more).batch.counts.read == 8
