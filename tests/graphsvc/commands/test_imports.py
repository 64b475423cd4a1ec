"""What `ingest` and `quarantine` say, and that it can be pasted."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphsvc.__main__ import app
from tests.graphsvc.shops import ORDERS, PRODUCTS, write_orders, write_products

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def command(*words: str, code: int = 0) -> str:
        environment = {"GRAPHSVC_ENCODER": "use", "COLUMNS": "60"}
        done = CliRunner().invoke(app, ["--data", str(tmp_path / "shop"), *words], env=environment)
        assert done.exit_code == code, done.output
        return done.output

    return command


def test_ids_of_refused_rows_can_be_pasted_and_a_retry_counts_every_row(run: Run, tmp_path: Path) -> None:
    bad = [[*PRODUCTS[0][:4], "-1", *PRODUCTS[0][5:]], PRODUCTS[1], PRODUCTS[1]]
    run("ingest", str(write_products(tmp_path / "p.csv", bad)), "--name", "shop", "--no-graph")
    run("ingest", str(write_orders(tmp_path / "o.csv", ORDERS)), "--name", "shop", "--no-graph")
    listed = run("quarantine", "list")
    ids = re.findall(r"^│ (\S{8}) │", listed, re.MULTILINE)
    assert len(ids) > 2
    for short in ids:
        assert short in run("quarantine", "show", short)
    command = re.search(r"graphsvc --data \S+ (quarantine show \S+)$", listed, re.MULTILINE)
    assert command
    run(*command[1].split())
    total = f"Of shop, {len(ids)} rows were in quarantine = 1 judged again + 1 which gave way to another row"
    assert f"{total} + {len(ids) - 2} of orders (--as orders)." in run("quarantine", "retry", "shop")


def test_what_is_let_go_is_counted_and_the_shop_still_answers(run: Run, tmp_path: Path) -> None:
    bad = [PRODUCTS[0], ["", *PRODUCTS[1][1:]], [*PRODUCTS[2][:4], "-1", *PRODUCTS[2][5:]]]
    run("ingest", str(write_products(tmp_path / "p.csv", bad)), "--name", "shop", "--no-graph")
    run("quarantine", "dismiss", code=2)
    run("quarantine", "dismiss", "--name", "shop", code=2)
    said = run("quarantine", "dismiss", "--name", "shop", "--rule", "key_missing", "--why", "a footer")
    assert "1 rows let go, as entry 2 of the log; 1 in quarantine." in " ".join(said.split())
    (short,) = re.findall(r"^│ (\S{8}) │", run("quarantine", "list"), re.MULTILINE)
    assert "0 in quarantine" in " ".join(run("quarantine", "dismiss", short).split())
    assert "shop:1" in run("search", PRODUCTS[0][1])


def test_files_of_two_assets_are_answered_with_the_commands_to_run(run: Run, tmp_path: Path) -> None:
    files = write_orders(tmp_path / "o.csv", ORDERS), write_products(tmp_path / "p.csv", PRODUCTS)
    said = run("ingest", *map(str, files), code=1)
    commands = re.findall(r"python -m graphsvc --data \S+ (ingest .*)$", said, re.MULTILINE)
    assert [command.split()[3] for command in commands] == ["products", "orders"]
    for command in commands:
        assert " 0 quarantined" in run(*command.split(), "--no-graph")
