from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from graphsvc.errors import InputError, NotFoundError
from graphsvc.history import History, read_history
from graphsvc.knowledge import Reader
from graphsvc.log import Change, WriteLog
from graphsvc.upsert import MOST, Upserter
from graphsvc.vault import Vault
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

    def upsert(self, *changes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        payload = self.upserter.upsert(changes, self.history, Reader([]))
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


def test_the_claims_come_with_the_rows(shop: Shop) -> None:
    payload = shop.upserter.upsert([{"id": "s:1", "title": "Pan", "brand": "Nordholm"}], shop.history, Reader([]))
    assert [(c["subject"], c["object"]) for c in payload["claims"]] == [("s:1", "Nordholm")]


def test_retired_products_are_gone_and_unknown_ones_are_said(shop: Shop) -> None:
    shop.upsert({"id": "s:1", "title": "Pan"}, {"id": "s:2", "title": "Pot"})
    with pytest.raises(NotFoundError, match="s:9"):
        shop.upserter.retire(["s:1", "s:9"], shop.history)
    shop.log.append(Change("products", dict(shop.upserter.retire(["s:1"], shop.history))))
    assert list(shop.products()) == ["s:2"]
