import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphsvc.errors import SourceError
from graphsvc.sources import open_source


def read(tmp_path: Path, table: pa.Table, **options: Any) -> list[dict[str, Any]]:
    path = tmp_path / "p.parquet"
    pq.write_table(table, path, **options)
    return [row for batch in open_source(str(path)).batches() for row in batch.to_pylist()]


def test_every_type_becomes_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([17850.0, None]),
            "price": pa.array([Decimal("12.50"), None]),
            "when": pa.array([datetime(2024, 1, 2, 3, 4, tzinfo=UTC), None]),
            "day": pa.array([date(2024, 1, 2), None]),
            "sold": pa.array([True, None]),
            "brand": pa.array([{"name": "Nordholm", "no": {"a": 1}}, None]),
            "tags": pa.array([["a", "b"], None]),
            "holes": pa.array([["a", None], []]),
            "offers": pa.array([[{"seller": "x", "price": 1.5}], None]),
            "attributes": pa.array([{"colour": "red"}, None]),
            "map": pa.array([[("k", "v")], None], pa.map_(pa.string(), pa.string())),
            "kind": pa.array(["x", "y"]).dictionary_encode(),
        }
    )
    first, second = read(tmp_path, table)
    assert (first["id"], first["price"], first["sold"], first["kind"]) == ("17850", "12.50", "true", "x")
    assert first["when"].startswith("2024-01-02 03:04:00")
    assert first["day"] == "2024-01-02"
    assert (first["brand.name"], first["brand.no.a"]) == ("Nordholm", "1")
    assert (first["tags"], first["holes"]) == ("a | b", "a")
    assert json.loads(first["offers"]) == [{"seller": "x", "price": 1.5}]
    assert json.loads(first["attributes"]) == {"colour": "red"}
    assert json.loads(first["map"]) == {"k": "v"}
    assert all(second[name] is None for name in second if name not in ("kind", "_line"))
    assert [first["_line"], second["_line"]] == [1, 2]


def test_lines_count_on_over_row_groups(tmp_path: Path) -> None:
    rows = read(tmp_path, pa.table({"id": list(range(20_000))}), row_group_size=3_000)
    assert [rows[-1]["id"], rows[-1]["_line"]] == ["19999", 20_000]


def test_what_is_no_table_of_text_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="as text"):
        read(tmp_path, pa.table({"image": pa.array([b"\xff\xd8"])}))
    path = tmp_path / "broken.parquet"
    pq.write_table(pa.table({"id": [1]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match="no Parquet"):
        open_source(str(path))
    path.write_bytes(b"hello, this is a file\n")
    assert open_source(str(path)).name == "broken.parquet"
    with pytest.raises(SourceError, match="two columns"):
        read(tmp_path, pa.table({"id": [1], "ID": [2]}))
