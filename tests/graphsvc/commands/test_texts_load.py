"""`texts load`: a file of texts into a shop that nobody writes, and into one that a service writes meanwhile."""

import json
from pathlib import Path
from typing import Any

import pytest

from graphsvc.errors import InputError, SourceError, UnavailableError
from graphsvc.running_service import RunningService, address_of
from graphsvc.shop import Shop
from graphsvc.text_files import Columns, load_texts
from graphsvc.texts import GivenText
from tests.graphsvc.commands.test_texts import home, last, run
from tests.serving import serving

__all__ = ["home"]
SEARCH = "query($q: String!, $n: Long) { search(query: $q, first: 1, minOffset: $n) { edges { node { id } } } }"
ROWS = [
    {"body": "Works with the Nordblick NB-7 too.", "sku": "6", "id": "blog:7"},
    {"body": "", "sku": "6", "id": "blog:8"},
    {"body": "A lovely thing.", "sku": "999", "id": "blog:9"},
    {"body": "Fits the Veltor V2.", "sku": "shop:6", "id": "blog:10"},
]
OPTIONS = ("--text", "body", "--product", "sku", "--source", "shop", "--json")


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_a_file_is_taken_in_and_what_is_refused_can_be_mended_and_loaded(home: Path, tmp_path: Path) -> None:
    refused = tmp_path / "refused.jsonl"
    file = write(tmp_path / "texts.jsonl", ROWS)
    done = last(run(home, "texts", "load", str(file), *OPTIONS, "--refused", str(refused)))
    assert (done["taken"], done["refused"], done["file"]) == (2, 2, str(refused))
    kept = [json.loads(line) for line in refused.read_text("utf-8").splitlines()]
    assert [(row["_line"], row["_rule"], row["id"]) for row in kept] == [
        (2, "BAD_INPUT", "blog:8"), (3, "NOT_FOUND", "blog:9"),
    ]  # fmt: skip
    assert all(row["_reason"] and row["_fix"] for row in kept)
    write(refused, [ROWS[0], *({**row, "body": "It came in green.", "sku": "6"} for row in kept)])
    done = last(run(home, "texts", "load", str(refused), *OPTIONS))
    assert (done["taken"], done["refused"], done["file"]) == (3, 0, None)
    listed = last(run(home, "texts", "list", "--json"))
    assert {one["document_id"] for one in listed["shown"]} == {"blog:7", "blog:8", "blog:9", "blog:10"}
    assert listed["texts"] == 4, "what was loaded twice is there once"


def test_a_running_service_takes_them_in_at_once(home: Path, tmp_path: Path) -> None:
    file, refused = write(tmp_path / "texts.jsonl", ROWS), tmp_path / "refused.jsonl"
    with serving(home) as server:
        done = last(run(home, "texts", "load", str(file), *OPTIONS, "--refused", str(refused)))
        assert (done["taken"], done["refused"]) == (2, 2)
        rules = [json.loads(line)["_rule"] for line in refused.read_text("utf-8").splitlines()]
        assert rules == ["BAD_INPUT", "NOT_FOUND"], "the same rules as without a service"
        found = server.ask(SEARCH, q="nordblick", n=done["offset"])["search"]["edges"]
        assert [edge["node"]["id"] for edge in found] == ["shop:6"]
        address = address_of(Shop.open(home))
        assert address == server.address
        server.kill()
        with RunningService(address, server.token) as gone, pytest.raises(UnavailableError, match="same command again"):
            gone.ingest_text(GivenText("It came in green.", "shop:6"))
    found = last(run(home, "texts", "list", "--json"))
    assert found["texts"] == 2, "what was taken in is kept"


def test_a_load_that_broke_off_says_so_and_a_file_without_texts_names_its_columns(tmp_path: Path) -> None:
    took: list[GivenText] = []

    def take(given: GivenText) -> int:
        took.append(given)
        if len(took) == 2:
            raise UnavailableError("The service is gone.", "Start it.")
        return len(took)

    file = write(tmp_path / "texts.jsonl", [{"text": "One."}, {"text": "Two."}, {"text": "Three."}])
    with pytest.raises(UnavailableError):
        load_texts(str(file), Columns(), "text", take, tmp_path / "refused")
    assert [given.text for given in took] == ["One.", "Two."]
    with pytest.raises(SourceError, match="there are text"):
        load_texts(str(file), Columns(text="body"), "text", take, tmp_path / "refused")
    assert not (tmp_path / "refused").exists()
    with pytest.raises(InputError, match="read and written at once"):
        load_texts(str(file), Columns(), "text", take, file)
    assert file.read_text("utf-8").count("\n") == 3


def test_rows_that_cannot_be_read_are_refused_too(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text('{"text": "One."}\n{"text": \n{"text": "Two.", "kind": "review"}\n', "utf-8")
    took: list[Any] = []
    done = load_texts(str(file), Columns(), "note", lambda given: len(took.append(given) or took), tmp_path / "refused")
    assert [(given.text, given.kind) for given in took] == [("One.", "note"), ("Two.", "review")]
    assert (done.taken, done.refused, done.offset) == (2, 1, 2)
    (row,) = [json.loads(line) for line in (tmp_path / "refused").read_text("utf-8").splitlines()]
    assert (row["_line"], bool(row["_reason"])) == (2, True)
