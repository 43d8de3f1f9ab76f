"""A market of seeded random numbers, to try the desk without data. It never goes with a live broker.

The model, for every session since 2 January 2015, in logarithms of the price and fractions a day:

    market     m = 0.0003 + 0.008 v z                   one for all symbols, so that they move together
    return     r = beta m + d + sigma w e               beta 0.6 to 1.4, sigma 0.006 to 0.016, both the symbol's own
    close      the close before, times exp(r)           the first close lies between 20 and 400 dollars
    open       the close before, times exp(0.35 r + 0.3 sigma g)
    high, low  beyond open and close by |h| sigma / 2 and |l| sigma / 2
    volume     the symbol's own level, times exp(0.3 q + 12 |r|)

`z e g h l q` are standard normal. Regimes last 60 sessions: `v` and `w` are 2 in one regime of four, else 1; `d` is
uniform within 0.0008 either side of 0. Prices are whole cents, at least one.

Within a session the price goes in straight lines from the open through the day's low and high, at random times and in
random order, to the close; it changes by the minute. The spread is 2 to 6 basis points, the symbol's own, at least two
cents, never beyond the day's low and high. Outside a session the quote is the close with its spread.

Every number is a function of (seed, symbol, session): when it is asked changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adapters import sectors
from adapters.exchange_calendar import ExchangeCalendar
from adapters.listing import list_all, of_sectors
from adapters.looking import look_at
from trading.bars import Bars
from trading.corporate_actions import CorporateAction
from trading.errors import BadConfiguration, UnknownSymbol
from trading.instruments import Instrument
from trading.market import Adjustment, Dropped, Quote, read_quote
from trading.readings import Reading
from trading.sessions import Session
from trading.snapshots import last_completed
from trading.universes import Listed

BEGINS_ON = date(2015, 1, 2)
REGIME_SESSIONS = 60
MINUTE = timedelta(minutes=1)
Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _History:
    """One symbol's bars, the way of the price within each and half the spread (a fraction).

    `times` (0 is the open, 1 the close) and `prices` (dollars) are (n, 4): where each session's price turns.
    """

    bars: Bars
    times: Column
    prices: Column
    half_spread: float


class SimulatedMarket:
    """The model above for the companies and funds of `sectors.csv`; raises UnknownSymbol for others."""

    def __init__(self, seed: int, calendar: ExchangeCalendar) -> None:
        if seed < 0:
            raise BadConfiguration(f"the seed of the simulated market is {seed}; it must be 0 or more")
        self.name = "simulated"
        self.synthetic = True
        self.historical = False
        self.adjustment = Adjustment.ALL
        self._seed = seed
        self._calendar = calendar
        self._histories: dict[str, _History] = {}

    async def latest(self, now: datetime) -> datetime:
        """Now: it always has a price."""
        return now

    async def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Names and sectors of real companies, for prices that are not theirs."""
        unknown = sorted(set(symbols) - self.universe.keys())
        if unknown:
            known = ", ".join(self.universe)
            raise UnknownSymbol(f"the simulated market has no {', '.join(unknown)}; it has {known}")
        return {symbol: self.universe[symbol] for symbol in symbols}

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars]:
        """The last so many bars of sessions that had closed at `as_of`."""
        return await asyncio.to_thread(self._bars, symbols, as_of, sessions)

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        """The price of this minute, or the last close outside a session."""
        return await asyncio.to_thread(self._quotes, symbols, as_of)

    async def actions(
        self,
        symbols: Sequence[str],  # noqa: ARG002  the port's
        since: datetime,  # noqa: ARG002
        until: datetime,  # noqa: ARG002
    ) -> Mapping[str, Sequence[CorporateAction]]:
        """None: its companies do nothing but trade."""
        return {}

    async def look(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
        """Facts, bars and quotes for a snapshot."""
        return await look_at(self, symbols, as_of, sessions)

    async def assets(self, as_of: datetime, sectors: Sequence[str]) -> Sequence[Listed]:
        """Everything it has prices of."""
        known = of_sectors(self.universe.values(), sectors)
        return await list_all(self, known, as_of, last_completed(self._calendar, as_of).session_on)

    def _bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> dict[str, Bars]:
        completed_on = last_completed(self._calendar, as_of).session_on
        known = {symbol: self._history(symbol).bars for symbol in symbols if symbol in self.universe}
        visible = {symbol: bars.until(completed_on).last(sessions) for symbol, bars in known.items()}
        return {symbol: bars for symbol, bars in visible.items() if len(bars)}

    def _quotes(self, symbols: Sequence[str], as_of: datetime) -> dict[str, Quote | Dropped]:
        session = self._calendar.last_session(as_of)
        return {symbol: self._quote(symbol, session, min(as_of, session.closes_at)) for symbol in symbols}

    def _quote(self, symbol: str, session: Session, at: datetime) -> Quote | Dropped:
        if symbol not in self.universe or session.session_on < BEGINS_ON:
            return Dropped(symbol=symbol, code="missing", reason=f"the simulated market begins on {BEGINS_ON}")
        history = self._history(symbol)
        day = int(np.searchsorted(self._days, np.datetime64(session.session_on, "D")))
        minutes, length = (at - session.opens_at) // MINUTE, (session.closes_at - session.opens_at) // MINUTE
        last = round(100 * float(np.interp(minutes / length, history.times[day], history.prices[day])))
        low, high = (round(100 * float(column[day])) for column in (history.bars.low, history.bars.high))
        half = max(round(last * history.half_spread), 1)
        bid, ask = max(last - half, low), min(last + half, high)
        return read_quote(symbol, (_dollars(bid), _dollars(ask), _dollars(last)), at)

    def _history(self, symbol: str) -> _History:
        if symbol not in self._histories:
            self._histories[symbol] = _simulate(self._seed, symbol, self._days, self._market)
        return self._histories[symbol]

    @cached_property
    def universe(self) -> dict[str, Instrument]:
        """Every instrument it has prices of, by symbol."""
        return sectors.read_instruments(Path(__file__).with_name(sectors.FILE_NAME))

    @cached_property
    def _days(self) -> NDArray[np.datetime64]:
        days = [session.session_on for session in self._calendar.sessions(BEGINS_ON, self._calendar.ends_on)]
        return np.array(days, dtype="datetime64[D]")

    @cached_property
    def _market(self) -> Column:
        """The market's own log return of each session."""
        shocks, _, regimes, _ = _streams(self._seed, "the market")
        nervous, _ = _regimes(regimes, len(self._days))
        return 0.0003 + 0.008 * nervous * shocks.standard_normal(len(self._days))


def _simulate(seed: int, symbol: str, days: NDArray[np.datetime64], market: Column) -> _History:
    shocks, moments, regimes, traits = _streams(seed, symbol)
    beta, deviation, first, level, spread = traits.random(5)
    sigma = 0.006 + 0.010 * deviation
    nervous, drift = _regimes(regimes, len(days))
    own, gap, above, below, busy = shocks.standard_normal((len(days), 5)).T

    returns = (0.6 + 0.8 * beta) * market + drift + sigma * nervous * own
    start = np.log(20) + first * np.log(20)
    close = start + np.cumsum(returns)
    before = np.concatenate([[start], close[:-1]])
    opened = before + 0.35 * returns + 0.3 * sigma * gap
    high = np.maximum(opened, close) + np.abs(above) * sigma / 2
    low = np.minimum(opened, close) - np.abs(below) * sigma / 2
    volume = np.round(np.exp(np.log(1e6) + level * np.log(30) + 0.3 * busy + 12 * np.abs(returns)))

    bars = Bars(days, _cents(opened), _cents(high), _cents(low), _cents(close), volume)
    for column in (days, bars.open, bars.high, bars.low, bars.close, volume):
        column.flags.writeable = False  # slices of it are handed out for as long as the process lives
    return _History(bars, *_way(bars, moments), half_spread=(1 + 2 * spread) / 10_000)


def _way(bars: Bars, moments: np.random.Generator) -> tuple[Column, Column]:
    """When (0 is the open, 1 the close) and at what price each session turns: open, one extreme, the other, close."""
    drawn = moments.random((len(bars), 3))
    turns = np.sort(drawn[:, :2], axis=1)
    low_first = drawn[:, 2] < 0.5  # noqa: PLR2004  a fair coin
    one, other = np.where(low_first, [bars.low, bars.high], [bars.high, bars.low])
    times = np.column_stack([np.zeros(len(bars)), turns, np.ones(len(bars))])
    return times, np.column_stack([bars.open, one, other, bars.close])


def _regimes(numbers: np.random.Generator, sessions: int) -> tuple[Column, Column]:
    """The multiple of volatility (1 or 2) and the drift (log return a day) of each session."""
    drawn = numbers.random((-(-sessions // REGIME_SESSIONS), 2)).repeat(REGIME_SESSIONS, axis=0)[:sessions]
    return np.where(drawn[:, 0] < 0.25, 2.0, 1.0), 0.0008 * (2 * drawn[:, 1] - 1)  # noqa: PLR2004  one of four


def _streams(seed: int, name: str) -> list[np.random.Generator]:
    """Four independent streams of one name. Each is read row by row, so more sessions never change the earlier ones."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    return [np.random.Generator(np.random.PCG64(part)) for part in np.random.SeedSequence([seed, key]).spawn(4)]


def _cents(log_prices: Column) -> Column:
    return np.maximum(np.round(np.exp(log_prices), 2), 0.01)


def _dollars(cents: int) -> Decimal:
    return Decimal(cents) / 100
