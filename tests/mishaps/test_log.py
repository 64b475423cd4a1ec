"""The log lost its end, is gone, or is older than what follows it; the clock is set back."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cypher.driver import Graph
from graphsvc.doctor import examine
from graphsvc.log import WriteLog
from graphsvc.service import Service
from graphsvc.types import SearchRequest
from tests.graphsvc.shops import write_products
from tests.mishaps.harm import MORE, cut, event, flip, run
from tests.serving import agree, answers, settings


def with_tail(home: Path, events: int) -> None:
    """Leave a shop as a crash does: entries in the write-ahead file of the log, and a mark that saw them."""
    with WriteLog(home / "log.db") as log:
        for number in range(events):
            log.append(change(number))
        log.mark()
        for name in ("log.db", "log.db-wal", "log.mark"):
            shutil.copy(home / name, home / f"copy-{name}")
    for name in ("log.db", "log.db-wal", "log.mark"):
        os.replace(home / f"copy-{name}", home / name)


def change(number: int) -> Any:
    from graphsvc.log import Change
    from graphsvc.read_model import event_row

    return Change("events", {"events": [event_row(event())]}, "track", "graphql", f"track:{number}")


@pytest.mark.parametrize("torn", [lambda path: cut(path, 3_000), lambda path: flip(path, 0.98)], ids=["cut", "flipped"])
def test_a_torn_tail_of_the_log_is_said_and_all_before_it_is_intact(home: Path, torn: Callable[[Path], None]) -> None:
    with_tail(home, 10)
    with WriteLog(home / "log.db", read_only=True) as log:
        whole = list(log.read())
    torn(home / "log.db-wal")
    with WriteLog(home / "log.db", read_only=True) as log:
        left = list(log.read())
        assert log.verify() == len(left)
    assert 2 <= len(left) < len(whole) == 12
    assert left == whole[: len(left)]
    batches = sorted(path.name for path in home.rglob("part-*"))
    for command in (["doctor"], ["ingest", str(write_products(home / "more.csv", MORE[:3]))], ["rebuild"]):
        code, said = run(home, *command)
        assert code == 1
        assert f"The end of log.db is lost: it ends at entry {len(left)}, and 12 were seen in it." in said
        assert "Restore log.db" in said
    assert sorted(path.name for path in home.rglob("part-*")) == batches
    code, said = run(home, "status")
    assert (code, "The end of log.db is lost" in said) == (0, True)
    code, said = run(home, "rebuild", "--accept-loss", "--no-graph")
    assert code == 0, said
    assert run(home, "doctor")[0] == 0
    with Service(settings(home)) as service:
        assert service.open().search(SearchRequest("frying pan")).hits[0].product.id == "shop:1"
        assert service.model.offset == len(left)
        assert service.track([event()]) == len(left) + 1


def test_a_log_that_is_gone_takes_nothing_with_it(home: Path, expected: list[Any]) -> None:
    """Put back it is all there: no sweep took what it named."""
    os.replace(home / "log.db", home / "backup")
    for command in ("doctor", "rebuild", "search"):
        assert run(home, command, *(["pan"] if command == "search" else []))[0] == 1, command
    for name in ("log.db-wal", "log.db-shm"):
        (home / name).unlink(missing_ok=True)
    os.replace(home / "backup", home / "log.db")
    assert run(home, "doctor")[0] == 0
    with Service(settings(home)) as service:
        assert answers(service.open()) == expected


def test_an_older_log_than_the_graph_and_the_snapshots_is_caught_up_with(
    home: Path, neo4j: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup of the log with its mark: what followed a later one is built anew."""
    monkeypatch.setenv("NEO4J_URI", neo4j.connection.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j.connection.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j.connection.password)
    backup = {name: (home / name).read_bytes() for name in ("log.db", "log.mark")}
    with Service(settings(home)) as service:
        service.open().wait(service.upsert_products([{"id": "shop:7", "title": "Copper can"}]))
        service.model.rebuild(service.history())
        service.follow_graph()
    for path in home.glob("log.*"):
        path.unlink()
    for name, held in backup.items():
        (home / name).write_bytes(held)
    assert "know more than the log" in run(home, "doctor")[1]
    agree(home)
    with Service(settings(home)) as service:
        assert service.open().product("shop:7") is None


def test_what_needs_a_clock_goes_on_when_it_is_set_back(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Service(settings(home)) as service:
        service.open().track([event()])
        with monkeypatch.context() as patch:
            patch.setattr(time, "time_ns", lambda: 1_000_000)
            service.wait(service.upsert_products([{"id": "shop:7", "title": "Copper can"}]))
            assert service.ingest(str(write_products(home / "more.csv", MORE[:3])), asset="products").offset
        times = [entry.time for entry in service.log.read()]
        assert times == sorted(times)
        assert service.product("shop:7") is not None
        assert service.search(SearchRequest("tray")).total == 3
        assert not [finding for finding in examine(service) if finding.differences]
