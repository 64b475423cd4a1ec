from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphsvc.recommend.sequences import Sequences

LISTS = st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=6)


def lists_of(sequences: Sequences) -> list[list[int]]:
    return [sequences.row(at).tolist() for at in range(len(sequences))]


@given(LISTS, st.integers(0, 4))
def test_cuts_are_those_of_lists(lists: list[list[int]], count: int) -> None:
    packed = Sequences.of(lists)
    assert lists_of(packed) == lists
    assert lists_of(packed.without_last(count)) == [line[: max(len(line) - count, 0)] for line in lists]
    assert lists_of(packed.tails(count)) == [line[-count:] if count else [] for line in lists]
    assert lists_of(packed.distinct()) == [list(dict.fromkeys(line)) for line in lists]
    for place in range(1, count + 1):
        assert packed.from_end(place).tolist() == [line[-place] if len(line) >= place else -1 for line in lists]


@given(LISTS)
def test_transposed_twice_is_sorted(lists: list[list[int]]) -> None:
    packed = Sequences.of(lists)
    back = packed.transposed(10).transposed(len(lists))
    assert lists_of(back) == [sorted(line) for line in lists]


@given(LISTS, st.lists(st.integers(0, 5), max_size=8))
def test_rows_are_chosen_in_order(lists: list[list[int]], chosen: list[int]) -> None:
    wanted = [at for at in chosen if at < len(lists)]
    found = Sequences.of(lists).rows(np.array(wanted, np.int64))
    assert lists_of(found) == [lists[at] for at in wanted]
    assert all(a <= b for a, b in pairwise(found.starts.tolist()))
