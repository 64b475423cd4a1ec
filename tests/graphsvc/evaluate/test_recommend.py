"""Evaluation of recommenders: the protocol by hand, formats, bad files, and Beauty where it is."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from graphsvc.errors import SourceError
from graphsvc.evaluate.recommend import evaluate_sequences
from graphsvc.evaluate.sequence_files import read_attributes, read_sequences
from graphsvc.recommend.contract import RECOMMENDERS


def write(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    return str(path)


def walks(users: int = 120, items: int = 30) -> list[list[int]]:
    """Users who walk through the items by number, each from a place of its own."""
    return [[1 + (who * 7 + step) % items for step in range(3 + who % 6)] for who in range(users)]


def lines(lists: list[list[int]]) -> str:
    return "".join(f"{who + 1} {' '.join(map(str, items))}\n" for who, items in enumerate(lists))


def test_the_report_has_its_form(tmp_path: Path) -> None:
    found = evaluate_sequences(write(tmp_path / "s.txt", lines(walks())))
    assert (found["users"], found["short"], found["items"]) == (120, 0, 30)
    assert set(found["systems"]) == set(RECOMMENDERS) - {"again"}
    assert list(found["systems"])[0] == "popular"
    assert list(found["systems"])[-1] == "blend"
    for values in json.loads(json.dumps(found))["systems"].values():
        assert set(values) == {"hr@10", "ndcg@10"}
        assert all(0 <= value <= 1 for value in values.values())
    assert found["systems"]["covisit"]["hr@10"] > 0.9


def test_popular_is_the_protocol_by_hand(tmp_path: Path) -> None:
    draw = np.random.default_rng(5)
    chances = np.arange(1, 41) / np.arange(1, 41).sum()
    lists = [(1 + draw.choice(40, 8, replace=False, p=chances)).tolist() for _ in range(150)]
    counts = np.zeros(41)
    for items in lists:
        np.add.at(counts, items[:-2], 1)  # nothing of the last two is learnt from
    low, high = 0, 0
    for items in lists:
        rest = [item for item in range(1, 41) if item not in items[:-1]]
        low += sum(counts[item] >= counts[items[-1]] for item in rest if item != items[-1]) < 10
        high += sum(counts[item] > counts[items[-1]] for item in rest) < 10
    found = evaluate_sequences(write(tmp_path / "s.txt", lines(lists)))["systems"]["popular"]["hr@10"]
    assert low / 150 <= found <= high / 150  # ties may fall either way


def test_what_is_judged_is_not_learnt_from(tmp_path: Path) -> None:
    """Other last items change what is hit, not what is foreseen: with targets nobody met before, nothing is hit."""
    lists = [[*items[:-1], 1000 + who] for who, items in enumerate(walks())]
    found = evaluate_sequences(write(tmp_path / "s.txt", lines(lists)))
    assert all(values["hr@10"] == 0 for values in found["systems"].values())


def test_a_last_item_that_was_seen_is_a_miss(tmp_path: Path) -> None:
    lists = [[1, 2, 3, 4, 1] for _ in range(20)]
    found = evaluate_sequences(write(tmp_path / "s.txt", lines(lists)))
    assert all(values["hr@10"] == 0 for values in found["systems"].values())


def test_attributes_find_what_nobody_took(tmp_path: Path) -> None:
    """The last item of each user is new to everyone, but of the user's own kind."""
    lists = [[1 + who % 3, 4 + who % 3, 7 + who % 3, 100 + who] for who in range(30)]
    kinds = {str(item): [f"kind{(item - 1) % 3}"] for item in range(1, 10)}
    kinds |= {str(100 + who): [f"kind{who % 3}"] for who in range(30)}
    attributes = write(tmp_path / "a.json", json.dumps(kinds))
    found = evaluate_sequences(write(tmp_path / "s.txt", lines(lists)), attributes)["systems"]
    assert found["content"]["hr@10"] > 0.5
    assert found["covisit"]["hr@10"] == 0


def test_short_users_are_not_judged_but_learnt_from(tmp_path: Path) -> None:
    found = evaluate_sequences(write(tmp_path / "s.txt", "1 1\n2 1 2\n3 1 2 3\n"))
    assert (found["users"], found["short"], found["items"]) == (1, 2, 3)
    with pytest.raises(SourceError, match="3 items"):
        evaluate_sequences(write(tmp_path / "s.txt", "1 1\n2 1 2\n"))


