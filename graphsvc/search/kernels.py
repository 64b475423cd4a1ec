"""The loops over rows and hits: filters, groups, counts. Numba, serial, releasing the GIL, cached on disk.

Knows arrays of numbers only; each has a plain twin in the tests. `warm` compiles all of them.
"""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def keep_having(starts: Any, nodes: Any, wanted: Any, allowed: Any) -> None:
    """Take away from `allowed`, bool[n], the rows that have none of the `wanted` nodes, bool[N]."""
    for row in range(len(allowed)):
        if not allowed[row]:
            continue
        found = False
        for at in range(starts[row], starts[row + 1]):
            if wanted[nodes[at] >> 1]:
                found = True
                break
        allowed[row] = found


@njit(cache=True, nogil=True)
def choose_members(
    allowed: Any, document: Any, group: Any, popularity: Any, tie: Any, matched: Any, best: Any, count: Any
) -> int:
    """Write each group's best allowed row of a matched document, −1 for none, and how many it has; count the groups.

    The best row is the most popular one, of equal ones that with the lowest `tie`. `best` and `count` are int32[G].
    """
    best[:] = -1
    count[:] = 0
    groups = 0
    for row in range(len(allowed)):
        if not allowed[row] or not matched[document[row]]:
            continue
        at = group[row]
        held = best[at]
        if held < 0:
            groups += 1
        if (
            held < 0
            or popularity[row] > popularity[held]
            or (popularity[row] == popularity[held] and tie[row] < tie[held])
        ):
            best[at] = row
        count[at] += 1
    return groups


@njit(cache=True, nogil=True)
def members_by_group(allowed: Any, document: Any, group: Any, matched: Any, count: Any) -> Any:
    """Return the allowed rows of matched documents, those of a group side by side; `count` as choose_members wrote."""
    place = np.empty(len(count), np.int64)
    total = 0
    for at in range(len(count)):
        place[at] = total
        total += count[at]
    rows = np.empty(total, np.int32)
    for row in range(len(allowed)):
        if allowed[row] and matched[document[row]]:
            at = group[row]
            rows[place[at]] = row
            place[at] += 1
    return rows


@njit(cache=True, nogil=True)
def count_nodes(rows: Any, group: Any, starts: Any, nodes: Any, field_of: Any, counts: Any, coverage: Any) -> None:
    """Add to `counts`, int64[N], how many groups have each node, and to `coverage` how many have each field.

    `rows` of one group stand side by side; a group counts once for a node, however many of its rows have it.
    """
    seen = np.full(len(counts), -1, np.int32)
    known = np.full(len(coverage), -1, np.int32)
    for row in rows:
        here = group[row]
        for at in range(starts[row], starts[row + 1]):
            node = nodes[at] >> 1
            if seen[node] != here:
                seen[node] = here
                counts[node] += 1
                if known[field_of[node]] != here:
                    known[field_of[node]] = here
                    coverage[field_of[node]] += 1


@njit(cache=True, nogil=True)
def count_values(rows: Any, group: Any, values: Any, counts: Any) -> None:
    """Add to `counts` how many groups have each value ≥ 0 of a column. `rows` of one group stand side by side."""
    seen = np.full(len(counts), -1, np.int32)
    for row in rows:
        value = values[row]
        if value >= 0 and seen[value] != group[row]:
            seen[value] = group[row]
            counts[value] += 1


def warm() -> None:
    """Compile every kernel for the types it is used with: arrays in memory, and mapped ones, which are read-only."""
    for writeable in (True, False):
        longs, ints, doubles, ties = (np.zeros(1, kind) for kind in (np.int64, np.int32, np.float64, np.uint64))
        starts = np.array([0, 1])
        for array in (longs, ints, doubles, ties, starts):
            array.flags.writeable = writeable
        allowed, matched = np.ones(1, np.bool_), np.ones(1, np.bool_)
        best, count = np.zeros(1, np.int32), np.zeros(1, np.int32)
        keep_having(starts, ints, matched, allowed)
        choose_members(allowed, ints, ints, doubles, ties, matched, best, count)
        rows = members_by_group(allowed, ints, ints, matched, count)
        count_nodes(rows, ints, starts, ints, ints, np.zeros(1, np.int64), np.zeros(1, np.int64))
        count_values(rows, ints, ints.copy(), np.zeros(1, np.int64))
        count_values(rows, ints, ints, np.zeros(1, np.int64))
