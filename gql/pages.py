"""Answers of the service as the connections that Relay clients page through. Knows no GraphQL types."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphsvc.types import Facet, Hit, Product, Reason, Recommendations, SearchResult


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page stands in the whole answer."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What `SearchConnection` shows."""

    edges: Sequence[Hit]
    page_info: PageInfo
    total_count: int
    facets: Sequence[Facet]
    query: str
    corrected_query: str | None
    currency: str | None
    empty_reason: str | None
    query_id: str
    offset: int


@dataclass(frozen=True, slots=True)
class RecommendationEdge:
    """What `RecommendationEdge` shows; the whole answer is one page, so a cursor is a rank."""

    cursor: str
    product: Product
    score: float
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class RecommendationPage:
    """What `RecommendationConnection` shows."""

    edges: Sequence[RecommendationEdge]
    page_info: PageInfo
    total_count: int
    query_id: str
    offset: int


def search_page(result: SearchResult, after: str | None) -> SearchPage:
    """One page of a search that was asked for with `after`."""
    hits = result.hits
    info = PageInfo(
        result.has_next, after is not None, hits[0].cursor if hits else None, hits[-1].cursor if hits else None
    )
    return SearchPage(
        hits, info, result.total, result.facets, result.query, result.corrected, result.currency, result.empty_reason,
        result.query_id, result.offset,
    )  # fmt: skip


def recommendation_page(found: Recommendations) -> RecommendationPage:
    """All recommendations as one page."""
    edges = [
        RecommendationEdge(str(rank), item.product, item.score, item.reasons)
        for rank, item in enumerate(found.items, start=1)
    ]
    info = PageInfo(False, False, edges[0].cursor if edges else None, edges[-1].cursor if edges else None)
    return RecommendationPage(edges, info, len(edges), found.query_id, found.offset)
