"""A service of this shop that runs already, asked over GraphQL. Knows its address and how its errors look."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from graphsvc.errors import GraphsvcError, InputError, RefusedError, ShopLockedError, UnavailableError
from graphsvc.shop import Shop, writer_of
from graphsvc.texts import GivenText

INGEST_TEXT = "mutation ($input: TextInput!) { ingestText(input: $input) { offset } }"
NAMING = "mutation ($version: ID!, $why: String!) { %s(version: $version, why: $why) { kind version } }"
NAMINGS = {name: NAMING % name for name in ("promoteModel", "rollBackModel", "withdrawModel")}
OF_THE_TEXT: Sequence[type[InputError]] = (InputError, *InputError.__subclasses__())
REFUSALS: Mapping[str, type[GraphsvcError]] = {one.code: one for one in OF_THE_TEXT}
PATIENCE_S = 30.0


def address_of(shop: Shop) -> str | None:
    """Where the service that writes this shop listens; None when no service does."""
    found = re.search(r"https?://\S+?(?=,|\s|$)", writer_of(shop))
    return found[0] if found else None


def service_that_writes(shop: Shop, locked: ShopLockedError) -> "RunningService":
    """The service that writes a shop, to be asked instead. Raises `locked` where another process writes it."""
    address = address_of(shop)
    if address is None:
        raise locked
    return RunningService(address, shop.secret("secret"))


class RunningService:
    """A service at an address, as `serve` says it. Use it in a `with`."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self._http = httpx.Client(
            base_url=address, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE_S, trust_env=False
        )

    def __enter__(self) -> "RunningService":
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def ingest_text(self, given: GivenText) -> int:
        """Take in a text; returns its offset. Raises InputError when it is refused, UnavailableError."""
        text = {"text": given.text, "productId": given.product, "id": given.name, "kind": given.kind}
        return int(self._ask(INGEST_TEXT, input=text)["ingestText"]["offset"])

    def name_model(self, naming: str, version: str, why: str) -> tuple[str, str]:
        """Promote, roll back or withdraw a model, by the name in NAMINGS; returns its kind, and the version that it
        then speaks of. Raises RefusedError when the service refuses, UnavailableError."""
        said = self._ask(NAMINGS[naming], version=version, why=why)[naming]
        return said["kind"], said["version"]

    def _ask(self, query: str, **variables: Any) -> Any:
        try:
            answer = self._http.post("/graphql", json={"query": query, "variables": variables}).json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise UnavailableError(
                f"The service at {self.address} does not answer: {error}.",
                "Start it, then give the same command again: what is done already is done once.",
            ) from error
        for said in answer.get("errors", ()):
            raise _error_of(said)
        return answer["data"]


def _error_of(said: Mapping[str, Any]) -> GraphsvcError:
    more = said.get("extensions", {})
    kind = REFUSALS.get(more.get("code", ""), RefusedError)
    return kind(str(said["message"]), str(more.get("nextStep", "")))
