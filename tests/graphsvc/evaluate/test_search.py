import csv
import gzip
import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsvc.errors import SourceError
from graphsvc.evaluate.baseline import PlainBm25, fuse_ranks
from graphsvc.evaluate.judgements import read_grades, read_texts
from graphsvc.evaluate.search import METRICS, SYSTEMS, evaluate_catalogue
from graphsvc.evaluate.typos import with_typo
from tests.graphsvc.search.catalogues import build, data_of, product

TITLES = ["red steel pan", "steel pan", "red lamp", "table lamp", "floor lamp black", "mouse", "mouse pad", "pan lid"]
GRADES = {"steel pan": [3, 3, 1, 1, 1, 1, 1, 2], "floor lamp": [1, 1, 2, 2, 3, 1, 1, 1], "too few": [3]}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    catalogue, judgements = tmp_path / "catalogue.csv.gz", tmp_path / "judgements.csv"
    with gzip.open(catalogue, "wt", newline="") as file:
        rows = [[f"p{at}", title, "one of a kind", "17"] for at, title in enumerate(TITLES)]
        csv.writer(file).writerows([["product_uid", "product_title", "description", "price"], *rows])
    with judgements.open("w", newline="") as file:
        judged = [[query, f"p{at}", grade] for query, grades in GRADES.items() for at, grade in enumerate(grades)]
        csv.writer(file).writerows([["search_term", "product_uid", "relevance"], *judged])
    return catalogue, judgements


def test_the_protocol(tmp_path: Path, files: tuple[Path, Path]) -> None:
    rows = [product(f"p{at}", title, description="one of a kind") for at, title in enumerate(TITLES)]
    reports: list[tuple[int, int]] = []
    found = evaluate_catalogue(
        build(tmp_path, data_of(rows)), *files, progress=lambda done, of: reports.append((done, of))
    )
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {"queries", "products", "systems", "ratio", "typo"}
    assert (found["queries"], found["products"]) == (2, len(TITLES))
    assert tuple(found["systems"]) == SYSTEMS
    for scores in found["systems"].values():
        assert tuple(scores) == METRICS
        assert all(0 < value <= 1 for value in scores.values())
    hybrid, plain = (found["systems"][system]["ndcg@10"] for system in ("hybrid", "bm25"))
    assert found["ratio"] == hybrid / plain
    assert hybrid > 0.95
    typo = found["typo"]["hybrid"]
    assert typo["clean"] == hybrid
    assert math.isclose(typo["loss"], 1 - typo["one_typo"] / typo["clean"])
    assert reports[-1] == (2, 2)


def test_plain_bm25_is_plain() -> None:
    ranked = PlainBm25(["a", "b", "c", "d"], ["Red lamps", "red red lamp", "blue", "the red, lamp; long tail of words"])
    assert ranked.rank("LAMP red", 9)[:2] == ["b", "d"]
    assert set(ranked.rank("LAMP red", 9)) == {"a", "b", "d"}
    assert ranked.rank("lamps", 9) == ["a"]  # no stemming
    assert ranked.rank("green", 9) == []
    assert len(ranked.rank("red", 1)) == 1


def test_fusion_by_rank() -> None:
    assert fuse_ranks([["a", "b", "c"], ["b", "d"]], 9)[0] == "b"
    assert set(fuse_ranks([["a"], ["d"]], 9)) == {"a", "d"}


@given(st.text(alphabet="ab cdé杯12", max_size=30))
def test_a_typo_is_one_slip_in_a_long_word_and_always_the_same(query: str) -> None:
    slipped = with_typo(query)
    assert slipped == with_typo(query)
    assert abs(len(slipped) - len(query)) <= 1
    words = [word for word in query.split() if word.isascii() and word.isalpha() and len(word) >= 4]
    if words:
        assert slipped != query
    if not any(len(word) >= 4 for word in query.replace("é", "e").split()):
        assert slipped == query


def test_files_that_cannot_be_read_say_what_is_missing(tmp_path: Path, files: tuple[Path, Path]) -> None:
    catalogue, judgements = files
    assert read_texts(catalogue).titles == TITLES
    assert set(read_grades(judgements)) == {"steel pan", "floor lamp"}
    with pytest.raises(SourceError, match="query"):
        read_grades(catalogue)
    with pytest.raises(SourceError, match="title"):
        read_texts(judgements)
    bad = tmp_path / "bad.csv"
    bad.write_text("query,product_uid,relevance\npan,p1,good\n")
    with pytest.raises(SourceError, match="no number"):
        read_grades(bad)
    bad.write_text("query,product_uid,relevance\npan,p1,2\n")
    with pytest.raises(SourceError, match="5 judgements"):
        read_grades(bad)


def test_the_shared_judgements_are_read() -> None:
    if "GRAPHSVC_DATA" not in os.environ:
        pytest.skip("GRAPHSVC_DATA names no folder of data")
    folder = Path(os.environ["GRAPHSVC_DATA"]) / "electronics"
    grades = read_grades(folder / "judgements.csv.gz")
    assert len(grades) == 51
    assert len(read_texts(folder / "catalogue.csv.gz").keys) == 19_406
