"""Variants: what is left of titles without the values that vary is the family, and it rests on claims."""

from typing import Any

import pytest

from graphsvc.families import family_of


def fact(predicate: str, name: str, attribute: str | None = None) -> dict[str, Any]:
    node = f"{attribute or predicate}:{name}"
    return {"predicate": predicate, "attribute": attribute, "node_id": node, "name": name, "confidence": 0.9,
            "claims": [f"c-{name}"]}  # fmt: skip


BRAND = fact("has_brand", "Nordholm")
RED, NAVY, BLUE = (fact("has_attribute", name, "colour") for name in ("red", "navy blue", "blue"))
SIZE = fact("has_attribute", "28 cm", "size")


def name(title: str, *facts: dict[str, Any]) -> str | None:
    family = family_of(title, [BRAND, *facts])
    return family.name if family else None


@pytest.mark.parametrize(
    ("title", "facts", "expected"),
    [
        ("Nordholm pan, Red", [RED], "Nordholm pan"),
        ("Nordholm pan 28cm (red)", [RED, SIZE], "Nordholm pan"),
        ("Nordholm Navy Blue pan", [BLUE, NAVY], "Nordholm pan"),
        ("诺霍煎锅 红色", [RED], "诺霍煎锅"),
        ("Nordholm pan", [RED], None),  # the title says no colour
        ("Nordholm reduced pan", [RED], None),  # a part of a word
        ("Red pan", [RED], None),  # too little is left
        ("Nordholm pan 4", [fact("has_attribute", "4", "size")], None),  # may be its model
        ("Nordholm steel pan", [fact("has_attribute", "steel", "material")], None),  # another thing, no variant
    ],
)
def test_a_family_is_what_is_left_of_a_title(title: str, facts: list[dict[str, Any]], expected: str | None) -> None:
    assert name(title, *facts) == expected


def test_variants_share_a_node_and_no_other_product_does() -> None:
    red = node("Nordholm pan, red", BRAND, RED)
    assert red == node("Nordholm pan 28 cm blue", BLUE, SIZE, BRAND)
    pot = node("Nordholm pot, red", BRAND, RED)
    other = node("Nordholm pan, red", fact("has_brand", "Harbour"), RED)
    assert len({red, pot, other, None}) == 4
    assert node("Nordholm pan, red", RED) is None


def test_a_family_rests_on_the_values_in_the_title_and_on_the_brand() -> None:
    family = family_of("Nordholm pan, red", [BRAND, RED, SIZE])
    assert family is not None
    assert (family.claims, family.confidence) == (("c-red", "c-Nordholm"), 0.9)


def node(title: str, *facts: dict[str, Any]) -> str | None:
    family = family_of(title, facts)
    return family.node if family else None
