"""The language model of the settings, asked about what cheaper extractors abstained on.

Knows settings and the errors of extractors; does not know how a model is asked. Without an address and a model nobody
is asked, and everything else works.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from extractors.errors import AnswerCacheFailed, ExtractorError, LanguageModelUnavailable
from extractors.llm import LanguageModelExtractor
from extractors.llm_account import Budget
from extractors.llm_cache import AnswerCache
from extractors.llm_client import ChatClient, Endpoint
from extractors.types import Claim, Document
from graphsvc.errors import GraphsvcError, InputError, StorageError, UnavailableError
from graphsvc.knowledge import Extraction, Reader
from graphsvc.settings import Settings

LANGUAGE_MODEL = LanguageModelExtractor.name
ANSWERS = "answers.db"  # may be removed; then answers are paid anew


def language_model(settings: Settings, cache_folder: Path) -> LanguageModelExtractor | None:
    """The extractor that the settings describe, or None when they name no model. The caller closes it."""
    if not (settings.llm_url and settings.llm_model):
        return None
    budget = Budget(
        settings.llm_budget_tokens, settings.llm_budget_money, settings.llm_price_prompt, settings.llm_price_completion
    )
    if budget.money is not None and not budget.cost(1, 1):
        raise InputError(
            "A budget in money needs prices.", "Set GRAPHSVC_LLM_PRICE_PROMPT and GRAPHSVC_LLM_PRICE_COMPLETION."
        )
    key = settings.llm_key.get_secret_value().strip() if settings.llm_key else ""
    with extractor_faults():
        client = ChatClient(Endpoint(settings.llm_url, settings.llm_model, key, settings.llm_timeout_s))
        return LanguageModelExtractor(
            client,
            AnswerCache(cache_folder / ANSWERS),
            budget=budget,
            confidence=settings.llm_confidence,
            threads=settings.llm_threads,
        )


def read_and_ask(reader: Reader, model: LanguageModelExtractor, documents: Sequence[Document]) -> Extraction:
    """What a reader says of documents, and the model of those of whose texts the reader claims nothing."""
    found = reader.read(documents)
    for claims in model.extract(abstained(documents, found.claims)):
        found.admit(claims)
    return found


def abstained(documents: Sequence[Document], claims: Iterable[Claim]) -> list[Document]:
    """The documents of whose title and text no claim was made: what the model is for."""
    spoken = {one.subject for one in claims if one.evidence is not None and one.evidence.field in ("title", "text")}
    return [document for document in documents if document.id not in spoken]


@contextmanager
def extractor_faults() -> Iterator[None]:
    """Turn every error of `extractors` into one of ours."""
    try:
        yield
    except ExtractorError as error:
        raise of_extractor(error) from error


def of_extractor(error: ExtractorError) -> GraphsvcError:
    """The error of ours that says the same."""
    if isinstance(error, LanguageModelUnavailable):
        return UnavailableError(error.message, error.next_step)
    kind = StorageError if isinstance(error, AnswerCacheFailed) else InputError
    return kind(error.message, error.next_step)
