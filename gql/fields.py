"""How a field is declared: its resolver, what its answer is shown as, and the access it takes.

What each token may do stands beside the fields, in `gql.queries` and `gql.mutations`; a test finds none without.
"""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension

from gql.context import Context, Info
from gql.errors import ForbiddenError, UnauthenticatedError
from gql.tokens import Access
from graphsvc.errors import UnavailableError


def view(
    resolver: Callable[..., object],
    shown_as: Any,
    description: str,
    *,
    access: Access | None = None,
    ready: bool = True,
) -> Any:
    """Declare a field whose resolver gives a value that the GraphQL type `shown_as` is a view of.

    `access` is what it takes to ask for it, None for a field under another; `ready` refuses it before answers are.
    """
    rules: list[FieldExtension] = [Requires(access, ready=ready)] if access is not None else []
    return strawberry.field(resolver=resolver, graphql_type=shown_as, description=description, extensions=rules)


class Requires(FieldExtension):
    """Refuses a field to those who lack the access, and, with `ready`, to all before answers can be given."""

    def __init__(self, access: Access, *, ready: bool = True) -> None:
        self.access, self._ready = access, ready

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        """Check, then resolve."""
        check_access(info.context, self.access)
        if self._ready and not info.context.service.ready():
            raise UnavailableError(
                "The shop gives no answers yet.", "Wait until /readyz says so; import products if it has none."
            )
        return next_(source, info, **kwargs)


def check_access(context: Context, needed: Access, what: str = "This field") -> None:
    """Raise UnauthenticatedError or ForbiddenError when the request's token does not allow `needed`."""
    if context.access >= needed:
        return
    if context.access is Access.NOBODY:
        raise UnauthenticatedError(
            f"{what} needs a token, and the request has none that this shop gave out.",
            "Send the header `Authorization: Bearer TOKEN` with the shop's publishable or secret token.",
        )
    raise ForbiddenError(
        f"{what} needs the secret token.", "Ask from a server of yours; the secret token never goes into a browser."
    )
