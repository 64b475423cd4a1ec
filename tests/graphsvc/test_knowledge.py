import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from extractors import Document
from extractors.distant import Distant
from graphsvc.facts import FACTS, facts_of
from graphsvc.history import History
from graphsvc.knowledge import extract_batch, view_facts
from graphsvc.lessons import LEARNT, learn
from graphsvc.warehouse.schemas import TABLES
from graphsvc.warehouse.tables import Warehouse, new_batch


def product(number: int, title: str, **fields: Any) -> dict[str, Any]:
    return {
        "product_id": f"s:{number}", "source": "s", "file": "p.csv", "line": number + 1, "title": title,
        "retired": False, "language": "en", **fields,
    }  # fmt: skip


def attribute(name: str, value: str) -> list[dict[str, Any]]:
    return [{"name": name, "value": value}]


PRODUCTS = [
    product(1, "Nordholm pan", brand="Nordholm", category=["Home", "Kitchen"], attributes=attribute("Color", "Red")),
    product(2, "Nordholm pot, red", brand="NORDHOLM", attributes=attribute("颜色", "red")),
    product(3, "Nordholm kettle red 2 L", category=["Home"]),
    product(4, "Bowl", attributes=attribute("", "lost")),
]


def write(warehouse: Warehouse, rows: list[dict[str, Any]]) -> tuple[str, History]:
    batch = new_batch()
    warehouse.append("products", pa.Table.from_pylist(rows, schema=TABLES["products"]), batch)
    written, count = extract_batch(warehouse, batch, learn(warehouse, History(), batch))
    assert count
    return batch, History.of_imports([{"batch": batch, "tables": {"products": len(rows), **written}}])


def facts(warehouse: Warehouse, history: History) -> pa.Table:
    connection = warehouse.connection()
    history.view(warehouse, connection, "products")
    found = view_facts(warehouse, history, connection)
    connection.close()
    return found


def test_a_batch_gets_its_claims_and_they_become_facts(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    _, history = write(warehouse, PRODUCTS)
    found = facts(warehouse, history)
    assert found.schema == FACTS
    nodes = {(row["product_id"], row["node_id"]) for row in found.to_pylist()}
    assert {("s:1", "brand:nordholm"), ("s:2", "brand:nordholm"), ("s:1", "value:colour=red")} <= nodes
    assert ("s:3", "brand:nordholm") in nodes, "the gazetteer finds in a title what fields of others say"
    assert ("s:1", "category:home/kitchen") in nodes
    assert all(row["claims"] and row["confidence"] > 0 for row in found.to_pylist())


def test_a_changed_product_leaves_its_old_claims_behind(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    _, history = write(warehouse, PRODUCTS)
    second = new_batch()
    changed = [product(1, "Nordholm pan", brand="Sorrel")]
    warehouse.append("products", pa.Table.from_pylist(changed, schema=TABLES["products"]), second)
    extract_batch(warehouse, second, learn(warehouse, history, second))
    later = History.of_imports([*history.imports, {"batch": second, "tables": {}}])
    mine = {row["node_id"] for row in facts(warehouse, later).to_pylist() if row["product_id"] == "s:1"}
    assert mine == {"brand:sorrel"}
    assert learn(warehouse, later).read([]).claims == []


def test_what_was_learnt_is_kept_until_products_are_imported(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    _, history = write(warehouse, PRODUCTS)
    texts = [Document("s:9", "Nordholm pot in red")]
    first = learn(warehouse, history).read(texts).claims
    assert first
    empty = Warehouse(tmp_path / "elsewhere")
    empty.folder.mkdir()
    shutil.copy(tmp_path / LEARNT, empty.folder / LEARNT)
    assert learn(empty, history).read(texts).claims == first  # from what was kept: it has no products
    (tmp_path / LEARNT).write_text("{")
    assert learn(warehouse, history).read(texts).claims == first
    later = History.of_imports([*history.imports, {"batch": new_batch(), "tables": {"products": 1}}])
    assert learn(empty, later).read(texts).claims == []


def test_no_claims_are_no_facts() -> None:
    assert facts_of(TABLES["claims"].empty_table()).num_rows == 0


def test_who_only_reads_uses_the_values_that_were_learnt_and_writes_nothing(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    _, history = write(warehouse, PRODUCTS)
    taught: list[int] = []

    def teach(documents: Sequence[Document]) -> Distant:
        taught.append(len(documents))
        return Distant.learn(documents, lambda phrases: np.zeros((len(phrases), 2), np.float32), lambda phrase: phrase)

    learn(warehouse, history, teach=teach)
    kept = (tmp_path / LEARNT).read_bytes()
    later = History.of_imports([*history.imports, {"batch": new_batch(), "tables": {"products": 1}}])
    for asked in (history, later):
        assert any(isinstance(one, Distant) for one in learn(warehouse, asked, keep=False)._extractors)
    assert not any(isinstance(one, Distant) for one in learn(warehouse, later)._extractors)  # --no-learn leaves it out
    (tmp_path / LEARNT).write_bytes(kept.replace(b'"fields 1"', b'"fields 0"'))
    learn(warehouse, history, keep=False)
    assert (tmp_path / LEARNT).read_bytes() == kept.replace(b'"fields 1"', b'"fields 0"')
    assert taught == [4]
    learn(warehouse, history, teach=teach)  # by other versions it is learnt anew
    assert taught == [4, 4]
