"""One DuckDB that many use, each in a catalog of its own."""

import gc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from graphsvc.warehouse.instance import Instance


def use(instance: Instance, number: int) -> list[Any]:
    """Everything that this code makes in a catalog: tables, views over Arrow tables and views over these."""
    connection = instance.connection()
    connection.register("given", pa.table({"a": [number, number + 1]}))
    connection.sql("SELECT * FROM given").create_view("seen")
    connection.execute("CREATE TABLE kept AS SELECT a FROM seen WHERE a > $least", {"least": number})
    found = connection.execute("SELECT a FROM kept JOIN given USING (a)").fetchall()
    connection.close()
    return found


def test_catalogs_are_apart_and_go_with_their_connections() -> None:
    instance = Instance({"threads": 1})
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda number: use(instance, number), range(40))) == [[(n + 1,)] for n in range(40)]
    gc.collect()
    with instance.connection() as connection:
        names = "SELECT database_name FROM duckdb_databases() WHERE database_name LIKE 'catalog%'"
        assert len(connection.execute(names).fetchall()) == 1
        settings = connection.execute("SELECT current_setting('threads'), current_setting('TimeZone')").fetchone()
        assert settings == (1, "UTC")


def test_an_instance_that_ended_is_opened_anew() -> None:
    instance = Instance()
    use(instance, 1)
    assert instance._root is not None
    instance._root.close()
    assert use(instance, 2) == [(3,)]


def test_a_setting_that_duckdb_does_not_know_is_told() -> None:
    with pytest.raises(duckdb.Error, match="colour"):
        Instance({"colour": 1}).connection()
