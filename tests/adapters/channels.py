"""Notices to send, and what nobody may see of a channel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.making import AT, DESK
from trading.alert_ports import Notifier
from trading.alerts import Severity
from trading.errors import ChannelUnavailable, NoticeRefused
from trading.notices import Notice

CANARY = "canary-5d1f07c2e9"


def notice(**changes: Any) -> Notice:
    usual = {
        "desk_id": DESK,
        "severity": Severity.CRITICAL,
        "title": "[critical] paper: the stream is silent",
        "body": "the stream is silent\n\nAlert 7 (system), raised at 2026-11-20 16:00:00 UTC.",
        "raised_at": AT,
    }
    return Notice.model_validate(usual | changes)


async def unavailable(channel: Notifier, asked: Notice | None = None) -> ChannelUnavailable:
    """How a channel says that it is to be tried again; whatever it says, it tells no secret."""
    with pytest.raises(ChannelUnavailable) as raised:
        await channel.send(asked or notice())
    _sees_no_canary(raised.value)
    return raised.value


async def refused(channel: Notifier, asked: Notice | None = None) -> NoticeRefused:
    """How a channel says that it will never take it."""
    with pytest.raises(NoticeRefused) as raised:
        await channel.send(asked or notice())
    _sees_no_canary(raised.value)
    return raised.value


def _sees_no_canary(error: BaseException) -> None:
    """Neither the error nor what it was raised from holds a secret: a log may write all of it."""
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert CANARY not in f"{error!r} {error}"
