from pathlib import Path
from typing import Any

import pyarrow as pa

from graphsvc.history import History, read_history
from graphsvc.log import Change, WriteLog
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.tables import Warehouse, new_batch


def rows(*products: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"product_id": name, "title": title, "retired": False, "line": 1} for name, title in products]


def test_batches_and_rows_of_the_log_are_one_table(tmp_path: Path) -> None:
    warehouse, batch, later = Warehouse(tmp_path / "w"), new_batch(), new_batch()
    for name, title in ((batch, "old"), (later, "newest")):
        given = pa.Table.from_pylist(rows(("s:1" if name == batch else "s:3", title)), schema=TABLES["products"])
        warehouse.append("products", given, name)
    with WriteLog(tmp_path / "log.db") as log:
        log.append(Change("import", {"batch": batch, "tables": {"products": 1}}))
        log.append(Change("products", {"products": rows(("s:1", "new"), ("s:2", "fresh"))}))
        middle = read_history(log)
        log.append(Change("events", {"events": [{"event_id": "e", "kind": "view", "time": 1_000_000}]}, "web"))
        log.append(Change("import", {"batch": later, "tables": {"products": 1}}))
        log.append(Change("products", {"products": [{"product_id": "s:2", "retired": True}]}))
        whole = read_history(log)
        assert read_history(log, before=middle) == whole
    assert {row["product_id"]: row["title"] for row in middle.current_products(warehouse).to_pylist()} == {
        "s:1": "new",
        "s:2": "fresh",
    }
    titles = {row["product_id"]: row["title"] for row in whole.current_products(warehouse).to_pylist()}
    assert titles == {"s:1": "new", "s:3": "newest"}
    assert (whole.offset, whole.batches, whole.since(2)) == (5, {batch, later}, ("l3", later, "l5"))
    connection = warehouse.connection()
    whole.view(warehouse, connection, "events")
    (event,) = connection.table("current_events").to_arrow_table().to_pylist()
    connection.close()
    assert (event["source"], event["time"].timestamp()) == ("web", 1.0)


def test_an_empty_log_is_an_empty_shop(tmp_path: Path) -> None:
    with WriteLog(tmp_path / "log.db") as log:
        assert read_history(log) == History()
    assert History().current_products(Warehouse(tmp_path / "w")).num_rows == 0
