"""The language model of the settings: none without an address, and every error in the product's own words."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from extractors import Claim, Document, Span, errors
from graphsvc.errors import GraphsvcError, InputError, StorageError, UnavailableError
from graphsvc.language_model import ANSWERS, abstained, ask, extractor_faults, language_model
from graphsvc.settings import Settings
from tests.extractors.endpoint import fails, says, serving

PANS = [Document(f"p{n}", f"Nordholm pan {n}") for n in range(3)]
ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ExtractorError)]


def settings(url: str, **given: Any) -> Settings:
    return Settings(llm_url=url, llm_model="m", llm_key=SecretStr("sk-secret-77"), **given)


def test_without_a_model_nothing_is_asked_and_nothing_is_made(tmp_path: Path) -> None:
    partial: list[dict[str, Any]] = [{}, {"llm_url": "http://127.0.0.1:1"}, {"llm_model": "m"}, {"llm_key": "k"}]
    for given in partial:
        assert language_model(Settings(**given), tmp_path) is None
        claims, usage = ask(PANS, Settings(**given), tmp_path)
        assert (claims, usage.unasked, usage.calls) == ([[], [], []], 3, 0)
    assert list(tmp_path.iterdir()) == []


def test_the_settings_are_what_is_asked_by(tmp_path: Path) -> None:
    with serving(says(("has_brand", "", "Nordholm"), tokens=(1_000, 0)), pause_s=0.05) as script:
        given = settings(script.url, llm_price_prompt=3.0, llm_threads=1, llm_confidence=0.4, llm_budget_tokens=8_000)
        assert "sk-secret-77" not in repr(given)
        claims, usage = ask(PANS, given, tmp_path / "cache")
        assert script.headers[0]["authorization"] == "Bearer sk-secret-77"
    assert [claim.confidence for found in claims for claim in found] == [0.4] * 3
    assert (usage.calls, script.most_at_once) == (3, 1)
    assert usage.money == pytest.approx(0.009)
    assert (tmp_path / "cache" / ANSWERS).exists()
    none = settings(script.url, llm_budget_money=0.0, llm_price_completion=1.0)
    assert ask([Document("p", "other")], none, tmp_path)[1].unasked == 1


def test_a_budget_in_money_without_prices_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="LLM_PRICE"):
        language_model(settings("http://127.0.0.1:1", llm_budget_money=5.0), tmp_path)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_extractors_is_mapped(kind: type[errors.ExtractorError]) -> None:
    with pytest.raises(GraphsvcError, match="told. Do this") as mapped, extractor_faults():
        raise kind("told.", "Do this.")
    assert type(mapped.value) is not GraphsvcError


def test_what_goes_wrong_is_told_apart(tmp_path: Path) -> None:
    with serving(fails(401, "no such key sk-secret-77")) as script:
        with pytest.raises(InputError, match=r"no such key \*\*\*") as refused:
            ask(PANS, settings(script.url), tmp_path)
        assert "sk-secret-77" not in f"{refused.value!r} {refused.value.__cause__!r}"
    with serving(fails(503, retry_after="999")) as script, pytest.raises(UnavailableError):
        ask(PANS, settings(script.url), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        ask(PANS, settings("http://127.0.0.1:1"), tmp_path / "file")


def test_the_model_is_for_what_no_other_read_in_the_text() -> None:
    title, field = Span("title", 0, 8, "brand"), Span("brand", 0, 8, "brand")
    made = [
        [Claim("p", "has_brand", "Nordholm", 1.0, "x", "1", evidence=span)] if span else []
        for span in (title, field, None)
    ]
    assert abstained(PANS, made) == PANS[1:]
