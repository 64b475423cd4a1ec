"""From an HTTP request to a GraphQL request: body and size limits, content types, JSON, and what a GET may hold.

Knows HTTP; does not know GraphQL's language, nor the schema.
"""

from dataclasses import dataclass, field
from typing import Any

import anyio
import orjson
from starlette.requests import ClientDisconnect, Request

from gql.errors import RequestError, TooLargeError

PATIENCE = 30.0  # seconds that a body may take to arrive
SEND_JSON = 'Send {"query": "...", "variables": {...}, "operationName": "..."} as application/json.'


@dataclass(frozen=True, slots=True)
class GraphqlRequest:
    """What a client asks. `reads` is true when it may only read, for it came by GET."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation: str | None = None
    reads: bool = False


async def read_request(request: Request, limit: int) -> GraphqlRequest:
    """Read a GET or POST. Raises RequestError for what holds no GraphQL request, or over `limit` bytes."""
    if request.method == "GET":
        return _from_parameters(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # what a form on a foreign page can send without asking is no JSON
        raise RequestError(f"A body of type {kind or 'unknown'!r} is not read.", SEND_JSON, 415)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise RequestError("A compressed body is not read.", "Send it as it is.", 415)
    given = _json(await _body(request, limit), "body")
    if not isinstance(given, dict):
        what = "Several operations in one request are" if isinstance(given, list) else "A body that is no object is"
        raise RequestError(f"{what} not read.", SEND_JSON)
    return _checked(given, reads=False)


async def _body(request: Request, limit: int) -> bytes:
    """The body; a chunked one, too, is given up on once it is over the limit."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:18]) > limit:
        raise _too_large(limit)
    chunks, size = [], 0
    try:
        with anyio.fail_after(PATIENCE):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
    except ClientDisconnect:
        raise RequestError("The client went away before its request had arrived.") from None
    except TimeoutError:
        raise RequestError(f"The body took over {PATIENCE:g} s to arrive.", "Send it again.", 408) from None
    return b"".join(chunks)


def _from_parameters(request: Request) -> GraphqlRequest:
    parameters = request.query_params
    given: dict[str, Any] = {name: parameters[name] for name in ("query", "operationName") if name in parameters}
    if parameters.get("variables"):
        given["variables"] = _json(parameters["variables"], "parameter `variables`")
    return _checked(given, reads=True)


def _checked(given: dict[str, Any], *, reads: bool) -> GraphqlRequest:
    query, variables, operation = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise RequestError("The request holds no query.", SEND_JSON)
    if not isinstance(variables, dict | None):
        raise RequestError("`variables` is no object.", SEND_JSON)
    if not isinstance(operation, str | None):
        raise RequestError("`operationName` is no string.", SEND_JSON)
    return GraphqlRequest(query, variables or {}, operation or None, reads)


def _json(text: str | bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"The {what} is not JSON: {error}.", SEND_JSON) from None


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The body is over {limit:,} bytes.", "Split it into several requests.", 413)
