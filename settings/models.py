"""The language models."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from settings.group import group

Cap = Annotated[int, Field(ge=0)] | None
UsdCap = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] | None
Part = Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False, decimal_places=8)]


class ModelSettings(BaseSettings):
    """The language model of each agent, and how its provider is reached.

    A name says its provider (`claude-…`, `gpt-…`, `o3…`, `rules-…`), or it stands before it: `anthropic:NAME`,
    `openai:NAME`, `openai-chat:NAME` for a server of one's own.
    """

    model_config = group("LLM_")

    anthropic_api_key: SecretStr | None = Field(None, description="Anthropic's key.")
    openai_api_key: SecretStr | None = Field(None, description="OpenAI's key.")
    chat_api_key: SecretStr | None = Field(None, description="Key of the `openai-chat:` server, if it wants one.")
    anthropic_base_url: str = Field("https://api.anthropic.com", description="Address of Anthropic's API, without /v1.")
    openai_base_url: str = Field("https://api.openai.com/v1", description="Address of OpenAI's API, with /v1.")
    chat_base_url: str = Field(
        "http://127.0.0.1:11434/v1",
        description="Address of a server of one's own (Ollama, vLLM, llama.cpp) for models named `openai-chat:NAME`.",
    )
    data_agent_model: str = Field(
        "",
        description="Model of the DataAgent; unset, by the keys: `claude-sonnet-5-5`, `gpt-6.1-terra` or `rules-1`.",
    )
    risk_agent_model: str = Field("", description="Model of the RiskManager; unset, as the DataAgent's.")
    validator_model: str = Field(
        "", description="Model of the Validator; unset, as the DataAgent's, and with both keys the other vendor's."
    )
    meta_agent_model: str = Field(
        "", description="Model of the MetaAgent; unset, by the keys: `claude-opus-5-5`, `gpt-6.1-sol` or `rules-1`."
    )
    data_agent_fallback_model: str = Field("", description="Who is asked when the DataAgent's model is unavailable.")
    risk_agent_fallback_model: str = Field("", description="Who is asked when the RiskManager's model is unavailable.")
    validator_fallback_model: str = Field("", description="Who is asked when the Validator's model is unavailable.")
    meta_agent_fallback_model: str = Field("", description="Who is asked when the MetaAgent's model is unavailable.")
    bull_model: str = Field("", description="Model of Bull, where a strategy has debates; unset, as the DataAgent's.")
    bull_fallback_model: str = Field("", description="Who is asked when Bull's model is unavailable.")
    bear_model: str = Field(
        "",
        description="Model of Bear, where a strategy has debates; unset, as the Validator's: with both keys another's.",
    )
    bear_fallback_model: str = Field("", description="Who is asked when Bear's model is unavailable.")
    reflector_model: str = Field("", description="Model of the Reflector; unset, as the DataAgent's.")
    reflector_fallback_model: str = Field("", description="Who is asked when the Reflector's model is unavailable.")
    inquirer_model: str = Field("", description="Model of the Inquirer, who answers questions; as the DataAgent's.")
    inquirer_fallback_model: str = Field("", description="Who is asked when the Inquirer's model is unavailable.")
    effort: Literal["default", "low", "medium", "high", "xhigh"] = Field(
        "medium", description="How hard a vendor's model thinks; `default` leaves it to the vendor."
    )
    max_tokens: int = Field(8192, ge=256, le=65536, description="Longest answer in tokens, thoughts included.")
    timeout_seconds: float = Field(
        80, gt=0, le=85, description="How long one answer may take; the step that asks ends after 120."
    )
    max_calls_per_second: float = Field(
        20, gt=0, description="Model calls a second, kept by the server over all workers of the `agents` queue."
    )
    prompts_dir: Path | None = Field(
        None,
        description="Folder of your own prompts, one file an agent; those that come along when unset.",
    )
    max_calls_per_cycle: Cap = Field(None, description="Most model calls in one cycle; no cap when unset.")
    max_tokens_per_cycle: Cap = Field(None, description="Most tokens in one cycle, in and out; no cap when unset.")
    max_usd_per_cycle: UsdCap = Field(None, description="Most dollars for models in one cycle; no cap when unset.")
    max_calls_per_day: Cap = Field(None, description="Most model calls of the desk in one day, by UTC.")
    max_tokens_per_day: Cap = Field(None, description="Most tokens of the desk in one day, by UTC.")
    max_usd_per_day: UsdCap = Field(None, description="Most dollars for models in one day, by UTC.")
    max_usd_per_month: UsdCap = Field(None, description="Most dollars for models in one month, by UTC.")
    fallback_at: Part = Field(
        Decimal("0.8"),
        description="Part of any of these budgets from which the fallback models are asked, the rules where none is.",
    )
    skip_at: Part = Field(
        Decimal("0.9"),
        description="Part from which optional agents are not asked at all: Validator, Bull, Bear and Reflector.",
    )
    unknown_usd_per_million_tokens: Annotated[Decimal, Field(ge=0, le=100_000)] = Field(
        Decimal(100), description="Dollars at which a million tokens count of a model whose price nobody knows."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.skip_at < self.fallback_at:
            message = "LLM_SKIP_AT must not be less than LLM_FALLBACK_AT"
            raise ValueError(message)
        return self
