"""What this package asks of the product: the port behind every field. `graphsvc.service.Service` satisfies it.

Names calls and what they give; does not know who answers.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from graphsvc.types import (
    CategoryView,
    Entity,
    Event,
    Extracted,
    Product,
    Recommendations,
    RecommendRequest,
    SearchRequest,
    SearchResult,
    Suggestion,
)


class ProjectionStatus(Protocol):
    """How far one projection has followed the log; `detail` says what is wrong with it, if anything."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def lag(self) -> int: ...  # noqa: D102
    @property
    def detail(self) -> str: ...  # noqa: D102


class Status(Protocol):
    """What stands where. `head` is the log's last durable offset."""

    @property
    def head(self) -> int: ...  # noqa: D102
    @property
    def products(self) -> int: ...  # noqa: D102
    @property
    def encoder(self) -> str: ...  # noqa: D102
    @property
    def ready(self) -> bool: ...  # noqa: D102
    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def projections(self) -> Sequence[ProjectionStatus]: ...  # noqa: D102


class Service(Protocol):
    """One shop. Calls are synchronous, may come from any thread, and raise errors of `graphsvc.errors`."""

    def search(self, request: SearchRequest, /) -> SearchResult:
        """Hybrid search. Raises QueryError for a filter, cursor or page that is not valid."""

    def predict(self, text: str, first: int, /) -> Sequence[Suggestion]:
        """Completions while typing, best first."""

    def product(self, product_id: str, /) -> Product | None:
        """One product, None when there is none."""

    def products(self, ids: Sequence[str], /) -> Sequence[Product | None]:
        """Products in the order of `ids`."""

    def category(self, category_id: str, /) -> CategoryView | None:
        """One category in its tree."""

    def extract(self, text: str, /) -> Extracted:
        """What a text says; nothing is written. Raises InputError for an empty or a very long text."""

    def entity(self, entity_id: str, /) -> Entity | None:
        """A node of the graph with what stands around it. Raises GraphUnavailable when Neo4j is away."""

    def recommend(self, request: RecommendRequest, /) -> Recommendations:
        """Products for a shopper, a session, a product or a basket."""

    def track(self, events: Sequence[Event], key: str | None, /) -> int:
        """Write events durably, return their offset. The same key twice is one entry."""

    def upsert_products(self, products: Sequence[Mapping[str, Any]], key: str | None, /) -> int:
        """Change or add products, return the offset. An absent field stays, None clears."""

    def retire_products(self, ids: Sequence[str], key: str | None, /) -> int:
        """Take products out of the catalogue, return the offset."""

    def wait(self, offset: int, timeout_s: float, /) -> None:
        """Wait until answers speak of an offset. Raises LagError after `timeout_s` seconds."""

    def status(self) -> Status:
        """What stands where."""

    def ready(self) -> bool:
        """Whether answers can be given."""
