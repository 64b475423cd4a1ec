import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphsvc.__main__ import app
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
    assert done.exit_code == 0, done.output
    assert "log at 1" in done.stdout
    assert "There is no snapshot of behaviour" in done.stderr
    assert f"--data {home} " in done.stderr.replace("\n", " "), "the next step can be pasted"


def test_status_outlives_a_damaged_snapshot(home: Path) -> None:
    with Service(Settings(home=home, encoder="use")) as service:
        service.open()
    shutil.rmtree(next((home / "snapshots" / "search").glob("0*")))
    done = CliRunner().invoke(app, ["--data", str(home), "status"])
    assert (done.exit_code, "log at 1" in done.stdout) == (0, True), done.output


def test_a_setting_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHSVC_PORT", "high")
    done = CliRunner().invoke(app, ["status"])
    assert (done.exit_code, "GRAPHSVC_PORT" in done.output or "port" in done.output) == (2, True)