def test_formats_say_the_same(tmp_path: Path) -> None:
    wanted = {"a": ["x", "y"], "b": ["y", "z"]}
    shapes = {
        "s.txt": "a x y\n\nb\ty z\n",
        "i.dat": "userID\tartistID\tweight\na\tx\t5\na\ty\t4\nb\ty\t9\nb\tz\t1\n",
        "r.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        "a\ty\t5\t2\nb\tz\t9\t9\na\tx\t1\t1\nb\ty\t1\t8\n",
        "u.data": "a y 5 2\nb z 9 9\na x 1 1\nb y 1 8\n",
        "c.csv": "\ufeffuser,item\r\na,x\r\na,y\r\nb,y\r\nb,z\r\n",
    }
    for name, text in shapes.items():
        assert read_sequences(write(tmp_path / name, text)) == wanted, name
    (tmp_path / "s.txt.gz").write_bytes(gzip.compress(shapes["s.txt"].encode()))
    assert read_sequences(str(tmp_path / "s.txt.gz")) == wanted


def test_attributes_of_json_and_of_triples(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", '{"4": [1, 2], "5": {"brand": "x"}, "6": null, "7": "y"}')
    assert read_attributes(path) == {"4": ["1", "2"], "5": ["brand=x"], "6": [], "7": ["y"]}
    kg = write(tmp_path / "kg.txt", "0\tmade.by\t9\n8 likes 1\n")
    assert read_attributes(kg) == {"0": ["made.by>9"], "9": ["made.by<0"], "8": ["likes>1"], "1": ["likes<8"]}
    write(tmp_path / "item_index2entity_id.txt", "40\t0\n41\t1\n")
    assert read_attributes(kg) == {"40": ["made.by>9"], "41": ["likes<8"]}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "holds no line"),
        ("\n\n", "holds no line"),
        ("1 2 3\n2\n", "line 2: user '2' has no item"),
        ("1 2 3\n2 x 3\n", "line 2: 'x' is no number"),
        ("1 2 3\n2 3 4 5\n1 4\n", "line 3: user '1' had a line before"),
        ("user item time\na x 1\nb y never\n", "line 3: the time 'never'"),
        ("user item time\na x 1\nb y\n", "line 3: 2 columns"),
        ("user item\n", "header and no line"),
        ("1 2 3\n2 \0 3\n", "line 2: not text"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(SourceError, match=word):
        evaluate_sequences(write(tmp_path / "s.txt", text))


def test_files_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    good = write(tmp_path / "s.txt", lines(walks()))
    (tmp_path / "latin.txt").write_bytes(b"1 2 3\n2 \xe9 3\n")
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"1 2 3\n" * 9999)[:40])
    for name, word in (("none.txt", "cannot be read"), ("latin.txt", "line 2: not UTF-8"), ("cut.txt.gz", "cannot be")):
        with pytest.raises(SourceError, match=word):
            evaluate_sequences(str(tmp_path / name))
    for text, word in (('{"1": [2],\n "3" 4}', "line 2: not JSON"), ("[1]", "object of item")):
        with pytest.raises(SourceError, match=word):
            evaluate_sequences(good, write(tmp_path / "a.json", text))
    with pytest.raises(SourceError, match="line 2: 2 columns"):
        evaluate_sequences(good, write(tmp_path / "kg.txt", "1 a 2\n1 a\n"))


def test_beauty_holds_its_bounds() -> None:
    folder = Path(os.environ.get("GRAPHSVC_DATA", "")) / "recommendation" / "amazon-beauty"
    if "GRAPHSVC_DATA" not in os.environ or not folder.is_dir():
        pytest.skip("GRAPHSVC_DATA names no folder with recommendation/amazon-beauty")
    found = evaluate_sequences(str(folder / "sequences.txt"), str(folder / "item-attributes.json"))
    assert (found["users"], found["items"]) == (22_363, 12_101)
    assert found["systems"]["blend"]["hr@10"] >= 0.094
    assert found["systems"]["blend"]["ndcg@10"] >= 0.0575
