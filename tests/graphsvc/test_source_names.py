"""Each source keeps what is its own, whatever it is called."""

from pathlib import Path

import pytest

from graphsvc.errors import InputError
from graphsvc.history import read_history
from tests.graphsvc.desks import Desk, many
from tests.graphsvc.shops import PRODUCTS, write_products, write_rows


def test_two_sources_keep_their_own_contract_and_mapping(desk: Desk, tmp_path: Path) -> None:
    plain = write_rows(tmp_path / "a.csv", [["1", "Mug", "5.00"]], ["id", "title", "price"])
    other = write_rows(tmp_path / "b.csv", [["1", "Jug", "-", "6.00"]], ["id", "title", "name2", "cost"])
    for name, file in (("my shop", plain), ("my-shop", other), ("my/shop", plain)):
        desk.take(file, name=name)
    found = desk.warehouse.current_products(read_history(desk.log).order).to_pylist()
    assert {row["source"]: row["price"] for row in found} == {"my shop": 5.0, "my-shop": 6.0, "my/shop": 5.0}
    for folder in (desk.shop.mappings, desk.shop.contracts):
        names = [path.name for path in folder.iterdir()]
        assert len(names) == 3
        assert "my-shop.products.yaml" in names  # one that can be spelt as it is has the name it always had


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("x" * 300, "300 characters"),
        ("李" * 101, "101 characters"),
        ("", "is empty"),
        (" \t", "is empty"),
        ("a\nb", "not seen"),
        ("a\u200bb", "not seen"),
        ("ann.zebra@example.com", "e-mail address"),
    ],
)
def test_what_cannot_be_the_name_of_a_source_is_refused(desk: Desk, tmp_path: Path, name: str, word: str) -> None:
    with pytest.raises(InputError, match=word) as caught:
        desk.take(write_products(tmp_path / "p.csv", PRODUCTS), name=name)
    assert caught.value.next_step
    assert desk.is_empty()


def test_a_name_may_be_as_long_as_is_allowed(desk: Desk, tmp_path: Path) -> None:
    file = write_products(tmp_path / "p.csv", PRODUCTS)
    for name in ("李" * 100, "李" * 99 + "王"):  # more bytes than a file's name has
        assert desk.take(file, name=name).batch.counts.accepted == len(PRODUCTS)
    assert len(list(desk.shop.contracts.iterdir())) == 2


def test_two_sources_keep_their_own_products(desk: Desk, tmp_path: Path) -> None:
    desk.take(many(tmp_path / "a.csv", 3), name="one")
    desk.take(many(tmp_path / "b.csv", 2, "6.00"), name="two", sync=True)
    found = desk.warehouse.current_products(read_history(desk.log).order)
    assert sorted(found["product_id"].to_pylist()) == ["one:1", "one:2", "one:3", "two:1", "two:2"]
