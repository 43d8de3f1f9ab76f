"""Yahoo's answers for the real `yfinance`, through a session whose adapter sends nothing anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

NEW_YORK = ZoneInfo("America/New_York")
ABOUT_SYMBOLS = ("/chart/", "/quoteSummary/", "/v7/finance/quote", "/ws/", "/xhr/ncp")
OPENS = timedelta(hours=9, minutes=30)


@dataclass
class Listing:
    """One symbol: closes by day, minute closes by moment, splits and dividends by day, and its facts."""

    days: dict[date, float | None] = field(default_factory=dict)
    minutes: dict[datetime, float | None] = field(default_factory=dict)
    splits: dict[date, tuple[int, int]] = field(default_factory=dict)
    dividends: dict[date, float] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    news: list[Any] = field(default_factory=list)


@dataclass
class Yahoo:
    """What is answered from. `status`, `body` and `error` replace every answer about a symbol."""

    listings: dict[str, Listing] = field(default_factory=dict)
    status: int = 200
    body: bytes | None = None
    error: type[Exception] | None = None
    blocked: bool = False
    asked: list[str] = field(default_factory=list)
    timeouts: list[Any] = field(default_factory=list)

    def session(self) -> requests.Session:
        """A session that reaches only this."""
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", _Adapter(self))
        return session

    def answer(self, path: str, query: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        """Status and body of one answer."""
        self.asked.append(path)
        if path.endswith("/getcrumb"):
            return 200, b"crumb"
        if not any(part in path for part in ABOUT_SYMBOLS):
            return 200, b"<html></html>"
        if self.error is not None:
            raise self.error
        if self.body is not None or self.status != 200:
            return self.status, self.body or b""
        return self._about(path, query, body)

    def _about(self, path: str, query: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        if path == "/xhr/ncp":
            symbol = json.loads(body or b"{}")["serviceConfig"]["s"][0]
            return _sent({"data": {"tickerStream": {"stream": self.listings[symbol].news}}})
        if path.startswith("/ws/"):
            return _sent({"timeseries": {"result": [], "error": None}})
        if path.startswith("/v7/finance/quote"):
            return _sent({"quoteResponse": {"result": [], "error": None}})
        symbol = path.rsplit("/", 1)[1]
        listing = self.listings.get(symbol)
        if self.blocked and listing is not None:
            return _sent({"chart": {"result": None, "error": None}})
        if "/quoteSummary/" in path:
            found = None if listing is None else {"quoteSummary": {"result": [dict(listing.info)], "error": None}}
            return _sent(found) if found else _missing("quoteSummary")
        return _missing("chart") if listing is None else _sent(_chart(symbol, listing, query))


class _Adapter(BaseAdapter):
    def __init__(self, yahoo: Yahoo) -> None:
        super().__init__()
        self._yahoo = yahoo

    def send(self, request: requests.PreparedRequest, *_: Any, **named: Any) -> requests.Response:
        self._yahoo.timeouts.append(named.get("timeout"))
        split = urlsplit(str(request.url))
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        body = request.body.encode() if isinstance(request.body, str) else request.body
        response = requests.Response()
        response.status_code, response._content = self._yahoo.answer(  # noqa: SLF001  how an adapter fills a response
            split.path, query, body if isinstance(body, bytes) else None
        )
        response.url, response.request = str(request.url), request
        response.headers = CaseInsensitiveDict({"Content-Type": "application/json"})
        return response

    def close(self) -> None:
        pass


def _sent(body: Any) -> tuple[int, bytes]:
    return 200, json.dumps(body).encode()


def _missing(key: str) -> tuple[int, bytes]:
    error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
    return 404, json.dumps({key: {"result": None, "error": error}}).encode()


def _chart(symbol: str, listing: Listing, query: Mapping[str, str]) -> Any:
    by_minute = query["interval"] == "1m"
    if by_minute:
        rows = {int(at.timestamp()): close for at, close in listing.minutes.items()}
    else:
        rows = {_opening(day): close for day, close in listing.days.items()}
    if "period1" in query:
        rows = {at: close for at, close in rows.items() if int(query["period1"]) <= at < int(query["period2"])}
    times = sorted(rows)
    closes = [rows[at] for at in times]
    last = next((close for close in reversed(closes) if close is not None), 1.0)
    wide = {name: [None if c is None else c * by for c in closes] for name, by in (("low", 0.99), ("high", 1.01))}
    prices = {"open": closes, "close": closes, **wide, "volume": [1_000_000 for _ in closes]}
    meta = {
        "currency": "USD",
        "symbol": symbol,
        "exchangeName": "NMS",
        "instrumentType": "EQUITY",
        "firstTradeDate": 345479400,
        "regularMarketTime": times[-1] if times else 0,
        "regularMarketPrice": last,
        "gmtoffset": -18000,
        "timezone": "EST",
        "exchangeTimezoneName": "America/New_York",
        "priceHint": 2,
        "dataGranularity": query["interval"],
        "range": query.get("range", ""),
        "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
    }
    if by_minute:
        meta["tradingPeriods"] = _trading_periods(times)
    result = {
        "meta": meta,
        "timestamp": times,
        "indicators": {"quote": [prices], "adjclose": [{"adjclose": closes}]},
        "events": _events(listing, set(times)),
    }
    return {"chart": {"result": [result], "error": None}}


def _events(listing: Listing, times: set[int]) -> Any:
    splits = {
        str(_opening(day)): {"date": _opening(day), "numerator": new, "denominator": old, "splitRatio": f"{new}:{old}"}
        for day, (new, old) in listing.splits.items()
        if _opening(day) in times
    }
    paid = {
        str(_opening(day)): {"date": _opening(day), "amount": amount}
        for day, amount in listing.dividends.items()
        if _opening(day) in times
    }
    return {**({"splits": splits} if splits else {}), **({"dividends": paid} if paid else {})}


def _trading_periods(times: list[int]) -> Any:
    days = sorted({datetime.fromtimestamp(at, UTC).astimezone(NEW_YORK).date() for at in times})
    return [[{"timezone": "EST", "start": _opening(d), "end": _opening(d) + 23400, "gmtoffset": -18000}] for d in days]


def _opening(day: date) -> int:
    return int((datetime(day.year, day.month, day.day, tzinfo=NEW_YORK) + OPENS).timestamp())
