"""The whole schema, and the committed text of it. `python -m gql.schema` writes that text anew.

Knows no HTTP; what it logs is decided where errors are shown.
"""

from pathlib import Path

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from gql.documents import Prepared
from gql.mutations import Mutation
from gql.queries import Query
from gql.scalars import SCALARS

SDL = Path(__file__).with_name("schema.graphql")


class Schema(strawberry.Schema):
    """A schema that logs nothing by itself: strawberry would log every query that a client got wrong."""

    @property
    def core(self) -> GraphQLSchema:
        """The same schema as graphql-core sees it."""
        return self._schema

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave errors to `gql.errors.shown`."""


def build_schema() -> Schema:
    """Build the schema; it takes about 0.1 s."""
    return Schema(Query, Mutation, extensions=[lambda: Prepared()], config=StrawberryConfig(scalar_map=SCALARS))


def sdl() -> str:
    """Return the schema's text as it is committed."""
    return build_schema().as_str() + "\n"


if __name__ == "__main__":
    SDL.write_text(sdl(), "utf-8")
