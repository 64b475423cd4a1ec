"""The graph follows the answers, with its vectors, and analysts find products by meaning."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cypher.driver import Graph
from cypher.statements import named
from graphsvc.__main__ import app
from graphsvc.doctor import compare
from graphsvc.errors import GraphUnavailable
from graphsvc.graph_door import PATIENCE, GraphDoor
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.shop import Shop
from tests.graphsvc.shops import in_graph
from tests.silence import silent_neo4j


@pytest.fixture
def service(tmp_path: Path, neo4j: Graph) -> Iterator[Service]:
    with in_graph(tmp_path, neo4j) as service:
        yield service


def near(service: Service, text: str) -> list[str]:
    vector = service.model.encode(text).tolist()
    return [row["id"] for row in service.graph.graph.read(named("near"), vector=vector, limit=3).dicts()]


def test_every_product_has_its_vector(service: Service) -> None:
    assert near(service, "保温杯")[0] == "shop:5"
    assert near(service, "frying pan")[0] == "shop:1"


def test_a_changed_product_has_that_of_its_new_text(service: Service) -> None:
    service.upsert_products([{"id": "shop:1", "title": "Wool blanket"}, {"id": "shop:new", "title": "Bicycle bell"}])
    service.model.follow(build=False)
    service.follow_graph()
    assert near(service, "bell of a bicycle")[0] == "shop:new"
    assert near(service, "wool blanket")[0] == "shop:1"
    assert not [finding for finding in compare(service) if finding.differences]


def test_a_retired_product_is_not_near_anything(service: Service) -> None:
    service.retire_products(["shop:5"])
    service.model.follow(build=False)
    service.follow_graph()
    assert "shop:5" not in near(service, "保温杯")


def test_who_follows_a_closed_shop_starts_no_server_that_nobody_would_stop(service: Service) -> None:
    service.graph.close()
    with pytest.raises(GraphUnavailable, match="closed"):
        service.graph.revive()


def test_who_opens_no_graph_says_how_far_it_was_when_one_last_followed(service: Service) -> None:
    assert GraphDoor(service.shop, service.settings, own=False).last_seen() == (1, "not opened here")
    service.upsert_products([{"id": "shop:1", "title": "Wool blanket"}])
    assert service.graph.last_seen() == (1, "")
    service.graph.drop()
    assert service.graph.last_seen()[0] == -1
    assert GraphDoor(service.shop, service.settings, own=False).last_seen()[0] == -1


def test_an_analyst_hears_that_the_graph_is_behind(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    there = service.settings
    assert there.neo4j_password is not None
    monkeypatch.setenv("NEO4J_URI", str(there.neo4j_uri))
    monkeypatch.setenv("NEO4J_USER", there.neo4j_user)
    monkeypatch.setenv("NEO4J_PASSWORD", there.neo4j_password.get_secret_value())
    command = ["--data", str(service.shop.home), "cypher", "-c", "RETURN 1 AS one"]
    assert "offset" not in CliRunner().invoke(app, command).output
    service.upsert_products([{"id": "shop:1", "title": "Wool blanket"}])
    assert "The graph is at offset 1 of 2." in CliRunner().invoke(app, command).output


def test_a_next_step_names_the_folder_of_this_run(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--data", str(tmp_path / "a shop"), "search", "mug"])
    assert f"python -m graphsvc --data '{tmp_path / 'a shop'}' ingest FILE" in done.output


def test_a_neo4j_that_hangs_is_given_up_in_seconds_whoever_tries_to_open_it(tmp_path: Path) -> None:
    with silent_neo4j() as address:
        door = GraphDoor(Shop.open(tmp_path), Settings(home=tmp_path, neo4j_uri=address))
        opened: list[str] = []
        openers = [threading.Thread(target=_open, args=(door, opened), daemon=True) for _ in range(3)]
        for opener in openers:  # one tries, under the lock, for longer than a reader has patience
            opener.start()
        time.sleep(0.2)
        start = time.monotonic()
        with pytest.raises(GraphUnavailable, match="no answer within"):
            door.entity("shop:1")
        assert time.monotonic() - start < PATIENCE + 1
        start = time.monotonic()
        for _ in range(100):
            with pytest.raises(GraphUnavailable):
                door.entity("shop:1")
        assert time.monotonic() - start < 1
        assert opened == []
    start = time.monotonic()
    for opener in openers:  # its connection has broken off: the others do not try again one after another
        opener.join()
    assert opened == ["away"] * 3
    assert time.monotonic() - start < 15


def test_a_graph_that_has_answered_again_is_asked_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert service.graph.entity("shop:1") is not None
    with monkeypatch.context() as broken:
        broken.setattr(service.graph, "open", lambda: _away())
        with pytest.raises(GraphUnavailable):
            service.graph.entity("shop:1")
    with pytest.raises(GraphUnavailable):
        service.graph.entity("shop:1")
    service.follow_graph()
    assert service.graph.entity("shop:1") is not None


def test_a_neo4j_that_was_just_reached_has_time_to_plan(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphsvc.graph_door.PATIENCE", 0.0)
    assert service.graph.entity("shop:1") is not None
    service.graph.warm()
    with pytest.raises(GraphUnavailable, match="no answer within 0 s"):
        service.graph.entity("shop:1")


def _open(door: GraphDoor, opened: list[str]) -> None:
    try:
        door.open()
    except GraphUnavailable:
        opened.append("away")


def _away() -> None:
    raise GraphUnavailable("Nothing answers.", "Start it.")
