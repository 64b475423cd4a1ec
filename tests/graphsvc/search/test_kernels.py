"""Each kernel against a plain twin, on drawn arrays."""

from collections import defaultdict

import numpy as np
import pytest

from graphsvc.search.kernels import choose_members, count_nodes, count_values, keep_having, members_by_group, warm

NODES, FIELDS, DOCUMENTS, GROUPS = 12, 3, 9, 11


@pytest.mark.parametrize("seed", range(20))
def test_against_plain_python(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count = int(draw.integers(0, 60))
    sizes = draw.integers(0, 5, count)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    nodes = draw.integers(0, 2 * NODES, int(starts[-1])).astype(np.int32)
    document = draw.integers(0, DOCUMENTS, count).astype(np.int32)
    group = draw.integers(0, GROUPS, count).astype(np.int32)
    popularity, tie = draw.integers(0, 3, count).astype(np.float64), draw.permutation(count).astype(np.uint64)
    matched, wanted = draw.random(DOCUMENTS) < 0.6, draw.random(NODES) < 0.4
    field_of = draw.integers(0, FIELDS, NODES).astype(np.int32)
    allowed = draw.random(count) < 0.7
    of_row = [set((nodes[starts[row] : starts[row + 1]] >> 1).tolist()) for row in range(count)]

    having = allowed.copy()
    keep_having(starts, nodes, wanted, having)
    assert having.tolist() == [bool(allowed[row]) and any(wanted[n] for n in of_row[row]) for row in range(count)]

    members = defaultdict(list)
    for row in range(count):
        if allowed[row] and matched[document[row]]:
            members[int(group[row])].append(row)
    best, counts = np.empty(GROUPS, np.int32), np.empty(GROUPS, np.int32)
    groups = choose_members(allowed, document, group, popularity, tie, matched, best, counts)
    assert groups == len(members)
    for at in range(GROUPS):
        ranked = sorted(members[at], key=lambda row: (-popularity[row], tie[row]))
        assert (best[at], counts[at]) == ((ranked[0] if ranked else -1), len(ranked))

    rows = members_by_group(allowed, document, group, matched, counts)
    assert rows.tolist() == [row for at in range(GROUPS) for row in members[at]]

    found, coverage = np.zeros(NODES, np.int64), np.zeros(FIELDS, np.int64)
    count_nodes(rows, group, starts, nodes, field_of, found, coverage)
    having_node = [{n for row in members[at] for n in of_row[row]} for at in range(GROUPS)]
    assert found.tolist() == [sum(node in held for held in having_node) for node in range(NODES)]
    fields = [{int(field_of[n]) for n in held} for held in having_node]
    assert coverage.tolist() == [sum(field in held for held in fields) for field in range(FIELDS)]

    values = draw.integers(-1, 4, count).astype(np.int32)
    by_value = np.zeros(4, np.int64)
    count_values(rows, group, values, by_value)
    assert by_value.tolist() == [
        sum(any(values[row] == value for row in members[at]) for at in range(GROUPS)) for value in range(4)
    ]


def test_warm_compiles_all() -> None:
    warm()
    for kernel in (keep_having, choose_members, members_by_group, count_nodes, count_values):
        assert len(kernel.signatures) >= 2  # arrays in memory, and mapped ones
