"""The way to Yahoo: calls of `yfinance` in threads, and one place where its failures get our names."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import requests
import yfinance
from curl_cffi import requests as curl
from peewee import PeeweeException
from yfinance import cache
from yfinance.data import YfData
from yfinance.exceptions import YFException, YFRateLimitError, YFTickerMissingError

from adapters.looking import together
from trading.errors import MarketUnavailable, TradingError, UnknownSymbol
from trading.market import Dropped
from trading.money import Record
from trading.ports import RequestRate

AT_ONCE = 4
"""Calls under way at the same time; more are taken for a robot's."""
RATE_LIMITED_SECONDS = 60.0
"""Yahoo says nothing of when it will answer again."""
NOT_FOUND = 404

T = TypeVar("T")


class YahooAccess(Record):
    """Where cookies and time zones are kept, and how long one request may take."""

    cache_dir: Path
    timeout_seconds: float


class NoData(Exception):
    """An answer without data: of a symbol that is no more, or of a provider that refuses this address."""


class Asked(NamedTuple):
    """What a call gets: our symbol, the package's object for it, and how many seconds a request may take."""

    symbol: str
    ticker: yfinance.Ticker
    timeout: float


class Wire:
    """Calls about one symbol each; `rate` is asked before each of them."""

    def __init__(self, access: YahooAccess, rate: RequestRate, session: Any = None) -> None:
        self._access = access
        self._rate = rate
        self._session = _ending(session or curl.Session(impersonate="chrome"), access.timeout_seconds)
        self._gate = asyncio.Semaphore(AT_ONCE)
        access.cache_dir.mkdir(parents=True, exist_ok=True)
        yfinance.set_tz_cache_location(str(access.cache_dir))
        for kept in (cache.get_tz_cache(), cache.get_cookie_cache()):
            kept.initialise()  # opened by several threads at once they lock each other out
        yfinance.config.network.retries = 0
        yfinance.config.debug.hide_exceptions = False
        # pandas 3 warns of every use that pandas 4 will change; these are the package's to mend.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"yfinance\.")

    async def ask(self, symbol: str, call: Callable[[Asked], T]) -> T:
        """Ask about one symbol. Raises NoData, UnknownSymbol or MarketUnavailable."""
        async with self._gate:
            await self._rate.take()
            return await asyncio.to_thread(self._called, symbol, call)

    async def ask_all(self, symbols: Sequence[str], call: Callable[[Asked], T]) -> dict[str, T | Dropped]:
        """Ask about each symbol; one without data is dropped, unless none has any. Raises MarketUnavailable."""
        found = dict(zip(symbols, await together(self._tried(s, call) for s in symbols), strict=True))
        if found and all(isinstance(one, Dropped) for one in found.values()):
            raise MarketUnavailable("yahoo has no data of any symbol: it may refuse this address")
        return found

    async def _tried(self, symbol: str, call: Callable[[Asked], T]) -> T | Dropped:
        try:
            return await self.ask(symbol, call)
        except (NoData, UnknownSymbol):
            return Dropped(symbol=symbol, code="no_data", reason="yahoo has no data of it")

    def _called(self, symbol: str, call: Callable[[Asked], T]) -> T:
        try:
            # Yahoo writes classes of shares with a dash.
            ticker = yfinance.Ticker(symbol.replace(".", "-"), session=self._session)
            return call(Asked(symbol, ticker, self._access.timeout_seconds))
        except Exception as error:  # what the package raises is of many families
            named = _named(error, symbol)
            if named is None:
                raise
            raise named from None
        finally:
            # It keeps the answers about a time that is over, failures too, for as long as the process lives.
            YfData.cache_get.cache_clear()


def _ending(session: Any, timeout_seconds: float) -> Any:
    """The same session, but each request ends in time: some calls of the package would wait for 30 s."""
    get, post = session.get, session.post
    session.get = lambda url, **named: get(url, **{**named, "timeout": timeout_seconds})
    session.post = lambda url, **named: post(url, **{**named, "timeout": timeout_seconds})
    return session


def _named(error: Exception, symbol: str) -> Exception | None:
    """Our name for what went wrong; None for what is a bug of ours."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    said: Exception | None = None
    if isinstance(error, TradingError | NoData):
        said = error
    elif isinstance(error, YFRateLimitError):
        said = MarketUnavailable("yahoo: too many requests", retry_after_seconds=RATE_LIMITED_SECONDS)
    elif isinstance(error, YFTickerMissingError):
        said = NoData(symbol)
    elif status == NOT_FOUND:
        said = UnknownSymbol(f"yahoo does not know {symbol}")
    elif isinstance(error, YFException | requests.RequestException | PeeweeException | OSError):
        what = status or type(error).__name__
        said = MarketUnavailable(f"yahoo did not answer about {symbol}: {what}")
    elif isinstance(error, ValueError | KeyError | TypeError | IndexError | AttributeError):
        # The package reads whatever came as if it were what it asked for.
        said = MarketUnavailable(f"yahoo's answer about {symbol} is not readable: {type(error).__name__}")
    return said
