"""What declared rules derive: by the equivalent predicate, once, resting on claims and gone with them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from extractors import Claim
from graphsvc.facts import facts_of
from graphsvc.graph.tables import Part, build_product_tables, build_tables
from graphsvc.knowledge import claims_table
from graphsvc.ontology import EQUIVALENT, INVERSE, PREDICATES, RULES, derived_of, said
from graphsvc.service import Service
from graphsvc.types import SearchRequest
from graphsvc.warehouse.schemas import TABLES
from tests.graphsvc.shops import PRODUCT_COLUMNS, PRODUCTS, write_rows
from tests.graphsvc.test_service import settings
from tests.graphsvc.test_texts import COLOURED, INDIGO

WOOL = "value:material=wool"


def claim(predicate: str, value: str, qualifier: str = "material", product: str = "s:1", by: str = "fields") -> Claim:
    return Claim(product, predicate, value, 0.9, by, "1", qualifier)


def edges(tmp_path: Path, kind: str, *claims: Claim, only: str | None = None) -> list[dict[str, Any]]:
    """The edges of a kind in the graph's tables that claims make."""
    with closing(duckdb.connect(":memory:")) as connection:
        rows = [
            {**dict.fromkeys(TABLES["products"].names), "product_id": name, "title": name, "source": "s", "key": name}
            for name in ("s:1", "s:2")
        ]
        connection.register("current_products", _table(rows))
        connection.register("facts", facts_of(claims_table(claims, "b1")))
        folder = tmp_path / f"{kind}-{len(list(tmp_path.iterdir()))}"
        graph = build_tables(connection, folder) if only is None else build_product_tables(connection, folder, [only])
        return graph.table(Part("Product", kind, "Value")).to_pylist()  # type: ignore[no-any-return]


def _table(rows: list[dict[str, Any]]) -> Any:
    return pa.Table.from_pylist(rows, schema=TABLES["products"])


def test_a_fact_is_said_by_the_equivalent_predicate_too_and_marked(tmp_path: Path) -> None:
    given = claim("has_attribute", "wool")
    (edge,) = edges(tmp_path, "MADE_FROM", given)
    assert (edge["start"], edge["end"], edge["derived"], edge["claims"]) == ("s:1", WOOL, True, [given.id])
    (own,) = edges(tmp_path, "HAS_VALUE", given)
    assert own["derived"] is None
    (back,) = edges(tmp_path, "HAS_VALUE", claim("made_from", "wool", by="patterns"))
    assert (back["end"], back["derived"]) == (WOOL, True)


def test_what_is_said_itself_is_not_derived_nor_overridden(tmp_path: Path) -> None:
    field, text = claim("has_attribute", "cotton"), claim("made_from", "wool", by="patterns")
    assert [(one["end"], one["derived"]) for one in edges(tmp_path, "HAS_VALUE", field, text)] == [
        ("value:material=cotton", None)
    ]
    assert [(one["end"], one["derived"]) for one in edges(tmp_path, "MADE_FROM", field, text)] == [(WOOL, None)]


def test_rules_hold_for_their_attribute_and_their_product_alone(tmp_path: Path) -> None:
    assert edges(tmp_path, "MADE_FROM", claim("has_attribute", "wool", "lining")) == []
    apart = [claim("has_attribute", "wool"), claim("made_from", "silk", product="s:2")]
    assert [(one["start"], one["derived"]) for one in edges(tmp_path, "MADE_FROM", *apart)] == [
        ("s:1", True), ("s:2", None),
    ]  # fmt: skip
    assert [one["start"] for one in edges(tmp_path, "MADE_FROM", *apart, only="s:1")] == ["s:1"]


def test_every_rule_is_of_the_ontology_and_every_edge_has_an_inverse() -> None:
    assert len(RULES) == 2 * len(EQUIVALENT)
    assert {name for rule in RULES for name in (rule.given, rule.gives)} <= PREDICATES.keys()
    assert INVERSE.keys() == PREDICATES.keys()
    assert (said("ACCESSORY_OF", True), said("ACCESSORY_OF", False)) == ("accessory of", "has accessory")
    assert (said("HAS_VALUE", False), said("BOUGHT_WITH", False)) == ("had by", "bought with")


def test_rules_in_python_say_what_the_tables_say() -> None:
    facts = [("has_attribute", "material", WOOL), ("has_attribute", "colour", "value:colour=red")]
    assert derived_of(facts) == {("made_from", "material", WOOL): ("has_attribute", "material", WOOL)}
    assert derived_of([*facts, ("made_from", "material", "value:material=silk")]) == {}


ROWS = [[*row, "wool" if row[0] == "3" else ""] for row in [*PRODUCTS, *COLOURED]]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(settings(tmp_path / "shop")) as service:
        path = write_rows(tmp_path / "products.csv", ROWS, [*PRODUCT_COLUMNS, "material"])
        service.ingest(str(path), asset="products", name="shop")
        yield service


def test_why_names_what_is_derived_and_what_it_rests_on(service: Service) -> None:
    found = service.provenance("shop:3")
    (one,) = found.derived
    assert (one.predicate, one.value, one.node, one.given) == ("made_from", "wool", WOOL, "has_attribute")
    resting = {claim.id for claim in found.claims if claim.node == WOOL}
    assert set(one.claims) == resting
    assert service.provenance(one.claims[0]).derived == ()
    assert service.provenance("shop:1").derived == ()


def test_search_counts_a_value_once(service: Service) -> None:
    assert service.catalogue.facts_of("shop:3").count(WOOL) == 1
    (facet,) = service.search(SearchRequest("", facets=("material",))).facets
    assert [(value.id, value.count) for value in facet.values] == [(WOOL, 1)]


def test_what_is_derived_goes_with_what_it_rests_on(service: Service) -> None:
    service.ingest_text("It is made of bamboo. Works with the Nordblick NB-7.", "shop:4", "blog:1")
    assert [one.given for one in service.provenance("shop:4").derived]
    service.remove_text("blog:1")
    assert service.provenance("shop:4").derived == ()


def test_a_text_that_a_field_contradicts_is_outvoted_and_stays(service: Service) -> None:
    (spoken,) = service.ingest_text(INDIGO, "shop:14", "blog:2").claims
    assert service.provenance("shop:14").outvoted == ()
    service.model.follow(build=True)
    service.upsert_products([{"id": "shop:14", "attributes": [{"name": "colour", "value": "black"}]}])
    found = service.provenance("shop:14")
    assert spoken.id in {claim.id for claim in found.claims}
    assert found.outvoted == (spoken.id,)
    assert service.provenance(spoken.id).outvoted == ()


def test_why_names_the_family_of_variants_and_its_premises(service: Service) -> None:
    row = {"title": "Nordholm lid, red", "brand": "Nordholm", "attributes": [{"name": "colour", "value": "red"}]}
    service.upsert_products([{"id": "shop:70", **row}])
    found = service.provenance("shop:70")
    (family,) = (one for one in found.derived if one.predicate == "variant_of")
    assert (family.value, family.given) == ("Nordholm lid", "has_attribute")
    resting = {claim.id for claim in found.claims if claim.node in ("value:colour=red", "brand:nordholm")}
    assert set(family.claims) == resting
    service.upsert_products([{"id": "shop:70", "title": "Nordholm lid"}])
    assert [one for one in service.provenance("shop:70").derived if one.predicate == "variant_of"] == []
