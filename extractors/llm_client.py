"""A small client of servers that speak the protocol of OpenAI's chat completions.

Knows HTTP: the key, retries, what is worth another try. Does not know what is asked, nor what it may cost. The key goes
into one header and nowhere else: no message, log or `repr` holds it.
"""

import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Annotated

import httpx
import msgspec

from extractors.errors import ExtractorError, LanguageModelRefused, LanguageModelUnavailable

AGAIN = (408, 429, 500, 502, 503, 504)  # statuses that may be others in a moment
ABOUT_QUESTION = (400, 413, 422)  # statuses that may speak of this one question alone
LONGEST_WAIT_S = 60.0  # a server that asks for more is away
LONGEST_SAID = 300  # characters of a server's message that are passed on
CORRECT = "Check the address, the key and the name of the model."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model answers: `url` as far as the version ("https://host/v1"). `tries` counts the first one too."""

    url: str
    model: str
    key: str = field(default="", repr=False)
    timeout_s: float = 60.0
    tries: int = 5
    back_off_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said. Tokens are None where the server does not count them."""

    content: str
    finish_reason: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    tries: int = 1


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Tokens(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(msgspec.Struct):
    choices: Annotated[list[_Choice], msgspec.Meta(min_length=1)]
    usage: _Tokens | None = None


class ChatClient:
    """Asks one model. Threads may share it. Raises LanguageModelUnavailable and LanguageModelRefused only."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.model = endpoint.model
        self._endpoint = endpoint
        self._url = f"{endpoint.url.rstrip('/')}/chat/completions"
        self._http = httpx.Client(headers=_headers(endpoint.key), timeout=endpoint.timeout_s)

    def ask(self, body: bytes) -> Answer:
        """Post one question and return the answer, trying again with growing pauses while that may help."""
        for tries in count(1):
            try:
                return self._once(body, tries)
            except LanguageModelUnavailable as failure:
                wait = self._pause(tries) if failure.wait_s is None else failure.wait_s
                if tries >= self._endpoint.tries or wait > LONGEST_WAIT_S:
                    raise
            time.sleep(wait)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _pause(self, tries: int) -> float:
        longest: float = min(self._endpoint.back_off_s * 2 ** (tries - 1), LONGEST_WAIT_S)
        return random.uniform(longest / 2, longest)

    def _once(self, body: bytes, tries: int) -> Answer:
        began = time.monotonic()
        try:
            response = self._http.post(self._url, content=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._of_http(error) from error
        if response.status_code != 200:
            raise self._of_status(response)
        completion = self._completion(response)
        choice, tokens = completion.choices[0], completion.usage or _Tokens()
        return Answer(
            choice.message.content or "", choice.finish_reason or "", tokens.prompt_tokens, tokens.completion_tokens,
            time.monotonic() - began, tries,
        )  # fmt: skip

    def _completion(self, response: httpx.Response) -> _Completion:
        try:
            return msgspec.json.decode(response.content, type=_Completion)
        except msgspec.DecodeError as error:
            raise LanguageModelRefused(
                f"What answers at {self._url} does not speak the protocol of chat completions.", CORRECT
            ) from error

    def _of_status(self, response: httpx.Response) -> ExtractorError:
        status = response.status_code
        told = f"({status}): {self._said(response)}."
        if status in AGAIN:
            wait = _asked_wait(response.headers.get("retry-after", ""))
            return LanguageModelUnavailable(
                f"The language model at {self._url} cannot answer now {told}", "Try again later.", wait_s=wait
            )
        return LanguageModelRefused(
            f"The language model at {self._url} refused {told}", CORRECT, about_question=status in ABOUT_QUESTION
        )

    def _of_http(self, error: Exception) -> ExtractorError:
        """The error of ours that says the same. Of the driver's own only the kind is told."""
        kind = type(error).__name__
        if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
            return LanguageModelRefused(f"{self._url!r} is not an address that can be asked ({kind}).", CORRECT)
        return LanguageModelUnavailable(f"Nothing answers at {self._url} ({kind}).", "Try again later.")

    def _said(self, response: httpx.Response) -> str:
        """The server's own words on one line, without the key, should it repeat it."""
        words = response.text
        with suppress(ValueError, KeyError, TypeError):
            words = str(response.json()["error"]["message"])
        if self._endpoint.key:
            words = words.replace(self._endpoint.key, "***")
        return " ".join(words.split())[:LONGEST_SAID].rstrip(".") or "no message"


def _headers(key: str) -> Mapping[str, str]:
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise LanguageModelRefused("The key of the language model holds characters that no key has.", "Copy it anew.")
    return {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}


def _asked_wait(asked: str) -> float | None:
    """The seconds that a Retry-After asks for, as a number or as a date."""
    with suppress(ValueError):
        return max(0.0, float(asked))
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    return None
