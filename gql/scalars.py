"""Scalars of our own. Knows numbers only."""

from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from graphql.pyutils import inspect

EXACT = 2**53  # readers of JSON round whole numbers past it
Long = NewType("Long", int)


def read_long(value: object) -> int:
    """Return a whole number. Raises GraphQLError for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= EXACT:
        return value
    raise GraphQLError(f"Long cannot represent {inspect(value)}.")


SCALARS: dict[object, Any] = {
    Long: strawberry.scalar(
        name="Long", description="A whole number, exact up to 2^53.", serialize=int, parse_value=read_long
    )
}
