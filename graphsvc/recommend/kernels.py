"""The loops of recommendation, compiled: rows of neighbours, scores over them, the best of many. Serial, nogil.

Knows arrays of numbers only. Rows are made one source item at a time into a dense sum: no pair is held that is not
kept. `warm` compiles what an answer needs.
"""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def behind(score: Any, item: Any, other_score: Any, other: Any) -> Any:
    """Whether (score, item) ranks behind (other_score, other); ties by a hash of the item."""
    if score != other_score:
        return score < other_score
    return (np.int64(item) * 2654435761) & 0xFFFFFFFF > (np.int64(other) * 2654435761) & 0xFFFFFFFF


@njit(cache=True, nogil=True)
def sink(ids: Any, scores: Any, size: int) -> None:
    """Restore a heap, worst on top, whose top has changed."""
    at = 0
    while True:
        worst = at
        for child in (2 * at + 1, 2 * at + 2):
            if child < size and behind(scores[child], ids[child], scores[worst], ids[worst]):
                worst = child
        if worst == at:
            return
        ids[at], ids[worst] = ids[worst], ids[at]
        scores[at], scores[worst] = scores[worst], scores[at]
        at = worst


@njit(cache=True, nogil=True)
def push(ids: Any, scores: Any, size: int, item: Any, score: Any) -> int:
    """Keep (item, score) in a heap of the len(ids) best if it is one of them; return the new size."""
    if size == len(ids):
        if behind(scores[0], ids[0], score, item):
            ids[0], scores[0] = item, score
            sink(ids, scores, size)
        return size
    at = size
    ids[at], scores[at] = item, score
    while at > 0:
        parent = (at - 1) // 2
        if not behind(scores[at], ids[at], scores[parent], ids[parent]):
            break
        ids[at], ids[parent] = ids[parent], ids[at]
        scores[at], scores[parent] = scores[parent], scores[at]
        at = parent
    return size + 1


@njit(cache=True, nogil=True)
def drain(ids: Any, scores: Any, size: int) -> None:
    """Turn a heap into a list, best first."""
    for last in range(size - 1, 0, -1):
        ids[0], ids[last] = ids[last], ids[0]
        scores[0], scores[last] = scores[last], scores[0]
        sink(ids, scores, last)


@njit(cache=True, nogil=True)
def score_rows(
    starts: Any, targets: Any, weights: Any, keys: Any, from_starts: Any, from_weights: Any,
    seen_starts: Any, seen_items: Any, allowed: Any, items: int, ids: Any, scores: Any,
) -> None:  # fmt: skip
    """Score targets for each history h: Σ from_weights[k] · weights[row keys[k]], the best into ids[h], scores[h].

    Rows are CSR (starts, targets, weights > 0); the items of seen_items are left out; an empty `allowed` allows all.
    """
    total = np.zeros(items, np.float32)
    touched = np.empty(items, np.int32)
    for h in range(len(from_starts) - 1):
        used = 0
        for k in range(from_starts[h], from_starts[h + 1]):
            for at in range(starts[keys[k]], starts[keys[k] + 1]):
                target = targets[at]
                if total[target] == 0:
                    touched[used] = target
                    used += 1
                total[target] += from_weights[k] * weights[at]
        for k in range(seen_starts[h], seen_starts[h + 1]):
            total[seen_items[k]] = 0
        best, values, size = ids[h], scores[h], 0
        for k in range(used):
            item = touched[k]
            score = total[item]
            total[item] = 0
            if size == len(best) and score < values[0]:
                continue  # most end here, before the call
            if score > 0 and (len(allowed) == 0 or allowed[item]):
                size = push(best, values, size, item, score)
        drain(best, values, size)


@njit(cache=True, nogil=True)
def select_dense(
    dense: Any, numbers: Any, seen_starts: Any, seen_items: Any, allowed: Any, items: int, ids: Any, scores: Any
) -> None:
    """Take the best of dense scores: dense[h, k] (or dense[0, k] for every h) is the score of item numbers[k]."""
    seen = np.full(items, -1, np.int64)
    for h in range(len(seen_starts) - 1):
        for k in range(seen_starts[h], seen_starts[h + 1]):
            seen[seen_items[k]] = h
        row = dense[h] if len(dense) > 1 else dense[0]
        best, values, size = ids[h], scores[h], 0
        for k in range(len(numbers)):
            if size == len(best) and row[k] < values[0]:
                continue
            item = numbers[k]
            if row[k] > 0 and seen[item] != h and (len(allowed) == 0 or allowed[item]):
                size = push(best, values, size, item, row[k])
        drain(best, values, size)


