"""What texts say is in Neo4j without waiting for anything else, and goes with the last text that says it."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cypher.driver import Graph
from graphsvc.doctor import compare
from graphsvc.errors import GraphUnavailable
from graphsvc.graph.projection import GraphProjection
from graphsvc.service import Service
from graphsvc.types import Event
from tests.graphsvc.graph.contents import Content, content
from tests.graphsvc.shops import PRODUCTS, in_graph
from tests.graphsvc.test_texts import COLOURED, INDIGO

FITS = "It works well. Compatible with Fjordal NB-7, the seller says."
NODE = "value:compatible-with=fjordal-nb-7"
EDGE = "MATCH (p:Product {id: $product})-[r:COMPATIBLE_WITH]->(:Value {id: $node}) RETURN r.claims"


@pytest.fixture
def service(tmp_path: Path, neo4j: Graph) -> Iterator[Service]:
    with in_graph(tmp_path, neo4j, [*PRODUCTS, *COLOURED]) as service:
        yield service


def say(service: Service, text: str, product: str, name: str) -> str:
    """Take in a text that makes one claim."""
    (claim,) = service.ingest_text(text, product, name).claims
    return claim.id


def lay(service: Service) -> None:
    """What the thread of texts does."""
    service.model.follow(build=False)
    service.graph.follow_texts(service.log, service.catalogue)


def claims(neo4j: Graph, product: str = "shop:14") -> list[str] | None:
    """The claims of the relationship that FITS makes, None where it is not."""
    found = neo4j.read(EDGE, product=product, node=NODE).column()
    return found[0] if found else None


def rebuilt(service: Service, neo4j: Graph) -> Content:
    service.graph.drop()
    service.follow_graph()
    return content(neo4j)


def test_a_fact_stays_as_long_as_one_text_says_it(service: Service, neo4j: Graph) -> None:
    before = content(neo4j)
    first, other = (say(service, FITS, "shop:14", f"blog:{number}") for number in (1, 2))
    elsewhere = say(service, FITS, "shop:15", "blog:3")
    lay(service)
    assert service.graph.progress() == (service.log.head(), "")
    assert (claims(neo4j), claims(neo4j, "shop:15")) == (sorted([first, other]), [elsewhere])
    assert neo4j.read("MATCH (p:Product {id: 'shop:14'}) RETURN p.embedding IS NOT NULL").rows == ((True,),)
    service.remove_text("blog:1")
    lay(service)
    assert (claims(neo4j), claims(neo4j, "shop:15")) == ([other], [elsewhere])
    assert not [finding for finding in compare(service) if finding.differences]
    service.remove_text("blog:2")
    lay(service)
    assert (claims(neo4j), claims(neo4j, "shop:15")) == (None, [elsewhere])
    service.remove_text("blog:3")
    lay(service)
    assert neo4j.read("MATCH (v:Value {id: $node}) RETURN v.id", node=NODE).rows == ()
    assert content(neo4j) == before


def test_what_is_laid_over_is_what_a_rebuild_gives(service: Service, neo4j: Graph) -> None:
    for number, (text, product) in enumerate([(FITS, "shop:14"), (INDIGO, "shop:16"), ("Indigo.", "shop:15")]):
        say(service, text, product, f"blog:{number}")
        lay(service)
    laid = content(neo4j)
    assert laid == rebuilt(service, neo4j)


def test_texts_do_not_wait_for_what_comes_before_them(service: Service, neo4j: Graph) -> None:
    stood = service.log.head()
    service.track([Event("shop:14", "view", datetime.now(UTC), session="s1")])
    service.upsert_products([{"id": "shop:14", "price": 3.0}, {"id": "shop:new", "title": "Bicycle bell"}])
    service.model.follow(build=False)
    claim = say(service, FITS, "shop:14", "blog:1")
    say(service, FITS, "shop:new", "blog:2")
    lay(service)
    assert claims(neo4j) == [claim]
    assert service.graph.progress() == (stood, ""), "the others have not been laid over"
    service.remove_text("blog:2")
    lay(service)
    price = "MATCH (p:Product {id: 'shop:14'}) RETURN p.price"
    assert neo4j.read(price).column() == [25.0]
    service.follow_graph()
    assert neo4j.read(price).column() == [3.0]
    assert service.graph.progress() == (service.log.head(), "")
    assert not [finding for finding in compare(service) if finding.differences]
    followed = content(neo4j)
    assert followed == rebuilt(service, neo4j)


def test_a_text_that_names_the_brand_has_the_vector_made_anew(service: Service, neo4j: Graph) -> None:
    service.upsert_products([{"id": "shop:16", "title": "Foot rest", "brand": None}])
    service.model.follow(build=False)
    service.follow_graph()
    bare = "MATCH (p:Product) WHERE p.embedding IS NULL RETURN p.id"
    assert neo4j.read(bare).column() == []
    service.ingest_text("Brand: Sorrel", "shop:16", "blog:1")
    lay(service)
    assert "brand:sorrel" in service.graph.neighbours(["shop:16"])["shop:16"]
    assert neo4j.read(bare).column() == ["shop:16"]
    service.follow_graph()
    assert neo4j.read(bare).column() == []


def test_vectors_are_forgotten_of_the_renamed_product_alone(service: Service, neo4j: Graph) -> None:
    service.upsert_products([{"id": "shop:16", "title": "Foot rest", "brand": None}])
    service.model.follow(build=False)
    service.follow_graph()
    service.ingest_text("Brand: Quill", "shop:16", "blog:1")  # which the other product has had all the time
    service.ingest_text(FITS, "shop:14", "blog:2")
    lay(service)
    assert neo4j.read("MATCH (p:Product) WHERE p.embedding IS NULL RETURN p.id").column() == ["shop:16"]


def test_a_commit_whose_answer_was_lost_hides_no_later_change(
    service: Service, neo4j: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = GraphProjection.apply

    def unheard(self: GraphProjection, *args: Any, **options: Any) -> bool:
        apply(self, *args, **options)
        raise GraphUnavailable("Neo4j has gone away.", "Wait.")

    say(service, FITS, "shop:14", "blog:1")
    with monkeypatch.context() as patched:
        patched.setattr(GraphProjection, "apply", unheard)
        with pytest.raises(GraphUnavailable):
            lay(service)
    service.upsert_products([{"id": "shop:14", "price": 3.0}])
    service.model.follow(build=False)
    service.follow_graph()
    assert neo4j.read("MATCH (p:Product {id: 'shop:14'}) RETURN p.price").column() == [3.0]
    followed = content(neo4j)
    assert followed == rebuilt(service, neo4j)


def test_a_running_service_brings_texts_and_takes_them_back(service: Service, neo4j: Graph) -> None:
    service.follow_in_background()
    claim = say(service, FITS, "shop:14", "blog:1")
    until(lambda: claims(neo4j) == [claim])
    service.track([Event("shop:14", "view", datetime.now(UTC), session="s1")])
    other = say(service, FITS, "shop:14", "blog:2")
    until(lambda: claims(neo4j) == sorted([claim, other]))
    service.remove_text("blog:1")
    until(lambda: claims(neo4j) == [other])
    service.remove_text("blog:2")
    until(lambda: claims(neo4j) is None)
    until(lambda: service.graph.progress()[0] == service.log.head())


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
