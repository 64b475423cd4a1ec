"""How many objects an introspection answers with: counted on the schema itself, which is the same while it is served.

Each selection is counted once for each part of the schema, however many ways lead there: a hostile document takes no
longer than an honest one. Knows the schema; does not know how much is allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionSetNode,
    get_named_type,
    introspection_types,
)
from graphql.pyutils import is_iterable

SCHEMA, TYPE = introspection_types["__Schema"], introspection_types["__Type"]


@dataclass(slots=True)
class Introspection:
    """Counts what the fields `__schema` and `__type` of one document answer with."""

    schema: GraphQLSchema  # also what graphql-core's own resolvers read of what they take for the request
    fragments: Mapping[str, FragmentDefinitionNode]
    _counted: dict[tuple[int, int], int] = field(default_factory=dict)

    def count(self, node: FieldNode) -> int:
        """The objects under `__schema`, or under `__type` whichever type it names."""
        if node.selection_set is None:
            return 0
        if node.name.value == "__schema":
            return 1 + self._under(node.selection_set, SCHEMA, self.schema)
        return 1 + max(self._under(node.selection_set, TYPE, one) for one in self.schema.type_map.values())

    def _under(self, selection: SelectionSetNode, shape: GraphQLNamedType, part: Any) -> int:
        """The objects that a selection brings under one part of the schema."""
        held = part[1] if isinstance(part, tuple) else part  # fields and arguments come with their names
        place = id(selection), id(held)
        if place not in self._counted:
            self._counted[place] = 0  # a cycle ends here; validation names it
            self._counted[place] = sum(self._of(node, shape, part) for node in selection.selections)
        return self._counted[place]

    def _of(self, node: Any, shape: GraphQLNamedType, part: Any) -> int:
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments.get(node.name.value)
            return self._under(fragment.selection_set, shape, part) if fragment is not None else 0
        if not isinstance(node, FieldNode):
            return self._under(node.selection_set, shape, part)
        known = shape.fields.get(node.name.value) if isinstance(shape, GraphQLObjectType) else None
        if known is None or known.resolve is None or node.selection_set is None:
            return 0
        found = known.resolve(part, self, **dict.fromkeys(known.args, True))  # deprecated ones too
        return sum(
            1 + self._under(node.selection_set, get_named_type(known.type), one)
            for one in (found if is_iterable(found) else [found])
            if one is not None
        )
