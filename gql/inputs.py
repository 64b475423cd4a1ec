"""What GraphQL arguments hold, and how they become values of `graphsvc.types`.

Refuses what GraphQL's own types let through: infinite numbers, pages of a negative size, lists and names without end.
Whether a filter or a product makes sense is the service's to judge.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry import UNSET, argument, enum_value, field

from gql.scalars import Long
from graphsvc import types as values
from graphsvc.errors import QueryError
from graphsvc.tracking import LONGEST

T = TypeVar("T")
MOST = 1_000  # objects in one page, ids in one call
MOST_IN_BASKET = 200  # each is weighed against all that was bought with it
MOST_CHOICES = 500  # values of one field of a filter
MOST_NAMES = 100  # attributes of a filter, facets
First = Annotated[int, argument(description=f"How many to give, 0 to {MOST:,}.")]


@strawberry.enum(description="The order of a search's answer. It is stable, so pages never overlap.")
class Sort(Enum):
    """`graphsvc.types.Sort`."""

    RELEVANCE = enum_value("relevance", description="Best match first.")
    PRICE = enum_value(
        "price", description="Cheapest first, in the answer's `currency`; other currencies follow, each by itself."
    )
    PRICE_DESC = enum_value("price_desc", description="Dearest first, currencies as in PRICE.")
    NEWEST = enum_value("newest", description="Newest first.")
    POPULARITY = enum_value("popularity", description="Most popular first.")
    RATING = enum_value("rating", description="Best rated first.")


@strawberry.enum(description="What a recommendation is to be to the product it stands beside.")
class Intent(Enum):
    """`graphsvc.types.Intent`."""

    RELATED = enum_value("related", description="Anything that interests the same shoppers.")
    COMPLEMENTARY = enum_value("complementary", description="What is bought together with it.")
    SUBSTITUTE = enum_value("substitute", description="What can be bought instead of it.")


@strawberry.enum(description="What a shopper did.")
class EventKind(Enum):
    """`graphsvc.types.EventKind`."""

    IMPRESSION = enum_value("impression", description="Was shown the product.")
    VIEW = enum_value("view", description="Looked at its page.")
    CLICK = enum_value("click", description="Clicked on it in a list.")
    CART = enum_value("cart", description="Put it into the basket.")
    BUY = enum_value("buy", description="Bought it.")
    LIKE = enum_value("like", description="Liked it, or put it on a wish list.")
    SHARE = enum_value("share", description="Shared it.")
    COMMENT = enum_value("comment", description="Wrote about it.")
    RATE = enum_value("rate", description="Rated it; `value` is the rating.")
    REMOVE = enum_value("remove", description="Took it out of the basket.")


@strawberry.input(description="Values of one attribute; any of them is enough.")
class AttributeFilter:
    """One attribute of a filter."""

    name: str = field(description="The attribute's name, such as colour.")
    values: list[str] = field(description="Values, each a node's id or a name.")


@strawberry.input(
    description='What an answer may hold. Values of one field are alternatives, fields are joined by "and". At most'
    f" {MOST_CHOICES} values of one field, and {MOST_NAMES} attributes."
)
class FilterInput:
    """`graphsvc.types.Filter`."""

    brands: list[str] | None = field(default=None, description="Brands, each a node's id or a name.")
    categories: list[str] | None = field(
        default=None, description='Categories with all below them: ids, names, or paths written "Home > Kitchen".'
    )
    attributes: list[AttributeFilter] | None = field(default=None, description="Attributes and their values.")
    price_min: float | None = field(default=None, description="The lowest price, in `currency`.")
    price_max: float | None = field(default=None, description="The highest price, in `currency`.")
    currency: str | None = field(
        default=None,
        description="The currency of the prices, as the facets of prices name it; alone, all that is priced in it."
        " Without it a bound is of the commonest currency among what matches the query (for recommendations: of the"
        " shop), which a search names in its own `currency`.",
    )
    in_stock: bool | None = field(default=None, description="True: only what is in stock; false: only what is not.")
    sources: list[str] | None = field(default=None, description="Sources that products came from.")


@strawberry.input(description="One thing that a shopper did with one product.")
class EventInput:
    """`graphsvc.types.Event`."""

    product_id: strawberry.ID = field(description="The product.")
    kind: EventKind = field(description="What the shopper did.")
    time: datetime | None = field(default=None, description="When, ISO 8601; now when absent, UTC when without a zone.")
    session_id: str | None = field(default=None, description="Any string of the storefront's for an anonymous visit.")
    shopper_id: str | None = field(default=None, description="A named shopper; takes the secret token.")
    quantity: float | None = field(default=None, description="How many pieces, from 0.")
    value: float | None = field(
        default=None, description="Money paid for the line, or the rating given, on any scale from 0 to at most 100."
    )
    basket_id: str | None = field(default=None, description="The basket or order.")
    query_id: strawberry.ID | None = field(default=None, description="The answer that the event follows from.")
    position: int | None = field(default=None, description="The product's rank in that answer, from 0.")
    event_id: strawberry.ID | None = field(
        default=None,
        description="The producer's own id; the same again from that shopper or session is one event.",
    )


@strawberry.input(description="One attribute of a product.")
class AttributeInput:
    """An attribute as a shop writes it."""

    name: str = field(description="The attribute's name.")
    value: str = field(description="The value, unit included.")


@strawberry.input(description="One form of a product that can be bought.")
class VariantInput:
    """A variant as a shop writes it."""

    sku: str = field(description="The shop's own id of the variant.")
    title: str | None = field(default=None, description="What sets it apart from the other variants.")
    gtin: str | None = field(default=None, description="Its global trade item number.")
    price: float | None = field(default=None, description="Its price.")
    currency: str | None = field(default=None, description="The currency of the price, ISO 4217.")
    stock: Long | None = field(default=None, description="Pieces in stock.")
    attributes: list[AttributeInput] | None = field(default=None, description="What sets it apart.")


@strawberry.input(description="What one seller asks for a product.")
class OfferInput:
    """An offer as a shop writes it."""

    seller: str = field(description="Who sells.")
    price: float | None = field(default=None, description="The price asked.")
    currency: str | None = field(default=None, description="The currency of the price, ISO 4217.")
    stock: Long | None = field(default=None, description="Pieces in stock.")
    url: str | None = field(default=None, description="Where the offer is to be found.")


@strawberry.input(description="Changes of one product, or a new one. A field left out stays as it is, null clears it.")
class ProductInput:
    """Fields of `graphsvc.upsert.FIELDS`."""

    id: strawberry.ID = field(description='Its id, "source:key"; without a source it is "api".')
    title: str | None = field(default=UNSET, description="Its title.")
    description: str | None = field(default=UNSET, description="Its description; markup is taken out.")
    brand: str | None = field(default=UNSET, description="Its brand.")
    manufacturer: str | None = field(default=UNSET, description="Who makes it.")
    category: list[str] | None = field(default=UNSET, description="The path of its category, from root to leaf.")
    price: float | None = field(default=UNSET, description="Its price.")
    currency: str | None = field(default=UNSET, description="The currency of the price, ISO 4217.")
    stock: Long | None = field(default=UNSET, description="Pieces in stock.")
    gtin: str | None = field(default=UNSET, description="Its global trade item number.")
    url: str | None = field(default=UNSET, description="Its page in the shop.")
    image: str | None = field(default=UNSET, description="The address of its picture.")
    attributes: list[AttributeInput] | None = field(default=UNSET, description="All its attributes.")
    variants: list[VariantInput] | None = field(default=UNSET, description="All its variants.")
    offers: list[OfferInput] | None = field(default=UNSET, description="All offers for it.")


@strawberry.input(description="A text about a product: a review, a document.")
class TextInput:
    """Arguments of `gql.service.Service.ingest_text`."""

    text: str = field(description="The text, at most 10,000 characters; markup is taken out.")
    product_id: strawberry.ID | None = field(
        default=None, description="The product; left out, the text must surely name one, or the call is refused."
    )
    id: strawberry.ID | None = field(
        default=None, description='The text\'s own id, "source:key"; the same again replaces it. By default made of it.'
    )
    kind: str = field(default="text", description="What it is, such as review.")
    idempotency_key: str | None = field(
        default=None, description="Makes the call idempotent: the same request again is the same entry."
    )


def word_of(member: Enum) -> Any:
    """Return the word that `graphsvc.types` has for a member of an enum."""
    return member.value


def page_size(first: int) -> int:
    """Return `first`. Raises QueryError when no page has that size."""
    if not 0 <= first <= MOST:
        raise QueryError(f"first: {first:,} is not between 0 and {MOST:,}.", "Ask for a page of that size.")
    return first


def bounded(name: str, given: Sequence[T] | None, most: int) -> tuple[T, ...]:
    """Return the entries of a list. Raises QueryError for more than `most`."""
    if given is not None and len(given) > most:
        raise QueryError(f"{name}: {len(given):,} in one call; {most:,} are allowed.", f"Send at most {most:,}.")
    return tuple(given or ())


def name_of(name: str, given: str | None) -> str | None:
    """Return the name of a shopper or a session. Raises QueryError for one that nobody can have."""
    if given is not None and len(given) > LONGEST:
        raise QueryError(f"{name} has {len(given):,} characters.", f"Names have at most {LONGEST}.")
    return given


def filter_of(given: FilterInput | None) -> values.Filter:
    """Return the filter. Two entries of one attribute add up.

    Raises QueryError for a price that is no number, and for too many values.
    """
    if given is None:
        return values.Filter()
    attributes: dict[str, tuple[str, ...]] = {}
    for entry in bounded("attributes", given.attributes, MOST_NAMES):
        both = [*attributes.get(entry.name, ()), *entry.values]
        attributes[entry.name] = bounded("values", both, MOST_CHOICES)
    return values.Filter(
        bounded("brands", given.brands, MOST_CHOICES),
        bounded("categories", given.categories, MOST_CHOICES),
        attributes,
        _finite("priceMin", given.price_min),
        _finite("priceMax", given.price_max),
        given.in_stock,
        bounded("sources", given.sources, MOST_CHOICES),
        given.currency,
    )


def event_of(given: EventInput, now: datetime) -> values.Event:
    """Return the event; `now`, in UTC, is its time when it names none. Raises QueryError for infinity."""
    return values.Event(
        product_id=given.product_id,
        kind=word_of(given.kind),
        time=_in_utc(given.time or now),
        shopper=given.shopper_id,
        session=given.session_id,
        quantity=_finite("quantity", given.quantity),
        value=_finite("value", given.value),
        basket=given.basket_id,
        query_id=given.query_id,
        position=given.position,
        event_id=given.event_id,
    )


def product_row(given: ProductInput) -> dict[str, Any]:
    """Return what was given of a product, and nothing for what was left out."""
    return {
        name: _plain(name, value) for name in given.__dataclass_fields__ if (value := getattr(given, name)) is not UNSET
    }


def _plain(name: str, value: Any) -> Any:
    """A value as lists and dicts. Raises QueryError for an infinite number."""
    if isinstance(value, float):
        return _finite(name, value)
    if isinstance(value, list):
        return [_plain(name, one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {inner: _plain(inner, getattr(value, inner)) for inner in value.__dataclass_fields__}
    return value


def _in_utc(time: datetime) -> datetime:
    try:
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise QueryError(f"time: {time.isoformat()} is beyond what a calendar holds.", "Correct it.") from error


def _finite(name: str, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise QueryError(f"{name} is not a finite number.", "Give a number, or leave it out.")
    return value
