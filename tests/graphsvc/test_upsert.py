from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from extractors import Claim, Document
from graphsvc.errors import InputError, NotFoundError
from graphsvc.history import History, read_history
from graphsvc.knowledge import Reader
from graphsvc.log import Change, WriteLog
from graphsvc.upsert import MOST, Upserter
from graphsvc.vault import Vault
from graphsvc.warehouse.contracts import propose
from graphsvc.warehouse.quarantine import list_refused, pick
from graphsvc.warehouse.tables import Warehouse


class Shop:
    def __init__(self, home: Path) -> None:
        self.warehouse = Warehouse(home / "warehouse")
        self.vault = Vault(home / "vault.db", b"k" * 32)
        self.log = WriteLog(home / "log.db")
        self.upserter = Upserter(self.warehouse, self.vault, {})

    @property
    def history(self) -> History:
        return read_history(self.log)

    def upsert(self, *changes: Mapping[str, Any], reader: Reader | None = None) -> dict[str, dict[str, Any]]:
        payload = self.upserter.upsert(changes, self.history, reader or Reader([]))
        self.log.append(Change("products", dict(payload)))
        return self.products()

    def products(self) -> dict[str, dict[str, Any]]:
        return {row["product_id"]: row for row in self.history.current_products(self.warehouse).to_pylist()}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_an_absent_field_stays_and_null_clears(shop: Shop) -> None:
    made = {"id": "s:1", "title": " Pan\u200b ", "brand": "Nordholm", "price": 12.5, "currency": "eur",
            "category": ["Home", "Kitchen"], "attributes": [{"name": "Color", "value": "navy"}],
            "variants": [{"sku": "1-S", "price": 12.5}]}  # fmt: skip
    row = shop.upsert(made)["s:1"]
    assert (row["title"], row["brand"], row["price"], row["currency"]) == ("Pan", "Nordholm", 12.5, "EUR")
    assert (row["category"], row["variants"][0]["sku"], row["language"]) == (["Home", "Kitchen"], "1-S", "en")
    row = shop.upsert({"id": "s:1", "price": 11, "brand": None})["s:1"]
    assert (row["title"], row["brand"], row["price"], row["key"]) == ("Pan", None, 11.0, "1")
    assert row["attributes"][0]["name"] == "Color"


def test_a_product_named_twice_takes_the_later_word(shop: Shop) -> None:
    row = shop.upsert({"id": "s:1", "title": "Pan", "price": 1}, {"id": "s:1", "price": 2})["s:1"]
    assert (row["title"], row["price"]) == ("Pan", 2.0)


def test_a_refused_row_refuses_the_call_with_every_reason(shop: Shop) -> None:
    with pytest.raises(InputError, match=r"s:2: title is missing; s:3: price is below 0"):
        shop.upsert({"id": "s:1", "title": "Pan"}, {"id": "s:2"}, {"id": "s:3", "title": "Pot", "price": -1})
    assert shop.products() == {}
    with pytest.raises(InputError, match="no id"):
        shop.upsert({"title": "Pan"})
    with pytest.raises(InputError, match="too many"):
        shop.upsert(*[{"id": str(n), "title": "x"} for n in range(MOST + 1)])
    with pytest.raises(InputError, match="variant"):
        shop.upsert({"id": "s:1", "title": "Pan", "variants": [{"price": "cheap"}]})


def test_an_address_in_a_text_goes_to_the_vault(shop: Shop) -> None:
    row = shop.upsert({"id": "s:1", "title": "Pan", "description": "ask ann@example.com"})["s:1"]
    assert row["description"].startswith("ask [email:")


def test_an_address_that_cleaning_would_make_plain_goes_to_the_vault(shop: Shop) -> None:
    text = "ask foo@example．com, foo@exam<b></b>ple.com, foo@example&#46;com, 手机１３８００１３８０００"
    made = {"id": "s:1", "title": "Pan", "description": text, "attributes": [{"name": "ask", "value": text}],
            "variants": [{"sku": "1", "title": text}]}  # fmt: skip
    written = str(shop.upserter.upsert([made], shop.history, Reader([])))
    assert "example.com" not in written
    assert "13800138000" not in written
    assert shop.upsert(made)["s:1"]["description"].count("[email:") == 3


@pytest.mark.parametrize(
    ("name", "word"), [("z" * 300 + ":1", "300 characters"), (":1", "is empty"), ("a\x07b:1", "not seen")]
)
def test_what_cannot_be_the_name_of_a_source_is_refused(shop: Shop, name: str, word: str) -> None:
    for call in (lambda: shop.upsert({"id": name, "title": "Pan"}), lambda: shop.upserter.retire([name], shop.history)):
        with pytest.raises(InputError, match=word):
            call()


def test_the_claims_come_with_the_rows(shop: Shop) -> None:
    payload = shop.upserter.upsert([{"id": "s:1", "title": "Pan", "brand": "Nordholm"}], shop.history, Reader([]))
    assert [(c["subject"], c["object"]) for c in payload["claims"]] == [("s:1", "Nordholm")]


