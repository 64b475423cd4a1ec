"""What can be changed. A change is durable when it is answered; its `offset` is what a reader may wait for."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry
from strawberry import ID, argument, field

from gql.context import Info
from gql.fields import check_access, view
from gql.inputs import EventInput, ProductInput, TextInput, event_of, product_row
from gql.provenance import IngestedText
from gql.scalars import Long
from gql.tokens import Access
from graphsvc import types as values
from graphsvc.errors import RefusedError

Key = Annotated[
    str | None,
    argument(description="Makes the call idempotent: the same request again is the same entry, another is refused."),
]


@strawberry.type(description="A change that is durable.")
class Written:
    """The receipt of a change."""

    offset: Long = field(description="Its place in the write log; give it as `minOffset` to read your write.")
    count: int = field(description="How many items it holds.")


@strawberry.type(description="Which model of a kind is in production now.")
class Promotion:
    """The receipt of a promotion or roll-back."""

    kind: str = field(description="What the model does: mentions, relations...")
    version: str = field(description="The model in production; texts are read by it from now on.")


@strawberry.type(description="Which model of a kind is in production no longer.")
class Withdrawal:
    """The receipt of a withdrawal."""

    kind: str = field(description="What the model does: mentions, relations...")
    version: str = field(description="The model that was in production; no other has its place.")


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


def ingest_text(
    info: Info,
    input: Annotated[TextInput, argument(description="The text, and what is known of it.")],
) -> values.IngestedText:
    """Take in a text about a product."""
    return info.context.service.ingest_text(input.text, input.product_id, input.id, input.kind, input.idempotency_key)


def remove_text(
    info: Info,
    id: Annotated[ID, argument(description="The text's id, or that of an imported review.")],
    idempotency_key: Key = None,
) -> Written:
    """Take a text back."""
    return Written(offset=Long(info.context.service.remove_text(id, idempotency_key)), count=1)


def promote_model(
    info: Info,
    version: Annotated[ID, argument(description="A candidate's version, as `models list` shows it.")],
    why: Annotated[str, argument(description="The reason; it is kept in the log.")] = "",
) -> Promotion:
    """Put a model into production."""
    models = info.context.service.registry
    kind = models.find(str(version)).kind
    models.promote(kind, str(version), why=why)
    return Promotion(kind=kind, version=str(version))


def roll_back_model(
    info: Info,
    version: Annotated[
        ID,
        argument(
            description="The version that goes; it must be in production, so that a repeated call goes back once."
        ),
    ],
    why: Annotated[str, argument(description="The reason; it is kept in the log.")] = "",
) -> Promotion:
    """Put back the model that was in production before."""
    kind = _kind_in_production(info, version)
    return Promotion(kind=kind, version=info.context.service.registry.roll_back(kind, why))


def withdraw_model(
    info: Info,
    version: Annotated[ID, argument(description="The version that goes; it must be in production.")],
    why: Annotated[str, argument(description="The reason; it is kept in the log.")] = "",
) -> Withdrawal:
    """Take a model out of production."""
    kind = _kind_in_production(info, version)
    return Withdrawal(kind=kind, version=info.context.service.registry.withdraw(kind, why))


def _kind_in_production(info: Info, version: ID) -> str:
    """The kind of a version. Raises RefusedError when it is not in production."""
    models = info.context.service.registry
    kind = models.find(str(version)).kind
    if models.alias(kind, "production") != str(version):
        raise RefusedError(f"{kind} {version} is not in production.", "See which is: python -m graphsvc models list")
    return kind


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
    ingest_text: IngestedText = view(
        ingest_text,
        IngestedText,
        "Take in a review or document about a product: what it says becomes claims, which search and the graph know"
        " within a second. The same id again replaces it. Takes the secret token.",
        access=Access.SECRET,
    )
    remove_text: Written = view(
        remove_text,
        Written,
        "Take a text back, with exactly the facts that only it supported. Takes the secret token.",
        access=Access.SECRET,
        ready=False,
    )
    promote_model: Promotion = view(
        promote_model,
        Promotion,
        "Put a model into production when it passes the gate; the service goes on, and reads texts by it at once. Takes"
        " the secret token.",
        access=Access.SECRET,
        ready=False,
    )
    roll_back_model: Promotion = view(
        roll_back_model,
        Promotion,
        "Put back the model that was in production before; again goes further back. Takes the secret token.",
        access=Access.SECRET,
        ready=False,
    )
    withdraw_model: Withdrawal = view(
        withdraw_model,
        Withdrawal,
        "Take a model out of production, with no other in its place; its claims stand until the catalogue is read anew."
        " Takes the secret token.",
        access=Access.SECRET,
        ready=False,
    )
