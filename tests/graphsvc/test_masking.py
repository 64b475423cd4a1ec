"""No address and no telephone number stands in any file of a shop but its vault, wherever it was planted."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from graphsvc.warehouse.standardise import clean_text
from tests.graphsvc.desks import Desk, one
from tests.graphsvc.imports import Shop, write
from tests.graphsvc.shops import PRODUCT_COLUMNS, write_products, write_rows

PLANTED = "ann.zebra@example.com"
PLACES: dict[str, tuple[str, Sequence[Sequence[str]], Sequence[str]]] = {
    "a title": ("p.csv", [one(title=f"Ask {PLANTED} for it"), one("2")], PRODUCT_COLUMNS),
    "Chinese text": ("p.csv", [one(description=f"发邮件到{PLANTED}咨询"), one("2")], PRODUCT_COLUMNS),
    "an entity": ("p.csv", [one(description=PLANTED.replace("@", "&#64;")), one("2")], PRODUCT_COLUMNS),
    "a full-width dot": ("p.csv", [one(description=PLANTED.replace(".com", "．com")), one("2")], PRODUCT_COLUMNS),
    "markup": ("p.csv", [one(description=PLANTED.replace("ple", "<b></b>ple")), one("2")], PRODUCT_COLUMNS),
    "an entity for a dot": ("p.csv", [one(PLANTED.replace(".com", "&#46;com"), title=""), one("2")], PRODUCT_COLUMNS),
    "a character without width": ("p.csv", [one(price=PLANTED.replace("ple", "\u200bple")), one("2")], PRODUCT_COLUMNS),
    "escapes of JSON": (
        "p.csv",
        [[*one(), json.dumps([{"name": "ask", "value": PLANTED.replace("@", "＠")}])], [*one("2"), ""]],
        [*PRODUCT_COLUMNS, "attributes"],
    ),
    "a key": ("p.csv", [one(PLANTED), one("2")], PRODUCT_COLUMNS),
    "a price": ("p.csv", [one(price=PLANTED), one("2")], PRODUCT_COLUMNS),
    "a refused row": ("p.csv", [one("", description=PLANTED), one("2")], PRODUCT_COLUMNS),
    "a ragged row": ("p.csv", [one("2"), [PLANTED, "x"]], PRODUCT_COLUMNS),
    "a file's name": (f"{PLANTED}.csv", [one("2")], PRODUCT_COLUMNS),
    "a column of addresses": ("c.csv", [["c1", PLANTED], ["c2", "bob.zebra@x.org"]], ["customer_id", "contact"]),
    "the shopper": ("c.csv", [[PLANTED, "x"], ["bob.zebra@x.org", "y"]], ["customer_id", "city"]),
    "variants": (
        "p.csv",
        [[*one(), json.dumps([{"sku": "1-1", "title": PLANTED}])], [*one("2"), ""]],
        [*PRODUCT_COLUMNS, "variants"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_planted_address_stands_in_no_file_but_the_vault(desk: Desk, tmp_path: Path, place: str) -> None:
    file, rows, columns = PLACES[place]
    desk.take(write_rows(tmp_path / file, rows, columns))
    for path in desk.shop.home.rglob("*"):
        if path.is_file() and path.name != "vault.db":
            text = _content(path)
            assert "zebra" not in text, path
    assert b"zebra" in desk.shop.vault.read_bytes()


@pytest.mark.parametrize(
    "number",
    [
        "手机13800138000",
        "手机１３８００１３８０００",
        "call 138&#48;0138000",
        "<b>138</b>0013<i>8000</i>",
        "138  0013  8000",
    ],
)
def test_a_telephone_number_stands_in_no_file_but_the_vault(desk: Desk, tmp_path: Path, number: str) -> None:
    desk.take(write_products(tmp_path / "p.csv", [one(description=number), one("2", price="x", description=number)]))
    for path in desk.shop.home.rglob("*"):
        if path.is_file() and path.name != "vault.db":
            assert "13800138000" not in clean_text(_content(path)).text.replace(" ", ""), path
    assert "[phone:" in desk.products()["1"]["description"]


def test_what_needs_no_mask_stays_as_it_came(desk: Desk, tmp_path: Path) -> None:
    text = "<p>Ｍug &amp; saucer, 30×20 cm,  2010-12-01</p>"
    desk.take(write_products(tmp_path / "p.csv", [one(description=text)]))
    (raw,) = (path for path in desk.shop.warehouse.glob("raw/**/*.parquet"))
    assert text in _content(raw)


def _content(path: Path) -> str:
    if path.suffix == ".parquet":
        return str(pq.ParquetFile(path).read().to_pylist())
    if path.name == "log.db":
        with sqlite3.connect(path) as log:
            return str(log.execute("SELECT * FROM entries").fetchall())
    return path.read_bytes().decode("utf-8", "replace")


def test_nobody_is_no_shopper_but_somebody_may_be_called_null(desk: Desk, tmp_path: Path) -> None:
    rows = [["c1", "Null", "Ulm"], ["nan", "Smith", "Kiel"]]
    done = desk.take(write_rows(tmp_path / "c.csv", rows, ["customer_id", "last_name", "city"]))
    assert done.batch.quarantined == {"shopper_missing": 1}
    assert desk.vault.original(desk.vault.pseudonym("Null")) == "Null"
    assert desk.vault.original(desk.vault.pseudonym("nan")) is None


def test_planted_identifiers_stand_in_no_file_but_the_vault(tmp_path: Path) -> None:
    header = ["customer", "e-mail", "full_name", "note"]
    rows = [
        ["c1", "ann.planted@x.org", "Ann Planted", "call 13812345678 or bob.planted@x.org"],
        ["", "refused.planted@x.org", "Rolf Planted", "-"],
        ["c3", "ragged.planted@x.org", "Rita Planted"],
    ]
    fields = {"email": "e-mail", "name": "full_name", "note": "note"}
    columns = {"shopper": "customer", **{f"attributes.{name}": column for name, column in fields.items()}}
    shop = Shop(tmp_path / "shop")
    done = shop.ingest(write(tmp_path / "c.csv", rows, header), "customers", columns)
    assert (done.counts.accepted, done.counts.quarantined) == (1, 2)
    for path in shop.home.rglob("*"):
        if path.is_file() and path.name != "vault.db":
            text = _content(path)
            for planted in ("planted@", "Planted", "13812345678"):
                assert planted not in text, path
    assert shop.vault.original(shop.vault.pseudonym("ann.planted@x.org")) == "ann.planted@x.org"
    assert shop.rows("customers")[0]["shopper"] == shop.vault.pseudonym("c1")
