import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from graphsvc.__main__ import app
from graphsvc.labels import read_labels
from tests.graphsvc.label_files import BIO, marked, real, rows, write


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "shop"


def run(home: Path, *words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["--data", str(home), "labels", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


def last(result: Result) -> Any:
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_a_set_from_files_to_a_file(home: Path, tmp_path: Path) -> None:
    train = write(tmp_path / "secret-folder" / "train.txt", BIO)
    dev = write(tmp_path / "dev.txt.gz", "红 B-COLOR\n色 I-COLOR\n锅 B-ITEM\n\n灯 B-ITEM\n")
    first = run(home, "import", train, "--name", "pans", "--licence", "MIT", "--source", "a friend", "--json")
    assert last(first)["offset"] == 1
    assert last(run(home, "import", train, "--name", "pans", "--json"))["offset"] is None
    second = run(home, "import", dev, "--name", "pans", "--part", "dev", "--json")
    assert last(second)["leaks"] == [
        {"seen": "train", "judged": "dev", "items": 2, "exact": 1, "folded": 1, "unseen": 1}
    ]
    assert "LEAK: 1 of 2 items of dev" in second.stderr
    assert "1 unseen items" in second.stderr
    listed = last(run(home, "list", "--json"))
    assert [(one["part"], one["format"], one["file"], one["licence"]) for one in listed] == [
        ("train", "bio", "train.txt", "MIT"),
        ("dev", "bio", "dev.txt.gz", ""),
    ]
    assert "secret-folder" not in json.dumps(listed)
    card = run(home, "card", "pans", "--json")
    assert last(card)["parts"]["train"]["labels"] == {"COLOR": 1, "ITEM": 1}
    assert "LEAK" in card.stderr
    assert "not stated" in card.stdout

    assert "several parts: train, dev" in run(home, "export", "pans", tmp_path / "out", code=1).stderr
    for format in ("own", "jsonl", "bio", "labelstudio"):
        out = tmp_path / f"out.{format}"
        assert "MIT" in run(home, "export", "pans", out, "--part", "train", "--format", format).stderr
        found = read_labels(out)
        assert (found.format, marked(found.items[0])) == (format, [("红色", "COLOR"), ("锅", "ITEM")])
    assert "there already" in run(home, "export", "pans", out, "--part", "dev", code=1).stderr
    assert "no set of labels 'cups'" in run(home, "export", "cups", tmp_path / "new", code=1).stderr


def test_files_without_a_shop(home: Path, tmp_path: Path) -> None:
    train, dev = (write(tmp_path / name / "a.txt", BIO) for name in ("train", "dev"))
    card = run(home, "card", train, dev, "--json")
    assert [one["exact"] for one in last(card)["leaks"]] == [2]
    assert list(last(card)["parts"]) == [str(train), str(dev)]
    assert not home.exists()
    many = rows(*({"text": f"text {number}", "spans": []} for number in range(200)))
    out = tmp_path / "parts"
    result = run(home, "split", write(tmp_path / "many.jsonl", many), "--out", out, "--test", "30")
    parts = [read_labels(out / f"{part}.jsonl").items for part in ("train", "test")]
    assert sum(map(len, parts)) == 200
    assert 40 < len(parts[1]) < 80
    assert "LEAK" not in result.stderr
    assert "holds no shop" in run(home, "card", "pans", code=1).stderr


def test_a_split_that_leaks_says_so(home: Path, tmp_path: Path) -> None:
    same = [f"{'a ' * number}b" for number in range(1, 40)] + [f"{'A' * number}B" for number in range(1, 40)]
    path = write(tmp_path / "many.jsonl", rows(*({"text": text, "spans": []} for text in same)))
    assert "LEAK" in run(home, "split", path, "--out", tmp_path / "parts").stderr


def test_broken_rows_stop_an_import_unless_they_may_be_left_out(home: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "train.txt", BIO + "锅 B-ITEM\n杯\n")
    refused = run(home, "import", path, "--name", "pans", code=1)
    assert "train.txt:7: Line 8 has" in refused.stderr
    assert "--skip" in refused.stderr
    assert not home.exists()
    left = run(home, "import", path, "--name", "pans", "--skip", "--json")
    assert [problem["origin"] for problem in last(left)["unreadable"]] == ["train.txt:7"]
    assert "1 rows of train.txt were left out" in left.stderr
    assert last(run(home, "card", "pans", "--json"))["parts"]["train"]["unreadable"] == 1


def test_labels_in_two_ways_are_said(home: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "锅 O\n\n锅 B-ITEM\n")
    assert "1 texts are labelled in two ways" in run(home, "card", path).stderr


@pytest.mark.parametrize("command", ["import", "list", "card", "split", "export"])
def test_every_command_shows_how_it_is_called(command: str, home: Path) -> None:
    assert f"python -m graphsvc labels {command}" in " ".join(run(home, command, "--help").stdout.split())


def test_the_real_set_reports_its_leak(home: Path) -> None:
    for part in ("train", "dev"):
        path = real(f"mentions/taobao/{part}.txt")
        result = run(home, "import", path, "--name", "taobao", "--part", part, "--licence", "measure only", "--json")
    assert last(result)["leaks"][0]["exact"] == 461
    assert "461 of them word for word" in result.stderr
