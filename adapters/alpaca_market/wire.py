"""The way to Alpaca: a client a thread, a time-out a request, and one place where its failures get our names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import requests
from alpaca.common.exceptions import APIError
from alpaca.data.historical import NewsClient, StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.trading.client import TradingClient
from pydantic import SecretStr, ValidationError

from adapters.alpaca_wire import C, Clients, TooManyPages, retry_after
from trading.errors import (
    BadMarketData,
    MarketRefused,
    MarketUnavailable,
    TradingError,
    UnknownSymbol,
)
from trading.money import Record
from trading.ports import RequestRate

_ADDRESSES = "wait, or mend ALPACA_DATA_BASE_URL and ALPACA_TRADING_BASE_URL"


class AlpacaAccount(Record):
    """Who asks, where, and how long an answer may take. Secrets never print."""

    api_key: SecretStr
    api_secret: SecretStr
    data_base_url: str
    trading_base_url: str
    feed: str
    timeout_seconds: float
    stream_url: str = ""


class Wire:
    """Calls of the four clients, each in a thread; `rate` is asked before each call."""

    def __init__(self, account: AlpacaAccount, rate: RequestRate) -> None:
        self._account = account
        self._rate = rate
        self._clients = Clients(account)

    async def stocks(self, call: Callable[[StockHistoricalDataClient], Any], about: str) -> Any:
        """Ask for prices; raw JSON, pages joined. `about` names what was asked for, for the error."""
        return await self._ask(StockHistoricalDataClient, call, about)

    async def news(self, call: Callable[[NewsClient], Any], about: str) -> Any:
        """Ask for articles."""
        return await self._ask(NewsClient, call, about)

    async def actions(self, call: Callable[[CorporateActionsClient], Any], about: str) -> Any:
        """Ask for corporate actions."""
        return await self._ask(CorporateActionsClient, call, about)

    async def trading(self, call: Callable[[TradingClient], Any], about: str) -> Any:
        """Ask the trading API for an asset, the clock or the calendar."""
        return await self._ask(TradingClient, call, about)

    async def _ask(self, kind: Callable[..., C], call: Callable[[C], Any], about: str) -> Any:
        await self._rate.take()
        return await asyncio.to_thread(self._called, kind, call, about)

    def _called(self, kind: Callable[..., C], call: Callable[[C], Any], about: str) -> Any:
        try:
            return call(self._clients.of(kind, self._base(kind)))
        except APIError as error:
            raise _named(error, about) from None
        except ValidationError as wrong:
            raise BadMarketData(f"alpaca cannot be asked for {about}: {wrong.errors()[0]['msg']}") from None
        except TradingError:
            raise
        except TooManyPages as many:
            raise MarketUnavailable(str(many)) from None
        except (requests.exceptions.JSONDecodeError, AttributeError, TypeError, KeyError) as unreadable:
            raise _unreadable(about, unreadable) from None
        except (requests.RequestException, OSError) as silence:
            message = f"alpaca did not answer about {about} ({type(silence).__name__})"
            raise MarketUnavailable(f"{message}: {_ADDRESSES}") from None
        except ValueError as unreadable:
            raise _unreadable(about, unreadable) from None

    def _base(self, kind: object) -> str:
        return self._account.trading_base_url if kind is TradingClient else self._account.data_base_url


def _unreadable(about: str, error: Exception) -> MarketUnavailable:
    """The SDK reads a page of HTML, a list or nothing as if it were what it asked for."""
    return MarketUnavailable(f"alpaca's answer about {about} is not readable ({type(error).__name__}): {_ADDRESSES}")


def _named(error: APIError, about: str) -> TradingError:
    """Our name for an answer with an error status. Its body is not read: it need not be JSON, and says little."""
    status = int(error.status_code or 0)
    if status in {401, 403}:
        mend = "see ALPACA_API_KEY, ALPACA_API_SECRET and ALPACA_FEED"
        return MarketRefused(f"alpaca refuses the key, or its plan, for {about} ({status}): {mend}")
    if status in {404, 422}:
        return UnknownSymbol(f"alpaca does not know {about} ({status})")
    if status == 429:  # noqa: PLR2004  too many requests
        headers = error.response.headers if error.response is not None else {}
        return MarketUnavailable("alpaca: too many requests", retry_after_seconds=retry_after(headers, time.time()))
    if 400 <= status < 500:  # noqa: PLR2004  the caller's fault
        return BadMarketData(f"alpaca refuses the request about {about} ({status})")
    return MarketUnavailable(f"alpaca failed to answer about {about} ({status})")
