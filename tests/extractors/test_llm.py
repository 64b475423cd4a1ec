"""The language model as an extractor, against a small real server that speaks its protocol."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from extractors import Document
from extractors.errors import LanguageModelRefused, LanguageModelUnavailable
from extractors.llm import PREDICATES, LanguageModelExtractor
from extractors.llm_account import Budget
from extractors.llm_cache import AnswerCache
from extractors.llm_client import ChatClient, Endpoint
from extractors.llm_prompt import PROMPT_VERSION, question_of
from extractors.types import Claim
from tests.extractors.endpoint import Reply, Script, fails, says, serving

KEY = "sk-very-secret-1234"
PAN = Document("p1", "Nordholm pan, ＲＥＤ steel", "For all hobs.  28 cm wide.")
BRAND, COLOUR = ("has_brand", "", "Nordholm"), ("has_attribute", "colour", "red")


@contextmanager
def asking(
    folder: Path, *replies: Reply, pause_s: float = 0.0, tries: int = 3, **settings: Any
) -> Iterator[tuple[LanguageModelExtractor, Script]]:
    with serving(*replies, pause_s=pause_s) as script:
        client = ChatClient(Endpoint(script.url, "m", KEY, timeout_s=20, tries=tries, back_off_s=0.001))
        with LanguageModelExtractor(client, AnswerCache(folder / "answers.db"), **settings) as extractor:
            yield extractor, script


def many(count: int) -> list[Document]:
    return [Document(f"p{n}", f"Nordholm pan {n}") for n in range(count)]


def objects(claims: list[list[Claim]]) -> list[list[str]]:
    return [[claim.object for claim in found] for found in claims]


def test_claims_stand_in_the_text_and_say_who_made_them(tmp_path: Path) -> None:
    width, maker = ("has_attribute", "width", "28 cm"), ("made_by", "ignored", "nordholm")
    with asking(tmp_path, says(BRAND, COLOUR, width, maker, BRAND), confidence=0.5) as (extractor, script):
        assert extractor.extract([]) == []
        (claims, none) = extractor.extract([PAN, Document("p2", " ")])
        assert none == []
    found = [(c.predicate, c.qualifier, c.object, c.evidence and c.evidence.field, c.number, c.unit) for c in claims]
    assert found == [
        ("has_brand", "", "Nordholm", "title", None, None),
        ("has_attribute", "colour", "ＲＥＤ", "title", None, None),
        ("has_attribute", "width", "28 cm", "text", 0.28, "m"),
        ("made_by", "", "Nordholm", "title", None, None),
    ]
    assert [claim.evidence and claim.evidence.label for claim in claims] == ["has_brand", "colour", "width", "made_by"]
    for claim in claims:
        assert (claim.subject, claim.extractor, claim.version, claim.confidence) == ("p1", "llm", "1+m", 0.5)
        assert claim.evidence is not None
        assert getattr(PAN, claim.evidence.field)[claim.evidence.start : claim.evidence.end] == claim.quote
    (asked,) = script.asked
    facts = asked["response_format"]["json_schema"]["schema"]["properties"]["facts"]
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert facts["items"]["properties"]["predicate"]["enum"] == ["has_brand", "made_by", "has_attribute"]
    assert facts["maxItems"]
    assert all(facts["items"]["properties"][name]["maxLength"] for name in ("name", "value"))
    assert asked["max_tokens"]
    assert asked["temperature"] == 0


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (says(("has_attribute", "colour", "blue")), "not in the text"),
        (says(("has_attribute", "colour", "ed")), "not in the text"),
        (says(("has_attribute", "colour", " ")), "not in the text"),
        (says(("has_attribute", " ", "red")), "no name"),
        (says(("costs", "", "red")), "unknown predicate"),
        (says(("made_by", "", "Nordholm")), "unknown predicate"),
        (says(COLOUR, finish="length"), "cut off"),
        (says(COLOUR, finish="content_filter"), "filtered"),
        (says(content='{"facts": [{"predi'), "not by the schema"),
        (says(content="[]"), "not by the schema"),
        (says(content='{"facts": [{"predicate": "has_brand", "name": "", "value": 3}]}'), "not by the schema"),
        (says(("has_brand", "", "N" * 500)), "not by the schema"),
        (says(*[COLOUR] * 50), "not by the schema"),
        (says(content='{"facts": [{"predicate": "has_brand", "name": "", "value": "\\ud800"}]}'), "not by the schema"),
    ],
)
def test_what_is_not_proved_is_refused_and_counted(reply: Reply, reason: str, tmp_path: Path) -> None:
    with asking(tmp_path, reply, predicates=("has_brand", "has_attribute")) as (extractor, _):
        assert extractor.extract([PAN]) == [[]]
        assert extractor.usage().refused == {reason: 1}
        assert extractor.usage().calls == 1


def test_a_bad_fact_does_not_spoil_a_good_one(tmp_path: Path) -> None:
    with asking(tmp_path, says(("has_brand", "", "Acme"), BRAND)) as (extractor, _):
        assert objects(extractor.extract([PAN])) == [["Nordholm"]]


def test_nothing_is_paid_for_twice_in_any_run(tmp_path: Path) -> None:
    documents = [PAN, Document("other id", PAN.title, PAN.text), Document("p3", "Nordholm lid")]
    with asking(tmp_path, says(BRAND), pause_s=0.05) as (extractor, script):
        first = extractor.extract(documents)
        assert len(script.asked) == 2  # equal texts on their way at once are one question
        assert (extractor.usage().calls, extractor.usage().cached) == (2, 1)
    with asking(tmp_path, fails(400)) as (extractor, script):
        again = extractor.extract(documents)
        assert (extractor.usage().calls, extractor.usage().cached, extractor.usage().money) == (0, 3, 0)
        assert script.asked == []
    assert again == first
    with asking(tmp_path, says(), max_tokens=10) as (extractor, script):
        assert extractor.extract(documents[2:]) == [[]]
        assert len(script.asked) == 1  # another question


def test_a_refused_answer_is_not_paid_for_again(tmp_path: Path) -> None:
    for calls in (1, 0):
        with asking(tmp_path, says(finish="length")) as (extractor, script):
            assert extractor.extract([PAN]) == [[]]
            assert (len(script.asked), extractor.usage().refused) == (calls, {"cut off": 1})


def test_questions_are_asked_at_once_and_claims_keep_their_order(tmp_path: Path) -> None:
    documents = many(12)
    with asking(tmp_path, says(BRAND), pause_s=0.1, threads=3) as (extractor, script):
        claims = extractor.extract(documents)
        assert script.most_at_once == 3
        usage = extractor.usage()
    assert [found[0].subject for found in claims] == [document.id for document in documents]
    assert 0.1 <= usage.latency_p50_s <= usage.latency_p95_s


@pytest.mark.parametrize("threads", [1, 4])
def test_a_budget_in_tokens_is_never_exceeded_and_stops_cleanly(threads: int, tmp_path: Path) -> None:
    documents = many(10)
    dearest = len(question_of(documents[0], "m", PREDICATES, 1_000)) + 1_000
    budget = Budget(tokens=dearest + 2_000)  # two at once do not fit, three in turn do
    assert dearest > 2_000
    reply = says(BRAND, tokens=(900, 100))
    with asking(tmp_path, reply, pause_s=0.02, budget=budget, threads=threads, max_tokens=1_000) as (extractor, script):
        claims = extractor.extract(documents)
        usage = extractor.usage()
        assert (usage.calls, usage.unasked, len(script.asked), script.most_at_once) == (3, 7, 3, 1)
        assert (usage.prompt_tokens, usage.completion_tokens) == (2_700, 300)
        assert sorted(map(len, claims)) == [0] * 7 + [1] * 3
        assert extractor.extract(documents) == claims  # what was paid for is still said
        assert (extractor.usage().calls, extractor.usage().cached) == (3, 3)


def test_a_budget_in_money_counts_both_prices(tmp_path: Path) -> None:
    budget = Budget(money=0.05, price_prompt=2.0, price_completion=10.0)
    with asking(tmp_path, says(BRAND, tokens=(1_000, 800)), budget=budget) as (extractor, _):
        extractor.extract(many(10))
        usage = extractor.usage()
    assert usage.money == pytest.approx(usage.calls * 0.01)
    assert usage.calls in (3, 4)
    assert usage.unasked == 10 - usage.calls


def test_no_budget_asks_nothing_and_uncounted_tokens_cost_the_most_they_can(tmp_path: Path) -> None:
    with asking(tmp_path, says(BRAND), budget=Budget(tokens=0)) as (extractor, script):
        assert extractor.extract([PAN]) == [[]]
        assert (extractor.usage().unasked, script.asked) == (1, [])
    with asking(tmp_path, says(BRAND, tokens=None), max_tokens=77) as (extractor, _):
        extractor.extract([PAN])
        assert extractor.usage().completion_tokens == 77
        assert extractor.usage().prompt_tokens > len(PAN.title)


def test_it_tries_again_while_that_may_help(tmp_path: Path) -> None:
    with asking(tmp_path, fails(429), fails(503), says(BRAND)) as (extractor, script):
        assert objects(extractor.extract([PAN])) == [["Nordholm"]]
        assert (len(script.asked), extractor.usage().retries, extractor.usage().calls) == (3, 2, 1)
    with (
        asking(tmp_path, fails(500, "on fire")) as (extractor, script),
        pytest.raises(LanguageModelUnavailable, match="on fire"),
    ):
        extractor.extract(many(1))
    assert len(script.asked) == 3


def test_after_a_failure_the_rest_is_not_asked(tmp_path: Path) -> None:
    with (
        asking(tmp_path, fails(500), tries=1, threads=2, pause_s=0.02) as (extractor, script),
        pytest.raises(LanguageModelUnavailable),
    ):
        extractor.extract(many(50))
    assert len(script.asked) < 10


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_told_without_the_key(status: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with asking(tmp_path, fails(status, f"wrong key {KEY}")) as (extractor, script):
        with pytest.raises(LanguageModelRefused, match=rf"{status}.*wrong key \*\*\*") as refusal:
            extractor.extract([PAN])
        assert len(script.asked) == 1
        assert script.headers[0]["authorization"] == f"Bearer {KEY}"
        endpoint = Endpoint(script.url, "m", KEY)
    assert KEY not in f"{refusal.value!r} {refusal.value} {endpoint!r} {vars(refusal.value)}"
    assert caplog.records
    assert KEY not in caplog.text


def test_one_question_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    with asking(tmp_path, says(BRAND), fails(400, "too long"), says(BRAND), threads=1) as (extractor, _):
        assert list(map(len, extractor.extract(many(3)))) == [1, 0, 1]
        assert extractor.usage().refused == {"refused by the server": 1}
    with (
        asking(tmp_path, says(BRAND), fails(401), threads=1) as (extractor, _),
        pytest.raises(LanguageModelRefused),
    ):
        extractor.extract([Document("a", "Nordholm a"), Document("b", "Nordholm b")])


def test_another_protocol_is_told(tmp_path: Path) -> None:
    for body in ("<html>", '{"choices": []}', "{}"):
        with (
            asking(tmp_path, lambda _, body=body: Response(body)) as (extractor, _),  # type: ignore[misc]
            pytest.raises(LanguageModelRefused, match="protocol"),
        ):
            extractor.extract([PAN])


def test_another_prompt_is_another_version() -> None:
    """When this fails, count PROMPT_VERSION up: claims of the old words must not pass for claims of the new."""
    question = question_of(Document("p", "title", "text"), "m", PREDICATES, 1)
    assert (PROMPT_VERSION, blake2b(question, digest_size=8).hexdigest()) == ("1", "4dcb8e6dacdd7620")