def test_retired_products_are_gone_and_unknown_ones_are_said(shop: Shop) -> None:
    shop.upsert({"id": "s:1", "title": "Pan"}, {"id": "s:2", "title": "Pot"})
    with pytest.raises(NotFoundError, match="s:9"):
        shop.upserter.retire(["s:1", "s:9"], shop.history)
    shop.log.append(Change("products", dict(shop.upserter.retire(["s:1"], shop.history))))
    assert list(shop.products()) == ["s:2"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [(1.234, 1.234), ("1.234", 1234.0), ("1.234,50", 1234.5), (1e-7, 1e-7), (12, 12.0), (Decimal("1.234"), 1.234)],
)
def test_a_number_is_taken_as_it_is_and_a_text_as_the_shop_writes_it(shop: Shop, given: Any, kept: float) -> None:
    shop.upserter = Upserter(
        shop.warehouse, shop.vault, {"s": propose("s", "products", {}, {"price": ["1.234,50", "12,5"]}, {})}
    )
    made = {"id": "s:1", "title": "Pan", "price": given, "stock": 1_234, "offers": [{"seller": "H", "price": given}]}
    row = shop.upsert(made)["s:1"]
    assert (row["price"], row["offers"][0]["price"], row["stock"]) == (kept, kept, 1234)


def test_variants_and_offers_are_cleaned_as_products_are(shop: Shop) -> None:
    variant = {
        "sku": "1-S", "title": " Small\u200b ", "gtin": "4006381333931", "price": "€ 1,234.50", "stock": 3,
        "attributes": [{"name": "Color", "value": " navy "}],
    }  # fmt: skip
    offer = {"seller": " Haus ", "price": 5, "currency": "eur", "url": "https://h.example/1"}
    row = shop.upsert({"id": "s:1", "title": "Pan", "variants": [variant], "offers": [offer]})["s:1"]
    (kept,), (asked,) = row["variants"], row["offers"]
    assert (kept["sku"], kept["title"], kept["price"], kept["currency"]) == ("1-S", "Small", 1234.5, "EUR")
    assert (kept["stock"], kept["gtin"]) == (3, "4006381333931")
    assert [(one["name"], one["value"]) for one in kept["attributes"]] == [("Color", "navy")]
    assert (asked["seller"], asked["price"], asked["currency"], asked["stock"]) == ("Haus", 5.0, "EUR", None)
    assert shop.upsert({"id": "s:1", "price": 2})["s:1"]["offers"] == row["offers"]
    assert shop.upsert({"id": "s:1", "offers": None, "variants": []})["s:1"]["offers"] is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"offers": [{"seller": "H", "price": 1}, {"seller": "K", "price": -5}]}, r"s:1: offer 2: price is below 0"),
        ({"variants": [{"sku": "a", "stock": -1}]}, r"s:1: variant 1: stock is below 0"),
        ({"variants": [{"sku": "a", "stock": 1.5}]}, r"s:1: variant 1: stock cannot be read"),
        ({"variants": [{"sku": "a" * 501}]}, r"s:1: variant 1: sku is longer than 500"),
        ({"offers": [{"price": float("inf")}]}, r"s:1: offer 1: price cannot be read"),
        ({"price": -1}, r"s:1: price is below 0"),
        ({"brand": "N/A"}, r"s:1: brand 'N/A' stands for nothing: give null to clear it"),
        ({"currency": "DOLLARS"}, r"s:1: currency 'DOLLARS' is no currency: write its three letters"),
        ({"gtin": "123"}, r"s:1: gtin '123' is no GTIN"),
        ({"url": "javascript:alert(1)"}, r"s:1: url 'javascript:alert\(1\)' is no address of the web"),
        ({"image": "data:image/png;base64,AAAA"}, r"s:1: image .* is no address of the web"),
        ({"offers": ["cheap"]}, r"offers of a product are not a list"),
    ],
)
def test_what_an_import_would_refuse_is_refused(shop: Shop, given: dict[str, Any], reason: str) -> None:
    contract = propose("s", "products", {"id": ["1"], "name": ["Pan"]}, {"key": ["1"], "title": ["Pan"]}, {})
    shop.upserter = Upserter(shop.warehouse, shop.vault, {"s": contract})
    with pytest.raises(InputError, match=reason):
        shop.upsert({"id": "t:1", "title": "Pot"}, {"id": "s:1", "title": "Pan", **given})
    assert shop.products() == {}


def test_an_address_stands_nowhere_in_what_is_written(shop: Shop) -> None:
    mail = "ann@example.com"
    made = {
        "id": f"s:{mail}", "title": mail, "category": ["Home", mail], "attributes": [{"name": mail, "value": mail}],
        "variants": [{"sku": mail, "title": mail, "attributes": [{"name": "ask", "value": mail}]}],
        "offers": [{"seller": mail, "url": f"mailto:{mail}"}],
    }  # fmt: skip
    assert mail not in str(shop.upserter.upsert([made], shop.history, Reader([])))
    (name,) = shop.upsert(made)
    assert mail not in str(shop.upserter.retire([f"s:{mail}"], shop.history))
    assert name == f"s:[email:{shop.vault.pseudonym(mail)}]"


class Doubtful:
    """An extractor that is surer than one can be."""

    def extract(self, documents: Sequence[Document]) -> Iterator[list[Claim]]:
        yield [Claim(one.id, "has_brand", "Nordholm", 2.0, "doubtful", "1") for one in documents]


def test_a_claim_that_breaks_the_ontology_goes_to_quarantine(shop: Shop) -> None:
    reader = Reader([])
    reader._extractors.append(Doubtful())  # type: ignore[arg-type]
    shop.upsert({"id": "s:1", "title": "Pan"}, reader=reader)
    rows = shop.history.rows["quarantine"]
    (held,) = list_refused(shop.warehouse, shop.history.order, rows=rows).to_pylist()
    assert (held["source"], held["asset"], held["rule"]) == ("s", "claims", "ontology")
    assert "2.0" in held["reason"]
    found = pick(list_refused(shop.warehouse, shop.history.order, rows=rows), held["quarantine_id"])
    assert found["reason"] == held["reason"]
