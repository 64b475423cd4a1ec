import os
from pathlib import Path

import pyarrow as pa
import pytest

from graphsvc.errors import InputError, StorageError
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.tables import Warehouse, new_batch


def product(key: str, title: str, line: int = 1, retired: bool = False) -> dict[str, object]:
    return {
        "product_id": f"shop:{key}", "key": key, "title": title, "source": "shop", "line": line, "retired": retired,
        "row_hash": title, "category": ["a", "b"], "attributes": [{"name": "colour", "value": "red"}],
    }  # fmt: skip


def products(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TABLES["products"])


def test_the_last_row_in_log_order_wins(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    first, second, third = new_batch(), new_batch(), new_batch()
    warehouse.append("products", products(product("1", "old"), product("2", "kept")), first)
    warehouse.append("products", products(product("1", "new")), second)
    warehouse.append("products", products(product("2", "kept", retired=True)), third)

    def titles(*batches: str) -> list[str]:
        return [str(row["title"]) for row in warehouse.current_products(batches).to_pylist()]

    assert titles(first) == ["old", "kept"]
    assert titles(first, second) == ["new", "kept"]
    assert titles(second, first) == ["old", "kept"]
    assert titles(first, second, third) == ["new"]
    row = warehouse.current_products([first, second]).to_pylist()[0]
    assert row["category"] == ["a", "b"]
    assert row["attributes"][0]["value"] == "red"
    assert row["batch"] == second


def test_an_empty_warehouse_answers_with_nothing(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    assert warehouse.current_products([]).num_rows == 0
    assert warehouse.current_products([new_batch()]).num_rows == 0
    assert warehouse.files("events", [new_batch()]) == []
    assert warehouse.sweep(set()) == set()


def test_the_last_word_on_an_event_is_seen(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    first, second = new_batch(), new_batch()

    def events(*pairs: tuple[str, float]) -> pa.Table:
        rows = [{"event_id": name, "quantity": quantity, "line": 1} for name, quantity in pairs]
        return pa.Table.from_pylist(rows, schema=TABLES["events"])

    warehouse.append("events", events(("a", 1), ("b", 1)), first)
    warehouse.append("events", events(("b", 2), ("c", 3)), second)
    connection = warehouse.connection()
    warehouse.view_current(connection, "events", [first, second])
    found = connection.sql("SELECT event_id, quantity FROM current_events ORDER BY event_id").fetchall()
    connection.close()
    assert found == [("a", 1.0), ("b", 2.0), ("c", 3.0)]


def test_a_second_version_of_an_event_keeps_its_columns(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    row = {"event_id": "a", "position": 7, "source": "shop", "file": "e.csv", "line": 3, "row_hash": "h"}
    batches = [new_batch(), new_batch()]
    for batch in batches:
        warehouse.append("events", pa.Table.from_pylist([row], schema=TABLES["events"]), batch)
    connection = warehouse.connection()
    warehouse.view_current(connection, "events", batches)
    (found,) = connection.sql("SELECT * FROM current_events").to_arrow_table().to_pylist()
    connection.close()
    assert found == {**dict.fromkeys(TABLES["events"].names), **row, "batch": batches[1]}


@pytest.mark.parametrize("table", ["events", "customers", "reviews", "campaigns", "coupons", "redemptions"])
def test_every_table_has_its_current_rows(table: str, tmp_path: Path) -> None:
    connection = Warehouse(tmp_path).connection()
    Warehouse(tmp_path).view_current(connection, table, [])
    assert connection.sql(f"SELECT * FROM current_{table}").columns == TABLES[table].names
    connection.close()


def test_sweep_leaves_no_byte_of_a_batch_that_nobody_named(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    named, lost = new_batch(), new_batch()
    warehouse.append("products", products(product("1", "kept")), named)
    warehouse.append("products", products(product("2", "zanzibar")), lost)
    stray = tmp_path / "products" / f"batch={new_batch()}" / "part-0.parquet"  # its writer died before the commit
    stray.parent.mkdir()
    stray.write_bytes(b"half")
    half_made = tmp_path / "events" / f"batch={lost}"
    half_made.mkdir(parents=True)
    assert warehouse.sweep({named}) == {lost}
    assert not stray.exists()
    assert not half_made.exists()
    assert [row["title"] for row in warehouse.current_products([named, lost]).to_pylist()] == ["kept"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and lost in str(path)]
    warehouse.append("products", products(product("3", "after")), new_batch())


def test_no_value_reaches_the_table_log(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.append("products", products(product("1", "quetzalcoatl")), new_batch())
    logs = list((tmp_path / "products" / "_delta_log").iterdir())
    assert logs
    assert not any(b"quetzalcoatl" in log.read_bytes() for log in logs)


def test_a_batch_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Warehouse(tmp_path).append("products", products(product("1", "x")), "../../etc")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_is_said_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError):
            Warehouse(tmp_path).append("products", products(product("1", "x")), new_batch())
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_is_said_so() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    from graphsvc.warehouse.tables import storage_errors

    with pytest.raises(StorageError, match="full"), storage_errors(Path("/dev/full")), open("/dev/full", "wb") as file:
        file.write(b"x" * 100_000)


def test_params_are_declared(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Warehouse(tmp_path).run("current_products", [], surprise=1)
