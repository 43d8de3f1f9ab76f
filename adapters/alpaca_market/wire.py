"""The way to Alpaca: a client a thread, a time-out a request, and one place where its failures get our names."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, cast

import requests
from alpaca.common.exceptions import APIError
from alpaca.common.rest import RESTClient
from alpaca.data.historical import NewsClient, StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.trading.client import TradingClient
from pydantic import SecretStr, ValidationError

from trading.errors import (
    BadConfiguration,
    BadMarketData,
    MarketRefused,
    MarketUnavailable,
    TradingError,
    UnknownSymbol,
)
from trading.money import Record
from trading.ports import RequestRate

CONNECT_SECONDS = 5
MOST_PAGES = 20
"""Pages of one answer: our batches fit in one; a server that never stops turning pages is not followed."""
MOST_RETRY_AFTER = 120.0
"""Seconds: what a header asks for beyond this is not believed."""

_ADDRESSES = "wait, or mend ALPACA_DATA_BASE_URL and ALPACA_TRADING_BASE_URL"

C = TypeVar("C", bound=RESTClient)


class AlpacaAccount(Record):
    """Who asks, where, and how long an answer may take. Secrets never print."""

    api_key: SecretStr
    api_secret: SecretStr
    data_base_url: str
    trading_base_url: str
    feed: str
    timeout_seconds: float


class Wire:
    """Calls of the four clients, each in a thread; `rate` is asked before each call."""

    def __init__(self, account: AlpacaAccount, rate: RequestRate) -> None:
        self._account = account
        self._rate = rate
        self._threads = threading.local()

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
            return call(self._client(kind))
        except APIError as error:
            raise _named(error, about) from None
        except ValidationError as wrong:
            raise BadMarketData(f"alpaca cannot be asked for {about}: {wrong.errors()[0]['msg']}") from None
        except TradingError:
            raise
        except (requests.exceptions.JSONDecodeError, AttributeError, TypeError, KeyError) as unreadable:
            raise _unreadable(about, unreadable) from None
        except (requests.RequestException, OSError) as silence:
            message = f"alpaca did not answer about {about} ({type(silence).__name__})"
            raise MarketUnavailable(f"{message}: {_ADDRESSES}") from None
        except ValueError as unreadable:
            raise _unreadable(about, unreadable) from None

    def _client(self, kind: Callable[..., C]) -> C:
        """This thread's client: a session must not be shared by threads."""
        held: dict[object, RESTClient] = self._threads.__dict__.setdefault("clients", {})
        client = held.get(kind) or held.setdefault(kind, self._built(kind))
        cast("_Session", client._session).pages = 0  # noqa: SLF001  the SDK has no other way in
        return cast("C", client)

    def _built(self, kind: Callable[..., C]) -> C:
        account = self._account
        base = account.trading_base_url if kind is TradingClient else account.data_base_url
        client = kind(
            api_key=account.api_key.get_secret_value(),
            secret_key=account.api_secret.get_secret_value(),
            raw_data=True,  # its models refuse a whole answer for one bad number; `reading.py` refuses one symbol
            url_override=base,
        )
        # The SDK has no time-out, and sends a request again by itself after 429 and 504; neither is a setting of it.
        client._session = _Session(account.timeout_seconds)  # noqa: SLF001  see above
        client._retry = 0  # noqa: SLF001  see above
        return client


class _Session(requests.Session):
    """A session whose requests end."""

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__()
        self.pages = 0
        self._timeout = (min(CONNECT_SECONDS, timeout_seconds), timeout_seconds)

    def request(self, *arguments: Any, **named: Any) -> requests.Response:
        """Send one request, unless the answer has too many pages already."""
        self.pages += 1
        if self.pages > MOST_PAGES:
            raise MarketUnavailable(f"alpaca's answer has more than {MOST_PAGES} pages")
        return super().request(*arguments, **{**named, "timeout": self._timeout})


def credentials(key: SecretStr | None, secret: SecretStr | None) -> tuple[SecretStr, SecretStr]:
    """Both, or BadConfiguration with the name of the variable that is missing."""
    for name, value in (("ALPACA_API_KEY", key), ("ALPACA_API_SECRET", secret)):
        if value is None or not value.get_secret_value():
            raise BadConfiguration(f"the market alpaca needs {name}")
    return key or SecretStr(""), secret or SecretStr("")


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
        return MarketUnavailable("alpaca: too many requests", retry_after_seconds=_retry_after(headers, time.time()))
    if 400 <= status < 500:  # noqa: PLR2004  the caller's fault
        return BadMarketData(f"alpaca refuses the request about {about} ({status})")
    return MarketUnavailable(f"alpaca failed to answer about {about} ({status})")


def _retry_after(headers: Any, now: float) -> float | None:
    """Seconds to wait: Retry-After in seconds or as a date, else X-RateLimit-Reset in Unix seconds, else None."""
    seconds = _number(headers.get("Retry-After"))
    if seconds is None and headers.get("Retry-After"):
        try:
            seconds = parsedate_to_datetime(headers["Retry-After"]).timestamp() - now
        except ValueError:
            seconds = None
    reset = _number(headers.get("X-RateLimit-Reset"))
    if seconds is None and reset is not None:
        seconds = reset - now
    return None if seconds is None else min(max(seconds, 0.0), MOST_RETRY_AFTER)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else None
    except ValueError:
        return None
    return number if number is None or (number == number and abs(number) != float("inf")) else None  # noqa: PLR0124  NaN
