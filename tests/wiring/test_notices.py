"""Which channels the settings make, and which settings make none: told in one line that holds no secret."""

from __future__ import annotations

from typing import Any

import pytest

from settings.alerts import AlertSettings
from tests.adapters.channels import CANARY
from trading.errors import BadConfiguration
from wiring.notices import channels_of

MAIL = {"mail_from": "Desk <desk@example.com>", "mail_to": "one@example.com, Two <two@example.com>"}
SMTP = f"smtps://desk%40example.com:{CANARY}@mail.example.com"
SES = {"ses_region": "eu-central-1", "ses_access_key_id": "AKID", "ses_secret_access_key": CANARY}


def alerts(**given: Any) -> AlertSettings:
    return AlertSettings(_env_file=None, **given)


def test_nothing_set_tells_nobody() -> None:
    assert channels_of(alerts()) == ()


@pytest.mark.faults
def test_every_channel_that_is_set_is_made() -> None:
    made = channels_of(
        alerts(
            discord_webhook_url=f"https://hooks.example.com/1/{CANARY}",
            smtp_url=SMTP,
            urls=f"  ntfy://{CANARY}\n json://127.0.0.1/{CANARY} ",
            **SES,
            **MAIL,
        )
    )
    assert [channel.name for channel in made] == ["discord", "smtp", "ses", "ntfy", "json"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"discord_webhook_url": f"http://discord.com/{CANARY}"}, "ALERT_DISCORD_WEBHOOK_URL does not begin with"),
        ({"discord_webhook_url": CANARY}, "ALERT_DISCORD_WEBHOOK_URL is no address"),
        ({"discord_webhook_url": f"https://[{CANARY}"}, "ALERT_DISCORD_WEBHOOK_URL is no address"),
        ({"smtp_url": SMTP}, "ALERT_SMTP_URL needs ALERT_MAIL_FROM"),
        ({"smtp_url": SMTP, "mail_from": "desk@example.com"}, "ALERT_SMTP_URL needs ALERT_MAIL_TO"),
        ({"smtp_url": SMTP, **MAIL, "mail_to": "a@b.c\r\nBcc: d@e.f"}, "ALERT_MAIL_TO: not the address"),
        ({"smtp_url": SMTP, **MAIL, "mail_from": "nobody"}, "ALERT_MAIL_FROM: not the address"),
        ({"smtp_url": f"https://{CANARY}", **MAIL}, "ALERT_SMTP_URL is not smtps://"),
        ({"smtp_url": f"smtp://u:{CANARY}@host:port", **MAIL}, "ALERT_SMTP_URL is not smtps://"),
        ({"smtp_url": f"smtp://u:{CANARY}#x@host", **MAIL}, "ALERT_SMTP_URL"),
        ({"smtp_url": f"smtp://u:/{CANARY}@host", **MAIL}, "ALERT_SMTP_URL"),
        ({**SES, **MAIL, "ses_access_key_id": None}, "ALERT_SES_REGION needs ALERT_SES_ACCESS_KEY_ID"),
        ({**SES, **MAIL, "ses_endpoint_url": "http://mail.example.com"}, "ALERT_SES_ENDPOINT_URL does not begin"),
        ({**SES}, "ALERT_SES_REGION needs ALERT_MAIL_FROM"),
        ({"urls": f"nonsense://{CANARY}"}, "ALERT_URLS: address 1"),
    ],
)
def test_settings_that_make_no_channel_are_refused_without_their_secrets(given: dict[str, Any], told: str) -> None:
    with pytest.raises(BadConfiguration, match=told) as refused:
        channels_of(alerts(**given))
    assert CANARY not in f"{refused.value!r}"
    assert len(str(refused.value).splitlines()) == 1
