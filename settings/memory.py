"""What the desk remembers, and what it makes of it."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from settings.group import group


class MemorySettings(BaseSettings):
    """What the desk remembers of its decisions."""

    model_config = group("MEMORY_")

    embedder: str = Field(
        "wordllama",
        pattern=r"^(wordllama|openai:[\w.:/-]+)$",
        description="What compares texts by their meaning: `wordllama`, which asks no network, or `openai:MODEL` "
        "(`openai:text-embedding-3-small`) with LLM_OPENAI_API_KEY.",
    )
