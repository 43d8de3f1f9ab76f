"""What is watched between the scans, by the settings."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice

from activities.price_looks import Eyes, WatchPlan
from activities.universes import UniverseActivities
from adapters.market_chain import providers_of
from adapters.simulated_market import SimulatedMarket
from settings import Settings
from trading.instruments import tickers
from trading.ports import Calendar, Market
from trading.watch_ports import DayVolumes, Headlines, QuoteStream
from wiring.markets import assets_of

FIRST_SIMULATED = 12
"""Symbols of the simulated market that are watched when nobody names any."""


def eyes_of(settings: Settings, market: Market, calendar: Calendar) -> Eyes:
    """Where prices are seen: by the clock, by a stream if there is one, and what else the market tells."""
    told = providers_of(market)
    stream = next((one for one in told if isinstance(one, QuoteStream)), None) if settings.monitor.stream else None
    volumes = next((one for one in told if isinstance(one, DayVolumes)), None)
    headlines = next((one for one in told if isinstance(one, Headlines)), None)
    universes = UniverseActivities(market, assets_of(market), calendar)
    return Eyes(market, calendar, universes.resolve_universe, stream, volumes, headlines)


def plan_of(settings: Settings, market: Market) -> WatchPlan:
    """What is watched, how often, and for what. Raises BadConfiguration for a watchlist with what is no ticker."""
    monitor, symbols = settings.monitor, tickers(settings.desk.symbols.split(","))
    if not symbols and isinstance(market, SimulatedMarket):
        symbols = tuple(islice(market.universe, FIRST_SIMULATED))
    max_age = timedelta(seconds=settings.market.max_data_age_seconds)
    return WatchPlan(
        enabled=monitor.enabled,
        symbols=symbols,
        rules=monitor.rules.model_copy(update={"max_age": max_age}),
        poll_every=timedelta(seconds=monitor.poll_seconds),
        mark_every=timedelta(minutes=monitor.mark_minutes),
    )


def watches(settings: Settings) -> bool:
    """Whether there is anything to watch: prices of the past do not move."""
    return settings.monitor.enabled and "file" not in settings.market.providers
