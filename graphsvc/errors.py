"""Every error that can reach a user.

GraphsvcError                 code, message and the next step to take
├── InputError                something the caller gave is wrong
│   ├── SourceError           a file or feed that cannot be read
│   ├── MappingError          columns that cannot be matched to fields
│   ├── ContractError         a contract that is not valid, or that forbids the change
│   ├── LabelError            labelled data that cannot be read, kept or written as it is
│   ├── QueryError            a query, filter, cursor or page that is not valid
│   ├── NotFoundError         an id that nothing has
│   └── ConflictError         an idempotency key that another request used
├── RefusedError              valid, but not allowed
│   ├── SafetyStop            an import that would retire too much
│   ├── GateError             a model that does not pass the gate before production
│   ├── ShopLockedError       another process owns the data folder
│   └── ForeignGraphError     a Neo4j that is not ours and not empty
└── UnavailableError          a part that is away; the call may be tried again
    ├── GraphUnavailable      Neo4j does not answer
    ├── StorageError          the disk is full, read-only, or a file on it is damaged
    └── LagError              a projection has not reached the asked offset in time
"""


class GraphsvcError(Exception):
    """The root of the tree. `code` is stable for programs, `next_step` tells a person what to do."""

    code = "INTERNAL"

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()


class InputError(GraphsvcError):
    """Something the caller gave is wrong."""

    code = "BAD_INPUT"


class SourceError(InputError):
    """A file or feed that cannot be read."""

    code = "BAD_SOURCE"


class MappingError(InputError):
    """Columns that cannot be matched to fields."""

    code = "BAD_MAPPING"


class ContractError(InputError):
    """A contract that is not valid, or that forbids the change."""

    code = "BAD_CONTRACT"


class LabelError(InputError):
    """Labelled data that cannot be read, kept or written as it is."""

    code = "BAD_LABELS"


class QueryError(InputError):
    """A query, filter, cursor or page that is not valid."""

    code = "BAD_QUERY"


class NotFoundError(InputError):
    """An id that nothing has."""

    code = "NOT_FOUND"


class ConflictError(InputError):
    """An idempotency key that another request used."""

    code = "CONFLICT"


class RefusedError(GraphsvcError):
    """Valid, but not allowed."""

    code = "REFUSED"


class SafetyStop(RefusedError):
    """An import that would retire too much of the catalogue."""

    code = "SAFETY_STOP"


class GateError(RefusedError):
    """A model that does not pass the gate before production."""

    code = "GATE"


class ShopLockedError(RefusedError):
    """Another process owns the data folder."""

    code = "SHOP_LOCKED"


class ForeignGraphError(RefusedError):
    """A Neo4j that is not ours and not empty."""

    code = "FOREIGN_GRAPH"


class UnavailableError(GraphsvcError):
    """A part that is away; the call may be tried again."""

    code = "UNAVAILABLE"


class GraphUnavailable(UnavailableError):
    """Neo4j does not answer."""

    code = "GRAPH_UNAVAILABLE"


class StorageError(UnavailableError):
    """The disk is full, read-only, or a file on it is damaged."""

    code = "STORAGE"


class LagError(UnavailableError):
    """A projection has not reached the asked offset in time."""

    code = "LAG"
