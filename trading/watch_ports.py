"""What the price watch needs of the world beyond `trading/ports.py`; what a provider of prices may tell or not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from trading.desk import PriceMoved
from trading.events import Event
from trading.market import Quote
from trading.news import News


@runtime_checkable
class QuoteStream(Protocol):
    """A market that tells prices as they change."""

    def stream(self, symbols: Sequence[str]) -> AsyncGenerator[Quote]:
        """Quotes of these symbols as they come; ends when it is cut off, and tells nothing of before.

        Raises MarketRefused for a key, plan or number of symbols that is not served, MarketUnavailable when there is no
        connection to be had.
        """
        ...


@runtime_checkable
class DayVolumes(Protocol):
    """A market that tells the shares traded so far in a session."""

    async def volumes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Decimal]:
        """Shares since the opening bell, on the feed that daily bars are of; a symbol without any is left out."""
        ...


@runtime_checkable
class Headlines(Protocol):
    """A market that tells news."""

    async def headlines(self, symbols: Sequence[str], until: datetime) -> tuple[News, ...]:
        """The newest headlines about these symbols that were out at a moment."""
        ...


class MoveLog(Protocol):
    """The log, as far as it tells what has fired."""

    async def moves(self, desk_id: str, since: datetime) -> tuple[Event, ...]:
        """Every `PriceMoved` of a desk since a moment, oldest first."""
        ...


class DeskDoor(Protocol):
    """The desk's workflow, as far as somebody who watches prices speaks to it."""

    async def price_moved(self, desk_id: str, moved: PriceMoved) -> None:
        """Tell the desk; its workflow is started when it does not run."""
        ...

    async def books_changed(self, desk_id: str) -> None:
        """Let the desk look at its circuit breaker, if it runs."""
        ...
