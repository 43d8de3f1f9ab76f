"""Who is told when the desk needs a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from settings.group import group
from trading.alerts import Severity
from trading.notices import AlertRules


class AlertSettings(BaseSettings):
    """The channels of alerts. None set: alerts are logged and listed, and nobody is told."""

    model_config = group("ALERT_")

    discord_webhook_url: SecretStr | None = Field(None, description="Address of a Discord webhook.")
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server, as `smtps://user:password@host:465`, or `smtp://user:password@host:587` (STARTTLS).",
    )
    ses_region: str = Field("", pattern=r"^[a-z0-9-]*$", description="Region of Amazon SES, as `eu-central-1`.")
    ses_access_key_id: SecretStr | None = Field(None, description="Access key that may call `ses:SendEmail`.")
    ses_secret_access_key: SecretStr | None = Field(None, description="Its secret.")
    ses_session_token: SecretStr | None = Field(None, description="Its session token, for keys that expire.")
    ses_configuration_set: str = Field("", description="Configuration set of SES, when mails shall have one.")
    ses_endpoint_url: str = Field("", description="Where SES answers, when not at Amazon.")
    mail_from: str = Field("", description="Who the mails come from.")
    mail_to: str = Field("", description="Who gets them, separated by commas.")
    urls: SecretStr | None = Field(
        None, description="Anything else: addresses as Apprise knows them, separated by blanks."
    )
    least_severity: Severity = Field(
        Severity.INFO, description="The least severity that is sent: `info`, `warning` or `critical`."
    )
    cool_down_minutes: int = Field(60, ge=0, le=10_080, description="Minutes in which one reason is told once.")
    max_per_hour: int = Field(30, ge=1, le=1000, description="Most messages an hour to a channel, critical ones aside.")
    acknowledge_minutes: int = Field(
        0,
        ge=0,
        le=1440,
        description="Minutes in which a critical alert must be acknowledged, or the desk is put to REDUCING; 0 is off.",
    )
    large_position: Annotated[float, Field(gt=0, le=1)] = Field(
        0.25, description="A position of more than this fraction of equity is told."
    )

    @property
    def rules(self) -> AlertRules:
        """How much is told, and when nobody has read it."""
        within = self.acknowledge_minutes
        return AlertRules(
            least=self.least_severity,
            cool_down=timedelta(minutes=self.cool_down_minutes),
            per_hour=self.max_per_hour,
            acknowledge_within=timedelta(minutes=within) if within else None,
            large_position=self.large_position,
        )
