"""Pages of an ordered answer, and the opaque cursors that say where one ends.

A cursor holds the place (sort key and tie) of a hit and a digest of the question: it goes on behind that place also
when the catalogue has changed meanwhile, and it is refused with any other question. Knows numbers; no products.
"""

import binascii
import json
import math
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from graphsvc.errors import QueryError
from graphsvc.types import SearchRequest

VERSION = 1
MOST = 1_000  # hits of one page; larger wishes are cut to it
LONGEST_QUERY = 1_000  # characters
SORTS = ("relevance", "price", "price_desc", "newest", "popularity", "rating")
PLACE = struct.Struct("<B8sdQ4s")
AGAIN = "Ask for the first page again, and take the cursors of its answer as they are."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hit stands: its sort key, lower first, and what orders equal keys."""

    key: float
    tie: int


def check(request: SearchRequest) -> SearchRequest:
    """Raise QueryError for what cannot be answered."""
    first = request.first
    if isinstance(first, bool) or not isinstance(first, int) or first < 0:
        raise QueryError(f"A page of {first} hits.", f"Ask for 0 to {MOST:,}.")
    if len(request.query) > LONGEST_QUERY:
        raise QueryError(f"The query has {len(request.query):,} characters.", f"Ask with at most {LONGEST_QUERY:,}.")
    if request.sort not in SORTS:
        raise QueryError(f"There is no order “{request.sort}”.", f"Known are: {', '.join(SORTS)}.")
    return request


def digest_of(request: SearchRequest, currency: str | None = None) -> bytes:
    """8 bytes of what decides the order and the matches of an answer, which compares prices in that currency."""
    wanted = request.filter
    told = [
        request.query.strip(), request.correct, request.sort, sorted(wanted.brands), sorted(wanted.categories),
        sorted((name, sorted(values)) for name, values in wanted.attributes.items()), wanted.price_min,
        wanted.price_max, wanted.in_stock, sorted(wanted.sources), currency,
    ]  # fmt: skip
    return blake2b(json.dumps(told).encode(), digest_size=8).digest()


def write_cursor(place: Place, digest: bytes) -> str:
    """The cursor of a hit."""
    packed = PLACE.pack(VERSION, digest, place.key, place.tie, b"\0\0\0\0")[:-4]
    return _text(packed + _check(packed))


def read_cursor(cursor: str, digest: bytes) -> Place:
    """The place behind a cursor of the same question. Raises QueryError for any other text."""
    try:
        packed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        version, asked, key, tie, check = PLACE.unpack(packed)
    except (ValueError, UnicodeEncodeError, binascii.Error, struct.error) as error:
        raise QueryError("This is no cursor of ours.", AGAIN) from error
    if version != VERSION or check != _check(packed[:-4]) or math.isnan(key) or _text(packed) != cursor:
        raise QueryError("This is no cursor of ours.", AGAIN)
    if asked != digest:
        raise QueryError("This cursor belongs to another query, filter or order.", AGAIN)
    return Place(key, tie)


def page(
    keys: NDArray[np.float64], ties: NDArray[np.uint64], after: Place | None, size: int
) -> tuple[NDArray[np.int64], bool]:
    """The places in `keys` of the next `size` hits, lowest key first, and whether more follow."""
    rows = np.arange(len(keys)) if after is None else np.flatnonzero(_behind(keys, ties, after))
    more = len(rows) > size
    if more and size:
        edge = np.partition(keys[rows], size - 1)[size - 1]
        surely = rows[keys[rows] < edge]
        equal = rows[keys[rows] == edge]
        left = size - len(surely)
        if left < len(equal):
            equal = equal[np.argpartition(ties[equal], left - 1)[:left]]
        rows = np.concatenate([surely, equal])
    rows = rows[:0] if not size else rows
    return rows[np.lexsort((ties[rows], keys[rows]))], more


def _behind(keys: NDArray[np.float64], ties: NDArray[np.uint64], after: Place) -> NDArray[np.bool_]:
    behind: NDArray[np.bool_] = (keys > after.key) | ((keys == after.key) & (ties > np.uint64(after.tie)))
    return behind


def _text(packed: bytes) -> str:
    return urlsafe_b64encode(packed).decode().rstrip("=")


def _check(packed: bytes) -> bytes:
    return blake2b(packed, digest_size=4, person=b"cursor").digest()
