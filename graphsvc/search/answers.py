"""One question answered: what matches, in which order, which page of it, counted and explained.

Membership is decided on one deterministic score of the whole catalogue, and everything else (total, facets, pages,
order) speaks of exactly those members. Knows the parts of a catalogue; not how they are stored or changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphsvc.search.absence import why_empty
from graphsvc.search.corpus import Scores
from graphsvc.search.facets import FacetCounter
from graphsvc.search.filters import Mask, read_filter
from graphsvc.search.kernels import choose_members
from graphsvc.search.pages import MOST, Place, check, digest_of, page, read_cursor, write_cursor
from graphsvc.search.prices import compared_in, price_keys, settled
from graphsvc.search.reasons import popular, reasons_of
from graphsvc.search.state import State
from graphsvc.types import Facet, Hit, Reason, SearchRequest, SearchResult, Sort

Keys = NDArray[np.float64]
Encode = Callable[[str], NDArray[np.float32]]  # a query to its vector


@dataclass(frozen=True, slots=True)
class Members:
    """Every hit of an answer: the row that stands for it, how many rows it has, its sort key and tie."""

    rows: NDArray[np.int32]
    counts: NDArray[np.int32]
    keys: Keys
    ties: NDArray[np.uint64]


def answer(state: State, request: SearchRequest, encode: Encode) -> SearchResult:
    """Answer a question. Raises QueryError for a filter, facet, cursor, page or order that is not valid."""
    check(request)
    scores = score(state, request, encode)
    matched = state.every_document if scores is None else scores.matched
    currency = compared_in(state, request.filter, request.sort, matched)
    digest = digest_of(request, currency)
    after = read_cursor(request.after, digest) if request.after is not None else None
    wanted = settled(request.filter, currency)
    choices = read_filter(wanted, state.columns, state.nodes, state.sources, state.currencies)
    allowed = choices.allowed(state.columns, state.nodes, state.alive)
    members = find_members(state, allowed, matched, scores, request.sort, currency)
    places, more = page(members.keys, members.ties, after, min(request.first, MOST))
    facets: tuple[Facet, ...] = ()
    if request.facets:
        facets = FacetCounter(state, choices, matched, wanted).count(request.facets)
    understanding = scores.understanding if scores is not None else None
    return SearchResult(
        query=request.query,
        hits=tuple(_hit(state, members, int(at), scores, digest, request.reasons) for at in places),
        total=len(members.rows),
        facets=facets,
        corrected=understanding.corrected if understanding is not None and understanding.corrections else None,
        has_next=more,
        offset=state.offset,
        currency=currency,
        empty_reason=None if len(members.rows) else why_empty(request, bool(matched.any()), currency),
    )


def ranking(state: State, query: str, depth: int, encode: Encode, *, matches_only: bool = False) -> list[str]:
    """The ids of the first `depth` products for a query, as `answer` orders them.

    Unless `matches_only`, products that do not match follow in the order of the same score: evaluation ranks the whole
    catalogue. An empty list where nothing is known and nothing near.
    """
    scores = score(state, SearchRequest(query), encode)
    if scores is None or not scores.matched.any():
        return []
    documents = scores.matched if matches_only else state.every_document
    members = find_members(state, state.alive, documents, scores, "relevance")
    places, _ = page(members.keys, members.ties, None, depth)
    return [state.row_id(int(members.rows[at])) for at in places]


def score(state: State, request: SearchRequest, encode: Encode) -> Scores | None:
    """Score every text for a query; None for an empty one, which everything matches."""
    if not request.query.strip():
        return None
    corpus = state.corpus
    understanding = corpus.understand(request.query, correct=request.correct)
    vector = encode(understanding.corrected)
    return corpus.score(understanding, vector, state.living)


def find_members(
    state: State, allowed: Mask, matched: Mask, scores: Scores | None, order: Sort, currency: str | None = None
) -> Members:
    """The hits among the allowed rows of matched documents, with their places in that order; prices of one currency."""
    columns = state.columns
    best = np.empty(state.groups, np.int32)
    count = np.empty(state.groups, np.int32)
    choose_members(allowed, columns.document, columns.group, columns.popularity, columns.tie, matched, best, count)
    groups = np.flatnonzero(best >= 0)
    rows = best[groups]
    return Members(rows, count[groups], _keys(state, rows, scores, order, currency), columns.tie[rows])


def _keys(state: State, rows: NDArray[np.int32], scores: Scores | None, order: Sort, currency: str | None) -> Keys:
    """What orders rows, lower first; unknown prices and ratings come last."""
    columns = state.columns
    if order == "relevance" and scores is not None:
        return -scores.fused[columns.document[rows]].astype(np.float64)
    if order == "newest":
        return -columns.newness[rows].astype(np.float64)
    if order in ("relevance", "popularity"):
        return -columns.popularity[rows]
    if order == "rating":
        return np.where(np.isfinite(columns.rating[rows]), -columns.rating[rows], np.inf)
    return price_keys(state, rows, currency, falling=order == "price_desc")


def _hit(state: State, members: Members, at: int, scores: Scores | None, digest: bytes, explain: bool) -> Hit:
    row = int(members.rows[at])
    reasons: Sequence[Reason] = ()
    if explain and scores is None:
        reasons = popular(float(state.columns.popularity[row]))
    elif explain and scores is not None:
        document = int(state.columns.document[row])
        reasons = reasons_of(state.corpus, scores, document, state.packed_facts(row))
    return Hit(
        product=state.product(row),
        score=_score(state, row, scores),
        reasons=tuple(reasons),
        alike=int(members.counts[at]) - 1,
        cursor=write_cursor(Place(float(members.keys[at]), int(members.ties[at])), digest),
    )


def _score(state: State, row: int, scores: Scores | None) -> float:
    if scores is None:
        return float(state.columns.popularity[row])
    return float(scores.fused[state.columns.document[row]])
