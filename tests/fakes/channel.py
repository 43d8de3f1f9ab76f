"""A channel that keeps what it was told, and may be told to fail."""

from __future__ import annotations

import asyncio

from trading.errors import ChannelUnavailable, NoticeRefused
from trading.notices import Notice


class Channel:
    """The port `Notifier`: `trouble` happens to the next notices, one each, and then all arrive."""

    def __init__(self, name: str = "phone", *trouble: str, ever: str = "") -> None:
        self.name = name
        self.arrived: list[Notice] = []
        self.tries = 0
        self._trouble = list(trouble)
        self._ever = ever

    async def send(self, notice: Notice) -> None:
        self.tries += 1
        match self._trouble.pop(0) if self._trouble else self._ever:
            case "unavailable":
                raise ChannelUnavailable("nobody there", retry_after_seconds=0.01)
            case "refused":
                raise NoticeRefused("not this one")
            case "bug":
                raise RuntimeError("an address with a secret")
            case "silent":
                await asyncio.Event().wait()
        self.arrived.append(notice)

    @property
    def titles(self) -> list[str]:
        return [notice.title for notice in self.arrived]
