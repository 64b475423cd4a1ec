"""The snapshot: true to brute force, and whole or not there, whatever happens to it."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from graphsvc.errors import StorageError
from graphsvc.recommend.behaviour import FILE, WHAT, Behaviour
from graphsvc.recommend.engine import Engine
from graphsvc.recommend.pairs import LEAST, LINES
from graphsvc.snapshots import POINTER, read_snapshot
from tests.graphsvc.recommend.worlds import ALL, Row, drawn, engine, event, live, snapshot


def current(folder: Path) -> Path:
    return read_snapshot(folder, WHAT, lambda place: place)


def contents(rows: list[Row]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["kind"] == "buy" and row.get("basket"):
            found[row["basket"]].add(row["product_id"])
    return {name: inside for name, inside in found.items() if len(inside) <= LINES}


def counted(rows: list[Row]) -> Counter[tuple[str, str]]:
    return Counter(pair for inside in contents(rows).values() for pair in itertools.combinations(sorted(inside), 2))


def table(found: Engine) -> dict[tuple[str, str], tuple[int, float]]:
    return {(r["product_a"], r["product_b"]): (r["count"], r["lift"]) for r in found.bought_together().to_pylist()}


def check_pairs(found: Engine, rows: list[Row]) -> None:
    """Every pair and every count, listed and asked for, against the baskets themselves."""
    pairs, inside = counted(rows), contents(rows)
    held = Counter(name for names in inside.values() for name in names)
    listed = table(found)
    assert {pair: count for pair, (count, _) in listed.items()} == {p: n for p, n in pairs.items() if n >= LEAST}
    for (a, b), (count, lift) in listed.items():
        assert lift == pytest.approx(count * len(inside) / (held[a] * held[b]))
    shoppers: dict[str, set[str | None]] = defaultdict(set)
    for row in rows:
        shoppers[row["product_id"]].add(row["shopper"])
    for a, b in itertools.combinations(sorted(held), 2):
        evidence = found.evidence(a, b)
        assert evidence.baskets == pairs[a, b]
        assert (evidence.of_first, evidence.of_second, evidence.total) == (held[a], held[b], len(inside))
        assert evidence.shoppers == len(shoppers[a] & shoppers[b])


def test_pairs_are_those_of_the_baskets(tmp_path: Path) -> None:
    rows = drawn(300)
    check_pairs(engine(tmp_path, rows), rows)


def test_a_basket_too_large_has_no_pairs(tmp_path: Path) -> None:
    products = [{**ALL[0], "product_id": f"s:pan{at}", "key": f"pan{at}"} for at in range(LINES + 1)]
    large = [event(1, "c", f"pan{at}", basket="large") for at in range(LINES + 1)]
    small = [event(1, "c", f"pan{at}", basket=f"k{k}") for k in range(LEAST) for at in range(3)]
    found = engine(tmp_path, large + small, products)
    assert set(table(found)) == {("s:pan0", "s:pan1"), ("s:pan0", "s:pan2"), ("s:pan1", "s:pan2")}
    assert found.evidence("s:pan0", "s:pan50").baskets == 0


@pytest.mark.parametrize("cut", [0, 150, 299, 450])
def test_what_happens_later_counts_as_what_happened_before(tmp_path: Path, cut: int) -> None:
    """A snapshot of some events with the rest on top says what a snapshot of all of them says."""
    rows = sorted(drawn(250), key=lambda row: row["time"])
    cut = min(cut, len(rows))
    while 0 < cut < len(rows) and rows[cut]["basket"] == rows[cut - 1]["basket"]:
        cut += 1
    found = engine(tmp_path, rows[:cut])
    for at, row in enumerate(rows[cut:]):
        found.apply(2 + at, [live(row)])
    check_pairs(found, rows)
    whole = engine(tmp_path / "whole", rows)
    some = ["s:pan3", "s:nowhere", "s:pan1"]
    assert {row["product_id"]: row for row in found.popularity(some).to_pylist()} == {
        row["product_id"]: row for row in found.popularity().to_pylist() if row["product_id"] in some
    }
    mine, theirs = found.popularity().to_pylist(), whole.popularity().to_pylist()
    ratio = {a["popularity"] / b["popularity"] for a, b in zip(mine, theirs, strict=True) if b["popularity"]}
    assert max(ratio) / min(ratio) < 1.02  # decayed to another day: the same up to one factor, and minutes


def test_a_basket_that_goes_on_after_the_snapshot_counts_once(tmp_path: Path) -> None:
    rows = [event(1, "c", "pan1", basket="k"), event(1, "c", "pan2", basket="k")]
    found = engine(tmp_path, rows)
    found.apply(2, [live(event(1.1, "c", "lamp1", basket="k")), live(event(1.1, "c", "pan1", basket="k"))])
    evidence = found.evidence("s:pan1", "s:lamp1")
    assert (evidence.baskets, evidence.total, evidence.of_first) == (1, 1, 1)


def test_popularity_decays_and_weighs_by_kind(tmp_path: Path) -> None:
    rows = [
        event(0, "a", "pan1"),
        event(60, "a", "pan2"),
        event(60, "b", "pan3", "view"),
        event(60, "b", "pan4", "remove"),
    ]
    found = {r["product_id"]: r["popularity"] for r in engine(tmp_path, rows).popularity().to_pylist()}
    assert found["s:pan1"] == pytest.approx(0.25, rel=1e-3)
    assert found["s:pan2"] == pytest.approx(1)
    assert found["s:pan3"] == pytest.approx(0.1)
    assert found["s:pan4"] == found["s:pan5"] == 0
    assert set(found) == {row["product_id"] for row in ALL}


def test_ratings_are_the_mean_of_reviews_and_events(tmp_path: Path) -> None:
    rows = [event(1, "a", "pan1", "rate", value=2.0)]
    reviews = [{"product_id": "s:pan1", "rating": 5.0}, {"product_id": "s:pan1", "rating": None}]
    found = engine(tmp_path, rows, reviews=reviews)
    found.apply(2, [live(event(2, "b", "pan1", "rate", value=2.0))])
    first = {r["product_id"]: (r["rating"], r["reviews"]) for r in found.popularity().to_pylist()}
    assert first["s:pan1"] == (3.0, 3)
    assert first["s:pan2"] == (None, 0)
    assert [(r["rating"], r["reviews"]) for r in found.popularity(["s:pan2", "s:pan1"]).to_pylist()] == [
        (None, 0), (3.0, 3),
    ]  # fmt: skip


def test_a_clock_in_the_future_does_not_age_the_rest(tmp_path: Path) -> None:
    rows = [event(0, "a", "pan1"), event(40_000, "a", "pan2")]
    found = {r["product_id"]: r["popularity"] for r in engine(tmp_path, rows).popularity().to_pylist()}
    assert found["s:pan1"] == pytest.approx(1)
    assert np.isfinite(list(found.values())).all()


def test_retired_products_and_unknown_ones_have_no_place(tmp_path: Path) -> None:
    rows = [event(1, "a", "pan1"), event(1, "a", "pan2"), event(1, "a", "pan99")]
    products = [{**row, "retired": row["key"] == "pan2"} for row in ALL]
    snapshot(tmp_path, rows, products)
    assert "s:pan2" not in set(Behaviour.open(tmp_path).ids)
    assert "s:pan99" not in set(Behaviour.open(tmp_path).ids)


def test_nothing_at_all_is_a_snapshot_too(tmp_path: Path) -> None:
    found = engine(tmp_path, [], [])
    assert found.popularity().num_rows == found.bought_together().num_rows == 0


def test_there_is_one_snapshot_and_it_is_the_last(tmp_path: Path) -> None:
    snapshot(tmp_path, drawn(10), offset=1)
    before = Behaviour.open(tmp_path)
    snapshot(tmp_path, drawn(20), offset=2)
    assert Engine.open(tmp_path).offset == 2
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [current(tmp_path).name]
    assert before.offset == 1
    assert before.popularity.sum() > 0  # who reads the old one still can


def test_no_snapshot_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="rebuild"):
        Engine.open(tmp_path / "none")
    (tmp_path / POINTER).write_text("000000000001-gone")
    with pytest.raises(StorageError, match="rebuild"):
        Engine.open(tmp_path)
    (tmp_path / POINTER).write_bytes(b"../\xff")
    with pytest.raises(StorageError, match="rebuild"):
        Engine.open(tmp_path)


@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "gone"])
def test_damage_to_any_file_is_said(tmp_path: Path, harm: str) -> None:
    snapshot(tmp_path, drawn(60))
    for path in sorted(current(tmp_path).iterdir()):
        whole = path.read_bytes()
        if harm == "gone":
            path.unlink()
        elif harm == "flip":
            at = len(whole) // 2
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        else:
            path.write_bytes(whole[: len(whole) // 2] if harm == "cut" else b"")
        with pytest.raises(StorageError, match="rebuild"):
            Engine.open(tmp_path)
        path.write_bytes(whole)
    Engine.open(tmp_path)


def test_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot(tmp_path, [])
    monkeypatch.setattr("graphsvc.recommend.behaviour.FORMAT", 2)
    with pytest.raises(StorageError, match="format 1, not 2"):
        Engine.open(tmp_path)


def test_a_failed_build_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot(tmp_path, drawn(10), offset=1)

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("graphsvc.recommend.behaviour.write_arrays", full)
    with pytest.raises(StorageError, match="No space left"):
        snapshot(tmp_path, drawn(20), offset=2)
    monkeypatch.undo()
    assert Engine.open(tmp_path).offset == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([POINTER, current(tmp_path).name])


BUILDER = """
import sys
from pathlib import Path
from tests.graphsvc.recommend.worlds import drawn, snapshot
for offset in range(2, 1000):
    snapshot(Path(sys.argv[1]), drawn(30), offset=offset)
    print(offset, flush=True)
"""


def test_killed_at_any_moment_there_is_a_whole_one(tmp_path: Path) -> None:
    snapshot(tmp_path, drawn(30), offset=1)
    draw = np.random.default_rng(11)
    root = Path(__file__).parents[3]
    builder = subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(tmp_path)], stdout=subprocess.PIPE, cwd=root, env={**os.environ}
    )
    assert builder.stdout is not None
    for _ in range(3):
        builder.stdout.readline()
    time.sleep(float(draw.uniform(0, 0.2)))
    builder.send_signal(signal.SIGKILL)
    builder.communicate()
    found = Engine.open(tmp_path)
    assert found.offset >= 4
    check_pairs(found, drawn(30))
    snapshot(tmp_path, drawn(30), offset=2000)  # and what was left over is swept by the next
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([POINTER, current(tmp_path).name])
    assert (current(tmp_path) / FILE).exists()
