"""Who is told, by the settings."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from adapters.channels.mail import Letters
from settings.alerts import AlertSettings
from trading.alert_ports import Notifier
from trading.errors import BadConfiguration

_PORTS = {"smtps": 465, "smtp": 587}


def channels_of(alerts: AlertSettings) -> tuple[Notifier, ...]:
    """The channels that are set, none when none is. Raises BadConfiguration in a line that holds no secret."""
    return tuple(_channels(alerts))


def _channels(alerts: AlertSettings) -> Iterator[Notifier]:
    if alerts.discord_webhook_url is not None:
        from adapters.channels.discord import DiscordChannel  # noqa: PLC0415  a desk without it needs no client

        _check_https("ALERT_DISCORD_WEBHOOK_URL", alerts.discord_webhook_url.get_secret_value())
        yield DiscordChannel(alerts.discord_webhook_url)
    if alerts.smtp_url is not None:
        yield _smtp(alerts, alerts.smtp_url.get_secret_value())
    if alerts.ses_region:
        yield _ses(alerts)
    if alerts.urls is not None:
        from adapters.channels.anything import channels_by_address  # noqa: PLC0415  its services take a second

        yield from channels_by_address([SecretStr(one) for one in alerts.urls.get_secret_value().split()])


def _smtp(alerts: AlertSettings, url: str) -> Notifier:
    from adapters.channels.smtp import MailServer, SmtpChannel  # noqa: PLC0415  see above

    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise BadConfiguration("ALERT_SMTP_URL is not smtps://user:password@host:465 or smtp://host:587") from None
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        # A password with a `/`, `#` or `?` in it ends up there.
        raise BadConfiguration("ALERT_SMTP_URL names no mail server: write / # ? @ in a password as %2F %23 %3F %40")
    server = MailServer(
        host=parts.hostname,
        port=port,
        is_encrypted=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=SecretStr(unquote(parts.password)) if parts.password else None,
    )
    return SmtpChannel(server, _letters(alerts, "ALERT_SMTP_URL"))


def _ses(alerts: AlertSettings) -> Notifier:
    from adapters.channels.ses import SesAccess, SesChannel  # noqa: PLC0415  see above

    key, secret = alerts.ses_access_key_id, alerts.ses_secret_access_key
    if key is None or secret is None:
        raise BadConfiguration("ALERT_SES_REGION needs ALERT_SES_ACCESS_KEY_ID and ALERT_SES_SECRET_ACCESS_KEY")
    if alerts.ses_endpoint_url:
        _check_https("ALERT_SES_ENDPOINT_URL", alerts.ses_endpoint_url)
    access = SesAccess(
        region=alerts.ses_region,
        key_id=key,
        secret=secret,
        session_token=alerts.ses_session_token,
        configuration_set=alerts.ses_configuration_set,
        endpoint_url=alerts.ses_endpoint_url,
    )
    return SesChannel(access, _letters(alerts, "ALERT_SES_REGION"))


def _letters(alerts: AlertSettings, whose: str) -> Letters:
    receivers = tuple(one.strip() for one in alerts.mail_to.split(",") if one.strip())
    for variable, addresses in (("ALERT_MAIL_FROM", (alerts.mail_from,)), ("ALERT_MAIL_TO", receivers)):
        if not addresses or not all(addresses):
            raise BadConfiguration(f"{whose} needs {variable}")
        if wrong := [one for one in addresses if not _is_address(one)]:
            raise BadConfiguration(f"{variable}: not the address of a mailbox: {wrong[0]!r}")
    return Letters(alerts.mail_from, receivers)


def _is_address(text: str) -> bool:
    name, domain = parseaddr(text)[1].rpartition("@")[::2]
    return bool(name and domain) and text.isprintable() and text.isascii()


def _check_https(variable: str, url: str) -> None:
    """A secret goes encrypted to whoever it is for, or stays on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise BadConfiguration(f"{variable} is no address") from None
    if not host or parts.scheme not in {"http", "https"}:
        raise BadConfiguration(f"{variable} is no address that begins with https://")
    if parts.scheme != "https" and not _is_loopback(host):
        raise BadConfiguration(f"{variable} does not begin with https://: what it holds would be readable on its way")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
