"""Whatever Apprise knows: 170 services, each by an address that holds its key.

Apprise says only whether it worked; so nothing is ever refused for good here. Its log lines may hold addresses and are
not written.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
from pydantic import SecretStr

from adapters.channels.wire import TIMEOUT_SECONDS
from trading.alerts import Severity
from trading.errors import BadConfiguration, ChannelUnavailable
from trading.notices import Notice

KINDS = {
    Severity.INFO: NotifyType.INFO,
    Severity.WARNING: NotifyType.WARNING,
    Severity.CRITICAL: NotifyType.FAILURE,
}
# What services read as a call, a link or a mark looks the same to a person, and means nothing to them.
_HARMLESS = str.maketrans(
    {"@": "\uff20", "<": "\u2039", ">": "\u203a", "`": "\u02cb", "*": "\u2217", "_": "\uff3f", "[": "\uff3b"}
)
_SLUG = re.compile(r"[^a-z0-9]+")


class AppriseChannel:
    """The port `Notifier` over one address."""

    def __init__(self, name: str, service: Apprise, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.name = name
        self._service = service
        self._timeout_seconds = timeout_seconds

    async def send(self, notice: Notice) -> None:
        """Hand the notice to the service as plain text."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                told = await self._service.async_notify(
                    title=notice.title.translate(_HARMLESS),
                    body=notice.body.translate(_HARMLESS),
                    notify_type=KINDS[notice.severity],
                    body_format=NotifyFormat.TEXT,
                )
        except TimeoutError:
            raise ChannelUnavailable(f"{self.name} did not answer within {self._timeout_seconds:g} s") from None
        except Exception as error:  # noqa: BLE001  170 services; their words may hold an address
            raise ChannelUnavailable(f"{self.name} cannot be used: {type(error).__name__}") from None
        if not told:
            raise ChannelUnavailable(f"{self.name} did not take it")


def channels_by_address(addresses: Iterable[SecretStr]) -> list[AppriseChannel]:
    """A channel an address, named by its service. Raises BadConfiguration for one that Apprise does not know."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return list(_channels(addresses))


def _channels(addresses: Iterable[SecretStr]) -> Iterator[AppriseChannel]:
    seen: Counter[str] = Counter()
    for number, address in enumerate(addresses, start=1):
        asset = AppriseAsset(
            app_id="trading desk",
            image_url_mask=None,
            image_url_logo=None,
            interpret_escapes=False,
            http_redirects=0,
        )
        service = Apprise(asset=asset)
        if not service.add(address.get_secret_value()) or len(service) != 1:
            raise BadConfiguration(f"ALERT_URLS: address {number} is none that Apprise knows")
        slug = _SLUG.sub("-", str(service[0].service_name).lower()).strip("-") or "apprise"
        seen[slug] += 1
        yield AppriseChannel(slug if seen[slug] == 1 else f"{slug}-{seen[slug]}", service)
