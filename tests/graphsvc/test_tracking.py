from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graphsvc.errors import InputError, NotFoundError
from graphsvc.tracking import LONGEST, RATING, admit, pseudonym_of
from graphsvc.types import Event
from graphsvc.vault import Vault

NOW = datetime.now(UTC)
MD5 = "0123456789abcdef" * 2


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault.db", b"k" * 32)


def admitted(vault: Vault, **given: Any) -> Event:
    event = replace(Event("s:1", "view", NOW, session="v"), **given)
    return admit(3, event, lambda product: product == "s:1", vault)


def test_no_string_keeps_an_address(vault: Vault) -> None:
    mail = "ann@example.com"
    event = admitted(vault, session=mail, shopper=mail, basket=mail, query_id=mail, event_id=mail)
    assert mail not in str(event)
    assert event.shopper == vault.pseudonym(mail)
    assert event.session == f"[email:{event.shopper}]"
    assert admitted(vault, session="ann@example．com").session == event.session  # as everything that reads it cleans it


def test_a_shop_may_call_its_shoppers_as_pseudonyms_look(vault: Vault) -> None:
    assert admitted(vault, shopper=MD5).shopper == vault.pseudonym(MD5) == pseudonym_of(MD5, vault) != MD5
    assert pseudonym_of(f"shopper:{MD5}", vault) == MD5


def test_an_event_replaces_only_the_same_owners_event_of_that_id(vault: Vault) -> None:
    ids = [
        admitted(vault, event_id=event_id, session=session, shopper=shopper).event_id
        for event_id in ("shop:e1", "e1")
        for session, shopper in (("v", None), ("w", None), (None, "v"), ("v", "v"))
    ]
    assert ids[2] == ids[3], "a named shopper's events are theirs in every session"
    assert len(set(ids)) == 6
    assert all(name and name.startswith("track:") for name in [*ids, admitted(vault).event_id])
    assert admitted(vault).event_id != admitted(vault).event_id


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "rate", "value": 1e300}, {"kind": "rate", "value": RATING + 1}, {"value": -1.0},
        {"value": float("nan")}, {"kind": "buy", "value": 1e9}, {"quantity": 1e7}, {"quantity": -1.0},
        {"quantity": float("inf")}, {"position": -1}, {"position": 2**40}, {"session": "v" * (LONGEST + 1)},
        {"basket": "b" * (LONGEST + 1)}, {"query_id": "q" * (LONGEST + 1)}, {"event_id": "e" * (LONGEST + 1)},
        {"shopper": "s" * (LONGEST + 1)}, {"session": None}, {"session": ""}, {"kind": "buys"},
        {"time": NOW + timedelta(days=2)}, {"time": datetime(1, 1, 1, tzinfo=UTC)}, {"time": datetime(2026, 11, 25)},
    ],
    ids=lambda given: next(iter(given)),  # no value: some are of now, and two processes collect the same tests
)  # fmt: skip
def test_what_cannot_be_is_refused_and_named(vault: Vault, given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="Event 3 "):
        admitted(vault, **given)


def test_what_may_just_be_is_taken_and_an_unknown_product_is_not(vault: Vault) -> None:
    event = admitted(vault, kind="rate", value=RATING, quantity=0.0, position=0, session="v" * LONGEST)
    assert (event.value, event.quantity, event.position) == (RATING, 0.0, 0)
    with pytest.raises(NotFoundError, match="Event 3 "):
        admitted(vault, product_id="s:2")
