"""What can be changed. A change is durable when it is answered; its `offset` is what a reader may wait for."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry
from strawberry import ID, argument, field

from gql.context import Info
from gql.fields import check_access, view
from gql.inputs import EventInput, ProductInput, event_of, product_row
from gql.scalars import Long
from gql.tokens import Access

Key = Annotated[
    str | None,
    argument(description="Makes the call idempotent: the same request again is the same entry, another is refused."),
]


@strawberry.type(description="A change that is durable.")
class Written:
    """The receipt of a change."""

    offset: Long = field(description="Its place in the write log; give it as `minOffset` to read your write.")
    count: int = field(description="How many items it holds.")


def track(
    info: Info,
    events: Annotated[list[EventInput], argument(description="What happened, at most 1,000 events.")],
    idempotency_key: Key = None,
) -> Written:
    """Write what shoppers did."""
    if any(event.shopper_id is not None for event in events):
        check_access(info.context, Access.SECRET, "An event of a named shopper")
    now = datetime.now(UTC)
    offset = info.context.service.track([event_of(event, now) for event in events], idempotency_key)
    return Written(offset=Long(offset), count=len(events))


def upsert_products(
    info: Info,
    products: Annotated[list[ProductInput], argument(description="What to change or add, at most 1,000 products.")],
    idempotency_key: Key = None,
) -> Written:
    """Change or add products."""
    offset = info.context.service.upsert_products([product_row(one) for one in products], idempotency_key)
    return Written(offset=Long(offset), count=len(products))


def retire_products(
    info: Info,
    ids: Annotated[list[ID], argument(description="Products to take out, at most 1,000.")],
    idempotency_key: Key = None,
) -> Written:
    """Take products out of the catalogue."""
    return Written(offset=Long(info.context.service.retire_products(ids, idempotency_key)), count=len(ids))


@strawberry.type(description="What can be changed. Everything here is durable when it is answered, or an error.")
class Mutation:
    """The root of mutations."""

    track: Written = view(
        track,
        Written,
        "Write what shoppers did; the next answer knows it. Events of a session take the publishable token, events of"
        " a named shopper the secret one.",
        access=Access.PUBLISHABLE,
    )
    upsert_products: Written = view(
        upsert_products,
        Written,
        "Change or add products: all of them or, with every reason, none. Takes the secret token.",
        access=Access.SECRET,
        ready=False,
    )
    retire_products: Written = view(
        retire_products,
        Written,
        "Take products out of the catalogue. Takes the secret token.",
        access=Access.SECRET,
        ready=False,
    )
