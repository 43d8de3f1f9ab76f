"""Questions to the desk in plain language."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from adapters.model_api.access import BaseUrl
from settings.group import group


class AskSettings(BaseSettings):
    """Questions to the desk: what one may take, and what may be looked up for it."""

    model_config = group("ASK_")

    max_steps: int = Field(8, ge=1, le=50, description="Most turns of the model for one question.")
    max_tokens: int = Field(200_000, ge=1, description="Most tokens for one question, in and out.")
    max_usd: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] = Field(
        Decimal("0.50"), description="Most dollars for one question; with none left, the rules answer."
    )

    prometheus_url: BaseUrl | None = Field(
        None, description="Address of the Prometheus that a question may look into; none when unset."
    )
    db_user: str = Field(
        "", description="A login of its own that may only read (`IN ROLE trading_reader`); the owner's when unset."
    )
    db_password: SecretStr = Field(SecretStr(""), description="That login's password.")
