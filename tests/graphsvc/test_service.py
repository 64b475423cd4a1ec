"""The trunk end to end, without a server: files in, answers out, and what a kill leaves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphsvc.errors import ConflictError, InputError, LagError, NotFoundError, ShopLockedError, StorageError
from graphsvc.service import Service, open_service
from graphsvc.settings import Settings
from graphsvc.types import Event, Filter, RecommendRequest, SearchRequest
from tests.graphsvc.shops import ORDERS, PRODUCTS, write_orders, write_products

ROOT = Path(__file__).parents[2]


def settings(home: Path) -> Settings:
    """Nobody listens at the graph's address: what is tested here goes on without."""
    return Settings(home=home, encoder="use", NEO4J_URI="bolt://127.0.0.1:9")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_products(folder / "products.csv", PRODUCTS)
    write_orders(folder / "orders.csv", ORDERS)
    return folder


@pytest.fixture
def service(files: Path, tmp_path: Path) -> Iterator[Service]:
    with Service(settings(tmp_path / "shop")) as service:
        service.ingest(str(files / "products.csv"), asset="products", name="shop", build=False)
        service.ingest(str(files / "orders.csv"), asset="orders", name="shop")
        yield service


def found(service: Service, query: str, **options: object) -> list[str]:
    return [hit.product.id for hit in service.search(SearchRequest(query, **options)).hits]  # type: ignore[arg-type]


def test_files_in_answers_out(service: Service) -> None:
    assert found(service, "frying pan")[0] == "shop:1"
    assert found(service, "fryng pan")[0] == "shop:1"
    assert found(service, "保温杯")[0] == "shop:5"
    assert found(service, "lamp", filter=Filter(brands=("Sorrel",), price_max=100.0)) == ["shop:3"]
    result = service.search(SearchRequest("lamp", facets=("brand",)))
    assert result.query_id
    assert result.hits[0].reasons
    assert service.search(SearchRequest("")).total == len(PRODUCTS)
    recommended = service.recommend(RecommendRequest(product="shop:1", intent="complementary"))
    assert recommended.items[0].product.id == "shop:2"


def test_the_shop_says_what_may_come_again(service: Service, tmp_path: Path) -> None:
    event = Event("shop:1", "buy", datetime(2026, 11, 1, tzinfo=UTC), shopper="anna")
    later = Event("shop:3", "buy", datetime(2026, 11, 9, tzinfo=UTC), shopper="anna")
    service.wait(service.track([event, later]))
    request = RecommendRequest(shopper="anna", first=20)
    assert "shop:1" not in [item.product.id for item in service.recommend(request).items]
    (tmp_path / "shop" / "recommend.yaml").write_text("threshold: 0\nrepeat:\n  Home: yes\n")
    with open_service(settings(tmp_path / "shop"), write=False) as again:
        assert "shop:1" in [item.product.id for item in again.recommend(request).items]


def test_the_same_files_again_change_nothing(service: Service, files: Path) -> None:
    head = service.log.head()
    for name, asset in (("products.csv", "products"), ("orders.csv", "orders")):
        report = service.ingest(str(files / name), asset=asset, name="shop")
        assert report.offset is None
        assert report.batch.counts.unchanged == report.batch.counts.read
    assert service.log.head() == head


def test_a_changed_row_changes_that_product_and_a_price_encodes_nothing(service: Service, tmp_path: Path) -> None:
    rows = [[*PRODUCTS[0][:4], "35.00", *PRODUCTS[0][5:]], *PRODUCTS[1:]]
    report = service.ingest(str(write_products(tmp_path / "products.csv", rows)), asset="products", name="shop")
    assert (report.batch.counts.changed, report.batch.counts.unchanged) == (1, 5)
    product = service.product("shop:1")
    assert product is not None
    assert product.price == 35.0


def test_small_changes_are_findable_at_once_and_gone_at_once(service: Service) -> None:
    service.follow_in_background()
    began = time.monotonic()
    rows = [{"id": "shop:7", "title": "Copper watering can", "price": 24}]
    offset = service.upsert_products(rows, key="k1")
    service.wait(offset)
    assert time.monotonic() - began < 5
    assert found(service, "watering can") == ["shop:7"]
    assert service.upsert_products(rows, key="k1") == offset
    service.wait(service.retire_products(["shop:7"]))
    assert "shop:7" not in found(service, "watering can")
    assert service.product("shop:7") is None
    with pytest.raises(NotFoundError):
        service.retire_products(["shop:7"])
    with pytest.raises(LagError):
        service.wait(service.log.head() + 5, timeout_s=0.2)


