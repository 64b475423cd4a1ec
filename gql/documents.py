"""GraphQL texts, parsed, measured and validated once each.

Keeps the documents asked for last, bounded by their tokens and so by memory. Knows the schema and the limits; does not
know who asks, nor what anything answers.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_operation_ast,
    parse,
)
from strawberry.extensions import SchemaExtension

from gql.limits import Limits, Measure, check_repeats, count_tokens
from graphsvc.errors import QueryError

KEPT_TOKENS = 40_000  # about 450 bytes each: 20 MB


@dataclass(slots=True)
class Document:
    """One parsed text. `errors` is what validation found, None before it ran."""

    node: DocumentNode
    tokens: int
    errors: list[GraphQLError] | None = None
    fields: dict[str | None, frozenset[str]] = field(default_factory=dict)
    costs: dict[str | None, int] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Return the operation of that name, or the only one. Raises QueryError when there is none or a choice."""
        found = get_operation_ast(self.node, name)
        if found is None:
            known = "none of that name" if name else "several, or none"
            raise QueryError(f"The document has {known} to execute.", "Name one of its operations in operationName.")
        return found


class Documents:
    """The documents asked for last. Any number of threads may ask."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema, self._limits = schema, limits
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self.tokens = 0
        self._lock = threading.Lock()

    def take(self, text: str) -> Document:
        """Return the parsed text. Raises QueryError over a limit, GraphQLSyntaxError for what is not GraphQL."""
        with self._lock:
            document = self._kept.get(text)
            if document is not None:
                self._kept.move_to_end(text)
                return document
        tokens = count_tokens(text, self._limits)
        document = Document(parse(text), tokens)
        check_repeats(document.node)
        with self._lock:
            if text not in self._kept:
                self._kept[text] = document
                self.tokens += tokens
            while self.tokens > KEPT_TOKENS:
                self.tokens -= self._kept.popitem(last=False)[1].tokens
        return document

    def fields(self, document: Document, name: str | None, variables: Mapping[str, Any]) -> frozenset[str]:
        """Check one operation against the limits and return the names of all fields in it. Raises QueryError."""
        if name in document.costs:  # no size in it depends on a variable
            return document.fields[name]
        operation = document.operation(name)
        fragments = {
            node.name.value: node for node in document.node.definitions if isinstance(node, FragmentDefinitionNode)
        }
        measure = Measure(self._schema, fragments, variables)
        cost = measure.check(operation, self._limits)
        document.fields[name] = frozenset(measure.fields)
        if not measure.varies:
            document.costs[name] = cost
        return document.fields[name]


class Prepared(SchemaExtension):
    """Hands strawberry the document that `Documents` parsed, and keeps what its validation finds."""

    def on_parse(self) -> Iterator[None]:
        """Skip parsing."""
        self.execution_context.graphql_document = self.execution_context.context.document.node
        yield

    def on_validate(self) -> Iterator[None]:
        """Skip validation when its result is known."""
        document: Document = self.execution_context.context.document
        self.execution_context.pre_execution_errors = document.errors
        yield
        document.errors = self.execution_context.pre_execution_errors
