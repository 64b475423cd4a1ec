"""What every resolver of one request is given. Knows who asks and what was parsed; decides nothing."""

from dataclasses import dataclass

import strawberry

from gql.documents import Document
from gql.service import Service
from gql.tokens import Access


@dataclass(frozen=True, slots=True)
class Context:
    """One request: who asks, what was parsed, and every field name in it."""

    service: Service
    access: Access
    document: Document
    fields: frozenset[str]


Info = strawberry.Info[Context, None]
