import pytest

from graphsvc.demo.titles import category_path, readable, readable_size, title_of


@pytest.mark.parametrize(
    ("shouted", "written"),
    [
        ("FRZN CORN ON THE COB", "Frozen corn on the cob"),
        ("SUNTAN PRODUCTS W/O SPF", "Suntan products without SPF"),
        ("AUTOMOBILE-MAGAZINE", "Automobile magazine"),
        ("SW GDS:DONUTS", "Sweet goods: donuts"),
        ("APPLES GALA (BULK&BAG)", "Apples Gala (bulk & bag)"),
        ("GRAPE JUICE (50% AND UNDER JCE", "Grape juice"),
        ("BEERALEMALT LIQUORS", "Beer, ale and malt liquors"),
        ("WAFFLES/PANCAKES/FRENCH TOAST", "Waffles/pancakes/French toast"),
    ],
)
def test_capitals_and_short_forms_are_written_out(shouted: str, written: str) -> None:
    assert readable(shouted) == written


@pytest.mark.parametrize(
    ("size", "written"),
    [
        ("16 OZ", "16 oz"),
        ("12 PK/12 OZ", "12 x 12 oz"),
        ("12 OZ/12 PK", "12 x 12 oz"),
        ("10/6.75 OZ", "10 x 6.75 oz"),
        ("4/187 ML", "4 x 187 ml"),
        ("1/2 GAL", "1/2 gal"),
        ("3/4 IN", "3/4 in"),
        ("AB    8 OZ", "ab 8 oz"),
        (None, ""),
    ],
)
def test_sizes_read_as_people_write_them(size: str | None, written: str) -> None:
    assert readable_size(size) == written


def test_a_title_says_type_size_and_whose_brand() -> None:
    assert (
        title_of("PRODUCE", "SALAD MIX", "SALAD SPINACH", "10 OZ", private=True)
        == "Salad spinach, 10 oz, private label"
    )
    assert title_of("GROCERY", "BAG SNACKS", "POTATO CHIPS", None, private=False) == "Potato chips"


def test_the_size_of_a_crate_is_not_the_size_of_a_fruit() -> None:
    assert title_of("PRODUCE", "TROPICAL FRUIT", "BANANAS", "40 LB", private=False) == "Bananas"
    assert title_of("PRODUCE", "PEPPERS-ALL", "PEPPERS GREEN BELL", "48-54 CT", private=False) == "Peppers green bell"
    assert title_of("PRODUCE", "BERRIES", "STRAWBERRIES", "16 OZ", private=False) == "Strawberries, 16 oz"
    assert title_of("PRODUCE", "POTATOES", "POTATOES SWEET", "5 LB", private=False) == "Potatoes sweet, 5 lb"
    assert title_of("GROCERY", "CAT LITTER", "SCOOP LITTER", "40 LB", private=False) == "Scoop litter, 40 lb"


def test_a_type_that_names_nothing_is_told_with_its_category() -> None:
    assert title_of("GROCERY", "PASTA SAUCE", "MAINSTREAM", "26 OZ", private=False) == "Pasta sauce: mainstream, 26 oz"
    assert title_of("MEAT", "BEEF", "ANGUS", None, private=False) == "Beef: Angus"


def test_without_a_type_the_next_wider_name_is_used() -> None:
    assert title_of("DRUG GM", "HOSIERY/SOCKS", None, None, private=False) == "Hosiery/socks"
    assert title_of("MISCELLANEOUS", None, None, None, private=False) == "Miscellaneous"
    assert category_path("MISCELLANEOUS", None, None) == "Miscellaneous"


def test_paths_run_from_department_to_type_without_repeating() -> None:
    assert category_path("DRUG GM", "TOYS", "PEG TOYS") == "Drugstore and general merchandise > Toys > Peg toys"
    assert category_path("FUEL", "FUEL", "GASOLINE-REG UNLEADED").count("Fuel") == 1
