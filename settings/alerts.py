"""Who is told when the desk needs a person."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from settings.group import group


class AlertSettings(BaseSettings):
    """The channels of alerts. None set: alerts are logged and listed, and nobody is told."""

    model_config = group("ALERT_")

    discord_webhook_url: SecretStr | None = Field(None, description="Address of a Discord webhook.")
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server, as `smtps://user:password@host:465` or `smtp://host:25` (STARTTLS when offered).",
    )
    ses_region: str = Field("", description="Region of Amazon SES; its keys are AWS's own variables.")
    ses_endpoint_url: str = Field("", description="Where SES answers, when not at Amazon.")
    mail_from: str = Field("", description="Who the mails come from.")
    mail_to: str = Field("", description="Who gets them, separated by commas.")
    urls: SecretStr | None = Field(None, description="Anything else: Apprise addresses, separated by blanks.")
    least_severity: Annotated[str, Field(pattern="^(info|warning|critical)$")] = Field(
        "info", description="The least severity that is sent: `info`, `warning` or `critical`."
    )
    cool_down_minutes: int = Field(60, ge=0, le=10_080, description="Minutes in which one reason is told once.")
    max_per_hour: int = Field(30, ge=1, le=1000, description="Most alerts an hour to a channel, critical ones aside.")
    acknowledge_minutes: int = Field(
        0,
        ge=0,
        le=1440,
        description="Minutes in which a critical alert must be acknowledged, or the desk is put to REDUCING; 0 is off.",
    )
    large_position: Annotated[float, Field(gt=0, le=1)] = Field(
        0.15, description="A position of more than this fraction of equity is told."
    )
