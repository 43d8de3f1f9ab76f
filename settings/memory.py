"""What the desk remembers, and what it makes of it."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from settings.group import group
from trading.precedents import Heed


class MemorySettings(BaseSettings):
    """What the desk remembers of its decisions."""

    model_config = group("MEMORY_")

    enabled: bool = Field(
        default=True, description="Whether decisions are remembered; without it no setup is recalled, scored or denied."
    )
    nearest: int = Field(
        3, ge=0, le=10, description="Most precedents of each kind, won and lost, that the Validator is told of."
    )
    denies: bool = Field(
        default=True,
        description="Whether code denies a setup of the agents whose like has failed so often; a strategy may say so "
        "for itself.",
    )
    failed_times: int = Field(
        3, ge=1, le=25, description="So many similar setups that lost are too many, unless half as many won."
    )
    similar_distance: float = Field(
        0.75,
        ge=0,
        le=10,
        allow_inf_nan=False,
        description="How unlike setups may be that count as similar: 0 is the same, 0.6 one symbol a day later, 2 "
        "strangers.",
    )
    embedder: str = Field(
        "wordllama",
        pattern=r"^(wordllama|openai:[\w.:/-]+)$",
        description="What compares texts by their meaning: `wordllama`, which asks no network, or `openai:MODEL` "
        "(`openai:text-embedding-3-small`) with LLM_OPENAI_API_KEY.",
    )

    @property
    def heed(self) -> Heed:
        """How many precedents are told of, and when they deny."""
        return Heed(nearest=self.nearest, failed_times=self.failed_times, similar_distance=self.similar_distance)
