"""Nodes that only texts support are new until the shop decides; decisions hold for what is read, and can be undone."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from extractors import Claim
from graphsvc.__main__ import app
from graphsvc.entities.decided import Decided
from graphsvc.entities.ledger import ACCEPT, MERGE, REJECT, UNDO, Decision, Ledger
from graphsvc.entities.review import Reviewed, review
from graphsvc.errors import InputError, NotFoundError
from graphsvc.history import read_history
from graphsvc.knowledge import Extraction, view_claims
from graphsvc.service import Service
from graphsvc.settings import Settings
from tests.graphsvc.shops import PRODUCTS, write_products
from tests.graphsvc.test_service import settings

TEXT = "Works with the Nordblick NB-7."
NODE = "value:compatible-with=nordblick-nb-7"
MORE = [
    ["21", "Nord Holm wok 30 cm", "Nord-Holm", "Home > Kitchen > Pans", "45.00", "black", ""],
    ["22", "Hub", "Quill", "Electronics > Hubs", "9.00", "blck", ""],
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(settings(tmp_path / "shop")) as service:
        rows = [*PRODUCTS, *MORE]
        service.ingest(str(write_products(tmp_path / "products.csv", rows)), asset="products", name="shop")
        yield service


def decide(service: Service, node: str, decision: str, into: str = "") -> int:
    return service.entities.decide(Decision(node, decision, "because", into), service.catalogue, "rosa")


def add(service: Service, text: str = TEXT, name: str = "blog:1") -> tuple[str, ...]:
    done = service.ingest_text(text, "shop:6", name)
    service.model.follow(build=True)
    return tuple(claim.node for claim in done.claims)


def reread(service: Service) -> int:
    with service.rereading() as reading:
        difference = reading.compare()
        service.accept(reading)
    return difference.products


def state_of(service: Service, node: str) -> Reviewed:
    _, found = review(service.warehouse, service.history(), first=1_000)
    (one,) = (one for one in found if one.node == node)
    return one


def claimed(service: Service, product: str) -> set[tuple[str, str]]:
    with closing(service.warehouse.connection()) as connection:
        service.history().view(service.warehouse, connection, "products")
        view_claims(service.warehouse, service.history(), connection)
        asked = "SELECT predicate, object FROM current_claims WHERE subject = ?"
        rows = connection.execute(asked, [product]).fetchall()
    return {(predicate, value) for predicate, value in rows}


def test_what_a_field_says_is_known_and_what_only_a_text_says_is_new(service: Service) -> None:
    assert add(service) == (NODE,)
    new = state_of(service, NODE)
    assert (new.state, new.products, new.product, new.extractor) == ("new", 1, "shop:6", "patterns")
    assert "NB-7" in new.quote
    assert state_of(service, "brand:nordholm").state == "known"
    count, found = review(service.warehouse, service.history(), only_new=True)
    assert (count, [one.node for one in found]) == (1, [NODE])
    assert review(service.warehouse, service.history(), "colour", only_new=True) == (0, [])


def test_a_node_is_new_beside_the_nearest_known_one(service: Service) -> None:
    add(service, "Works with the Nordblick NB-7.")
    add(service, "Fits: it is compatible with Nordblick NB7.", "blog:2")
    other = "value:compatible-with=nordblick-nb7"
    assert state_of(service, other).nearest is None  # two new ones are no help to each other
    decide(service, NODE, ACCEPT)
    near = state_of(service, other).nearest
    assert near is not None
    assert (near.node, near.how) == (NODE, "written")
    assert state_of(service, NODE).state == "accepted"


def test_a_merger_renames_what_is_read_and_rereading_brings_it_to_what_stands(service: Service) -> None:
    assert ("has_brand", "Nord-Holm") in claimed(service, "shop:21")
    decide(service, "brand:nord-holm", MERGE, "brand:nordholm")
    assert ("has_brand", "Nord-Holm") in claimed(service, "shop:21")  # nothing that stands has changed yet
    assert reread(service) == 1
    assert ("has_brand", "Nordholm") in claimed(service, "shop:21")
    assert "brand:nordholm" in service.catalogue.facts_of("shop:21")
    assert service.entities.linker(service.catalogue).link  # the linker follows the decision
    service.upsert_products([{"id": "shop:21", "price": 40.0}])
    service.model.follow(build=True)
    assert ("has_brand", "Nordholm") in claimed(service, "shop:21")


def test_an_import_reads_by_what_was_decided(service: Service, tmp_path: Path) -> None:
    decide(service, "brand:nord-holm", MERGE, "brand:nordholm")
    row = ["23", "Wok lid", "Nord-Holm", "Home > Kitchen > Pans", "5.00", "", ""]
    service.ingest(str(write_products(tmp_path / "more.csv", [row])), asset="products", name="shop")
    assert ("has_brand", "Nordholm") in claimed(service, "shop:23")


def test_a_rejected_node_is_refused_to_texts_with_its_reason(service: Service) -> None:
    add(service)
    decide(service, NODE, REJECT)
    assert add(service, TEXT, "blog:2") == ()
    refused = [row for row in service.history().rows["quarantine"].to_pylist() if row["rule"] == "entities"]
    assert [(row["asset"], NODE in row["reason"], "entities undo" in row["fix"]) for row in refused] == [
        ("claims", True, True)
    ]
    decide(service, NODE, UNDO)
    assert add(service, TEXT, "blog:3") == (NODE,)


def test_what_the_shop_says_itself_is_not_refused(service: Service) -> None:
    decide(service, "brand:quill", REJECT)
    assert reread(service) >= 0
    assert ("has_brand", "Quill") in claimed(service, "shop:6")


def test_decisions_are_kept_in_the_log_with_who_and_why(service: Service) -> None:
    offset = decide(service, "brand:nord-holm", MERGE, "brand:nordholm")
    (entry,) = service.log.read(offset - 1, offset)
    assert (entry.kind, entry.actor) == ("entities", "rosa")
    assert entry.json() == {
        "node": "brand:nord-holm", "decision": "merge", "why": "because", "into": "brand:nordholm", "name": "Nordholm",
    }  # fmt: skip
    assert len(read_history(service.log).entities) == len(service.history().entities) == 1


def test_what_cannot_be_decided_is_said(service: Service) -> None:
    with pytest.raises(NotFoundError, match="no node 'brand:nobody'"):
        decide(service, "brand:nobody", ACCEPT)
    with pytest.raises(NotFoundError, match="no node 'brand:nobody'"):
        decide(service, "brand:quill", MERGE, "brand:nobody")
    with pytest.raises(NotFoundError, match="Nothing was decided"):
        decide(service, "brand:quill", UNDO)
    with pytest.raises(InputError, match="different kinds"):
        decide(service, "brand:quill", MERGE, "value:colour=black")
    with pytest.raises(InputError, match="no brand, manufacturer or value"):
        decide(service, "category:home", REJECT)
    for node, into in (("brand:quill", "brand:sorrel"), ("brand:sorrel", "brand:nordholm")):
        decide(service, node, MERGE, into)
    for into in ("brand:quill", "brand:nordholm"):
        with pytest.raises(InputError, match="merged into"):
            decide(service, "brand:nordholm", MERGE, into)


def payloads(*made: Decision) -> list[dict[str, Any]]:
    return [one.payload() for one in made]


def test_mergers_lead_to_their_end_and_undoing_goes_back_one_step() -> None:
    first = Decision("brand:a", MERGE, into="brand:b", name="B")
    second = Decision("brand:b", MERGE, into="brand:c", name="C")
    decided = Ledger.of(payloads(first, second)).decided()
    assert decided.aliases == {"brand:a": "brand:c", "brand:b": "brand:c"}
    assert decided.settled(Claim("p", "has_brand", "A", 1.0, "fields", "1")).object == "C"
    back = Ledger.of(payloads(Decision("brand:a", REJECT), first, Decision("brand:a", UNDO)))
    assert back.about("brand:a") == Decision("brand:a", REJECT)
    assert Ledger.of(payloads(first, Decision("brand:a", UNDO))).about("brand:a") is None


def test_a_claim_is_settled_before_it_is_refused() -> None:
    decided = Decided({"brand:a": "brand:b"}, {"brand:b": "B"}, frozenset({"brand:b"}))
    found = Extraction(decided=decided)
    found.admit([Claim("p", "has_brand", "A", 1.0, "gazetteer", "1"), Claim("p", "has_brand", "A", 1.0, "fields", "1")])
    assert [(claim.object, claim.extractor) for claim in found.claims] == [("B", "fields")]
    assert [reason for _, reason in found.refused] == ["the shop rejected the node brand:b"]


def run(home: Path, *words: str) -> Any:
    done = CliRunner().invoke(app, ["--data", str(home), *words])
    assert done.exit_code == 0, done.output
    return done


def test_the_commands_list_and_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHSVC_ENCODER", "use")
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:9")
    home = tmp_path / "shop"
    with Service(Settings(home=home, encoder="use")) as service:
        service.ingest(str(write_products(tmp_path / "p.csv", [*PRODUCTS, *MORE])), asset="products", name="shop")
        add(service)
    listed = json.loads(run(home, "entities", "list", "--new", "--json").stdout.splitlines()[-1])
    assert [(one["node"], one["state"]) for one in listed["shown"]] == [(NODE, "new")]
    said = run(home, "entities", "merge", "brand:nord-holm", "--into", "brand:nordholm", "--why", "one maker").stdout
    assert "re-extract" in said
    assert "re-extract" not in run(home, "entities", "accept", NODE, "--actor", "rosa").stdout
    listed = json.loads(run(home, "entities", "list", "--json").stdout.splitlines()[-1])
    states = {one["node"]: (one["state"], one["into"]) for one in listed["shown"]}
    assert states[NODE] == ("accepted", "")
    assert states["brand:nord-holm"] == ("merged", "brand:nordholm")
    for command in ("list", "accept", "reject", "merge", "undo"):
        assert f"python -m graphsvc entities {command}" in " ".join(
            run(home, "entities", command, "--help").output.split()
        )
