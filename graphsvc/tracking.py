"""What a storefront may say of a shopper: events are judged, freed of personal data, and given ids of their own.

The publishable token stands in every page, so anybody may send anything. Knows one event at a time; does not write.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from graphsvc.errors import InputError, NotFoundError
from graphsvc.types import Event
from graphsvc.vault import Vault
from graphsvc.warehouse.fields import EVENT_KINDS

AHEAD = timedelta(days=1)  # how far a producer's clock may run before ours
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # as the contracts of imports have it, and the bounds below too
LONGEST = 500  # characters of a free string
TEXTS = ("shopper", "session", "basket", "query_id", "event_id")
MOST = {"quantity": 1_000_000.0, "value": 100_000_000.0, "position": 1_000_000.0}
RATING = 100.0  # the highest, whatever the shop's scale
PSEUDONYM = re.compile(r"shopper:([0-9a-f]{32})")


def admit(at: int, event: Event, known: Callable[[str], bool], vault: Vault) -> Event:
    """An event as it may be written; `at` is its place in the call, `known` says whether a product is there.

    Raises InputError and NotFoundError, which name the event.
    """
    if not known(event.product_id):
        raise NotFoundError(f"Event {at} names the product {event.product_id!r}, which is not there.", "Leave it out.")
    if event.kind not in EVENT_KINDS:
        raise InputError(f"Event {at} is of the kind {event.kind!r}.", f"Give one of {', '.join(EVENT_KINDS)}.")
    _check_time(at, event.time)
    _check_bounds(at, event)
    if not (event.shopper or event.session):
        raise InputError(f"Event {at} names neither a shopper nor a session.", "Give one of them.")
    shopper = vault.pseudonym(event.shopper) if event.shopper else None
    session = vault.mask(event.session) if event.session else None
    return replace(
        event,
        shopper=shopper,
        session=session,
        basket=vault.mask(event.basket) if event.basket else None,
        query_id=vault.mask(event.query_id) if event.query_id else None,
        event_id=_event_id(event.event_id, f"shopper:{shopper}" if shopper else f"session:{session}", vault),
    )


def pseudonym_of(name: str, vault: Vault) -> str:
    """The pseudonym of a shopper, given by the shop's own id, or as the graph names them: "shopper:PSEUDONYM"."""
    found = PSEUDONYM.fullmatch(name)
    return found[1] if found else vault.pseudonym(name)


def _event_id(given: str | None, owner: str, vault: Vault) -> str:
    """An id that no import has, nor anybody else: the same id again stands for the same event of the same owner."""
    return f"track:{owner}/{vault.mask(given)}" if given else f"track:{uuid4().hex}"


def _check_time(at: int, time: datetime) -> None:
    if time.tzinfo is None:
        raise InputError(f"Event {at} has a time without a zone.", "Give it one, such as UTC.")
    if time > datetime.now(UTC) + AHEAD:
        raise InputError(f"Event {at} lies in the future: {time.isoformat()}.", "Check the producer's clock.")
    if time < EARLIEST:
        raise InputError(f"Event {at} lies before {EARLIEST.year}: {time.isoformat()}.", "Check the producer's clock.")


def _check_bounds(at: int, event: Event) -> None:
    for name in TEXTS:
        text = getattr(event, name)
        if text is not None and len(text) > LONGEST:
            raise InputError(f"Event {at} has a {name} of {len(text):,} characters.", f"Give at most {LONGEST}.")
    for name, most in MOST.items():
        highest = RATING if name == "value" and event.kind == "rate" else most
        number = getattr(event, name)
        if number is not None and not 0 <= number <= highest:
            raise InputError(
                f"Event {at} has a {name} of {number:g}, which is not between 0 and {highest:,.0f}.", "Correct it."
            )
