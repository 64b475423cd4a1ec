"""Where it stands: a port, rules, files in the way."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from graphsvc.service import Service
from graphsvc.shop import Shop
from tests.graphsvc.shops import write_products
from tests.mishaps.harm import MORE, run
from tests.serving import ROOT, settings


def test_a_port_in_use_is_said(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = run(home, "serve", "--port", port)
    assert code == 1
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use. Give another with --port" in said
    with Service(settings(home)) as service:
        assert service.log.head() == 2


def test_rules_that_cannot_be_read_end_the_service_with_a_word(home: Path) -> None:
    """It does not stand there for ever, alive and never ready."""
    (home / "recommend.yaml").write_text("repeat: [")
    command = [sys.executable, "-m", "graphsvc", "--data", str(home), "serve", "--port", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "recommend.yaml is not YAML" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["", "warehouse", "snapshots", "secrets", "log.db", "vault.db"])
def test_what_stands_in_the_way_is_named(tmp_path: Path, name: str) -> None:
    """A file where a folder should be, or the other way round."""
    home, products = tmp_path / "shop", write_products(tmp_path / "products.csv", MORE[:3])
    if not name:
        home.write_text("")
    elif "." in name:
        Shop.open(home)
        (home / name).mkdir()
    else:
        home.mkdir()
        (home / name).write_text("")
    code, said = run(home, "ingest", str(products), "--as", "products", "--no-graph")
    assert code == 1
    assert (name.rstrip("s") or "shop") in said
    (home / name).rmdir() if "." in name else (home / name).unlink()
    code, said = run(home, "ingest", str(products), "--as", "products", "--no-graph")
    assert code == 0, said
    assert run(home, "doctor")[0] == 0
