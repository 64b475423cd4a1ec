from collections.abc import Iterator

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from gql.fields import Requires
from gql.mutations import Mutation
from gql.queries import Query
from gql.schema import SDL, build_schema, sdl
from gql.tokens import Access


def own_types() -> Iterator[GraphQLNamedType]:
    for one in build_schema().core.type_map.values():
        if not is_introspection_type(one) and not is_specified_scalar_type(one):
            yield one


def described(one: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """Every place of a type that a reader would want to have explained."""
    yield one.name, one.description
    if isinstance(one, GraphQLEnumType):
        yield from ((f"{one.name}.{name}", value.description) for name, value in one.values.items())
    if isinstance(one, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for name, field in one.fields.items():
            yield f"{one.name}.{name}", field.description
            for argument, given in getattr(field, "args", {}).items():
                yield f"{one.name}.{name}({argument}:)", given.description


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert SDL.read_text("utf-8") == sdl(), "run: python -m gql.schema"


def test_everything_is_described() -> None:
    places = [place for one in own_types() for place in described(one)]
    assert len(places) > 150
    assert [place for place, text in places if not text or len(text) < 7] == []


def test_every_root_field_says_what_token_it_takes() -> None:
    rules = {}
    for root in (Query, Mutation):
        definition = strawberry.types.get_object_definition(root, strict=True)
        for field in definition.fields:
            (rules[field.python_name],) = [one.access for one in field.extensions if isinstance(one, Requires)]
    secret = {name for name, access in rules.items() if access is Access.SECRET}
    assert secret == {"upsert_products", "retire_products", "extract", "ingest_text", "remove_text", "provenance",
        "promote_model", "roll_back_model", "withdraw_model",
    }  # fmt: skip
    assert {access for name, access in rules.items() if name not in secret} == {Access.PUBLISHABLE}


def test_names_are_those_that_storefronts_know() -> None:
    core = build_schema().core
    assert core.query_type is not None
    assert core.mutation_type is not None
    assert set(core.query_type.fields) == {
        "search", "predictiveSearch", "product", "products", "entity", "extract", "provenance", "category",
        "recommendations", "productRecommendations", "status",
    }  # fmt: skip
    assert set(core.mutation_type.fields) == {
        "track", "upsertProducts", "retireProducts", "ingestText", "removeText", "promoteModel", "rollBackModel",
        "withdrawModel",
    }  # fmt: skip
