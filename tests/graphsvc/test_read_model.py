"""When answers are laid over a snapshot, and when a new snapshot is built beside it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphsvc import read_model
from graphsvc.errors import ContractError, LagError, StorageError
from graphsvc.recommend.rules import FILE
from graphsvc.search import snapshot
from graphsvc.service import Service, open_service
from graphsvc.settings import Settings
from graphsvc.types import Event, SearchRequest
from tests.graphsvc.shops import ORDERS, PRODUCTS, write_orders, write_products


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(Settings(home=tmp_path / "shop", encoder="use")) as service:
        write_products(tmp_path / "products.csv", PRODUCTS)
        service.ingest(str(tmp_path / "products.csv"), asset="products", name="shop")
        yield service


def put(service: Service, key: str, title: str) -> int:
    return service.upsert_products([{"id": f"shop:{key}", "title": title}])


def built_at(service: Service) -> int:
    return int(snapshot.read_meta(service.shop.search)["offset"])


def renewed(service: Service) -> None:
    deadline = time.monotonic() + 120
    while service.model.renewing:
        assert time.monotonic() < deadline
        service.model.follow(build=True)
        time.sleep(0.02)


def test_many_small_changes_become_a_snapshot_while_answers_go_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_model, "FRESH", 3)
    before = built_at(service)
    for number in range(20, 24):
        put(service, str(number), f"Brass door knob number {number}")
    service.model.follow(build=True)
    assert service.model.renewing
    put(service, "30", "Velvet curtain")
    service.model.follow(build=True)
    found = [hit.product.id for hit in service.search(SearchRequest("velvet curtain")).hits]
    assert found[0] == "shop:30"
    renewed(service)
    assert built_at(service) == before + 4
    assert service.model.offset == before + 5
    assert [hit.product.id for hit in service.search(SearchRequest("velvet curtain")).hits] == found
    assert service.search(SearchRequest("")).total == len(PRODUCTS) + 5


def test_changes_laid_over_at_once_are_as_if_laid_one_by_one(service: Service, tmp_path: Path) -> None:
    def seen(shop: Service) -> list[object]:
        found = [shop.search(SearchRequest(query, facets=("*",))) for query in ("knob", "lamp", "")]
        return [[([h.product for h in r.hits], r.total, r.facets) for r in found], shop.product("shop:1")]

    before = service.model.offset
    for title in ("Brass knob", "Steel knob", "Tin knob"):
        put(service, "20", title)
        service.upsert_products([{"id": "shop:1", "brand": title.split()[0]}, {"id": "shop:21", "title": f"{title} 2"}])
        service.model.follow(build=True)
    service.retire_products(["shop:21", "shop:3"])
    put(service, "22", "Lamp of brass")
    service.retire_products(["shop:22"])
    put(service, "3", "Sorrel desk lamp")
    service.model.follow(build=True)
    with open_service(Settings(home=tmp_path / "shop", encoder="use"), write=False) as reader:
        assert built_at(service) == before, "all of it is laid over"
        assert seen(reader) == seen(service)
    assert service.product("shop:21") is None
    assert service.product("shop:3") is not None


def test_an_event_changes_no_list_of_ids(service: Service) -> None:
    ids = service.catalogue.ids
    service.wait(service.track([Event("shop:1", "view", datetime.now(UTC), session="s")]))
    assert service.catalogue.ids is ids, "what is lined up with it stays"
    service.wait(put(service, "20", "Brass knob"))
    assert service.catalogue.ids is not ids


def test_events_count_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_model, "FRESH", 3)
    before = built_at(service)
    view = Event("shop:1", "view", datetime.now(UTC), session="s")
    service.track([view] * 40)
    service.model.follow(build=True)
    renewed(service)
    assert built_at(service) == before + 1


def test_a_snapshot_that_cannot_be_built_leaves_the_old_one(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_model, "FRESH", 0)
    (service.shop.home / FILE).write_text("threshold: high")
    put(service, "20", "Brass door knob")
    service.model.follow(build=True)
    with pytest.raises(ContractError, match="threshold"):
        renewed(service)
    assert service.search(SearchRequest("brass door knob")).hits[0].product.id == "shop:20"


def test_without_building_answers_stop_before_an_import(service: Service, tmp_path: Path) -> None:
    write_orders(tmp_path / "orders.csv", ORDERS)
    service.ingest(str(tmp_path / "orders.csv"), asset="orders", name="shop", build=False)
    put(service, "20", "Brass door knob")
    with open_service(Settings(home=tmp_path / "shop", encoder="use"), write=False) as reader:
        assert reader.model.offset == 1
        assert {found.name: found.lag for found in reader.status().projections}["columns"] == 2
        with pytest.raises(LagError):
            reader.wait(3, timeout_s=0)
    service.model.follow(build=True)
    assert service.model.offset == 3


def test_a_build_that_is_killed_leaves_the_old_one_and_is_tried_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_model, "FRESH", 0)
    before = built_at(service)
    put(service, "20", "Brass door knob")
    service.model.follow(build=True)
    assert service.model._building is not None
    service.model._building.cancel()
    with pytest.raises(StorageError, match=r"ended with -9\. Run"):
        renewed(service)
    assert built_at(service) == before
    assert service.search(SearchRequest("brass door knob")).hits[0].product.id == "shop:20"
    put(service, "21", "Brass door bell")
    service.model.follow(build=True)
    renewed(service)
    assert built_at(service) == before + 2


def test_an_import_that_comes_while_answers_are_renewed_is_built_in(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_model, "FRESH", 0)
    put(service, "20", "Brass door knob")
    service.model.follow(build=True)
    assert service.model._renewal is not None
    service.model._renewal.join()
    more = write_products(tmp_path / "more.csv", [["7", "Copper watering can", "Sorrel", "Home", "24.00", "", ""]])
    service.ingest(str(more), asset="products", name="more", build=False)
    service.model._renew()  # as if the import had come after `follow` read the log
    assert service.model.offset == service.log.head() - 1
    service.model.follow(build=True)
    assert service.search(SearchRequest("watering can")).hits[0].product.id == "more:7"


def test_a_stop_does_not_wait_for_a_build(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_model, "FRESH", 0)
    put(service, "20", "Brass door knob")
    service.model.follow(build=True)
    building = service.model._building
    assert building is not None
    service.close()
    assert building._process.returncode == -9


def test_a_build_ends_with_whoever_asked_for_it(service: Service, tmp_path: Path) -> None:
    asked = {"settings": {"home": str(tmp_path / "shop"), "encoder": "use"}, "offset": 1}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "graphsvc.renewal"],
        input=json.dumps(asked) + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
