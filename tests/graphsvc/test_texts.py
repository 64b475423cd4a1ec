"""Texts about products become knowledge, live: found, replaced, taken back, and the same after a rebuild."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import ANY

import pytest

from cypher.driver import Graph
from cypher.server import LocalServer
from graphsvc.errors import ConflictError, InputError, NotFoundError
from graphsvc.history import DOCUMENTS
from graphsvc.knowledge import TEXT_TRUST, view_claims
from graphsvc.service import Service, open_service
from graphsvc.settings import Settings
from graphsvc.types import SearchRequest, SearchResult
from tests.graphsvc.shops import PRODUCTS, write_products, write_rows
from tests.graphsvc.test_service import settings

ROOT = Path(__file__).parents[2]
COLOURED = [
    ["11", "Quill mouse mat, indigo", "Quill", "Electronics > Mats", "9.00", "indigo", ""],
    ["12", "Quill indigo cable", "Quill", "Electronics > Cables", "5.00", "indigo", "A indigo cable."],
    ["13", "Quill stand in indigo", "Quill", "Electronics > Stands", "15.00", "indigo", ""],
    ["14", "Quill wired keyboard", "Quill", "Electronics > Keyboards", "25.00", "", "Full size."],
    ["15", "Quill webcam cover, indigo", "Quill", "Electronics > Covers", "4.00", "", ""],
    ["16", "Quill foot rest", "Quill", "Electronics > Rests", "30.00", "", ""],
]
INDIGO = "I like it: mine came in indigo and types well."
REVIEWS = [["r1", "14", "5", "Good", INDIGO], ["r2", "11", "4", "", "It is indigo."], ["r3", "14", "1", "", ""]]


def shop_in(folder: Path, **options: object) -> Service:
    return Service(settings(folder / "shop"), **options)  # type: ignore[arg-type]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with shop_in(tmp_path) as service:
        rows = [*PRODUCTS, *COLOURED]
        service.ingest(str(write_products(tmp_path / "products.csv", rows)), asset="products", name="shop")
        yield service


def search(service: Service, query: str) -> SearchResult:
    return service.search(SearchRequest(query, first=20))


def add(service: Service, text: str = INDIGO, product: str | None = "shop:14", name: str = "blog:1") -> str:
    done = service.ingest_text(text, product, name)
    service.model.follow(build=True)
    return done.claims[0].id if done.claims else ""


def facts(service: Service, product: str = "shop:14") -> list[str]:
    return sorted(service.catalogue.facts_of(product))


def reasons(service: Service, query: str, product: str) -> list[tuple[str, tuple[str, ...]]]:
    hits = [hit for hit in search(service, query).hits if hit.product.id == product]
    return [(reason.subject, reason.claims) for hit in hits for reason in hit.reasons if reason.kind == "fact"]


def seen(service: Service) -> list[object]:
    """All that a shopper could tell one state from another by."""
    answers = [search(service, query) for query in ("indigo", "keyboard", "lamp", "quill iphone 15", "")]
    products = sorted(service.catalogue.ids)
    return [
        [[(h.product, {(r.kind, r.subject, r.claims) for r in h.reasons}) for h in r.hits] for r in answers],
        [(name, service.product(name), facts(service, name)) for name in products],
    ]


def rebuilt(service: Service) -> list[object]:
    service.model.rebuild(service.history())
    return seen(service)


def test_a_new_fact_is_found_and_its_reason_cites_the_claim(service: Service) -> None:
    assert reasons(service, "indigo keyboard", "shop:14") == [("category:electronics/keyboards", ANY)]
    assert "shop:14" not in [hit.product.id for hit in search(service, "iphone 15 pro").hits]
    done = service.ingest_text(INDIGO, "shop:14", "blog:1", "review")
    (claim,) = done.claims
    assert (claim.value, claim.quote, claim.node) == ("indigo", "indigo", "value:colour=indigo")
    assert (done.id, done.product_id, done.offset) == ("blog:1", "shop:14", service.log.head())
    service.model.follow(build=True)
    assert ("value:colour=indigo", (claim.id,)) in reasons(service, "indigo keyboard", "shop:14")
    assert claim.confidence <= TEXT_TRUST
    claimed = add(service, "Compatible with iPhone 15 Pro.", name="blog:2")
    assert search(service, "iphone 15 pro").hits[0].product.id == "shop:14"
    assert reasons(service, "iphone 15 pro", "shop:14")[0][1] == (claimed,)


def test_removal_takes_what_only_the_text_supported(service: Service) -> None:
    before = {name: facts(service, name) for name in ("shop:14", "shop:15")}
    shown = seen(service)
    add(service)
    add(service, "Covers well, and indigo indeed.", "shop:15", "blog:2")
    ((_, claims),) = reasons(service, "indigo", "shop:15")
    assert len(claims) == 2, "the title says it, too"
    for name in ("blog:1", "blog:2"):
        service.remove_text(name)
    service.model.follow(build=True)
    assert {name: facts(service, name) for name in before} == before
    assert set(reasons(service, "indigo", "shop:15")[0][1]) < set(claims)
    assert seen(service) == shown
    with pytest.raises(NotFoundError):
        service.remove_text("blog:1")
    with pytest.raises(NotFoundError):
        service.remove_text("blog:3")


def test_what_a_field_says_no_text_overrides(service: Service) -> None:
    add(service, "Mine is indigo.", "shop:6")
    assert facts(service, "shop:6") == ["brand:quill", "category:electronics/mice", "value:colour=black"]
    add(service, name="blog:2")
    service.upsert_products([{"id": "shop:14", "attributes": [{"name": "colour", "value": "black"}]}])
    service.model.follow(build=True)
    assert "value:colour=indigo" not in facts(service)
    assert seen(service) == rebuilt(service)
    service.upsert_products([{"id": "shop:14", "attributes": []}])
    service.model.follow(build=True)
    assert "value:colour=indigo" in facts(service), "the text still stands"
    assert seen(service) == rebuilt(service)


def test_the_same_id_replaces_a_text(service: Service) -> None:
    add(service)
    add(service, "Compatible with iPhone 15 Pro.")
    assert "value:colour=indigo" not in facts(service)
    assert any(node.startswith("value:compatible-with=") for node in facts(service))
    assert [(one["document_id"], one["text"]) for one in service.texts()] == [
        ("blog:1", "Compatible with iPhone 15 Pro.")
    ]
    with pytest.raises(InputError, match="is about 'shop:14'"):
        service.ingest_text(INDIGO, "shop:15", "blog:1")


def test_a_repeated_key_is_one_entry(service: Service) -> None:
    first = service.ingest_text(INDIGO, "shop:14", key="k")
    assert service.ingest_text(INDIGO, "shop:14", key="k") == first
    assert service.log.head() == first.offset
    with pytest.raises(ConflictError):
        service.ingest_text("Another text.", "shop:14", key="k")
    gone = service.remove_text(first.id, key="k2")
    assert service.remove_text(first.id, key="k2") == gone
    assert first.id.startswith("api:text-")
    assert service.ingest_text(INDIGO, "shop:14", "7").id == "api:7"
    assert service.remove_text("7") == service.log.head()


def test_what_is_laid_over_is_what_a_rebuild_gives(service: Service, tmp_path: Path) -> None:
    add(service)
    add(service, "Works with iPhone 15. Indigo.", "shop:15", "blog:2")
    add(service, "Indigo.", "shop:16", "blog:3")
    service.upsert_products(
        [{"id": "shop:14", "title": "Quill wired keyboard, small"}, {"id": "shop:15", "price": 3.0}]
    )
    service.retire_products(["shop:16"])
    service.ingest_text("Also indigo.", "shop:14", "blog:4")
    service.remove_text("blog:4")
    service.model.follow(build=True)
    shown = seen(service)
    with open_service(settings(tmp_path / "shop"), write=False) as again:
        assert seen(again) == shown
    assert rebuilt(service) == shown
    service.upsert_products([{"id": "shop:16", "title": "Quill foot rest, large"}])
    service.model.follow(build=True)
    assert "value:colour=indigo" in facts(service, "shop:16"), "a product that comes back has its texts"
    shown = seen(service)
    assert rebuilt(service) == shown
    add(service, "Compatible with iPhone 15.", "shop:14", "blog:5")
    shown = seen(service)
    assert rebuilt(service) == shown


def test_a_text_is_linked_only_when_it_is_sure(service: Service) -> None:
    assert service.ingest_text("The Quill wired keyboard: indigo, and quiet.").product_id == "shop:14"
    with pytest.raises(InputError, match="surely") as refused:
        service.ingest_text("A lamp by Sorrel, nice.")
    assert "shop:3" in refused.value.next_step
    assert "shop:4" in refused.value.next_step
    with pytest.raises(NotFoundError):
        service.ingest_text(INDIGO, "shop:99")


def test_a_text_is_masked_and_bounded(service: Service) -> None:
    done = service.ingest_text("<b>Indigo</b>. Write to anna@example.com!", "shop:14")
    (entry,) = service.log.read(done.offset - 1, done.offset)
    (row,) = entry.json()["documents"]
    assert entry.kind == DOCUMENTS
    assert "anna" not in row["text"]
    assert "<b>" not in row["text"]
    assert row["text"][done.claims[0].start : done.claims[0].end] == done.claims[0].quote
    for text in ("", "  ", "x" * 10_001):
        with pytest.raises(InputError):
            service.ingest_text(text, "shop:14")
    assert service.log.head() == done.offset


def test_imported_reviews_make_claims(service: Service, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "reviews.csv", REVIEWS, ["review_id", "product_id", "rating", "title", "text"])
    report = service.ingest(str(path), asset="reviews", name="shop")
    assert report.claims == 1, "a colour that the field says is none"
    claims = dict(reasons(service, "indigo keyboard", "shop:14"))["value:colour=indigo"]
    (claim,) = service.provenance(claims[0]).claims
    assert claim.document is not None
    assert (claim.document.kind, claim.document.file, claim.document.line) == ("review", "reviews.csv", 2)
    assert "indigo" in str(claim.document.row)
    assert [one["document_id"] for one in service.texts()] == [claim.document.id]
    with pytest.raises(InputError, match="is about 'shop:11'"):  # of a review that claims nothing, too
        service.ingest_text(INDIGO, "shop:14", "shop:r2")
    silent = service.remove_text("shop:r2")
    assert service.log.head() == silent
    with pytest.raises(NotFoundError):
        service.remove_text("shop:r2")
    service.remove_text(claim.document.id)
    service.model.follow(build=True)
    assert "value:colour=indigo" not in facts(service)
    shown = seen(service)
    assert rebuilt(service) == shown


def test_provenance_shows_rows_and_texts(service: Service) -> None:
    claim = add(service)
    whole = service.provenance("shop:14")
    assert (whole.file, whole.line) == ("products.csv", 11)
    assert [one.id for one in whole.claims if one.document] == [claim]
    (one,) = service.provenance(claim).claims
    assert one.document is not None
    assert (one.document.id, one.document.text, one.evidence) == ("blog:1", INDIGO, "text 24–30: indigo")
    service.remove_text("blog:1")
    with pytest.raises(NotFoundError):
        service.provenance(claim)


def test_of_texts_that_contradict_one_another_one_stands_and_both_are_kept(service: Service) -> None:
    def brand() -> list[str]:
        service.model.follow(build=True)
        assert seen(service) == rebuilt(service)
        return [node for node in facts(service, "shop:90") if node.startswith("brand:")]

    def told() -> list[int]:
        known = service.catalogue.known("shop:90")
        return sorted({claim["told"] for claim in known.texts}) if known else []

    service.upsert_products([{"id": "shop:90", "title": "Foot rest of wood"}])
    add(service, "The Quill rest is fine.", "shop:90", "blog:1")
    add(service, "The Sorrel rest is fine.", "shop:90", "blog:2")
    head = service.log.head()
    assert told() == [head - 1, head]
    assert brand() == ["brand:quill"], "the gazetteer is surer of it"
    assert told() == [head - 1, head], "a rebuild knows when each was told"
    add(service, "It is from Sorrel, and I like it.", "shop:90", "blog:3")
    assert brand() == ["brand:sorrel"], "two agree"
    found = service.provenance("shop:90")
    said = {claim.id: claim.node for claim in found.claims if claim.predicate == "has_brand"}
    assert sorted(said.values()) == ["brand:quill", "brand:sorrel", "brand:sorrel"]
    assert [said[claim] for claim in found.outvoted] == ["brand:quill"]
    service.remove_text("blog:2")
    service.remove_text("blog:3")
    assert brand() == ["brand:quill"], "the outvoted side was kept"
    service.upsert_products([{"id": "shop:90", "brand": "Sorrel"}])
    assert brand() == ["brand:sorrel"], "the shop's own word"


def test_a_text_speaks_up_for_what_was_outvoted_in_the_title(service: Service) -> None:
    def brand() -> list[str]:
        service.model.follow(build=True)
        shown = seen(service)
        assert rebuilt(service) == shown
        return [node for node in facts(service, "shop:90") if node.startswith("brand:")]

    service.upsert_products([{"id": "shop:90", "title": "Foot rest, Quill or Sorrel"}])
    assert brand() == ["brand:quill"]
    (outvoted,) = service.provenance("shop:90").outvoted
    add(service, "Sorrel it is.", "shop:90", "blog:4")
    assert brand() == ["brand:sorrel"]
    assert outvoted not in service.provenance("shop:90").outvoted
    service.remove_text("blog:4")
    assert brand() == ["brand:quill"]


def test_own_claims_are_those_of_rows(service: Service) -> None:
    add(service)
    with closing(service.warehouse.connection()) as connection:
        service.history().view(service.warehouse, connection, "products")
        view_claims(service.warehouse, service.history(), connection)
        assert connection.sql("SELECT count(*) FROM own_claims WHERE document IS NOT NULL").fetchall() == [(0,)]


CHILD = """
import sys, time
from pathlib import Path
from graphsvc.service import open_service
from tests.graphsvc.test_service import settings
with open_service(settings(Path(sys.argv[1]))) as service:
    print(service.ingest_text(sys.argv[2], "shop:14", "blog:1").offset, flush=True)
    time.sleep(60)
