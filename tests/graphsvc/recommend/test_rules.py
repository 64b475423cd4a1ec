from pathlib import Path

import numpy as np
import pytest

from graphsvc.errors import ContractError
from graphsvc.recommend.rules import FEWEST, Rules, learn_shares

NODES = ["brand:a", "category:food", "category:food/milk", "category:tools", "category:tools/drills"]
MILK, DRILLS = 2, 4


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_no_file_leaves_it_to_the_shoppers(tmp_path: Path) -> None:
    rules = Rules.load(tmp_path / "recommend.yaml")
    found = rules.again(np.array([MILK, DRILLS, -1], np.int32), NODES, {MILK: 0.5, DRILLS: 0.01})
    assert found.tolist() == [True, False, False]


def test_the_shop_has_the_last_word_and_the_longest_path_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", "repeat:\n  Food: no\n  Food > Milk: yes\n  TOOLS: yes\n")
    found = Rules.load(path).again(np.array([MILK, 1, DRILLS], np.int32), NODES, {1: 1.0})
    assert found.tolist() == [True, False, True]


def test_the_threshold_and_the_parent_decide_where_the_shop_is_silent(tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", "threshold: 0.6\n")
    category = np.array([MILK, DRILLS], np.int32)
    assert Rules.load(path).again(category, NODES, {MILK: 0.5, 3: 0.7}).tolist() == [False, True]


@pytest.mark.parametrize(
    "text", ["- a", "repeats: {}", "repeat: [a]", "repeat: {a: 3}", "threshold: 2", "threshold: yes", "a: [", "\tx"]
)
def test_a_file_that_is_wrong_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(ContractError, match=r"r\.yaml"):
        Rules.load(write(tmp_path / "r.yaml", text))


def test_shares_are_shoppers_who_bought_the_same_again_on_another_day() -> None:
    """Of 40 shoppers all buy milk (item 0), half of them again; all buy two drills (1, 2), none the same one again."""
    rows = [(who, 0, 1) for who in range(40)] + [(who, 0, 9) for who in range(20)] + [(0, 0, 1)] * 5
    rows += [(who, item, 3 * item) for who in range(40) for item in (1, 2)]
    owner, item, day = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    shares = learn_shares(owner, item, day, np.array([MILK, DRILLS, DRILLS], np.int32), NODES)
    assert shares == {MILK: 0.5, 1: 0.5, DRILLS: 0.0, 3: 0.0}
    few = owner < FEWEST - 1
    assert learn_shares(owner[few], item[few], day[few], np.array([MILK, DRILLS, DRILLS], np.int32), NODES) == {}
    none = np.empty(0, np.int32)
    assert learn_shares(none, none, none, np.array([MILK], np.int32), NODES) == {}
