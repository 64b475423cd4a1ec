"""What GraphQL answers hold. Each type is a view of a value of `graphsvc.types`: its fields are read straight from it.

A field whose name differs from the value's says so with `name=`; only what needs translation has a resolver. Knows
words and shapes; whoever may ask for what stands in `gql.queries` and `gql.mutations`.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry
from strawberry import Parent, argument, field
from strawberry.scalars import JSON

from gql.context import Info
from gql.fields import view
from gql.privacy import entity_for
from gql.scalars import Long
from graphsvc import types as values


@strawberry.type(description="Why a product is in an answer. Without what it names the score would be lower.")
class Reason:
    """A view of `values.Reason`."""

    kind: str = field(description="One of word, correction, meaning, fact, popular, behaviour, content, new.")
    text: str = field(description="The reason as a sentence for people.")
    share: float = field(description="Its part of the score, 0 to 1.")
    subject: str = field(description="What it speaks of: a typed word, the id of a graph node, or the id of a product.")
    count: int | None = field(description="How many baskets, shoppers or events stand behind it.")
    claims: list[strawberry.ID] = field(description="The claims that prove it.")


@strawberry.type(description="A value of an attribute, in the shop's own words.")
class Attribute:
    """A view of `values.Attribute`."""

    name: str = field(description="The attribute's name, such as colour.")
    value: str = field(description="The value as it is shown.")
    node: str = field(name="nodeId", description="The id of its node in the graph; empty when it has none.")
    number: float | None = field(description="The value as a number, when it is one.")
    unit: str | None = field(description="The unit of the number.")


@strawberry.type(description="One form of a product that can be bought: a size, a colour.")
class Variant:
    """A variant as it stands in the warehouse."""

    sku: str | None = field(description="The shop's own id of the variant.")
    title: str | None = field(description="What sets it apart from the product's other variants.")
    gtin: str | None = field(description="Its global trade item number.")
    price: float | None = field(description="Its price; null when unknown.")
    currency: str | None = field(description="The currency of the price, ISO 4217.")
    stock: Long | None = field(description="Pieces in stock; null when unknown.")
    attributes: list[Attribute] = field(description="What sets it apart, attribute by attribute.")


@strawberry.type(description="What one seller asks for a product.")
class Offer:
    """An offer as it stands in the warehouse."""

    seller: str | None = field(description="Who sells.")
    price: float | None = field(description="The price asked; null when unknown.")
    currency: str | None = field(description="The currency of the price, ISO 4217.")
    stock: Long | None = field(description="Pieces in stock; null when unknown.")
    url: str | None = field(description="Where the offer is to be found.")


@strawberry.type(description="A node of the graph by its name.")
class EntityName:
    """The far end of a relation."""

    id: strawberry.ID = field(description="The node's id; `entity(id:)` opens it.")
    label: str = field(description="What it is: Product, Brand, Category, ...")
    name: str = field(description="What it is called.")


def relation_target(root: Parent[values.Relation]) -> EntityName:
    """The node at the other end."""
    return EntityName(id=strawberry.ID(root.id), label=root.label, name=root.name)


def properties(root: Parent[values.Relation | values.Entity]) -> JSON:
    """What a node or an edge itself knows."""
    return JSON(dict(root.properties))


@strawberry.type(description="An edge of the graph, as seen from the node that was asked for.")
class Relation:
    """A view of `values.Relation`."""

    type: str = field(description="The kind of relation, such as HAS_BRAND.")
    outgoing: bool = field(description="Whether the edge starts at the node that was asked for.")
    target: EntityName = field(resolver=relation_target, description="The node at the other end.")
    properties: JSON = field(resolver=properties, description="What the edge itself knows, such as counts and lift.")
    claims: list[strawberry.ID] = field(description="The claims that prove it.")
    said: str = field(description="How it is said from the node that was asked for: of one that ends there, inverse.")


def relations(
    root: Parent[values.Entity],
    type: Annotated[str | None, argument(description="Only relations of this kind.")] = None,
    first: Annotated[int, argument(description="At most so many.")] = 50,
) -> Sequence[values.Relation]:
    """The edges of a node."""
    return [relation for relation in root.relations if type in (None, relation.type)][: max(first, 0)]


@strawberry.type(description="A node of the graph with what stands around it.")
class Entity:
    """A view of `values.Entity`."""

    id: strawberry.ID = field(description="Its id.")
    label: str = field(description="What it is: Product, Brand, Category, ...")
    name: str = field(description="What it is called.")
    properties: JSON = field(resolver=properties, description="What the node itself knows.")
    relations: list[Relation] = view(relations, list[Relation], "The edges that start or end at it.")


def variants(root: Parent[values.Product]) -> list[Variant]:
    """The forms of a product."""
    return [Variant(**_read(row, VARIANT), attributes=_attributes(row.get("attributes"))) for row in root.variants]


def offers(root: Parent[values.Product]) -> list[Offer]:
    """What sellers ask for a product."""
    return [Offer(**_read(row, OFFER)) for row in root.offers]


def neighbourhood(root: Parent[values.Product], info: Info) -> values.Entity | None:
    """A product as a node of the graph."""
    return entity_for(info.context, root.id)


@strawberry.type(description="One product. What is unknown is null, never a guess.")
class Product:
    """A view of `values.Product`."""

    id: strawberry.ID = field(description='Stable id, "source:key".')
    key: str = field(description="The shop's own id.")
    source: str = field(description="The source that the product came from.")
    title: str = field(description="Its title.")
    title_derived: bool = field(description="Whether the title was composed by a rule, for the source has none.")
    description: str | None = field(description="Its description, plain text.")
    brand: str | None = field(description="Its brand.")
    brand_id: strawberry.ID | None = field(description="The brand's node in the graph.")
    manufacturer: str | None = field(description="Who makes it.")
    category: list[str] = field(description="The path of its category, from root to leaf.")
    category_id: strawberry.ID | None = field(description="Its category; `category(id:)` opens it.")
    price: float | None = field(description="Its price.")
    currency: str | None = field(description="The currency of the price, ISO 4217.")
    stock: Long | None = field(description="Pieces in stock.")
    gtin: str | None = field(description="Its global trade item number.")
    url: str | None = field(description="Its page in the shop.")
    image: str | None = field(description="The address of its picture.")
    attributes: list[Attribute] = field(description="What is known of it, attribute by attribute.")
    variants: list[Variant] = field(resolver=variants, description="The forms in which it can be bought.")
    offers: list[Offer] = field(resolver=offers, description="What sellers ask for it.")
    language: str | None = field(description="The language of its texts: en, zh or mixed.")
    popularity: float = field(description="How much it is asked for of late, decayed with time.")
    rating: float | None = field(description="Its mean rating.")
    reviews: int = field(description="How many reviews it has.")
    neighbourhood: Entity | None = view(
        neighbourhood,
        Entity | None,
        "The product in the graph, with the nodes around it, as `entity` shows them; an error when the graph database"
        " is away.",
    )


@strawberry.type(description="Where a page stands in the whole answer.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = field(description="Whether more follows after `endCursor`.")
    has_previous_page: bool = field(description="Whether something stands before `startCursor`.")
    start_cursor: str | None = field(description="The cursor of the first edge.")
    end_cursor: str | None = field(description="The cursor of the last edge; give it as `after` for the next page.")


@strawberry.type(description="One choice of a facet.")
class FacetValue:
    """A view of `values.FacetValue`; not `id`, for caches of clients would mix the counts of two answers."""

    id: str = field(name="value", description="What to put into the filter.")
    name: str = field(description="What to show.")
    count: int = field(description="How many hits choosing it gives.")
    selected: bool = field(description="Whether the filter has chosen it.")


@strawberry.type(description="The choices of one field among exactly the matches.")
class Facet:
    """A view of `values.Facet`."""

    name: str = field(description="The field: brand, category, price, stock, source, or an attribute's name.")
    label: str = field(description="What to show above the choices.")
    values: list[FacetValue] = field(description="The choices.")
    currency: str | None = field(
        description="Of prices, which have a facet for each currency: what to put into the filter beside a choice, ISO"
        " 4217; empty where the shop names none. Null for other fields."
    )


@strawberry.type(description="One product of an answer to a search.")
class SearchEdge:
    """A view of `values.Hit`."""

    cursor: str = field(description="Its place in the answer; give it as `after` to go on behind it.")
    product: Product = field(name="node", description="The product.")
    score: float = field(description="What it is ranked by; comparable within one answer only.")
    reasons: list[Reason] = field(description="Why it matches, the strongest first.")
    alike: int = field(description="How many more products stand behind it that a shopper cannot tell from it.")


@strawberry.type(description="A page of an answer to a search. Total, facets and pages speak of the same matches.")
class SearchConnection:
    """A view of `gql.pages.SearchPage`."""

    edges: list[SearchEdge] = field(description="The hits of this page.")
    page_info: PageInfo = field(description="Where this page stands.")
    total_count: int = field(description="How many products match.")
    facets: list[Facet] = field(description="The choices that narrow the answer; those asked for with `facets`.")
    query: str = field(description="The query as it was given.")
    corrected_query: str | None = field(description="The query as it was understood, when that differs.")
    currency: str | None = field(
        description="The currency in which the filter or the order compared prices; null when nothing was compared."
    )
    empty_reason: str | None = field(
        description="Why nothing matches, and what to try, as sentences for people; null when something does."
    )
    query_id: strawberry.ID = field(description="Names this answer; events that follow from it carry it in `track`.")
    offset: Long = field(description="The place in the write log that the answer speaks of.")


@strawberry.type(description="One recommended product.")
class RecommendationEdge:
    """A view of `gql.pages.RecommendationEdge`."""

    cursor: str = field(description="Its place in the answer.")
    product: Product = field(name="node", description="The product.")
    score: float = field(description="What it is ranked by; comparable within one answer only.")
    reasons: list[Reason] = field(description="Why it is recommended, the strongest first.")


@strawberry.type(description="Recommended products, best first, in one page.")
class RecommendationConnection:
    """A view of `gql.pages.RecommendationPage`."""

    edges: list[RecommendationEdge] = field(description="The recommendations.")
    page_info: PageInfo = field(description="Always the only page.")
    total_count: int = field(description="How many there are.")
    query_id: strawberry.ID = field(description="Names this answer; events that follow from it carry it in `track`.")
    offset: Long = field(description="The place in the write log that the answer speaks of.")


@strawberry.type(description="One completion while typing.")
class Suggestion:
    """A view of `values.Suggestion`."""

    kind: str = field(description="What it completes to: product, category or brand.")
    id: str = field(name="target", description="The id of that product, category or brand.")
    text: str = field(description="What to show.")


def parent_category(root: Parent[values.CategoryView], info: Info) -> values.CategoryView | None:
    """One level up."""
    return info.context.service.category(root.parent) if root.parent else None


def child_categories(root: Parent[values.CategoryView], info: Info) -> list[values.CategoryView]:
    """One level down."""
    found = map(info.context.service.category, root.children)
    return [category for category in found if category is not None]


OneCategory = Annotated["Category", strawberry.lazy("gql.types")]  # a type cannot name itself before it is there


@strawberry.type(description="A category in its tree.")
class Category:
    """A view of `values.CategoryView`."""

    id: strawberry.ID = field(description="Its id.")
    name: str = field(description="Its name.")
    path: list[str] = field(description="The names from the root to it.")
    count: int = field(description="How many products stand in its subtree.")
    parent: "Category | None" = view(parent_category, OneCategory | None, "The category above it; null at the root.")
    children: "list[Category]" = view(child_categories, list[OneCategory], "The categories right below it.")


VARIANT = ("sku", "title", "gtin", "price", "currency", "stock")
OFFER = ("seller", "price", "currency", "stock", "url")


def _read(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: row.get(name) for name in names}


def _attributes(rows: Sequence[Mapping[str, Any]] | None) -> Any:
    """Attributes of a variant; the fields of what GraphQL reads are the same."""
    return [
        values.Attribute(str(row["name"]), str(row["value"]), "", row.get("number"), row.get("unit"))
        for row in rows or ()
    ]


@strawberry.type(description="A node that a name may mean.")
class LinkCandidate:
    """A view of `graphsvc.types.LinkCandidate`."""

    node: str = field(description="The node's id.")
    name: str = field(description="Its name.")
    confidence: float = field(description="How near, from 0 to 1.")
    how: str = field(description="By what: spelling, begins, meaning, or a form that several nodes share.")


@strawberry.type(description="The node of the graph that a name means.")
class Link:
    """A view of `graphsvc.types.Link`."""

    node: str = field(description="The node's id; of a new one, the id that it would have. A product may be meant.")
    name: str = field(description="Its name.")
    confidence: float = field(description="How sure, from 0 to 1; 0 for a new one.")
    how: str = field(description="By which form: exact, vocabulary, written, maker, ...; accepted or title; else new.")
    known: bool = field(description="Whether the node is there.")
    candidates: list[LinkCandidate] = field(description="Of a new one the nearest nodes, the nearest first.")


@strawberry.type(description="What a text mentions. Offsets are characters, the end is the first one after it.")
class Mention:
    """A view of `graphsvc.types.FoundMention`."""

    start: int = field(description="The first character.")
    end: int = field(description="The first character after it.")
    text: str = field(description="What stands there.")
    label: str = field(description="What it is.")
    confidence: float = field(description="How sure, from 0 to 1.")
    extractor: str = field(description="Who says so, and its version.")
    link: Link | None = field(description="The node that it means; null where its label names no kind of node.")


@strawberry.type(description="What a text says of its product.")
class TextAttribute:
    """A view of `graphsvc.types.FoundAttribute`."""

    predicate: str = field(description="has_brand, has_attribute, ...")
    name: str = field(description="The attribute's name; empty for other predicates.")
    value: str = field(description="Its value, in the shop's own word.")
    number: float | None = field(description="A measured value in its canonical unit.")
    unit: str | None = field(description="That unit.")
    confidence: float = field(description="How sure, from 0 to 1.")
    start: int = field(description="The first character of the words that prove it.")
    end: int = field(description="The first character after them.")
    quote: str = field(description="What stands there.")
    extractor: str = field(description="Who says so, and its version.")
    node: str = field(description="The node of the graph that it leads to.")
    known: bool = field(description="Whether that node is there already.")
    link: Link | None = field(description="The node that it means, however that one is written.")


@strawberry.type(description="A relation between two mentions of a text.")
class TextRelation:
    """A view of `graphsvc.types.FoundRelation`."""

    relation: str = field(description="Its name.")
    head: Mention = field(description="Where it starts.")
    tail: Mention = field(description="Where it leads.")
    confidence: float = field(description="How sure, from 0 to 1.")
    extractor: str = field(description="Who says so, and its version.")
    link: Link | None = field(description="The node that its tail means.")


@strawberry.type(description="All that a text says; nothing of it was written.")
class Extraction:
    """A view of `graphsvc.types.Extracted`."""

    mentions: list[Mention] = field(
        description="By the tagger in production, else the words that the attributes go by."
    )
    attributes: list[TextAttribute] = field(description="By the extractors that read every import.")
    relations: list[TextRelation] = field(description="By the relation model in production; none before one is.")
