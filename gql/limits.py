"""What one GraphQL document may ask for: tokens before it is parsed, then depth, aliases, repeats and cost.

Works on texts and syntax trees. Each fragment is measured once however often it is spread, so that measuring a hostile
document is as cheap as reading it. Knows no data.

Cost is the number of objects that an answer may hold: a field that takes `first` gives that many edges, one that takes
`ids` as many as there are ids, any other list is taken to hold `LIST`; each object of a list brings what is selected
under it. What is asked of the graph database counts as `ROUND_TRIP` more; what is asked of the schema is counted there.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    Lexer,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from gql.introspection import Introspection
from graphsvc.errors import QueryError
from graphsvc.settings import Settings

LIST = 10  # objects that a list without a size of its own is taken to hold
GRAPH_FIELDS = ("entity", "neighbourhood", "extract")
ROUND_TRIP = 500  # objects out of memory that one node of the graph, or one text to extract from, is as dear as
NESTING = 100  # open brackets at once; the parser is recursive
REPEATS = 100  # fields of one name with a selection: validation compares each with each
TOKEN_LENGTH = 50  # characters a token is allowed on average
OPENING = frozenset((TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L))
CLOSING = frozenset((TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R))


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one request."""

    tokens: int
    depth: int
    aliases: int
    cost: int

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """The bounds that the settings give."""
        return cls(settings.token_limit, settings.depth_limit, settings.alias_limit, settings.cost_limit)


def count_tokens(text: str, limits: Limits) -> int:
    """Return the number of tokens. Raises QueryError over a limit, GraphQLSyntaxError for what is no token."""
    if len(text) > limits.tokens * TOKEN_LENGTH:
        raise QueryError(
            f"The document has {len(text):,} characters; {limits.tokens * TOKEN_LENGTH:,} are allowed.",
            "Pass long values as variables, and split the rest into several requests.",
        )
    lexer, tokens, nesting = Lexer(Source(text)), 0, 0
    while (kind := lexer.advance().kind) is not TokenKind.EOF:
        tokens += 1
        nesting += (kind in OPENING) - (kind in CLOSING)
        if tokens > limits.tokens:
            raise QueryError(f"The document has more than {limits.tokens:,} tokens.", "Split it into several requests.")
        if nesting > NESTING:
            raise _too_deep(limits)
    return tokens


def check_repeats(document: DocumentNode) -> None:
    """Raise QueryError for one field selected over and over, in whatever operation or fragment of the document."""
    counts: Counter[str] = Counter()
    waiting: list[Any] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        selection = getattr(node, "selection_set", None)
        if selection is None:
            continue
        waiting.extend(selection.selections)
        if isinstance(node, FieldNode):
            counts[(node.alias or node.name).value] += 1
    for name, count in counts.most_common(1):
        if count > REPEATS:
            raise QueryError(f"{name!r} is selected {count:,} times; {REPEATS} are allowed.", "Select it once.")


@dataclass(slots=True)
class Size:
    """How large a selection is. With n the size of the page around it, it costs `fixed` + n · `each`."""

    fixed: int = 0
    each: int = 0
    depth: int = 0
    aliases: int = 0

    def add(self, other: "Size") -> None:
        """Count another selection of the same level."""
        self.fixed += other.fixed
        self.each += other.each
        self.aliases += other.aliases
        self.depth = max(self.depth, other.depth)

    def cost(self, page: int) -> int:
        """Objects, in a page of that size."""
        return self.fixed + page * self.each


