"""Which symbols a command is about, and as of when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from activities.gate import GateRules
from activities.market import MAX_AGE_CLOSED
from activities.universes import UniverseActivities
from adapters.exchange_calendar import ExchangeCalendar
from adapters.file_market import FileMarket
from adapters.simulated_market import SimulatedMarket
from settings import Settings
from trading.errors import BadConfiguration
from trading.instruments import tickers
from trading.ports import Market
from trading.sessions import is_open
from wiring.markets import assets_of, calendar_of, market_of
from wiring.rules import gate_rules

MOST_UNNAMED = 60
"""Symbols of a folder that are all looked at when nobody names any; of more a person should choose."""
FIRST_SIMULATED = 12


@dataclass(frozen=True)
class Prices:
    """Where prices come from for this command: the same market and calendar that a worker would build."""

    market: Market
    calendar: ExchangeCalendar
    rules: GateRules

    @classmethod
    def of(cls, settings: Settings) -> Prices:
        """Build what the settings name."""
        calendar = calendar_of(settings.schedule)
        return cls(market_of(settings, calendar), calendar, gate_rules(settings))

    @property
    def universes(self) -> UniverseActivities:
        """What strategies look at in this market."""
        return UniverseActivities(self.market, assets_of(self.market), self.calendar)

    async def latest(self) -> datetime:
        """The newest moment that the market can speak of."""
        return await self.market.latest(datetime.now(UTC))

    def is_in_session(self, at: datetime) -> bool:
        """Whether the exchange trades at this moment."""
        return is_open(self.calendar.last_session(at), at)

    def max_age(self, at: datetime) -> timedelta:
        """How old a price may be at this moment."""
        return self.rules.max_data_age if self.is_in_session(at) else MAX_AGE_CLOSED

    def close_of(self, day: date) -> datetime:
        """The closing bell of a session's date; noon of a day without one, which the gate then refuses in its words."""
        session = self.calendar.session(day)
        return session.closes_at if session else datetime.combine(day, time(12), UTC)


async def watchlist(settings: Settings, prices: Prices, named: Iterable[str]) -> tuple[str, ...]:
    """The symbols named, else those of DESK_SYMBOLS, else what the market has. Raises UnknownSymbol for others."""
    symbols = tickers(named) or await scanned(settings, prices)
    await prices.market.instruments(symbols)
    return symbols


async def scanned(settings: Settings, prices: Prices) -> tuple[str, ...]:
    """The symbols that the clock looks at: DESK_SYMBOLS, else what the market has; no provider is asked for them."""
    return tickers(settings.desk.symbols.split(",")) or await _all_of(prices.market)


async def first_of(settings: Settings, prices: Prices) -> str:
    """One symbol to try the market with; of a folder without a watchlist its first, however many there are."""
    if isinstance(prices.market, FileMarket) and not tickers(settings.desk.symbols.split(",")):
        return min((await prices.market.catalogue()).files)
    return (await watchlist(settings, prices, ()))[0]


def read_day(text: str | None) -> date | None:
    """A date as 2017-11-10."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadConfiguration(f"not a date: {text!r} (one looks like 2017-11-10)") from error


async def _all_of(market: Market) -> tuple[str, ...]:
    if isinstance(market, SimulatedMarket):
        return tuple(islice(market.universe, FIRST_SIMULATED))
    if not isinstance(market, FileMarket):
        message = f"the market {market.name} has too many symbols to look at all: name some, or set DESK_SYMBOLS"
        raise BadConfiguration(message)
    symbols = tuple(sorted((await market.catalogue()).files))
    if len(symbols) > MOST_UNNAMED:
        message = f"the folder has {len(symbols)} symbols: name those to look at, or set DESK_SYMBOLS"
        raise BadConfiguration(message)
    return symbols
