"""One frozen Settings, read once from the environment and passed on as a value. Knows names and defaults only."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """How one shop runs. Each field can be set as `GRAPHSVC_<NAME>`; Neo4j's three go by their usual names."""

    model_config = SettingsConfigDict(env_prefix="GRAPHSVC_", frozen=True, extra="forbid", populate_by_name=True)

    home: Path = Field(default=Path("data"), description="the data folder: one folder is one shop")
    host: str = Field(default="127.0.0.1", description="address to listen on; loopback unless told")
    port: int = Field(default=8090, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="web origins that may call from a browser, with commas between"
    )

    neo4j_uri: str | None = Field(default=None, validation_alias="NEO4J_URI", description="a Neo4j of your own")
    neo4j_user: str = Field(default="neo4j", validation_alias="NEO4J_USER", description="its user")
    neo4j_password: SecretStr | None = Field(
        default=None, validation_alias="NEO4J_PASSWORD", description="its password"
    )
    neo4j_jars: Path | None = Field(default=None, description="a folder of Neo4j's jars, for places without Maven")
    neo4j_heap_mb: int = Field(default=512, ge=256, description="heap of the local Neo4j, MiB")
    neo4j_page_cache_mb: int = Field(default=128, ge=16, description="page cache of the local Neo4j, MiB")

    encoder: str = Field(default="auto", description="auto, minilm, e5, use, or a sentence-transformers id or folder")
    learn: bool = Field(default=True, description="learn attributes' values from fields while importing")
    threads: int = Field(default=2, ge=1, description="threads for bulk work")
    memory_mb: int = Field(default=1000, ge=500, description="memory that an import may take, MiB")

    llm_url: str | None = Field(default=None, description="a language model's OpenAI-compatible API: https://host/v1")
    llm_key: SecretStr | None = Field(default=None, description="its key")
    llm_model: str | None = Field(default=None, description="the name of the model")
    llm_budget_tokens: int | None = Field(default=None, ge=0, description="tokens that one run may use; else no bound")
    llm_budget_money: float | None = Field(default=None, ge=0, description="money that one run may cost; else no bound")
    llm_price_prompt: float = Field(default=0.0, ge=0, description="price of a million tokens of questions")
    llm_price_completion: float = Field(default=0.0, ge=0, description="price of a million tokens of answers")
    llm_confidence: float = Field(default=0.6, gt=0, le=1, description="confidence of its claims: stated, not measured")
    llm_threads: int = Field(default=4, ge=1, description="questions on their way at once")
    llm_timeout_s: float = Field(default=60.0, gt=0, description="time that an answer may take, seconds")

    query_timeout_s: float = Field(default=30.0, gt=0, description="time that an analyst's query may take, seconds")
    query_rows: int = Field(default=10_000, ge=1, description="rows that an analyst's query may return")
    body_limit: int = Field(default=2_000_000, ge=1_000, description="largest request body, bytes")
    depth_limit: int = Field(default=12, ge=2, description="deepest GraphQL selection")
    alias_limit: int = Field(default=30, ge=1, description="aliases in one GraphQL request")
    token_limit: int = Field(default=2_000, ge=100, description="tokens in one GraphQL request")
    cost_limit: int = Field(default=20_000, ge=100, description="cost of one GraphQL request: objects it may return")

    @property
    def tables_mb(self) -> int:
        """The part of `memory_mb` that an import's tables take: the rest is readers, buffers, Python."""
        return self.memory_mb // 4

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        """The environment holds a text."""
        return tuple(filter(None, map(str.strip, given.split(",")))) if isinstance(given, str) else given
