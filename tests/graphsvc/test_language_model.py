"""The language model of the settings: none without an address, and every error in the product's own words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from extractors import Claim, Document, Span, errors
from extractors.llm_account import Usage
from graphsvc.errors import GraphsvcError, InputError, StorageError, UnavailableError
from graphsvc.knowledge import Reader
from graphsvc.language_model import ANSWERS, abstained, extractor_faults, language_model, read_and_ask
from graphsvc.settings import Settings
from tests.extractors.endpoint import fails, says, serving

PANS = [Document(f"p{n}", f"Nordholm pan {n}") for n in range(3)]
ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ExtractorError)]


def settings(url: str, **given: Any) -> Settings:
    return Settings(llm_url=url, llm_model="m", llm_key=SecretStr("sk-secret-77"), **given)


def asked(given: Settings, folder: Path, documents: Sequence[Document] = PANS) -> tuple[list[Claim], Usage]:
    with extractor_faults():
        model = language_model(given, folder)
        assert model is not None
        with model:
            return read_and_ask(Reader([]), model, documents).claims, model.usage()


def test_without_a_model_nothing_is_asked_and_nothing_is_made(tmp_path: Path) -> None:
    partial: list[dict[str, Any]] = [{}, {"llm_url": "http://127.0.0.1:1"}, {"llm_model": "m"}, {"llm_key": "k"}]
    assert [language_model(Settings(**given), tmp_path) for given in partial] == [None] * 4
    assert list(tmp_path.iterdir()) == []


def test_the_settings_are_what_is_asked_by(tmp_path: Path) -> None:
    with serving(says(("has_brand", "", "Nordholm"), tokens=(1_000, 0)), pause_s=0.05) as script:
        given = settings(script.url, llm_price_prompt=3.0, llm_threads=1, llm_confidence=0.4, llm_budget_tokens=8_000)
        assert "sk-secret-77" not in repr(given)
        claims, usage = asked(given, tmp_path / "cache")
        assert script.headers[0]["authorization"] == "Bearer sk-secret-77"
    assert [claim.confidence for claim in claims] == [0.4] * 3
    assert (usage.calls, script.most_at_once) == (3, 1)
    assert usage.money == pytest.approx(0.009)
    assert (tmp_path / "cache" / ANSWERS).exists()
    none = settings(script.url, llm_budget_money=0.0, llm_price_completion=1.0)
    assert asked(none, tmp_path, [Document("p", "other")])[1].unasked == 1


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
            asked(settings(script.url), tmp_path)
        assert "sk-secret-77" not in f"{refused.value!r} {refused.value.__cause__!r}"
    with serving(fails(503, retry_after="999")) as script, pytest.raises(UnavailableError):
        asked(settings(script.url), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        asked(settings("http://127.0.0.1:1"), tmp_path / "file")


def test_the_model_is_for_what_no_other_read_in_the_text() -> None:
    title, field = Span("title", 0, 8, "brand"), Span("brand", 0, 8, "brand")
    made = [
        Claim(f"p{n}", "has_brand", "Nordholm", 1.0, "x", "1", evidence=span) for n, span in enumerate((title, field))
    ]
    assert abstained(PANS, made) == PANS[1:]