def test_events_are_durable_and_move_the_next_answer(service: Service) -> None:
    service.follow_in_background()
    events = [
        Event("shop:6", "view", datetime.now(UTC), session="s1"),
        Event("shop:3", "cart", datetime.now(UTC), session="s1"),
    ]
    offset = service.track(events, key="t1")
    assert service.track(events, key="t1") == offset
    service.wait(offset)
    items = service.recommend(RecommendRequest(session="s1")).items
    assert "shop:4" in [item.product.id for item in items]
    with pytest.raises(NotFoundError, match="Event 0"):
        service.track([Event("shop:99", "view", datetime.now(UTC), session="s1")])
    with pytest.raises(InputError, match="neither"):
        service.track([Event("shop:1", "view", datetime.now(UTC))])


def test_a_key_is_for_one_request(service: Service) -> None:
    now = datetime.now(UTC)
    offset = service.track([Event("shop:6", "view", now, session="s1")], key="once")
    assert service.track([Event("shop:6", "view", now + timedelta(seconds=1), session="s1")], key="once") == offset
    with pytest.raises(ConflictError):
        service.track([Event("shop:3", "view", now, session="s1")], key="once")
    changed = service.upsert_products([{"id": "shop:1", "price": 7.0}], key="once")
    assert changed == offset + 1, "a key belongs to one kind of change"
    for again in (lambda: service.upsert_products([{"id": "shop:1", "price": 8.0}], key="once"),
                  lambda: service.retire_products(["shop:1"], key="once")):  # fmt: skip
        with pytest.raises(ConflictError):
            again()
    assert service.log.head() == changed


def test_no_way_in_brings_an_address_into_a_file(service: Service, tmp_path: Path) -> None:
    mail = "planted@example.com"
    event = Event("shop:1", "view", datetime.now(UTC), session=mail, basket=mail, query_id=mail, event_id=mail)
    service.wait(service.track([event], key=mail))
    assert service.recommend(RecommendRequest(session=mail)).items[0].reasons[0].subject == "shop:1"
    rows: list[dict[str, object]] = (
        [
            {
                "id": "shop:9", "title": f"Vase {mail}", "description": mail, "brand": mail, "category": ["Home", mail],
                "attributes": [{"name": "ask", "value": mail}], "offers": [{"seller": mail, "price": 1.0, "url": mail}],
                "variants": [{"sku": mail, "title": mail, "attributes": [{"name": mail, "value": mail}]}],
            },
            {"id": f"{mail}:{mail}", "title": "Bowl"},
        ]
    )  # fmt: skip
    offset = service.upsert_products(rows, key=mail)
    service.retire_products([f"{mail}:{mail}"], key=f"{mail}2")
    assert service.upsert_products(rows, key=mail) == offset
    service.close()
    service.close()
    files = [path for path in (tmp_path / "shop").rglob("*") if path.is_file() and path.name != "vault.db"]
    assert [path.name for path in files if b"planted" in path.read_bytes()] == []


def test_a_shop_that_is_opened_again_answers_the_same(service: Service, tmp_path: Path) -> None:
    offset = service.upsert_products([{"id": "shop:8", "title": "Brass door knob"}])
    service.wait(offset)
    before = found(service, "door knob"), found(service, "lamp")
    with open_service(settings(tmp_path / "shop"), write=False) as reader:
        assert (found(reader, "door knob"), found(reader, "lamp")) == before
        assert reader.status().projections[0].lag == 0
        with pytest.raises(StorageError):
            reader.upsert_products([{"id": "shop:9", "title": "x"}])


def test_a_second_writer_is_refused_and_told_who_has_it(service: Service, tmp_path: Path) -> None:
    with pytest.raises(ShopLockedError, match=f"pid {os.getpid()}"):
        Service(settings(tmp_path / "shop"))


@pytest.mark.parametrize("delay", [0.3, 0.8, 1.5, 2.5, 4.0])
def test_a_killed_import_leaves_nothing_or_everything(files: Path, tmp_path: Path, delay: float) -> None:
    home = tmp_path / "shop"
    script = (
        "import sys; from pathlib import Path\n"
        "from graphsvc.service import Service; from graphsvc.settings import Settings\n"
        "with Service(Settings(home=Path(sys.argv[1]), encoder='use')) as service:\n"
        "    service.ingest(sys.argv[2], asset='products', name='shop')\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script, str(home), str(files / "products.csv")], cwd=ROOT)
    time.sleep(delay)
    child.send_signal(signal.SIGKILL)
    child.wait()
    with Service(settings(home)) as service:
        service.ingest(str(files / "products.csv"), asset="products", name="shop")
        service.open()
        assert service.search(SearchRequest("")).total == len(PRODUCTS)
        assert found(service, "frying pan")[0] == "shop:1"
        assert service.log.verify() == 1