@dataclass(slots=True)
class Measure:
    """Measures the operations of one document. `fields` holds every field name in it afterwards."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    varies: bool = False  # some size stands in a variable
    fields: set[str] = field(default_factory=set)
    _defaults: dict[str, ValueNode | None] = field(default_factory=dict)
    _done: dict[str, Size] = field(default_factory=dict)
    _introspection: Introspection = field(init=False)

    def __post_init__(self) -> None:
        self._introspection = Introspection(self.schema, self.fragments)

    def check(self, operation: OperationDefinitionNode, limits: Limits) -> int:
        """Return the cost of an operation. Raises QueryError over a limit."""
        self._defaults = {
            definition.variable.name.value: definition.default_value
            for definition in operation.variable_definitions or ()
        }
        try:
            size = self._selection(operation.selection_set, self.schema.get_root_type(operation.operation))
        except RecursionError:
            raise _too_deep(limits) from None
        if size.depth > limits.depth:
            raise _too_deep(limits)
        if size.aliases > limits.aliases:
            raise QueryError(
                f"The request has {size.aliases:,} aliases; {limits.aliases} are allowed.",
                "Ask for several products with `products(ids:)`, or send several requests.",
            )
        cost = size.cost(LIST)
        if cost > limits.cost:
            raise QueryError(
                f"The request may cost {cost:,} objects; {limits.cost:,} are allowed.",
                "Ask for a smaller page with `first`, or for fewer lists under each product; each `entity` and"
                f" `neighbourhood` counts as {ROUND_TRIP}.",
            )
        return cost

    def _selection(self, selection: SelectionSetNode, parent: GraphQLNamedType | None) -> Size:
        size = Size()
        for node in selection.selections:
            if isinstance(node, FieldNode):
                size.add(self._field(node, parent))
            elif isinstance(node, InlineFragmentNode):
                size.add(self._selection(node.selection_set, self._type_of(node, parent)))
            elif isinstance(node, FragmentSpreadNode):
                size.add(self._fragment(node.name.value))
        return size

    def _fragment(self, name: str) -> Size:
        if name not in self._done:
            self._done[name] = Size()  # a cycle ends here; validation names it
            fragment = self.fragments.get(name)
            if fragment is not None:
                self._done[name] = self._selection(fragment.selection_set, self._type_of(fragment, None))
        return self._done[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Size:
        name = node.name.value
        self.fields.add(name)
        aliases = int(node.alias is not None)
        if node.selection_set is None:
            return Size(depth=1, aliases=aliases)
        known: GraphQLField | None = getattr(parent, "fields", {}).get(name)
        under = self._selection(node.selection_set, get_named_type(known.type) if known else None)
        size = Size(depth=under.depth + 1, aliases=under.aliases + aliases)
        if name.startswith("__"):  # validation bounds its depth
            size.depth, size.fixed = 1, self._introspection.count(node)
            return size
        page = self._page(node, known)
        if name == "edges":
            size.each = 1 + under.cost(LIST)
        elif known is not None and is_list_type(get_nullable_type(known.type)):
            size.fixed = (LIST if page is None else page) * (1 + under.cost(LIST))
        else:
            size.fixed = 1 + max(page or 0, under.cost(LIST if page is None else page))
        size.fixed += ROUND_TRIP * (name in GRAPH_FIELDS)
        return size

    def _page(self, node: FieldNode, known: GraphQLField | None) -> int | None:
        """How many objects the field's own arguments ask for, None when it takes none that says."""
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        argument = known.args.get("first") if known is not None else None
        default = argument.default_value if argument is not None else None
        default = default if isinstance(default, int) else None
        for name in ("first", "ids"):
            if name in arguments:
                return self._number(arguments[name], LIST if default is None else default)
        return default

    def _number(self, node: ValueNode, default: int) -> int:
        """A size that stands in the document or in a variable: a number, or how long a list is; `default` for none."""
        if isinstance(node, VariableNode):
            self.varies = True
            name = node.name.value
            if name in self.variables:
                return _length(self.variables[name])
            declared = self._defaults.get(name)
            return default if declared is None else self._number(declared, default)
        if isinstance(node, IntValueNode):
            return _length(int(node.value[:18]))  # no page is that long; int() refuses thousands of digits
        return len(node.values) if isinstance(node, ListValueNode) else LIST

    def _type_of(
        self, node: FragmentDefinitionNode | InlineFragmentNode, parent: GraphQLNamedType | None
    ) -> GraphQLNamedType | None:
        condition = node.type_condition
        return self.schema.get_type(condition.name.value) if condition is not None else parent


def _length(value: object) -> int:
    if isinstance(value, list):
        return len(value)
    if isinstance(value, float) and value.is_integer():  # GraphQL takes 1000.0 for 1000
        value = int(value)
    return max(value, 0) if isinstance(value, int) else LIST


def _too_deep(limits: Limits) -> QueryError:
    return QueryError(
        f"The request is nested deeper than {limits.depth} levels.", "Select fewer levels, or ask in several requests."
    )
