"""Names are linked to the node that they mean, or are new: by which form, and not where a name only looks like one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from graphsvc.entities.decided import Decided
from graphsvc.entities.forms import is_slip, standard, trade, written
from graphsvc.entities.linker import Asked, Linker
from graphsvc.ontology import NODE_ID
from graphsvc.search.nodes import Node, Nodes
from graphsvc.service import Service
from tests.graphsvc.shops import PRODUCTS, write_products
from tests.graphsvc.test_service import settings

BRANDS = (
    "Cooler Master", "Sonnet Technologies Inc", "小米科技有限公司", "Victor", "Nordholm", "Green Onions Supply",
    "奥芮伦 Aurelune", "Zaoxiaoer",
)  # fmt: skip
VALUES = (
    ("connector", "RJ45"), ("connector", "RJ-11"), ("colour", "red"), ("finish", "carbon"), ("voltage", "1.5 V"),
    ("voltage", "15 V"), ("network", "Gigabit Ethernet"), ("system", "Windows Vista/XP"), ("cable", "USB to HDMI"),
    ("language", "C++"),
)  # fmt: skip
TREE = ("Phones > Accessories", "Cameras > Accessories")


def linker(decided: Decided | None = None, counts: Sequence[int] = (), **options: object) -> Linker:
    asked = [Asked(name, "has_brand") for name in BRANDS]
    asked += [Asked(value, qualifier=attribute) for attribute, value in VALUES]
    nodes = [Node(NODE_ID[one.predicate](one.qualifier, one.name), one.field, one.name) for one in asked]
    nodes += [
        Node(NODE_ID["in_category"]("", path), "category", path.rpartition(" > ")[2], "") for path in TREE
    ]  # fmt: skip
    held = np.array(counts or [1] * len(nodes), np.int64)
    return Linker(Nodes.empty().with_more(nodes, {}), held, decided, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "node", "how"),
    [
        (Asked("cooler-master", "has_brand"), "brand:cooler-master", "exact"),
        (Asked("Coolermaster", "has_brand"), "brand:cooler-master", "written"),
        (Asked("Sonnet", "has_brand"), "brand:sonnet-technologies-inc", "maker"),
        (Asked("小米科技", "has_brand"), "brand:小米科技有限公司", "maker"),
        (Asked("奥芮伦", "has_brand"), "brand:奥芮伦-aurelune", "script"),
        (Asked("Aurelune", "has_brand"), "brand:奥芮伦-aurelune", "script"),
        (Asked("灶小二", "has_brand"), "brand:zaoxiaoer", "sound"),
        (Asked("rj 45", qualifier="connector"), "value:connector=rj45", "written"),
        (Asked("gigabit ethernets", qualifier="network"), "value:network=gigabit-ethernet", "written"),
        (Asked("酒红色", qualifier="colour"), "value:colour=red", "vocabulary"),
        (Asked("Gigabit Ethrnet", qualifier="network"), "value:network=gigabit-ethernet", "slip"),
        (Asked("Windows XP/Vista", qualifier="system"), "value:system=windows-vista-xp", "slip"),
    ],
)
def test_another_way_to_write_a_name_is_linked(asked: Asked, node: str, how: str) -> None:
    link = linker().link(asked)
    assert (link.node, link.how, link.known) == (node, how, True)
    assert 0.85 < link.confidence <= 1.0


@pytest.mark.parametrize(
    "asked",
    [
        Asked("Vector", "has_brand"),  # one slip from Victor: makers are proper names
        Asked("诺霍", "has_brand"),  # Nordholm's Chinese name: only the shop can know it
        Asked("Green", "has_brand"),
        Asked("RJ-12", qualifier="connector"),
        Asked("1-5 V", qualifier="voltage"),
        Asked("carton", qualifier="finish"),
        Asked("HDMI to USB", qualifier="cable"),
        Asked("C", qualifier="language"),
        Asked("red", qualifier="finish"),  # a value of another attribute
    ],
)
def test_what_only_looks_alike_is_new(asked: Asked) -> None:
    link = linker().link(asked)
    assert (link.known, link.how, link.confidence) == (False, "new", 0.0)
    assert link.node == NODE_ID[asked.predicate](asked.qualifier, asked.name)


def test_a_new_name_shows_its_nearest_candidates() -> None:
    found = linker().link(Asked("Green", "has_brand")).candidates
    assert [(one.node, one.how) for one in found[:1]] == [("brand:green-onions-supply", "begins")]
    assert linker().link(Asked("诺霍", "has_brand")).candidates == ()


def test_meaning_ranks_candidates_above_its_floor_and_links_nothing() -> None:
    places = {"Nordholm": 0, "诺霍": 0, "Victor": 1, "Cooler Master": 2}

    def encode(texts: Sequence[str]) -> np.ndarray:
        return np.eye(8, dtype=np.float32)[[places.get(text, 3 + len(text) % 5) for text in texts]]

    link = linker(encode=encode).link(Asked("诺霍", "has_brand"))
    assert not link.known
    assert [(one.node, one.how) for one in link.candidates] == [("brand:nordholm", "meaning")]


def test_surroundings_tell_nodes_of_one_name_apart() -> None:
    asked = Asked("accessories", "in_category", neighbours=frozenset({"brand:victor"}))
    apart = linker(around=lambda nodes, beside: [0.0, 0.5]).link(asked)
    assert (apart.node, apart.known) == ("category:cameras/accessories", True)
    for shares in ([0.5, 0.5], [0.0, 0.0]):
        unsure = linker(around=lambda nodes, beside, shares=shares: shares).link(asked)  # type: ignore[misc]
        assert not unsure.known
        named = {one.node for one in unsure.candidates}
        assert named == {"category:phones/accessories", "category:cameras/accessories"}


def test_what_was_decided_is_asked_first() -> None:
    decided = Decided({"brand:诺霍": "brand:nordholm"}, {"brand:nordholm": "Nordholm"}, frozenset({"brand:victor"}))
    made = linker(decided)
    assert made.link(Asked("诺霍", "has_brand")).node == "brand:nordholm"
    assert made.link(Asked("诺霍", "has_brand")).how == "accepted"
    assert not made.link(Asked("Victor", "has_brand")).known


def test_a_node_that_no_product_has_any_more_is_not_there() -> None:
    count = len(BRANDS) + len(VALUES) + len(TREE)
    assert not linker(counts=[0] * count).link(Asked("Nordholm", "has_brand")).known


def test_many_names_are_linked_at_once_in_their_order() -> None:
    asked = [Asked(name, "has_brand") for name in ("Nordholm", "Vector", "Nordholm")]
    assert [link.known for link in linker().link_all(asked)] == [True, False, True]


def test_forms_keep_apart_what_differs_in_numbers_and_signs() -> None:
    assert written("RJ-45") == written("rj 45") != written("RJ-11")
    assert len({written(name) for name in ("1.5 m", "15 m", "1-5 m", "-15 m")}) == 4
    assert written("General") != written("Generic")
    assert trade("Co. Ltd.") == ""
    assert standard("product-colour", "墨绿") == "green"
    assert standard("model", "墨绿") == ""
    assert not is_slip("DDR3 module", "DDR4 module")
    assert not is_slip("500D", "D500")
    assert not is_slip("male plug female plug", "female plug male plug")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(settings(tmp_path / "shop")) as service:
        service.ingest(str(write_products(tmp_path / "products.csv", PRODUCTS)), asset="products", name="shop")
        yield service


def test_a_text_shows_links_with_their_places(service: Service) -> None:
    text = "By Nordholm. Works with the Nordblick NB-7."
    found = {one.predicate: one for one in service.extract(text).attributes}
    brand, new = found["has_brand"], found["compatible_with"]
    assert brand.link is not None
    assert new.link is not None
    assert (brand.link.node, brand.link.how, brand.known) == ("brand:nordholm", "exact", True)
    assert (new.link.known, new.link.how, text[new.start : new.end]) == (False, "new", new.quote)


def test_a_thing_that_a_relation_names_may_be_a_product(service: Service) -> None:
    link = service.entities.linker(service.catalogue).link(Asked("frying pan 28 cm", "accessory_of", "accessory-of"))
    assert (link.node, link.how) == ("shop:1", "title")
    for name in ("lamp", "Sorrel lamp", "frying pan 30 cm"):
        asked = Asked(name, "accessory_of", "accessory-of")
        assert not service.entities.linker(service.catalogue).link(asked).known


def test_products_around_a_node_are_counted(service: Service) -> None:
    catalogue = service.catalogue
    nodes = catalogue._state.nodes.ids
    asked = [nodes.find("value:colour=black"), nodes.find("brand:quill")]
    assert catalogue._state.standing_with(asked, frozenset({"brand:quill"})) == pytest.approx([1 / 3, 1.0])
