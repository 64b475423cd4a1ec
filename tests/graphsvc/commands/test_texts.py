import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from graphsvc.__main__ import app
from graphsvc.service import Service
from graphsvc.settings import Settings
from tests.graphsvc.shops import PRODUCTS, write_products

TEXT = "Works with the Nordblick NB-7 too."


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRAPHSVC_ENCODER", "use")
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:9")
    with Service(Settings(home=tmp_path / "shop", encoder="use")) as service:
        service.ingest(str(write_products(tmp_path / "products.csv", PRODUCTS)), asset="products", name="shop")
    return tmp_path / "shop"


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["--data", str(home), *words])


def last(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


def test_a_text_is_added_listed_explained_and_removed(home: Path) -> None:
    added = last(run(home, "texts", "add", TEXT, "--product", "shop:6", "--id", "blog:7", "--json"))
    assert (added["id"], added["product"], added["claims"]) == ("blog:7", "shop:6", 1)
    found = last(run(home, "search", "nordblick", "--json"))
    assert found["hits"][0]["id"] == "shop:6"
    listed = last(run(home, "texts", "list", "--json"))
    assert [(one["document_id"], one["text"]) for one in listed["shown"]] == [("blog:7", TEXT)]
    why = run(home, "why", "shop:6").stdout
    assert "Text blog:7: api, line 1" in why
    assert TEXT in why
    assert run(home, "texts", "remove", "blog:7").exit_code == 0
    assert last(run(home, "texts", "list", "--json"))["texts"] == 0
    assert "blog:7" not in run(home, "why", "shop:6").stdout


def test_what_cannot_be_done_is_said_with_its_next_step(home: Path) -> None:
    unsure = run(home, "texts", "add", "A lamp by Sorrel, nice.")
    assert unsure.exit_code == 1
    assert "nearest are" in unsure.output.replace("\n", " ")
    gone = run(home, "texts", "remove", "blog:9")
    assert (gone.exit_code, "There is no text 'blog:9'" in gone.output) == (1, True)


@pytest.mark.parametrize("command", ["add", "load", "remove", "list"])
def test_help_shows_an_example(command: str) -> None:
    done = CliRunner().invoke(app, ["texts", command, "--help"])
    assert f"python -m graphsvc texts {command}" in " ".join(done.output.split())


def test_nothing_is_read_anew_where_nobody_can_be_asked(home: Path) -> None:
    refused = run(home, "re-extract", "--json")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "--yes" in refused.stderr
    assert last(run(home, "re-extract", "--dry-run", "--json"))["offset"] is None
