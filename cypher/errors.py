"""Everything that can go wrong between us and Neo4j.

CypherError                 message and the next step to take
├── GraphAway               nothing answers at the address, or it stopped answering; may be tried again
├── AccessDenied            user or password are not those of the server
├── StatementError          Neo4j, or a check of ours, does not accept a statement or its parameters
│   ├── StatementRefused    valid Cypher that the door for analysts does not let through
│   └── UnknownQuery        no named query goes by that name
├── StatementTimeout        a statement took longer than it may
└── ServerError             the local server
    ├── JarsMissing         its program could not be had
    ├── ServerBusy          another process owns it
    ├── ServerFailed        it did not start; the message names its log
    └── ImportFailed        the offline import broke off
"""


class CypherError(Exception):
    """The root of the tree. `next_step` tells a person what to do."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()


class GraphAway(CypherError):
    """Nothing answers at the address, or it stopped answering; may be tried again."""


class AccessDenied(CypherError):
    """User or password are not those of the server."""


class StatementError(CypherError):
    """Neo4j, or a check of ours, does not accept a statement or its parameters."""


class StatementRefused(StatementError):
    """Valid Cypher that the door for analysts does not let through."""


class UnknownQuery(StatementError):
    """No named query goes by that name."""


class StatementTimeout(CypherError):
    """A statement took longer than it may."""


class ServerError(CypherError):
    """The local server."""


class JarsMissing(ServerError):
    """Its program could not be had."""


class ServerBusy(ServerError):
    """Another process owns it."""


class ServerFailed(ServerError):
    """It did not start; the message names its log."""


class ImportFailed(ServerError):
    """The offline import broke off."""
