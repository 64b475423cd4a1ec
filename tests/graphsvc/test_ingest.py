import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import jsonschema
import pyarrow as pa
import pytest
import yaml

from graphsvc.errors import ContractError, InputError, SafetyStop, SourceError
from graphsvc.mapping import guess
from graphsvc.warehouse import contracts
from graphsvc.warehouse.quarantine import RefusedRows, list_refused, pick
from graphsvc.warehouse.tables import Warehouse
from tests.graphsvc.imports import (
    HEADER,
    ORDER_HEADER,
    ORDERS,
    PRODUCTS,
    Refused,
    Shop,
    catalogue,
    order,
    write,
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


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


def test_a_key_that_two_sources_have_is_ambiguous(shop: Shop, tmp_path: Path) -> None:
    shop.ingest(catalogue(tmp_path / "a.csv", 2), "products", PRODUCTS, name="one")
    shop.ingest(catalogue(tmp_path / "b.csv", 1), "products", PRODUCTS, name="two")
    rows = [order("1", "1", "1"), order("2", "2", "1"), order("3", "two:1", "1")]
    done = shop.ingest(write(tmp_path / "o.csv", rows, ORDER_HEADER), "orders", ORDERS, name="till")
    assert done.quarantined == {"ambiguous_product": 1}
    assert {event["product_id"] for event in shop.rows("events")} == {"one:2", "two:1"}


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
        "import resource, signal, sys, pathlib; from tests.graphsvc.imports import *\n"
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
        "import sys, pathlib; from tests.graphsvc.imports import *\n"
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
