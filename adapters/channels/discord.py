"""Discord, by a webhook: one embed a notice, of plain text, that calls nobody by name.

| what came | is |
|---|---|
| 2xx | told |
| 429 | later, not before its `retry_after` |
| 408, 5xx, no answer | later |
| 401, 403, 404, 3xx | the webhook is gone or is none: tried again every ten minutes, until a person has mended it |
| 400, 413 and every other 4xx | this notice never |
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import SecretStr

from adapters.channels.wire import LONG_REST, TIMEOUT_SECONDS, post
from trading.alerts import Severity
from trading.errors import ChannelUnavailable, NoticeRefused
from trading.notices import Notice

COLOURS = {Severity.INFO: 0x3498DB, Severity.WARNING: 0xF1C40F, Severity.CRITICAL: 0xE74C3C}
MOST_TITLE, MOST_DESCRIPTION = 256, 4096
"""Discord's own limits; a longer one is refused as a whole."""
_GONE = frozenset({401, 403, 404, 405})
_MARKS = re.compile(r"([\\`*_~|>#\[\]()<@:-])")
_FENCE = "```"


class DiscordChannel:
    """The port `Notifier` over a webhook."""

    name = "discord"

    def __init__(self, url: SecretStr, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds

    async def send(self, notice: Notice) -> None:
        """Post the notice, and wait until Discord has kept it."""
        answer = await post(
            "Discord",
            _waiting(self._url.get_secret_value()),
            json.dumps(payload(notice)).encode(),
            {"content-type": "application/json"},
            self._timeout_seconds,
        )
        if answer.is_later:
            raise ChannelUnavailable(f"Discord answered {answer.status}", retry_after_seconds=answer.retry_after)
        if answer.status in _GONE or answer.status // 100 in {1, 3}:
            raise ChannelUnavailable(
                f"Discord has no such webhook ({answer.status}): set ALERT_DISCORD_WEBHOOK_URL anew",
                retry_after_seconds=LONG_REST,
            )
        if answer.status // 100 != 2:  # noqa: PLR2004  HTTP's success
            raise NoticeRefused(f"Discord refuses the notice with {answer.status}")


def payload(notice: Notice) -> dict[str, Any]:
    """The notice as Discord takes it: in the title every mark is escaped, in the body none is one."""
    return {
        "embeds": [
            {
                "title": _cut(_MARKS.sub(r"\\\1", notice.title.replace("://", ": //")), MOST_TITLE),
                "description": _fenced(notice.body),
                "color": COLOURS[notice.severity],
                "timestamp": notice.raised_at.isoformat(),
                "footer": {"text": f"trading desk {notice.desk_id}"},
            }
        ],
        "allowed_mentions": {"parse": []},
    }


def _fenced(text: str) -> str:
    """The text as code: there a mention calls nobody, an address is no link and a mark no format."""
    room = MOST_DESCRIPTION - 2 * len(_FENCE) - 2
    return f"{_FENCE}\n{_cut(text.replace('`', chr(0x2CB)), room)}\n{_FENCE}"


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1].rstrip(chr(92))}…"


def _waiting(url: str) -> str:
    """By default Discord answers before it has kept anything."""
    return url if "wait=" in url else f"{url}{'&' if '?' in url else '?'}wait=true"
