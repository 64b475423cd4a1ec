"""A request sent twice is one change: what the log keeps of a producer's key, and of the request that used it.

Keys and requests are kept as digests under keys of the vault: people put addresses into both. The time that a request
arrived is no part of a request, since an event without a time is given that one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphsvc.errors import ConflictError
from graphsvc.log import Entry
from graphsvc.vault import Vault

REQUEST = "request"  # the field of an entry's payload that holds the digest


@dataclass(frozen=True, slots=True)
class Once:
    """One keyed request: the key of its entry, and the digest of all that it asks."""

    key: str
    request: str

    @classmethod
    def of(cls, vault: Vault, kind: str, key: str, request: Sequence[Any]) -> "Once":
        """Of a producer's key and what the producer asks."""
        content = json.dumps([kind, request], sort_keys=True, default=str)
        return cls(f"{kind}:{vault.digest(key, 'idempotency keys')}", vault.digest(content, "idempotent requests"))

    def over(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The payload of an entry that this request writes."""
        return {**payload, REQUEST: self.request}

    def check(self, entry: Entry) -> int:
        """The offset of the entry that stands under the key. Raises ConflictError when another request wrote it."""
        if entry.json().get(REQUEST, self.request) != self.request:
            raise ConflictError(
                "This idempotency key was used before, for another request.",
                "Give every request a key of its own; repeat a key only to send the same request again.",
            )
        return entry.offset
