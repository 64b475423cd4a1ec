"""Who is asking: nobody, a storefront with the publishable token, or a server with the secret one.

Knows two tokens and a header; what each may do stands beside the fields, in `gql.schema`.
"""

import hmac
from dataclasses import dataclass
from enum import IntEnum

from starlette.requests import HTTPConnection


class Access(IntEnum):
    """What a token allows, each level including those below it."""

    NOBODY = 0
    PUBLISHABLE = 1  # reads the catalogue and tracks
    SECRET = 2  # writes, and answers about a named shopper


@dataclass(frozen=True, slots=True)
class Tokens:
    """The two tokens of a shop. They are compared in constant time and never logged."""

    publishable: str
    secret: str

    def access(self, connection: HTTPConnection) -> Access:
        """Return what the request's `Authorization: Bearer` token allows."""
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return Access.NOBODY
        for token, access in ((self.secret, Access.SECRET), (self.publishable, Access.PUBLISHABLE)):
            if hmac.compare_digest(given.strip().encode(), token.encode()):
                return access
        return Access.NOBODY
