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
    IngestedText,
    Product,
    Provenance,
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


class Model(Protocol):
    """A model of the shop."""

    @property
    def kind(self) -> str: ...  # noqa: D102


class Models(Protocol):
    """The models of the shop, and which are in production."""

    def find(self, version: str, /) -> Model:
        """A model by its version. Raises NotFoundError."""

    def alias(self, kind: str, name: str, /) -> str | None:
        """The version that "candidate" or "production" names."""

    def promote(self, kind: str, version: str, *, why: str) -> int:
        """Put a model into production, return the offset. Raises GateError when it does not pass the gate."""

    def roll_back(self, kind: str, why: str, /) -> str:
        """Put back the model before, return its version. Raises RefusedError when there was none."""

    def withdraw(self, kind: str, why: str, /) -> str:
        """Take the model out of production, return its version. Raises RefusedError when none is there."""


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

    def ingest_text(
        self, text: str, product_id: str | None, document_id: str | None, kind: str, key: str | None, /
    ) -> IngestedText:
        """Take in a text about a product; the same id again replaces it. The same key twice is one entry."""

    def remove_text(self, document_id: str, key: str | None, /) -> int:
        """Take a text back, return the offset. Raises NotFoundError."""

    def provenance(self, name: str, /) -> Provenance:
        """From a product or a claim back to texts, rows and files. Raises NotFoundError."""

    @property
    def registry(self) -> Models:
        """The models of the shop."""

    def wait(self, offset: int, timeout_s: float, /) -> None:
        """Wait until answers speak of an offset. Raises LagError after `timeout_s` seconds."""

    def status(self) -> Status:
        """What stands where."""

    def ready(self) -> bool:
        """Whether answers can be given."""
