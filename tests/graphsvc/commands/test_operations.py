import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cypher.analyst import Answer
from graphsvc.__main__ import app
from graphsvc.commands.graph import _say
from graphsvc.service import Service
from graphsvc.settings import Settings
from tests.graphsvc.shops import PRODUCTS, write_products


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop whose import is in the log, and whose snapshots are not built."""
    monkeypatch.setenv("GRAPHSVC_ENCODER", "use")
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:9")
    with Service(Settings(home=tmp_path / "shop", encoder="use")) as service:
        path = write_products(tmp_path / "products.csv", PRODUCTS)
        service.ingest(str(path), asset="products", name="shop", build=False)
    return tmp_path / "shop"


def test_status_says_what_is_missing_and_where_the_log_stands(home: Path) -> None:
    done = CliRunner().invoke(app, ["--data", str(home), "status"])
    assert done.exit_code == 1, done.output
    assert "log at 1" in done.stdout
    assert "There is no snapshot of behaviour" in done.stderr
    assert f"--data {home} " in done.stderr.replace("\n", " "), "the next step can be pasted"


def test_status_outlives_a_damaged_snapshot(home: Path) -> None:
    with Service(Settings(home=home, encoder="use")) as service:
        service.open()
    shutil.rmtree(next((home / "snapshots" / "search").glob("0*")))
    done = CliRunner().invoke(app, ["--data", str(home), "status"])
    assert (done.exit_code, "log at 1" in done.stdout) == (1, True), done.output


@pytest.mark.parametrize("command", ["status", "doctor", "rebuild"])
def test_a_folder_without_a_shop_is_said_so_and_stays_as_it_is(tmp_path: Path, command: str) -> None:
    done = CliRunner().invoke(app, ["--data", str(tmp_path / "nothing"), command])
    assert done.exit_code == 1
    assert "holds no shop" in done.output.replace("\n", " ")
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_cut_answer_says_so_beside_it(capsys: pytest.CaptureFixture[str], form: str) -> None:
    _say(Answer(("id",), ((1,),), truncated=True), form)
    said = capsys.readouterr()
    assert "Cut after 1 rows" in said.err
    assert "Cut" not in said.out


def test_a_setting_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHSVC_PORT", "high")
    done = CliRunner().invoke(app, ["status"])
    assert (done.exit_code, "GRAPHSVC_PORT" in done.output or "port" in done.output) == (2, True)
