"""Where prices come from, by the settings."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.exchange_calendar import ExchangeCalendar
from adapters.file_market import FileMarket
from adapters.simulated_market import SimulatedMarket
from settings import MarketSettings
from trading.market import Adjustment
from trading.ports import Market


def calendar_of(market: MarketSettings) -> ExchangeCalendar:
    """The exchange calendar, known until well after today."""
    return ExchangeCalendar(market.calendar, until=datetime.now(UTC).date())


def market_of(market: MarketSettings, calendar: ExchangeCalendar) -> Market:
    """The provider of prices that the settings name."""
    if market.provider == "simulated":
        return SimulatedMarket(market.seed, calendar)
    return FileMarket(market.data_dir, calendar, adjustment=Adjustment(market.data_adjustment))
