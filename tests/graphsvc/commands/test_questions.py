import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from graphsvc.__main__ import app
from graphsvc.service import Service
from graphsvc.settings import Settings
from tests.graphsvc.shops import write_rows

ROWS = [
    ["1", "Sorrel table lamp", "55.00", "USD"],
    ["2", "Sorrel floor lamp", "120.00", "USD"],
    ["3", "台灯 table lamp", "99.00", "CNY"],
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("questions")
    write_rows(folder / "products.csv", ROWS, ["id", "title", "price", "currency"])
    with Service(Settings(home=folder / "shop", encoder="use", NEO4J_URI="bolt://127.0.0.1:9")) as service:
        service.ingest(str(folder / "products.csv"), asset="products", name="shop")
    return folder / "shop"


def search(home: Path, *arguments: str) -> Result:
    environment = {"GRAPHSVC_HOME": str(home), "GRAPHSVC_ENCODER": "use", "NEO4J_URI": "bolt://127.0.0.1:9"}
    done = CliRunner().invoke(app, ["search", *arguments], env=environment)
    assert done.exit_code == 0, done.output
    return done


def test_no_match_is_said_in_words_with_what_to_try(home: Path) -> None:
    said = search(home, "xyzzyqq vbnmkl", "--json").stdout
    assert said.startswith("No product has a word of “xyzzyqq vbnmkl”, and none is near it in meaning. Try other")
    assert "matches" not in said
    assert "title" not in said
    assert json.loads(said.splitlines()[-1])["total"] == 0
    filtered = search(home, "lamp", "--price-max", "1").stdout
    assert "Products match “lamp”, but none passes the filter. Prices were compared in USD." in filtered
    assert "or name another currency" in filtered
    assert "No product passes the filter." in search(home, "--brand", "Nobody").stdout


def test_a_bound_without_a_currency_says_which_was_taken(home: Path) -> None:
    assert "1 match. Prices compared in USD." in search(home, "lamp", "--price-max", "100").stdout
    named = search(home, "lamp", "--price-max", "100", "--currency", "CNY").stdout
    assert "台灯" in named
    assert "1 match.\n" in named
