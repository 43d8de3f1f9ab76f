"""What the broker and the market say of one order, asked just before it is intended."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import AwareDatetime
from temporalio import activity

from activities import clock
from activities.market import MAX_AGE_CLOSED
from trading.bars import Bars
from trading.instruments import Symbol
from trading.market import Quote, distrust
from trading.money import DeskId, Record
from trading.ports import Broker, Calendar, Earnings, Market
from trading.sessions import is_open
from trading.standing import Standing
from trading.steps import InquiryAsked

# A month of sessions: a day of panic or of holiday does not make a symbol liquid or illiquid.
VOLUME_SESSIONS = 20


class Inquiry(Record):
    """Whose account, which symbol, at which moment of the market, and whether that is in a session."""

    desk_id: DeskId
    symbol: Symbol
    at: AwareDatetime
    in_session: bool


class StandingActivities:
    """Inquiries at one broker and one market."""

    def __init__(
        self, broker: Broker, market: Market, calendar: Calendar, earnings: Earnings, max_age: timedelta
    ) -> None:
        self._broker = broker
        self._market = market
        self._calendar = calendar
        self._earnings = earnings
        self._max_age = max_age

    @activity.defn
    async def inquire(self, asked: InquiryAsked) -> Standing:
        """Ask for the account, the symbol, its newest price and its volume. What nobody knows is None, not nothing.

        Raises BrokerUnavailable and MarketUnavailable when one of them does not answer.

        Repeat: reads only; a later answer may differ, but only the recorded one counts.
        """
        stage = asked.stage
        past = self._market.historical or stage.cycle.request.as_of is not None
        at = stage.as_of if past else clock.now()
        return await self.of(
            Inquiry(desk_id=stage.cycle.desk_id, symbol=asked.symbol, at=at, in_session=stage.in_session)
        )

    async def now(self, desk_id: str, symbol: str) -> Standing:
        """Ask for one symbol at this moment, in a session or not."""
        at = clock.now()
        in_session = is_open(self._calendar.last_session(at), at)
        return await self.of(Inquiry(desk_id=desk_id, symbol=symbol, at=at, in_session=in_session))

    async def of(self, inquiry: Inquiry) -> Standing:
        """Ask for one symbol at a moment."""
        symbol, at = inquiry.symbol, inquiry.at
        session = self._calendar.last_session(at) if inquiry.in_session else None
        return Standing(
            account=await self._broker.account(inquiry.desk_id),
            asset=await self._broker.asset(symbol),
            price=await self._price(symbol, at, in_session=inquiry.in_session),
            average_volume=await self._volume(symbol, at),
            opens_at=session.opens_at if session else None,
            closes_at=session.closes_at if session else None,
            reports_on=self._earnings.reports_on(symbol, at.date()),
            market_at=at,
            asked_at=clock.now(),
        )

    async def _price(self, symbol: str, at: datetime, *, in_session: bool) -> Decimal | None:
        """The last trade; None when there is none that is fresh enough to trade on."""
        quote = (await self._market.quotes([symbol], at)).get(symbol)
        max_age = self._max_age if in_session else MAX_AGE_CLOSED
        if not isinstance(quote, Quote) or distrust(quote, as_of=at, max_age=max_age):
            return None
        return quote.mark

    async def _volume(self, symbol: str, at: datetime) -> Decimal | None:
        """Shares a day, averaged over the last 20 sessions that are complete."""
        bars = (await self._market.bars([symbol], at, VOLUME_SESSIONS)).get(symbol)
        if not isinstance(bars, Bars) or not len(bars) or bars.defect():
            return None
        return Decimal(int(bars.volume.mean()))
