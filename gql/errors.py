"""Errors of the door itself, and how every error looks from outside.

GraphsvcError (graphsvc/errors.py)
└── RequestError              an HTTP request that holds no GraphQL request; `status` is its HTTP status
    ├── TooLargeError         a body over the limit
    └── BusyError             more requests are waiting than can be served in time
└── RefusedError (graphsvc/errors.py)
    ├── UnauthenticatedError  no token, or one that this shop did not give out
    └── ForbiddenError        a token that does not allow this field

A caller learns code, path and next step. What it must not learn (paths on our disk, addresses, tracebacks) is logged
under an id, and the caller gets the id.
"""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from graphql import GraphQLError

from graphsvc.errors import (
    GraphsvcError,
    GraphUnavailable,
    InputError,
    RefusedError,
    StorageError,
    UnavailableError,
)

logger = logging.getLogger("graphsvc.gql")

BAD_QUERY = "BAD_QUERY"
READ_SCHEMA = "Compare it with the schema: gql/schema.graphql, or the documentation pane of GraphiQL."
# What their messages hold is for the operator: addresses, paths on our disk.
CONCEALED: dict[type[GraphsvcError], str] = {
    GraphUnavailable: "The graph database does not answer.",
    StorageError: "The shop's storage cannot serve this.",
}


class RequestError(GraphsvcError):
    """An HTTP request that holds no GraphQL request."""

    code = "BAD_REQUEST"

    def __init__(self, message: str, next_step: str = "", status: int = 400) -> None:
        super().__init__(message, next_step)
        self.status = status


class TooLargeError(RequestError):
    """A body over the limit."""

    code = "TOO_LARGE"


class BusyError(RequestError):
    """More requests are waiting than can be served in time."""

    code = "BUSY"


class UnauthenticatedError(RefusedError):
    """No token, or one that this shop did not give out."""

    code = "UNAUTHENTICATED"


class ForbiddenError(RefusedError):
    """A token that does not allow this field."""

    code = "FORBIDDEN"


def shown(error: Exception) -> dict[str, Any]:
    """Return an error as it stands in `errors` of a response: message, locations, path, code and next step."""
    if not isinstance(error, GraphQLError):
        return _entry(*_described(error, None))
    entry = _entry(*_described(_cause(error), error.path))
    if error.locations:
        entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        entry["path"] = error.path
    return entry


def failed(errors: Sequence[dict[str, Any]]) -> bool:
    """Whether any of the shown errors is our fault and not the caller's."""
    return any(error["extensions"]["code"] == GraphsvcError.code for error in errors)


def _cause(error: GraphQLError) -> Exception:
    """What was raised first; the outermost of GraphQL's own errors, for it says the most.

    A value of ours that GraphQL cannot show has a path and no place in the document: that is our fault.
    """
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if not isinstance(cause, GraphQLError):
        return cause
    return ValueError(cause.message) if error.path and not cause.nodes and cause is not error else error


def _described(cause: Exception, path: Sequence[str | int] | None) -> tuple[str, str, str]:
    """Message, code and next step."""
    if isinstance(cause, GraphQLError):
        return cause.message, BAD_QUERY, READ_SCHEMA
    concealed = next((text for kind, text in CONCEALED.items() if isinstance(cause, kind)), "")
    if isinstance(cause, InputError | RefusedError | UnavailableError | RequestError) and not concealed:
        return cause.message, cause.code, cause.next_step
    number = uuid4().hex[:12]
    where = ".".join(map(str, path or ())) or "the request"
    if isinstance(cause, UnavailableError):
        logger.warning("error %s at %s: %s", number, where, cause)
        return concealed, cause.code, f"Try again; the operator finds the reason in the log under {number}."
    logger.error("error %s at %s", number, where, exc_info=cause)
    return "Something went wrong on our side.", GraphsvcError.code, f"Give the operator this id: {number}."


def _entry(message: str, code: str, next_step: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code, "nextStep": next_step}}
