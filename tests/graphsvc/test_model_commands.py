import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from graphsvc.__main__ import app
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.shop import Shop, WriterLock
from tests.graphsvc.model_files import card, write_model
from tests.serving import make_shop, serving, settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def versions(home: Path, tmp_path: Path) -> list[str]:
    """A first model, a better one and a worse one."""
    with Service(Settings(home=home)) as service:
        return [
            service.registry.add(write_model(tmp_path / name, name), card(f1))
            for name, f1 in (("first", 0.8), ("better", 0.9), ("worse", 0.7))
        ]


def run(home: Path, *words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["--data", str(home), "models", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


def last(result: Result) -> Any:
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_a_model_from_the_list_into_production_and_back(home: Path, versions: list[str]) -> None:
    first, better, worse = versions
    listed = last(run(home, "list", "--json"))
    assert [(one["version"], one["aliases"]) for one in listed] == [(version, []) for version in versions]
    assert last(run(home, "list", "--kind", "search", "--json")) == []
    assert last(run(home, "promote", first, "--json"))["offset"] == 4
    done = run(home, "promote", better, "--why", "more brands", "--json")
    assert "passed" in done.stdout
    assert "FAILED" not in done.stdout
    assert all(check["passed"] for check in last(done)["checks"])

    refused = run(home, "promote", worse, "--json", code=1)
    assert "FAILED" in refused.stdout
    assert last(refused)["offset"] is None
    assert "does not pass the gate" in refused.stderr
    assert f"--data {home} models list" in refused.stderr.replace("\n", " ")

    assert last(run(home, "rollback", "mentions", "--json")) == {"kind": "mentions", "version": first, "before": better}
    assert "was in production before" in run(home, "rollback", "mentions", code=1).stderr
    shown = run(home, "show", better, "--json")
    assert "more brands" in shown.stdout
    assert "0.9, texts 500" in shown.stdout
    assert last(shown)["namings"][0]["why"] == "more brands"
    assert last(run(home, "show", first, "--json"))["aliases"] == ["production"]
    assert "by a roll-back" in run(home, "show", first).stdout

    assert "is production" in run(home, "remove", first, code=1).stderr
    assert last(run(home, "remove", worse, "--json"))["version"] == worse
    assert "no model" in run(home, "show", worse, code=1).stderr
    assert not (home / "models" / "mentions" / worse).exists()


@pytest.mark.parametrize(
    "limit", [("--texts", 501), ("--size", 10), ("--per-second", 121), ("--calibration", 0.01), ("--worse", -1)]
)
def test_each_limit_is_an_option(limit: tuple[str, float], home: Path, versions: list[str]) -> None:
    with Service(Settings(home=home)) as service:
        service.registry.promote("mentions", versions[0])
    done = run(home, "promote", versions[1], *limit, "--json", code=1)
    assert sum(not check["passed"] for check in last(done)["checks"]) == 1
    run(home, "promote", versions[1])


def test_a_worse_model_may_be_allowed_and_the_log_says_so(home: Path, versions: list[str]) -> None:
    run(home, "promote", versions[0])
    offset = last(run(home, "promote", versions[2], "--worse", 0.2, "--json"))["offset"]
    with Service(Settings(home=home), write=False) as service:
        (entry,) = service.log.read(offset - 1)
        assert entry.json()["gate"]["limits"]["worse"] == 0.2


@pytest.mark.parametrize("command", ["list", "show", "promote", "rollback", "remove"])
def test_each_command_has_an_example(command: str, home: Path) -> None:
    assert f"python -m graphsvc models {command}" in run(home, command, "--help").output


def test_a_folder_without_a_shop(home: Path) -> None:
    for words in (["list"], ["promote", "0" * 12], ["remove", "0" * 12], ["rollback", "mentions"]):
        assert run(home, *words, code=1).stderr
        assert not home.exists()


@pytest.mark.parametrize("words", [("promote", "0" * 12), ("rollback", "mentions"), ("withdraw", "mentions")])
def test_while_another_command_writes_it_waits_for_its_end(home: Path, words: tuple[str, ...]) -> None:
    with WriterLock(Shop.open(home), "an import"):
        assert "is being written by an import" in run(home, *words, code=1).stderr


def test_a_service_that_runs_does_it(tmp_path: Path) -> None:
    home = make_shop(tmp_path)
    with Service(settings(home)) as service:
        first, second = (
            service.registry.add(write_model(tmp_path / name, name), card(f1))
            for name, f1 in (("first", 0.8), ("second", 0.9))
        )
    with serving(home):
        assert f"{first} is in production, by the service at http://" in run(home, "promote", first).stdout
        assert last(run(home, "promote", second, "--why", "better", "--json"))["version"] == second
        assert f"{first} is in production again, by the service" in run(home, "rollback", "mentions").stdout
        assert f"{first} is in production no longer" in run(home, "withdraw", "mentions").stdout
        assert "No model of mentions is in production" in run(home, "rollback", "mentions", code=1).stderr
        assert "by its own limits" in run(home, "promote", second, "--worse", 0.2, code=1).stderr
        assert "no model" in run(home, "promote", "0" * 12, code=1).stderr


def test_a_limit_that_is_no_number_is_told(home: Path, versions: list[str]) -> None:
    assert "no finite number" in run(home, "promote", versions[0], "--worse", "nan", code=1).stderr
