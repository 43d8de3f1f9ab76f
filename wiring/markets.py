"""Where prices come from, by the settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.company_facts import CompaniesInMemory
from adapters.exchange_calendar import ExchangeCalendar
from adapters.file_market import FileMarket
from adapters.market_chain import MarketChain
from adapters.postgres.companies import PostgresCompanies
from adapters.postgres.rates import PostgresRate
from adapters.simulated_market import SimulatedMarket
from settings import ScheduleSettings, Settings
from trading.errors import MarketRefused
from trading.market import Adjustment
from trading.ports import Companies, Market, RequestRate
from trading.strategy_ports import Assets
from trading.universes import Listed

if TYPE_CHECKING:
    from adapters.alpaca_market import AlpacaAccount, AlpacaMarket


class Uncounted:
    """The port `RequestRate` of a process that has no database to share one in."""

    async def take(self) -> None:
        """Go ahead."""


def calendar_of(schedule: ScheduleSettings) -> ExchangeCalendar:
    """The exchange calendar, known until well after today."""
    return ExchangeCalendar(schedule.calendar, until=datetime.now(UTC).date())


def market_of(settings: Settings, calendar: ExchangeCalendar, engine: AsyncEngine | None = None) -> Market:
    """The provider of prices that the settings name, or the chain of them.

    With the database live providers share one request rate over all workers, and the facts of companies; a command
    without one asks so little that it goes uncounted.
    """
    markets = [_provider(name, settings, calendar, engine) for name in settings.market.providers]
    if len(markets) == 1 and not settings.market.cross_check:
        return markets[0]
    return MarketChain(markets, cross_check=settings.market.cross_check)


def assets_of(market: Market) -> Assets:
    """The market as a list of what it has; of one that has no such list, its refusal."""
    return market if isinstance(market, Assets) else Unlisted(market.name)


class Unlisted:
    """The port `Assets` of a market that does not tell what it has."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def assets(self, as_of: datetime, sectors: Sequence[str]) -> Sequence[Listed]:  # noqa: ARG002  the port's
        """Refuse."""
        reason = "publishes no list of what it has: name the symbols, or screen the market alpaca"
        raise MarketRefused(f"a screen cannot be made over {self._name}, which {reason}")


def _provider(name: str, settings: Settings, calendar: ExchangeCalendar, engine: AsyncEngine | None) -> Market:
    market = settings.market
    if name == "simulated":
        return SimulatedMarket(market.seed, calendar)
    if name == "file":
        return FileMarket(market.data_dir, calendar, adjustment=Adjustment(market.data_adjustment))
    companies: Companies = CompaniesInMemory() if engine is None else PostgresCompanies(engine)
    per_minute = market.requests_per_minute
    rate: RequestRate = Uncounted() if engine is None else PostgresRate(engine, name, per_minute)
    # These packages take a second to import (pandas): only those pay who have named them.
    if name == "yfinance":
        from adapters.yfinance_market import YahooAccess, YFinanceMarket  # noqa: PLC0415  see above

        folder = settings.desk.home.resolve() / "yfinance"
        access = YahooAccess(cache_dir=folder, timeout_seconds=market.timeout_seconds)
        return YFinanceMarket(access, calendar, companies, rate)
    return alpaca_of(settings, calendar, companies, rate)


def alpaca_of(
    settings: Settings, calendar: ExchangeCalendar, companies: Companies | None = None, rate: RequestRate | None = None
) -> AlpacaMarket:
    """Alpaca's market, with the key for prices."""
    from adapters.alpaca_market import AlpacaMarket  # noqa: PLC0415  pandas takes a second, see `_provider`

    return AlpacaMarket(_alpaca(settings), calendar, companies or CompaniesInMemory(), rate or Uncounted())


def _alpaca(settings: Settings) -> AlpacaAccount:
    from adapters.alpaca_market import AlpacaAccount  # noqa: PLC0415  see above
    from adapters.alpaca_wire import credentials  # noqa: PLC0415  see above

    alpaca = settings.alpaca
    # A key of its own keeps the account's away from the process that reads prices and news.
    own = alpaca.data_api_key is not None
    key, secret = credentials(
        "market", *(alpaca.data_api_key, alpaca.data_api_secret) if own else (alpaca.api_key, alpaca.api_secret)
    )
    return AlpacaAccount(
        api_key=key,
        api_secret=secret,
        data_base_url=alpaca.data_base_url,
        trading_base_url=_facts_url(alpaca.trading_base_url, key.get_secret_value()),
        feed=alpaca.feed,
        timeout_seconds=settings.market.timeout_seconds,
        stream_url=alpaca.data_stream_url,
    )


def _facts_url(base_url: str, key: str) -> str:
    """Where facts of companies are asked for: a key of a paper account opens nothing at the live address."""
    return base_url.replace("//api.", "//paper-api.") if key.startswith("PK") else base_url
