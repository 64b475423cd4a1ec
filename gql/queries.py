"""What can be asked. Each field turns its arguments into one call of the service, and says what token it takes."""

from collections.abc import Sequence
from typing import Annotated

import strawberry
from strawberry import ID, argument, field

from gql import types
from gql.context import Context, Info
from gql.fields import check_access, view
from gql.inputs import (
    MOST,
    MOST_IN_BASKET,
    MOST_NAMES,
    FilterInput,
    First,
    Intent,
    Sort,
    bounded,
    filter_of,
    name_of,
    page_size,
    word_of,
)
from gql.pages import RecommendationPage, SearchPage, recommendation_page, search_page
from gql.privacy import entity_for
from gql.provenance import Provenance
from gql.scalars import Long
from gql.service import ProjectionStatus
from gql.service import Status as ServiceStatus
from gql.tokens import Access
from graphsvc import types as values

PATIENCE = 5.0  # seconds that an answer waits for the offset it is to speak of
MinOffset = Annotated[
    Long | None,
    argument(
        description="Read your write: answer from a state that holds this entry of the log, waiting up to 5 seconds."
    ),
]
FilterArgument = Annotated[FilterInput | None, argument(description="What the answer may hold.")]


def search(
    info: Info,
    query: Annotated[str, argument(description="What the shopper typed; empty browses by popularity.")] = "",
    filter: FilterArgument = None,
    first: First = 20,
    after: Annotated[str | None, argument(description="Go on behind this cursor.")] = None,
    sort: Annotated[Sort, argument(description="The order.")] = Sort.RELEVANCE,
    facets: Annotated[
        list[str] | None,
        argument(
            description="What to count: brand, category, price, stock, source, names of attributes; * for all. At most"
            f" {MOST_NAMES}."
        ),
    ] = None,
    correct: Annotated[bool, argument(description="False takes every word as it was typed.")] = True,
    min_offset: MinOffset = None,
) -> SearchPage:
    """Search the catalogue. Facets and reasons are made only when they are selected."""
    named = bounded("facets", ["*"] if facets is None else facets, MOST_NAMES)
    _wait(info.context, min_offset)
    request = values.SearchRequest(
        query,
        filter_of(filter),
        page_size(first),
        after,
        word_of(sort),
        named if "facets" in info.context.fields else (),
        correct,
        "reasons" in info.context.fields,
    )
    return search_page(info.context.service.search(request), after)


def predictive_search(
    info: Info,
    query: Annotated[str, argument(description="What has been typed so far.")],
    first: First = 8,
) -> Sequence[values.Suggestion]:
    """Completions while typing."""
    return info.context.service.predict(query, page_size(first))


def product(
    info: Info,
    id: Annotated[ID, argument(description="The product's id.")],
    min_offset: MinOffset = None,
) -> values.Product | None:
    """One product."""
    _wait(info.context, min_offset)
    return info.context.service.product(id)


def products(
    info: Info,
    ids: Annotated[list[ID], argument(description=f"Ids, at most {MOST:,}.")],
    min_offset: MinOffset = None,
) -> Sequence[values.Product | None]:
    """Several products."""
    asked = bounded("ids", ids, MOST)
    _wait(info.context, min_offset)
    return info.context.service.products(asked)


def entity(
    info: Info,
    id: Annotated[ID, argument(description="The node's id.")],
) -> values.Entity | None:
    """One node of the graph."""
    return entity_for(info.context, id)


def extract(
    info: Info,
    text: Annotated[str, argument(description="A title, a description or a review; at most 10,000 characters.")],
) -> values.Extracted:
    """What a text says."""
    return info.context.service.extract(text)


def provenance(
    info: Info,
    id: Annotated[ID, argument(description="A product's id, or a claim's, as reasons and relations cite it.")],
) -> values.Provenance:
    """Where facts come from."""
    return info.context.service.provenance(id)


def category(
    info: Info,
    id: Annotated[ID, argument(description="The category's id.")],
) -> values.CategoryView | None:
    """One category."""
    return info.context.service.category(id)


def recommendations(
    info: Info,
    shopper_id: Annotated[
        str | None,
        argument(
            description="A named shopper, by the shop's own id or by the id of their node in the graph; takes the"
            " secret token."
        ),
    ] = None,
    session_id: Annotated[str | None, argument(description="An anonymous visit, as its events name it.")] = None,
    basket: Annotated[
        list[ID] | None,
        argument(
            description=f"Products in the basket, at most {MOST_IN_BASKET}; ids that nothing has are passed over."
        ),
    ] = None,
    first: First = 10,
    filter: FilterArgument = None,
    min_offset: MinOffset = None,
) -> RecommendationPage:
    """Products for a shopper, a session, a basket, or what is popular when none is given."""
    if shopper_id is not None:
        check_access(info.context, Access.SECRET, "An answer about a named shopper")
    held = bounded("basket", basket, MOST_IN_BASKET)
    _wait(info.context, min_offset)
    request = values.RecommendRequest(
        shopper=name_of("shopperId", shopper_id),
        session=name_of("sessionId", session_id),
        basket=held,
        first=page_size(first),
        filter=filter_of(filter),
    )
    return recommendation_page(info.context.service.recommend(request))


