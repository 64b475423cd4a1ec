"""What the rooms of the product say to each other: products, filters, hits, events, recommendations, and their reasons.

Values only, frozen; vectors and many rows travel as arrays and Arrow tables instead. Knows no database and no format.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from graphsvc.entities.links import Link

EventKind = Literal["impression", "view", "click", "cart", "buy", "like", "share", "comment", "rate", "remove"]
Sort = Literal["relevance", "price", "price_desc", "newest", "popularity", "rating"]
Intent = Literal["related", "complementary", "substitute"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a product is in an answer. `share` is its part of the score, 0..1; `subject` what it speaks of.

    `kind` is one of word, correction, meaning, fact, popular, behaviour, content, new. `subject` is the typed word, the
    graph node's id or the product's id; `count` the baskets, shoppers or events behind it; `claims` the claims.
    """

    kind: str
    text: str
    share: float = 0.0
    subject: str = ""
    count: int | None = None
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value of an attribute, under the shop's own words; `node` is the id of its node in the graph."""

    name: str
    value: str
    node: str = ""
    number: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """One product as it is shown. Unknown is None, never a guess; `variants` and `offers` as in the warehouse."""

    id: str
    key: str
    source: str
    title: str
    title_derived: bool = False
    description: str | None = None
    brand: str | None = None
    brand_id: str | None = None
    manufacturer: str | None = None
    category: tuple[str, ...] = ()
    category_id: str | None = None
    price: float | None = None
    currency: str | None = None
    stock: int | None = None
    gtin: str | None = None
    url: str | None = None
    image: str | None = None
    attributes: tuple[Attribute, ...] = ()
    variants: tuple[Mapping[str, Any], ...] = ()
    offers: tuple[Mapping[str, Any], ...] = ()
    language: str | None = None
    popularity: float = 0.0
    rating: float | None = None
    reviews: int = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """What an answer may hold. Values of one field are alternatives, fields are joined by "and".

    `brands` and `categories` are node ids or names (a category stands for its whole subtree; a path is written
    "Home > Kitchen"); `attributes` maps an attribute's name to values, each a node id or a name.

    `currency` is that of the prices, "" where the shop names none; alone it asks for what is priced in it. Without it
    the bounds are of the commonest currency among what the query matches.
    """

    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    price_min: float | None = None
    price_max: float | None = None
    in_stock: bool | None = None
    sources: tuple[str, ...] = ()
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One question. `correct` false keeps every word as typed, `reasons` false leaves them out.

    `facets` names what to count: "brand", "category", "price", "stock", "source", or an attribute's name; "*" is all
    that matter.
    """

    query: str = ""
    filter: Filter = Filter()
    first: int = 20
    after: str | None = None
    sort: Sort = "relevance"
    facets: Sequence[str] = ()
    correct: bool = True
    reasons: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """One product of an answer; `alike` more products stand behind it that differ in nothing a shopper can read."""

    product: Product
    score: float
    reasons: tuple[Reason, ...] = ()
    alike: int = 0
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One choice: `count` is how many hits choosing it gives."""

    id: str
    name: str
    count: int
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """The choices of one field among exactly the matches. Prices have a facet for each `currency`."""

    name: str
    label: str
    values: tuple[FacetValue, ...]
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """An answer. `total` counts every match, `offset` is the place in the write log that it speaks of.

    `currency` is that of the prices which a filter or an order compared, None when nothing was compared. Without a
    match, `empty_reason` says why there is none, and what to try.
    """

    query: str
    hits: tuple[Hit, ...]
    total: int
    facets: tuple[Facet, ...] = ()
    corrected: str | None = None
    has_next: bool = False
    offset: int = 0
    query_id: str = ""
    currency: str | None = None
    empty_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One completion while typing. `kind` is product, category or brand; `id` its id."""

    kind: str
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A category in its tree: `count` products stand in its subtree. `parent` and `children` are ids."""

    id: str
    name: str
    path: tuple[str, ...]
    count: int
    parent: str | None = None
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something a shopper did. `shopper` is a pseudonym; `session` any string of the storefront's."""

    product_id: str
    kind: EventKind
    time: datetime
    shopper: str | None = None
    session: str | None = None
    quantity: float | None = None
    value: float | None = None
    basket: str | None = None
    query_id: str | None = None
    position: int | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecommendRequest:
    """For whom or for what: a shopper, a session, a product, a basket, or several of them; nothing is "popular"."""

    shopper: str | None = None
    session: str | None = None
    product: str | None = None
    basket: tuple[str, ...] = ()
    intent: Intent = "related"
    first: int = 10
    filter: Filter = Filter()


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One product that is recommended."""

    product: Product
    score: float
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Recommendations:
    """An answer of the recommender."""

    items: tuple[Recommendation, ...]
    offset: int = 0
    query_id: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """A node of the graph with what stands around it."""

    id: str
    label: str
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    relations: tuple["Relation", ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """An edge as seen from one node, where it starts if it is `outgoing`. `claims` prove it; `said` is it in words."""

    type: str
    outgoing: bool
    id: str
    label: str
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class FoundMention:
    """What a text mentions: characters `start` to `end`, what it is, how sure and who says so.

    `link` is the node that it means, None where its label names no kind of node.
    """

    start: int
    end: int
    text: str
    label: str
    confidence: float
    extractor: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class FoundAttribute:
    """What a text says of its product. `node` is the node of the graph that it leads to, `known` whether it is there.

    `start` and `end` are characters of the text, `quote` what stands there.
    """

    predicate: str
    name: str
    value: str
    confidence: float
    start: int
    end: int
    quote: str
    extractor: str
    node: str
    known: bool
    number: float | None = None
    unit: str | None = None
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class FoundRelation:
    """A relation between two mentions of a text; `link` is the node that its tail means."""

    relation: str
    head: FoundMention
    tail: FoundMention
    confidence: float
    extractor: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    """All that a text says, as `extract` shows it; nothing of it is written."""

    text: str
    mentions: tuple[FoundMention, ...] = ()
    attributes: tuple[FoundAttribute, ...] = ()
    relations: tuple[FoundRelation, ...] = ()


@dataclass(frozen=True, slots=True)
class TextSource:
    """A text about a product, and where it came from. `row` is the raw row of an import, where there was one."""

    id: str
    kind: str
    text: str
    source: str
    file: str
    line: int
    row: str | None = None


@dataclass(frozen=True, slots=True)
class StatedClaim:
    """One claim: what it says, the node it leads to, and the characters that prove it.

    `place` names the text or the field in which `start` to `end` stand; `document` is the text that says so, None for
    the product's own row. `extractor` has its version.
    """

    id: str
    predicate: str
    name: str
    value: str
    node: str
    confidence: float
    extractor: str
    place: str | None
    start: int | None
    end: int | None
    quote: str
    number: float | None = None
    unit: str | None = None
    document: TextSource | None = None

    @property
    def evidence(self) -> str:
        """Where it stands, and in which words."""
        where = f"{self.place} {self.start}–{self.end}" if self.place else "?"
        return f"{where}: {self.quote}"


@dataclass(frozen=True, slots=True)
class IngestedText:
    """A text that was taken in: its entry of the log, its id, the product it is about, and what it claims."""

    offset: int
    id: str
    product_id: str
    claims: tuple[StatedClaim, ...]


@dataclass(frozen=True, slots=True)
class DerivedFact:
    """A fact that follows from `given`, a predicate of the same node or of values in the title; `claims` are its."""

    predicate: str
    name: str
    value: str
    node: str
    given: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The claims of a product, or one of them, and its row; of a product also what its facts lead to.

    `derived` follows from them; those named in `outvoted` make none: a field speaks already, or a surer vote.
    """

    product_id: str
    title: str
    claims: tuple[StatedClaim, ...]
    source: str | None
    file: str | None
    line: int | None
    row: str | None
    derived: tuple[DerivedFact, ...] = ()
    outvoted: tuple[str, ...] = ()
