"""The market that Yahoo's data make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

import structlog

from adapters.company_facts import CompanyFacts
from adapters.looking import together
from adapters.yfinance_market import reading as read
from adapters.yfinance_market.reading import History
from adapters.yfinance_market.wire import Asked, NoData, Wire, YahooAccess
from trading.bars import Bars
from trading.companies import Company
from trading.corporate_actions import CorporateAction
from trading.errors import MarketUnavailable, UnknownSymbol
from trading.fundamentals import NOW_WITHIN
from trading.instruments import Instrument
from trading.market import Adjustment, Dropped, Quote
from trading.news import News
from trading.ports import Calendar, Companies, RequestRate
from trading.readings import Reading
from trading.snapshots import last_completed

MINUTES_REACH = timedelta(days=25)
"""How far back Yahoo tells minutes: a month, less what a clock or a holiday may take."""
QUOTED_WITHIN = timedelta(days=5)
"""How far back from `as_of` a minute is looked for: a long week-end."""

log = structlog.get_logger()


class YFinanceMarket:
    """Prices of Yahoo; the package says what they are. `session` replaces the one that looks like a browser's."""

    name = "yfinance"
    synthetic = False
    historical = False
    adjustment = Adjustment.SPLIT

    def __init__(
        self, access: YahooAccess, calendar: Calendar, companies: Companies, rate: RequestRate, *, session: Any = None
    ) -> None:
        self._wire = Wire(access, rate, session)
        self._calendar = calendar
        self._facts = CompanyFacts(companies, self._ask_companies)

    async def latest(self, now: datetime) -> datetime:
        """Now: how fresh each price is, its own time says."""
        return now

    async def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Names and sectors. Raises UnknownSymbol with every symbol that Yahoo does not have."""
        return {symbol: company.instrument for symbol, company in (await self._facts.of(symbols)).items()}

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars | Dropped]:
        """Split-adjusted daily bars, as of today's shares: a split after `as_of` is in them."""
        found = await self._histories(symbols, as_of, sessions)
        return {symbol: _bars(one, sessions) for symbol, one in found.items()}

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        """The close of the last whole minute at `as_of`, or of the last session when that is long ago."""
        if datetime.now(UTC) - as_of > MINUTES_REACH:
            return await self._closes(symbols, as_of)

        def minutes(asked: Asked) -> Any:
            span = {"start": as_of - QUOTED_WITHIN, "end": as_of}
            return _filled(asked.ticker.history(**span, interval="1m", auto_adjust=False, timeout=asked.timeout))

        found = await self._wire.ask_all(symbols, minutes)
        return {s: one if isinstance(one, Dropped) else read.read_minute(s, one, as_of) for s, one in found.items()}

    async def look(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
        """Facts, bars and quotes for a snapshot, the splits that the bars must show, and the news."""
        instruments = await self.instruments(symbols)
        found = await self._histories(symbols, as_of, sessions)
        return Reading(
            provider=self.name,
            adjustment=self.adjustment,
            synthetic=self.synthetic,
            as_of=as_of,
            taken_at=datetime.now(UTC),
            instruments=instruments,
            bars={symbol: _bars(one, sessions) for symbol, one in found.items()},
            quotes=await self.quotes(symbols, as_of),
            actions={symbol: one.actions for symbol, one in found.items() if isinstance(one, History)},
            news=await self._headlines(symbols, as_of),
            companies=await self._today(symbols, as_of),
        )

    async def actions(
        self, symbols: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Sequence[CorporateAction]]:
        """Splits and dividends; Yahoo lists one from its first day of trading on, and none of other kinds."""
        found = await self._daily(symbols, since.date(), until.date())
        listed = {symbol: one.actions for symbol, one in found.items() if isinstance(one, History)}
        return {symbol: actions for symbol, actions in listed.items() if actions}

    async def news(self, symbol: str, until: datetime, most: int = 10) -> tuple[News, ...]:
        """The newest articles about a symbol that were out at a moment."""
        try:
            articles = await self._wire.ask(symbol, lambda asked: asked.ticker.get_news(count=most))
        except NoData:
            return ()
        return read.read_news(symbol, articles, until)

    async def headlines(self, symbols: Sequence[str], until: datetime) -> tuple[News, ...]:
        """The newest articles about these symbols; none when Yahoo does not answer."""
        return await self._headlines(symbols, until)

    async def _headlines(self, symbols: Sequence[str], as_of: datetime) -> tuple[News, ...]:
        """The news; a snapshot without them is better than none."""
        try:
            return tuple(chain.from_iterable(await together(self.news(symbol, as_of) for symbol in symbols)))
        except MarketUnavailable as failure:
            log.warning("no news", provider=self.name, reason=str(failure))
            return ()

    async def _today(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Company]:
        """What is known of the companies by now; nothing at another moment: it would be the future."""
        is_now = timedelta(0) <= datetime.now(UTC) - as_of <= NOW_WITHIN
        return await self._facts.of_today(symbols) if is_now else {}

    async def _closes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        closed_at = last_completed(self._calendar, as_of).closes_at
        found = await self.bars(symbols, as_of, 1)
        return {s: b if isinstance(b, Dropped) else _close(s, b, closed_at) for s, b in found.items()}

    async def _histories(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> dict[str, History | Dropped]:
        last_on = last_completed(self._calendar, as_of).session_on
        # Two days in seven are free, and holidays; what comes too much is cut off. A split is listed on its first day.
        found = await self._daily(symbols, last_on - timedelta(days=sessions * 7 // 5 + 20), as_of.date())
        return {symbol: _until(one, last_on) for symbol, one in found.items()}

    async def _daily(self, symbols: Sequence[str], first: date, last: date) -> dict[str, History | Dropped]:
        def daily(asked: Asked) -> History:
            frame = asked.ticker.history(
                start=first,
                end=last + timedelta(days=1),
                interval="1d",
                auto_adjust=False,
                actions=True,
                keepna=True,  # a day without prices must be seen, not left out
                timeout=asked.timeout,
            )
            return read.read_history(asked.symbol, _filled(frame))

        return await self._wire.ask_all(symbols, daily)

    async def _ask_companies(self, symbols: Sequence[str]) -> Sequence[Company]:
        companies: list[Company] = []
        unknown: list[str] = []
        for symbol in symbols:
            try:
                companies.append(await self._ask_company(symbol))
            except UnknownSymbol:
                unknown.append(symbol)
            except NoData:
                raise MarketUnavailable(f"yahoo has no facts of {symbol}") from None
        if unknown:
            raise UnknownSymbol(f"yahoo does not have {', '.join(unknown)}")
        return companies

    async def _ask_company(self, symbol: str) -> Company:
        return await self._wire.ask(symbol, lambda a: read.read_company(symbol, a.ticker.info, datetime.now(UTC)))


def _bars(one: History | Dropped, sessions: int) -> Bars | Dropped:
    return one if isinstance(one, Dropped) else one.bars.last(sessions)


def _until(one: History | Dropped, last_on: date) -> History | Dropped:
    return one if isinstance(one, Dropped) else one._replace(bars=one.bars.until(last_on))


def _filled(frame: Any) -> Any:
    """A frame with rows. Raises NoData for an empty one."""
    if frame is None or frame.empty:
        raise NoData
    return frame


def _close(symbol: str, bars: Bars, closed_at: datetime) -> Quote | Dropped:
    if not len(bars):
        return Dropped(symbol=symbol, code="missing", reason="no bar is complete yet")
    return read.quote_of(symbol, float(bars.close[-1]), closed_at)
