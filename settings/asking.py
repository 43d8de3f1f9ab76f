"""Questions to the desk in plain language."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from adapters.model_api.access import BaseUrl
from settings.group import group


class AskSettings(BaseSettings):
    """Questions to the desk: what may be looked up for them."""

    model_config = group("ASK_")

    prometheus_url: BaseUrl | None = Field(
        None, description="Address of the Prometheus that a question may look into; none when unset."
    )
    db_user: str = Field(
        "", description="A login of its own that may only read (`IN ROLE trading_reader`); the owner's when unset."
    )
    db_password: SecretStr = Field(SecretStr(""), description="That login's password.")