@njit(cache=True, nogil=True)
def neighbour_rows(
    starts: Any, items: Any, owners: Any, place_starts: Any, places: Any, gaps: Any, back: Any,
    source_scale: Any, target_scale: Any, first: int, last: int, top: int,
) -> Any:  # fmt: skip
    """Rows `first`..`last` of directional co-visitation: what follows an item, by gap, and `back` × what precedes it.

    gaps[g] is the weight of standing g places later. Returns lengths int64, targets int32, weights float32.
    """
    count = len(target_scale)
    total, touched = np.zeros(count, np.float32), np.empty(count, np.int32)
    lengths = np.zeros(last - first, np.int64)
    ids, scores = np.empty((last - first) * top, np.int32), np.empty((last - first) * top, np.float32)
    end = 0
    for source in range(first, last):
        used = 0
        for q in range(place_starts[source], place_starts[source + 1]):
            place = places[q]
            low, high = starts[owners[place]], starts[owners[place] + 1]
            for gap in range(1, len(gaps)):
                for other, weight in ((place + gap, gaps[gap]), (place - gap, gaps[gap] * back)):
                    if low <= other < high and weight > 0:
                        target = items[other]
                        if total[target] == 0:
                            touched[used] = target
                            used += 1
                        total[target] += weight
        size = 0
        row_ids, row_scores = ids[end : end + top], scores[end : end + top]
        for k in range(used):
            target = touched[k]
            size = push(row_ids, row_scores, size, target, total[target] * source_scale[source] * target_scale[target])
            total[target] = 0
        drain(row_ids, row_scores, size)
        lengths[source - first] = size
        end += size
    return lengths, ids[:end].copy(), scores[:end].copy()


@njit(cache=True, nogil=True)
def group_rows(
    starts: Any, items: Any, group_starts: Any, groups: Any, group_weight: Any,
    target_scale: Any, first: int, last: int, top: int, least: Any,
) -> Any:  # fmt: skip
    """Rows `first`..`last` of being in one group: Σ group_weight over the groups that hold both items, × target_scale.

    Sums under `least` are dropped. Groups hold an item once. Returns lengths int64, targets int32, weights float32.
    """
    count = len(target_scale)
    total, touched = np.zeros(count, np.float32), np.empty(count, np.int32)
    lengths = np.zeros(last - first, np.int64)
    ids, scores = np.empty((last - first) * top, np.int32), np.empty((last - first) * top, np.float32)
    end = 0
    for source in range(first, last):
        used = 0
        for q in range(group_starts[source], group_starts[source + 1]):
            group = groups[q]
            for k in range(starts[group], starts[group + 1]):
                target = items[k]
                if target != source:
                    if total[target] == 0:
                        touched[used] = target
                        used += 1
                    total[target] += group_weight[group]
        size = 0
        row_ids, row_scores = ids[end : end + top], scores[end : end + top]
        for k in range(used):
            target = touched[k]
            if total[target] >= least:
                size = push(row_ids, row_scores, size, target, total[target] * target_scale[target])
            total[target] = 0
        drain(row_ids, row_scores, size)
        lengths[source - first] = size
        end += size
    return lengths, ids[:end].copy(), scores[:end].copy()


@njit(cache=True, nogil=True)
def blend_scores(ids: Any, scores: Any, weights: Any, items: int, out_ids: Any, out_scores: Any) -> None:
    """Sum weights[m] · scores[m, h, k] per item ids[m, h, k] ≥ 0 and keep the best of each h."""
    total, touched = np.zeros(items, np.float32), np.empty(items, np.int32)
    for h in range(ids.shape[1]):
        used = 0
        for m in range(ids.shape[0]):
            for k in range(ids.shape[2]):
                item = ids[m, h, k]
                if item < 0:
                    break
                if weights[m] > 0:
                    if total[item] == 0:
                        touched[used] = item
                        used += 1
                    total[item] += weights[m] * scores[m, h, k]
        best, values, size = out_ids[h], out_scores[h], 0
        for k in range(used):
            size = push(best, values, size, touched[k], total[touched[k]])
            total[touched[k]] = 0
        drain(best, values, size)


@njit(cache=True, nogil=True)
def ranks_of(ids: Any, scores: Any, weights: Any, targets: Any, items: int, out: Any) -> None:
    """Write the 0-based rank of targets[h] among the summed candidates of h into `out`, or −1 where it is none."""
    total, touched = np.zeros(items, np.float32), np.empty(items, np.int32)
    for h in range(ids.shape[1]):
        used = 0
        for m in range(ids.shape[0]):
            for k in range(ids.shape[2]):
                item = ids[m, h, k]
                if item < 0 or weights[m] == 0:
                    break
                if total[item] == 0:
                    touched[used] = item
                    used += 1
                total[item] += weights[m] * scores[m, h, k]
        own, rank = total[targets[h]], 0
        for k in range(used):
            if behind(own, targets[h], total[touched[k]], touched[k]):
                rank += 1
        out[h] = rank if own > 0 else -1
        for k in range(used):
            total[touched[k]] = 0


def warm() -> None:
    """Compile or load the kernels of an answer for the types that are used, so that no request waits for it."""
    longs, ints, floats = np.zeros(2, np.int64), np.zeros(1, np.int32), np.ones(1, np.float32)
    everything, out_ids, out = np.empty(0, bool), np.full((1, 1), -1, np.int32), np.zeros((1, 1), np.float32)
    for starts, targets, weights in ((longs, ints, floats), [_read_only(array) for array in (longs, ints, floats)]):
        score_rows(starts, targets, weights, ints, longs, floats, longs, ints, everything, 1, out_ids, out)
        select_dense(out, targets, longs, ints, everything, 1, out_ids, out)
    blend_scores(out_ids[None], out[None], floats, 1, out_ids, out)


def _read_only(array: Any) -> Any:
    copy = array.copy()
    copy.flags.writeable = False
    return copy