"""


def test_an_acknowledged_text_survives_a_kill(tmp_path: Path) -> None:
    with shop_in(tmp_path) as service:
        rows = [*PRODUCTS, *COLOURED]
        service.ingest(str(write_products(tmp_path / "products.csv", rows)), asset="products", name="shop")
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path / "shop"), INDIGO], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    offset = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    with open_service(settings(tmp_path / "shop")) as service:
        assert service.log.head() == offset
        assert "value:colour=indigo" in facts(service)
        assert len(service.texts()) == 1


def test_the_graph_has_the_edge_and_loses_it(tmp_path: Path, neo4j_server: LocalServer, neo4j: Graph) -> None:
    there = neo4j_server.start()
    given = Settings(
        home=tmp_path / "shop", encoder="use", NEO4J_URI=there.uri, NEO4J_USER=there.user, NEO4J_PASSWORD=there.password
    )  # type: ignore[arg-type]
    edge = (
        "MATCH (:Product {id: 'shop:14'})-[r]->(v:Value {id: 'value:colour=indigo'}) RETURN type(r) AS kind, r.claims"
    )
    with Service(given) as service:
        rows = [*PRODUCTS, *COLOURED]
        service.ingest(str(write_products(tmp_path / "products.csv", rows)), asset="products", name="shop")
        service.follow_graph()
        claim = add(service)
        service.follow_graph()
        assert neo4j.execute(edge).rows == (("HAS_VALUE", [claim]),)
        assert service.graph.facet_counts()["value:colour=indigo"] == 5
        service.remove_text("blog:1")
        service.model.follow(build=True)
        service.follow_graph()
        assert neo4j.execute(edge).rows == ()
