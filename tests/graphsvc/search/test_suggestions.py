from pathlib import Path

import pytest

from graphsvc.search.catalogue import Catalogue
from graphsvc.search.predict import Completions
from tests.graphsvc.search.catalogues import build, data_of, product

TITLES = (
    "Chocolate milk",
    "Dark chocolate",
    "Ground coffee",
    "Coffee filters",
    "Milk frother",
    "保温杯",
    "Kitchen sofa",
)
ROWS = [product(str(at), title, category=f"Food > {title.split()[-1]}") for at, title in enumerate(TITLES)]
ROWS += [product(f"g{at}", "Ground coffee", title_derived=True, source="grocer", batch=f"b{at}") for at in range(6)]
LIKED = {"0": 5.0, "1": 9.0, "3": 1.0, "4": 0.5}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return build(tmp_path_factory.mktemp("shop"), data_of(ROWS, LIKED))


def titles(shop: Catalogue, typed: str) -> list[str]:
    return [found.text for found in shop.predict(typed) if found.kind == "product"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("choclate", {"Chocolate milk", "Dark chocolate"}),  # a whole word
        ("chco", {"Chocolate milk", "Dark chocolate"}),  # the beginning of one
        ("cofee", {"Ground coffee", "Coffee filters"}),
        ("milk chocolte", {"Chocolate milk"}),  # beside a word that is right
        ("mlk frothr", {"Milk frother"}),  # a slip in each
        ("hocolate", {"Chocolate milk", "Dark chocolate"}),
        ("保温", {"保温杯"}),
        ("groundcoffee", {"Ground coffee"}),  # two words written as one
        ("xyzzyq", set()),
        ("soda", set()),  # a word that is not sold here, and no slip for "sofa"
    ],
)
def test_a_slip_in_what_is_typed_still_suggests(shop: Catalogue, typed: str, expected: set[str]) -> None:
    assert set(titles(shop, typed)) == expected


def test_a_slip_is_looked_for_only_where_nothing_begins_as_typed(shop: Catalogue) -> None:
    grown = shop.with_changes(8, data_of([product("90", "Cofee brand mug")]))
    assert titles(grown, "cofee") == ["Cofee brand mug"]
    assert titles(grown, "cofee mlk") == []
    assert titles(grown, "cofee filtres") == ["Coffee filters"]


def test_what_meets_more_pieces_as_typed_comes_first(shop: Catalogue) -> None:
    grown = shop.with_changes(8, data_of([product("91", "Mild silk"), product("92", "Milk silk")], {"91": 50.0}))
    assert titles(grown, "milk sillk") == ["Milk silk", "Mild silk"]
    assert titles(grown, "mil sillk") == ["Mild silk", "Milk silk"]


def test_first_is_what_begins_so_what_is_asked_for_and_what_many_products_are(shop: Catalogue) -> None:
    assert titles(shop, "choc") == ["Chocolate milk", "Dark chocolate"]  # 1 + 5/9 + 1 before 0 + 1 + 1
    assert titles(shop, "coff") == ["Coffee filters", "Ground coffee"]
    liked = shop.with_changes(8, data_of([ROWS[2]], {"2": 30.0}))
    assert titles(liked, "coff") == ["Ground coffee", "Coffee filters"]
    assert [found.id for found in liked.predict("coff") if found.kind == "product"][0] == "shop:2"


def test_each_name_is_offered_once_and_only_while_a_product_has_it(tmp_path: Path) -> None:
    rows = [product("1", "Ripe banana", category="Fruit > Bananas > Bananas", brand="Banagro")]
    shop = build(tmp_path, data_of(rows))
    assert [(found.kind, found.text) for found in shop.predict("bana")] == [
        ("category", "Bananas"), ("brand", "Banagro"), ("product", "Ripe banana"),
    ]  # fmt: skip
    assert shop.predict("bana")[0].id == "category:fruit/bananas"
    empty = shop.with_changes(8, data_of([]), ["shop:1"])
    assert empty.predict("bana") == []
    again = empty.with_changes(9, data_of([product("2", "Ripe banana", brand="Banana & sons")]))
    assert [(found.kind, found.text) for found in again.predict("bana")] == [
        ("brand", "Banana & sons"), ("product", "Ripe banana"),
    ]  # fmt: skip


def test_names_are_numbered_once_and_come_back_from_a_file(tmp_path: Path) -> None:
    built = Completions.build(["Red lamp", "Lamp", "Red lamp", "…"])
    assert (built.name_of.tolist(), len(built)) == ([0, 1, 0, 2], 3)
    built.save(tmp_path / "names")
    for names in (built, Completions.open(tmp_path / "names")):
        held, merit = names.find(["lam"])
        assert held.tolist() == [True, True, False]
        assert merit[1] > merit[0] > 0
        assert names.find(["lmap"])[0].tolist() == [False] * 3
        assert names.find(["lmap"], near=True)[0].tolist() == [True, True, False]
    grown = built.with_more(["Lamp", "Shade"]).with_more(["Shade"])
    assert grown.name_of.tolist() == [0, 1, 0, 2, 3, 4, 4]
    assert grown.find(["shad"])[0].tolist() == [False, False, False, False, True]
    assert len(Completions.build([])) == 0