def product_recommendations(
    info: Info,
    product_id: Annotated[ID, argument(description="The product that they stand beside.")],
    intent: Annotated[Intent, argument(description="What they are to be to it.")] = Intent.RELATED,
    session_id: Annotated[str | None, argument(description="An anonymous visit, as its events name it.")] = None,
    first: First = 10,
    filter: FilterArgument = None,
    min_offset: MinOffset = None,
) -> RecommendationPage:
    """Products that go with a product."""
    _wait(info.context, min_offset)
    request = values.RecommendRequest(
        session=name_of("sessionId", session_id),
        product=product_id,
        intent=word_of(intent),
        first=page_size(first),
        filter=filter_of(filter),
    )
    return recommendation_page(info.context.service.recommend(request))


def status(info: Info) -> ServiceStatus:
    """What stands where."""
    return info.context.service.status()


def projections(root: strawberry.Parent[ServiceStatus]) -> Sequence[ProjectionStatus]:
    """How far each projection has followed the log."""
    return root.projections


@strawberry.type(description="One projection of the write log: columns, words, vectors, behaviour, graph.")
class Projection:
    """A view of `gql.service.ProjectionStatus`."""

    name: str = field(description="Its name.")
    offset: Long = field(description="The place in the log that it has reached; -1 before it was built.")
    lag: Long = field(description="How many entries it is behind.")
    detail: str = field(description="What is wrong with it; empty when nothing is.")


@strawberry.type(description="What stands where.")
class Status:
    """A view of `gql.service.Status`."""

    ready: bool = field(description="Whether answers can be given.")
    head: Long = field(name="offset", description="The last durable entry of the write log.")
    products: int = field(description="How many products the catalogue holds.")
    version: str = field(description="The version of the service.")
    encoder: str = field(description="What encodes the catalogue's texts.")
    projections: list[Projection] | None = view(
        projections,
        list[Projection] | None,
        "How far each projection has followed the log. Takes the secret token.",
        access=Access.SECRET,
        ready=False,
    )


@strawberry.type(description="What can be asked. All of it takes a token: the publishable one unless said.")
class Query:
    """The root of queries."""

    search: types.SearchConnection = view(
        search,
        types.SearchConnection,
        "Search by words and by meaning, with typos, filters, facets and pages.",
        access=Access.PUBLISHABLE,
    )
    predictive_search: list[types.Suggestion] = view(
        predictive_search, list[types.Suggestion], "Completions while typing, best first.", access=Access.PUBLISHABLE
    )
    product: types.Product | None = view(
        product, types.Product | None, "One product; null when there is none of that id.", access=Access.PUBLISHABLE
    )
    products: list[types.Product | None] = view(
        products,
        list[types.Product | None],
        "Products in the order of their ids; null for an id that nothing has.",
        access=Access.PUBLISHABLE,
    )
    entity: types.Entity | None = view(
        entity,
        types.Entity | None,
        "A node of the graph with what stands around it; null when there is none of that id. Shoppers, baskets, coupons"
        " and campaigns, and the edges to them, are shown to the secret token alone.",
        access=Access.PUBLISHABLE,
    )
    extract: types.Extraction = view(
        extract,
        types.Extraction,
        "What a text says: mentions, attributes and relations with their offsets, and the nodes they lead to. Nothing"
        " is written. Takes the secret token.",
        access=Access.SECRET,
    )
    provenance: Provenance = view(
        provenance,
        Provenance,
        "From a product, or one claim, back to the words that prove it, the text or row, and the file. Takes the secret"
        " token.",
        access=Access.SECRET,
        ready=False,
    )
    category: types.Category | None = view(
        category, types.Category | None, "A category in its tree; null when there is none.", access=Access.PUBLISHABLE
    )
    recommendations: types.RecommendationConnection = view(
        recommendations,
        types.RecommendationConnection,
        "Products for a shopper (secret token), an anonymous session, or a basket; popular ones when none is given.",
        access=Access.PUBLISHABLE,
    )
    product_recommendations: types.RecommendationConnection = view(
        product_recommendations,
        types.RecommendationConnection,
        "Products that go with a product: related, complementary, or a substitute.",
        access=Access.PUBLISHABLE,
    )
    status: Status = view(status, Status, "What stands where.", access=Access.PUBLISHABLE, ready=False)


def _wait(context: Context, offset: int | None) -> None:
    if offset is not None:
        context.service.wait(offset, PATIENCE)
