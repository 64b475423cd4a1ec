"""The client of language models: what is tried again, how long it waits, and that every error comes out as ours."""

import inspect
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from extractors.errors import ExtractorError, LanguageModelRefused, LanguageModelUnavailable
from extractors.llm_client import Answer, ChatClient, Endpoint
from tests.extractors.endpoint import Reply, fails, says, serving
from tests.silence import silent_neo4j as silence

BODY = b'{"messages": [{"role": "user", "content": "x"}]}'
ERRORS = [
    kind
    for _, kind in inspect.getmembers(httpx, inspect.isclass)
    if issubclass(kind, httpx.RequestError | httpx.InvalidURL)
]


def ask(url: str, key: str = "", tries: int = 3, back_off_s: float = 0.001, timeout_s: float = 20) -> Answer:
    with closing(ChatClient(Endpoint(url, "m", key, timeout_s, tries, back_off_s))) as client:
        return client.ask(BODY)


def timed(reply: Reply) -> float:
    with serving(reply, says()) as script:
        began = time.monotonic()
        assert ask(script.url).tries == 2
        return time.monotonic() - began


def test_it_waits_as_long_as_the_server_asks() -> None:
    assert timed(fails(429, retry_after="0.6")) >= 0.6
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    assert 0.3 <= timed(fails(503, retry_after=soon)) <= 3
    for unreadable in ("-5", "", "whenever", "nan"):
        assert timed(fails(429, retry_after=unreadable)) < 0.6


def test_it_does_not_wait_for_a_server_that_asks_for_an_hour() -> None:
    with serving(fails(429, "quota", retry_after="3600"), says()) as script:
        with pytest.raises(LanguageModelUnavailable, match="429.*quota"):
            ask(script.url)
        assert len(script.asked) == 1


def test_pauses_grow() -> None:
    with serving(fails(500)) as script:
        began = time.monotonic()
        with pytest.raises(LanguageModelUnavailable):
            ask(script.url, tries=4, back_off_s=0.2)
        assert time.monotonic() - began >= (0.2 + 0.4 + 0.8) / 2
        assert len(script.asked) == 4


def test_a_silent_server_and_an_empty_place_are_told() -> None:
    with (
        silence() as address,
        pytest.raises(LanguageModelUnavailable, match="ReadTimeout"),
    ):
        ask(address.replace("bolt", "http"), tries=2, timeout_s=0.2)
    with pytest.raises(LanguageModelUnavailable, match="ConnectError"):
        ask("http://127.0.0.1:1/v1")
    for wrong in ("ftp://127.0.0.1/v1", "127.0.0.1", "http://127.0.0.1:port", ""):
        with pytest.raises(LanguageModelRefused, match="not an address"):
            ask(wrong)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_driver_is_mapped(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def post(*_: object, **__: object) -> httpx.Response:
        raise kind("told")

    monkeypatch.setattr(httpx.Client, "post", post)
    with pytest.raises(ExtractorError):
        ask("http://127.0.0.1:1", tries=1)


@pytest.mark.parametrize("key", ["sk-1\n", "sk 1", "密钥"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(LanguageModelRefused) as refusal:
        ask("http://127.0.0.1:1", key)
    assert key not in str(refusal.value)


def test_without_a_key_none_is_sent() -> None:
    with serving(says()) as script:
        ask(script.url + "/")
        assert "authorization" not in script.headers[0]
