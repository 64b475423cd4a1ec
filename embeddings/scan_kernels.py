"""The kernels of the int8 scan, in numba: serial, releasing the GIL, cached on disk (NUMBA_CACHE_DIR).

Each has a numpy twin in the tests that gives the very same bits: the sum is exact in int32, and what follows are three
float32 operations in one order (no fastmath), so a row's score depends on that row and the query alone.
"""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath=False)
def scan_codes(codes: Any, scales: Any, query: Any, query_scale: Any, offset: Any, out: Any) -> None:
    """Write offset + scale · query_scale · (codes · query) of every row into `out`."""
    for row in range(codes.shape[0]):
        total = np.int32(0)
        for column in range(codes.shape[1]):
            total += np.int32(codes[row, column]) * np.int32(query[column])
        out[row] = np.float32(total) * scales[row] * query_scale + offset


@njit(cache=True, nogil=True, fastmath=False)
def scan_allowed_codes(
    codes: Any, scales: Any, allowed: Any, query: Any, query_scale: Any, offset: Any, out: Any
) -> None:
    """The same for the allowed rows, and −inf for the others, whose codes are not read."""
    for row in range(codes.shape[0]):
        if not allowed[row]:
            out[row] = -np.inf
            continue
        total = np.int32(0)
        for column in range(codes.shape[1]):
            total += np.int32(codes[row, column]) * np.int32(query[column])
        out[row] = np.float32(total) * scales[row] * query_scale + offset


def warm() -> None:
    """Compile or load every kernel for the types that are used, so that no query waits for it."""
    codes, query, one = np.zeros((1, 32), np.int8), np.zeros(32, np.int16), np.float32(1)
    out, scales = np.empty(1, np.float32), np.ones(1, np.float32)
    for stored, scale in ((codes, scales), (_read_only(codes), _read_only(scales))):  # built, and mapped from a file
        scan_codes(stored, scale, query, one, one, out)
        scan_allowed_codes(stored, scale, np.ones(1, bool), query, one, one, out)


def _read_only(array: Any) -> Any:
    copy = array.copy()
    copy.flags.writeable = False
    return copy
