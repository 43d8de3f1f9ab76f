"""Which embedder the settings name."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from adapters.embedding.small import SmallEmbedder
from settings import MemorySettings, ModelSettings, Settings
from trading.errors import BadConfiguration
from wiring.memory import embedder_of


def named(embedder: str, key: str | None = None) -> Settings:
    secret = None if key is None else SecretStr(key)
    return Settings(memory=MemorySettings(embedder=embedder), models=ModelSettings(openai_api_key=secret))


def test_unless_told_otherwise_no_network_is_asked() -> None:
    assert isinstance(embedder_of(Settings(memory=MemorySettings(_env_file=None))), SmallEmbedder)


def test_openais_needs_its_key_and_is_named_by_its_model() -> None:
    with pytest.raises(BadConfiguration, match="set LLM_OPENAI_API_KEY"):
        embedder_of(named("openai:text-embedding-3-small"))
    assert embedder_of(named("openai:text-embedding-3-small", "sk-1")).name == "openai:text-embedding-3-small"


@pytest.mark.parametrize("words", ["", "openai:", "openai", "word2vec", "wordllama:x", "openai:a b"])
def test_a_name_that_nobody_has_is_refused(words: str) -> None:
    with pytest.raises(ValidationError, match="embedder"):
        MemorySettings(embedder=words)
