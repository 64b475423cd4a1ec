"""Damaged files, and files of other versions."""

import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embeddings.arrays import read_arrays, write_arrays
from graphsvc.service import Service
from tests.graphsvc.shops import write_products
from tests.mishaps.harm import MORE, cut, flip, run
from tests.serving import answers, settings

DAMAGE: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "vectors flipped": ("snapshots/search/*/vectors", flip, "vectors"),
    "vectors cut": ("snapshots/search/*/vectors", cut, "vectors is cut"),
    "vectors emptied": ("snapshots/search/*/vectors", lambda path: os.truncate(path, 0), "an empty file"),
    "meta flipped": ("snapshots/search/*/meta", flip, "meta"),
    "a file gone": ("snapshots/search/*/texts", Path.unlink, "texts"),
    "pointer cut": ("snapshots/search/CURRENT", cut, "pointed at is not there"),
    "pointer flipped": ("snapshots/search/CURRENT", flip, "no search snapshot"),
    "behaviour flipped": ("snapshots/behaviour/*/behaviour", flip, "snapshot of behaviour is damaged"),
    "model cut": ("snapshots/behaviour/*/content", cut, "snapshot of behaviour is damaged"),
    "search of another version": ("snapshots/search/*/meta", lambda path: rewrite(path, search=99), "format 99"),
    "behaviour of another version": ("snapshots/behaviour/*/behaviour", lambda path: rewrite(path, format=99), "99"),
}  # fmt: skip


def rewrite(path: Path, **meta: object) -> None:
    arrays, told = read_arrays(path)
    write_arrays(path, arrays, told | meta)


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_snapshot_is_named_and_built_anew(home: Path, expected: list[Any], what: str) -> None:
    where, harm, word = DAMAGE[what]
    (path,) = home.glob(where)
    harm(path)
    for command in ("doctor", "status"):
        code, said = run(home, command)
        assert code == 1
        assert word in said
        assert "rebuild" in said
    with Service(settings(home)) as service:
        assert answers(service.open()) == expected
    assert run(home, "doctor")[0] == 0


@pytest.mark.parametrize(
    ("table", "harm"),
    [("products", lambda path: flip(path, 0.1)), ("events", cut), ("claims", Path.unlink), ("raw", cut)],
)
def test_a_damaged_table_is_found_by_doctor_and_named(home: Path, table: str, harm: Callable[[Path], None]) -> None:
    path = next((home / "warehouse" / table).glob("batch=*/part-*"))
    harm(path)
    code, said = run(home, "doctor")
    assert code == 1
    assert f"{path.name} is damaged" in said
    code, said = run(home, "rebuild", "--no-graph")
    assert code == 0 or "restore" in said


@pytest.mark.parametrize(
    ("file", "harm", "word"),
    [
        ("shop.json", lambda path: path.write_text('{"format": 99, "id": "x"}'), "has format 99"),
        ("shop.json", cut, "damaged"),
        ("shop.json", lambda path: path.write_text("[]"), "damaged"),
        ("shop.json", Path.unlink, "missing"),
        ("log.db", lambda path: version(path, 7), "has format 7"),
        ("log.db", lambda path: path.write_bytes(b"not a database at all" * 500), "log.db cannot be used"),
        ("vault.db", lambda path: path.write_bytes(b"not a database at all" * 500), "vault.db cannot be used"),
        ("secrets/pseudonyms", lambda path: path.write_bytes(b""), "damaged"),
        ("secrets/pseudonyms", flip, "damaged"),
        ("secrets/pseudonyms", Path.unlink, "not the one"),
        ("warehouse/products/_delta_log/00000000000000000000.json", cut, "products cannot be used"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_anew_is_refused_and_left_alone(
    home: Path, file: str, harm: Callable[[Path], None], word: str
) -> None:
    held = (home / file).read_bytes()
    harm(home / file)
    for command in (["ingest", str(write_products(home / "more.csv", MORE[:3]))], ["doctor"], ["rebuild"]):
        code, said = run(home, *command)
        assert (code, word in said) == (1, True), said
        assert re.search("[Rr]estore|Use the version", said)
    for stale in home.glob("log.db-*"):
        stale.unlink()
    (home / file).write_bytes(held)
    assert run(home, "doctor")[0] == 0, "with the file put back all is as it was"


def version(path: Path, number: int) -> None:
    with sqlite3.connect(path) as log:
        log.execute(f"PRAGMA user_version = {number}")
    log.close()
