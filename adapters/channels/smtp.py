"""Mail by SMTP: encrypted from the first byte (`smtps://`) or by STARTTLS; a password never goes in the clear.

| what came | is |
|---|---|
| 250 after the text, for one receiver at least | told |
| 4xx, a connection that broke, no answer | later |
| 5xx to the text | this notice never |
| 5xx to anything before it (password, sender, all receivers) | again every ten minutes, until a person mends it |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address

import aiosmtplib
import structlog
from pydantic import SecretStr

from adapters.channels.mail import Letters
from adapters.channels.wire import LONG_REST, TIMEOUT_SECONDS
from trading.errors import ChannelUnavailable, NoticeRefused
from trading.notices import Notice

log = structlog.get_logger()

_NEVER = 500


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in; `is_encrypted` from the first byte, else STARTTLS when the server offers it."""

    host: str
    port: int
    is_encrypted: bool
    user: str = ""
    password: SecretStr | None = None
    timeout_seconds: float = TIMEOUT_SECONDS


class SmtpChannel:
    """The port `Notifier` over a mail server."""

    name = "smtp"

    def __init__(self, server: MailServer, letters: Letters) -> None:
        self._server = server
        self._letters = letters

    async def send(self, notice: Notice) -> None:
        """Hand in one mail for all receivers, and wait until the server has taken it."""
        try:
            async with asyncio.timeout(self._server.timeout_seconds), self._connected() as client:
                # Who sends and who receives is what the letter says of it.
                refused, _ = await client.send_message(self._letters.letter(notice))
        except aiosmtplib.SMTPDataError as error:
            if error.code >= _NEVER:
                raise NoticeRefused(f"the mail server refuses the mail with {error.code}") from None
            raise ChannelUnavailable(f"the mail server answered {error.code}") from None
        except TimeoutError:
            raise ChannelUnavailable(
                f"the mail server did not answer within {self._server.timeout_seconds:g} s"
            ) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _unavailable(error) from None
        if refused:
            log.warning("not every receiver of the mail was taken", refused=len(refused))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.is_encrypted,
            start_tls=False,
            timeout=server.timeout_seconds,
            local_hostname=self._letters.domain,
        )
        await client.connect()
        try:
            await client.ehlo()
            is_encrypted = server.is_encrypted
            if not is_encrypted and client.supports_extension("starttls"):
                await client.starttls()
                is_encrypted = True
            if server.user:
                if not is_encrypted and not _is_loopback(server.host):
                    raise ChannelUnavailable(
                        "the mail server offers no STARTTLS, and the password is not sent in the clear",
                        retry_after_seconds=LONG_REST,
                    )
                await client.login(server.user, server.password.get_secret_value() if server.password else "")
            yield client
        finally:
            client.close()


def _unavailable(error: Exception) -> ChannelUnavailable:
    """What a failure before the text means; its own words may hold a name, so only its code is told."""
    codes = [getattr(error, "code", None)]
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [one.code for one in error.recipients]
    code = min((one for one in codes if isinstance(one, int) and one > 0), default=None)
    if code is None:
        return ChannelUnavailable(f"the mail server cannot be used: {type(error).__name__}")
    what = type(error).__name__.removeprefix("SMTP")
    return ChannelUnavailable(
        f"the mail server answered {code} ({what})", retry_after_seconds=LONG_REST if code >= _NEVER else None
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
