"""The market that Alpaca's data make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

import structlog
from alpaca.common.enums import Sort
from alpaca.data.enums import Adjustment as AlpacaAdjustment
from alpaca.data.enums import DataFeed
from alpaca.data.requests import (
    CorporateActionsRequest,
    NewsRequest,
    StockBarsRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.enums import AssetClass, AssetStatus
from alpaca.trading.requests import GetAssetsRequest, GetCalendarRequest

from adapters.alpaca_market import reading as read
from adapters.alpaca_market import stream
from adapters.alpaca_market.wire import AlpacaAccount, Wire
from adapters.company_facts import CompanyFacts
from adapters.listing import of_sectors
from adapters.looking import look_at, together
from trading.bars import Bars
from trading.companies import Company
from trading.corporate_actions import CorporateAction
from trading.errors import MarketUnavailable, UnknownSymbol
from trading.instruments import Instrument
from trading.market import Adjustment, Dropped, Quote
from trading.news import News
from trading.ports import Calendar, Companies, RequestRate
from trading.readings import Reading
from trading.sessions import Session
from trading.snapshots import last_completed
from trading.universes import Listed

PAGE = 10_000
"""Bars in one page of an answer."""
MOST_SYMBOLS = 100
MOST_NEWS = 50
"""What one request for news may bring."""

MOST_LISTED = 400
"""Symbols whose bars of a month fit in one page, and their names in one address."""
MONTH = timedelta(days=35)
"""Twenty sessions and whatever holidays lie between."""
AT_ONCE = 8
"""Requests under way at the same time for one look."""

log = structlog.get_logger()
SOON = timedelta(minutes=1)
"""A moment longer ago than this is history: its quotes are asked for one by one."""
QUOTED_WITHIN = timedelta(days=5)
"""How far back from `as_of` a quote is looked for: a long week-end."""


class AlpacaMarket:
    """Live prices of American shares; the package says what is asked for and how failures are named."""

    name = "alpaca"
    synthetic = False
    historical = False
    adjustment = Adjustment.SPLIT

    def __init__(self, account: AlpacaAccount, calendar: Calendar, companies: Companies, rate: RequestRate) -> None:
        self._account = account
        self._wire = Wire(account, rate)
        self._feed = DataFeed(account.feed)
        self._calendar = calendar
        self._facts = CompanyFacts(companies, self._ask_companies)

    async def latest(self, now: datetime) -> datetime:
        """Now: how fresh each price is, its own time says."""
        return now

    async def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Names and sectors. Raises UnknownSymbol with every symbol that Alpaca does not have."""
        return {symbol: company.instrument for symbol, company in (await self._facts.of(symbols)).items()}

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars | Dropped]:
        """Split-adjusted daily bars, as of today's shares: a split after `as_of` is in them."""
        completed = last_completed(self._calendar, as_of)
        # Two sessions in seven days are free, and holidays; what comes too much is cut off again.
        start = completed.opens_at - timedelta(days=sessions * 7 // 5 + 20)
        found: dict[str, Bars | Dropped] = {}
        for batch in _batches(symbols, min(MOST_SYMBOLS, max(PAGE // (sessions + 20), 1))):
            rows = await self._bars(batch, start, completed.closes_at)
            found |= {symbol: read.read_bars(symbol, rows.get(symbol)) for symbol in batch}
        return {symbol: _cut(bars, completed, sessions) for symbol, bars in found.items()}

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        """The newest quote and trade at `as_of`; a share that may not be traded is dropped as `untradable`."""
        found: dict[str, Quote | Dropped] = {}
        if datetime.now(UTC) - as_of <= SOON:
            for batch in _batches(symbols, MOST_SYMBOLS):
                found |= await self._latest(batch, as_of)
        newer = [symbol for symbol in symbols if _is_after(found.get(symbol))]
        found |= await self._quotes_then(newer, as_of)
        known = await self._facts.known(symbols)
        barred = {s: _untradable(s) for s in symbols if s in known and not known[s].tradable}
        return {**found, **barred}

    async def look(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
        """Facts, bars and quotes for a snapshot, the corporate actions that the bars must show, and the news."""
        seen = await look_at(self, symbols, as_of, sessions)
        since = as_of - timedelta(days=sessions * 7 // 5 + 20)
        actions = await self.actions(symbols, since, as_of)
        return replace(seen, actions=actions, news=await self._headlines(symbols, as_of))

    async def actions(
        self, symbols: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Sequence[CorporateAction]]:
        """Splits, dividends, spin-offs and new symbols, also those that were announced for a day to come."""
        found: dict[str, Sequence[CorporateAction]] = {}
        for batch in _batches(symbols, MOST_SYMBOLS):
            found |= read.read_actions(await self._actions(batch, since.date(), until.date()))
        return found

    async def news(self, symbols: Sequence[str], until: datetime, most: int = 20) -> tuple[News, ...]:
        """The newest articles about these symbols that were out at a moment."""
        asked = NewsRequest(symbols=",".join(symbols), end=until, limit=most, sort="desc")
        answer = await self._wire.news(lambda client: client.get_news(asked), f"news of {_few(symbols)}")
        return read.read_news(answer, until, symbols)

    def stream(self, symbols: Sequence[str]) -> AsyncGenerator[Quote]:
        """Prices as they change; one line a key, and not of every number of symbols."""
        return stream.quotes(self._account, symbols)

    async def headlines(self, symbols: Sequence[str], until: datetime) -> tuple[News, ...]:
        """The newest articles about these symbols, as many as one request brings."""
        return await self.news(symbols, until, MOST_NEWS)

    async def volumes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Decimal]:
        """Shares traded in the session of a moment that is now, on the feed that the daily bars are of."""
        found: dict[str, Decimal] = {}
        on = self._calendar.last_session(as_of).session_on
        for batch in _batches(symbols, MOST_SYMBOLS):
            rows = await self._snapshots(batch)
            found |= {s: volume for s in batch if (volume := read.read_volume(rows.get(s), on)) is not None}
        return found

    async def _headlines(self, symbols: Sequence[str], as_of: datetime) -> tuple[News, ...]:
        """The news; a snapshot without them is better than none."""
        try:
            return await self.news(symbols, as_of, MOST_NEWS)
        except MarketUnavailable as failure:
            log.warning("no news", provider=self.name, reason=str(failure))
            return ()

    async def assets(self, as_of: datetime, sectors: Sequence[str]) -> Sequence[Listed]:
        """Every American share and fund that may be traded on an exchange: one request, and one for each 400 symbols.

        Alpaca tells no sector: by the shipped table, so of a sector only what stands in it.
        """
        asked = GetAssetsRequest(status=AssetStatus.ACTIVE, asset_class=AssetClass.US_EQUITY)
        rows = await self._wire.trading(lambda client: client.get_all_assets(asked), "the list of assets")
        known = self._facts.listed(read.read_assets(rows))
        wanted = {one.symbol: one for one in of_sectors(known, sectors)}
        completed, gate = last_completed(self._calendar, as_of), asyncio.Semaphore(AT_ONCE)
        start = completed.opens_at - MONTH

        async def month(batch: Sequence[str]) -> list[Listed]:
            async with gate:
                bars = await self._bars(batch, start, completed.closes_at)
            return read.read_listed([wanted[symbol] for symbol in batch], bars, completed.session_on)

        return list(chain.from_iterable(await together(map(month, _batches(list(wanted), MOST_LISTED)))))

    async def is_open(self) -> bool:
        """Whether the exchange trades at this moment, as Alpaca's clock says: it knows of surprise closures."""
        return bool(await self._wire.trading(lambda client: _is_open(client.get_clock()), "the clock"))

    async def differing_sessions(self, sessions: Sequence[Session]) -> tuple[str, ...]:
        """How Alpaca's calendar differs from these consecutive sessions, one sentence a day; empty when it does not."""
        asked = GetCalendarRequest(start=sessions[0].session_on, end=sessions[-1].session_on)
        theirs = await self._wire.trading(lambda client: _calendar(client.get_calendar(asked)), "the calendar")
        ours = {session.session_on.isoformat(): _hours(session) for session in sessions}
        days = sorted(day for day in {*theirs, *ours} if theirs.get(day) != ours.get(day))
        return tuple(f"{day}: {ours.get(day, 'closed')} here, {theirs.get(day, 'closed')} at alpaca" for day in days)

    async def _bars(self, batch: Sequence[str], start: datetime, end: datetime) -> Mapping[str, object]:
        asked = StockBarsRequest(
            symbol_or_symbols=list(batch),
            timeframe=TimeFrame.Day,
            start=start,
            end=end,
            adjustment=AlpacaAdjustment.SPLIT,
            feed=self._feed,
        )
        rows: Mapping[str, object] = await self._wire.stocks(lambda client: client.get_stock_bars(asked), _few(batch))
        return rows

    async def _actions(self, batch: Sequence[str], since: date, until: date) -> Mapping[str, object]:
        # With a limit, and it has one by itself, the SDK ends after so many: it would cut the list without a word.
        asked = CorporateActionsRequest(symbols=list(batch), start=since, end=until, limit=None)
        about = f"actions of {_few(batch)}"
        rows: Mapping[str, object] = await self._wire.actions(lambda c: c.get_corporate_actions(asked), about)
        return rows

    async def _latest(self, batch: Sequence[str], as_of: datetime) -> dict[str, Quote | Dropped]:
        rows = await self._snapshots(batch)
        return {symbol: _snapshot(symbol, rows.get(symbol), as_of) for symbol in batch}

    async def _snapshots(self, batch: Sequence[str]) -> Mapping[str, object]:
        asked = StockSnapshotRequest(symbol_or_symbols=list(batch), feed=self._feed)
        rows: Mapping[str, object] = await self._wire.stocks(lambda c: c.get_stock_snapshot(asked), _few(batch))
        return rows

    async def _quotes_then(self, symbols: Sequence[str], as_of: datetime) -> dict[str, Quote | Dropped]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(symbol: str) -> Quote | Dropped:
            async with gate:
                quote = await self._newest(StockQuotesRequest, symbol, as_of)
                trade = await self._newest(StockTradesRequest, symbol, as_of)
            return read.read_latest(symbol, quote, trade, as_of)

        return dict(zip(symbols, await together(map(one, symbols)), strict=True))

    async def _newest(
        self, kind: type[StockQuotesRequest | StockTradesRequest], symbol: str, as_of: datetime
    ) -> object:
        asked = kind(
            symbol_or_symbols=symbol,
            start=as_of - QUOTED_WITHIN,
            end=as_of,
            limit=1,
            sort=Sort.DESC,
            feed=self._feed,
        )
        if isinstance(asked, StockQuotesRequest):
            rows = await self._wire.stocks(lambda client: client.get_stock_quotes(asked), symbol)
        else:
            rows = await self._wire.stocks(lambda client: client.get_stock_trades(asked), symbol)
        found = rows.get(symbol)
        return found[0] if isinstance(found, list) and found else None

    async def _ask_companies(self, symbols: Sequence[str]) -> Sequence[Company]:
        companies: list[Company] = []
        unknown: list[str] = []
        for symbol in symbols:
            try:
                companies.append(await self._ask_company(symbol))
            except UnknownSymbol:
                unknown.append(symbol)
        if unknown:
            raise UnknownSymbol(f"alpaca does not have {', '.join(unknown)}")
        return companies

    async def _ask_company(self, symbol: str) -> Company:
        company: Company = await self._wire.trading(lambda c: _company(symbol, c.get_asset(symbol)), symbol)
        return company


def _company(symbol: str, asset: Any) -> Company:
    return Company(
        symbol=symbol,
        name=str(asset.get("name") or ""),
        tradable=asset.get("tradable") is True and asset.get("status") == "active",
        source="alpaca",
        known_at=datetime.now(UTC),
    )


def _cut(bars: Bars | Dropped, completed: Session, sessions: int) -> Bars | Dropped:
    return bars if isinstance(bars, Dropped) else bars.until(completed.session_on).last(sessions)


def _snapshot(symbol: str, row: object, as_of: datetime) -> Quote | Dropped:
    parts = row if isinstance(row, dict) else {}
    return read.read_latest(symbol, parts.get("latestQuote"), parts.get("latestTrade"), as_of)


def _is_after(quote: Quote | Dropped | None) -> bool:
    """Whether what was in force at the moment asked for is still to be looked up."""
    return quote is None or (isinstance(quote, Dropped) and quote.code == read.FUTURE)


def _is_open(clock: Any) -> bool:
    return clock["is_open"] is True


def _calendar(rows: Any) -> dict[str, str]:
    return {row["date"]: f"{row['open']}-{row['close']}" for row in rows}


def _untradable(symbol: str) -> Dropped:
    return Dropped(symbol=symbol, code="untradable", reason="alpaca says that it may not be traded")


def _hours(session: Session) -> str:
    opens, closes = session.opens_at.astimezone(read.NEW_YORK), session.closes_at.astimezone(read.NEW_YORK)
    return f"{opens:%H:%M}-{closes:%H:%M}"


def _few(symbols: Sequence[str]) -> str:
    """Symbols for an error message."""
    return ", ".join(symbols[:5]) + (f" and {len(symbols) - 5} more" if len(symbols) > 5 else "")  # noqa: PLR2004  five


def _batches(symbols: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(symbols), size):
        yield symbols[start : start + size]
