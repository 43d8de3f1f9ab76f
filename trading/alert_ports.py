"""What the alerts need of the world, as Protocols: channels on which persons are told, and what is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from trading.events import Event
from trading.notices import AlertLine, Inbox, Notice, Raised, Settled
from trading.occasions import Entry, Noticed


class Notifier(Protocol):
    """A channel on which persons are told."""

    name: str
    """What the channel is called in the books and the log; it holds no secret."""

    async def send(self, notice: Notice) -> None:
        """Say it, in full, to all that this channel reaches.

        Raises ChannelUnavailable when it is to be tried again, NoticeRefused when this notice never will be taken.
        """
        ...


class Alerts(Protocol):
    """What was raised, who was told of it, and who has seen it. An alert is the number of its event in the log."""

    async def read_on(self, desk_id: str, at: datetime) -> tuple[Noticed, tuple[Entry, ...], int]:
        """What is remembered of the log, its next lines that matter, and to which line it is read with them.

        A log that was never read begins a day ago.
        """
        ...

    async def note(self, desk_id: str, noticed: Noticed, raised: Sequence[Event]) -> None:
        """Raise alerts, each once, and remember how far the log was read, together."""
        ...

    async def inbox(self, desk_id: str, channel: str, since: datetime) -> Inbox:
        """What a channel was not told yet, and what it was since a moment. A new channel begins a day before it."""
        ...

    async def settle(self, desk_id: str, channel: str, settled: Settled) -> None:
        """Remember what became of these alerts on a channel, each once."""
        ...

    async def unread(self, desk_id: str, since: datetime, until: datetime) -> tuple[Raised, ...]:
        """The critical alerts raised between two moments that nobody has seen and the desk was not told of."""
        ...

    async def listed(self, desk_id: str, *, limit: int, open_only: bool = False) -> tuple[AlertLine, ...]:
        """The newest alerts, the oldest of them first."""
        ...

    async def acknowledge(self, desk_id: str, numbers: Sequence[int], by: str, at: datetime) -> None:
        """A person has seen these; one that somebody has seen before stays his."""
        ...
