"""Reading the frames and dictionaries of `yfinance`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import ValidationError

from trading.bars import Bars
from trading.companies import Company
from trading.corporate_actions import ActionKind, CorporateAction
from trading.fundamentals import Fundamentals, ReportDays, report_days
from trading.instruments import UNKNOWN_SECTOR
from trading.market import MOST_PRICE, Dropped, Quote, read_quote
from trading.money import LEAST_RATIO, MOST_RATIO
from trading.news import MOST_HEADLINE, News

MINUTE = timedelta(minutes=1)
COLUMNS = ("Open", "High", "Low", "Close", "Volume")
GICS = {
    "Basic Materials": "Materials",
    "Communication Services": "Communication Services",
    "Consumer Cyclical": "Consumer Discretionary",
    "Consumer Defensive": "Consumer Staples",
    "Energy": "Energy",
    "Financial Services": "Financials",
    "Healthcare": "Health Care",
    "Industrials": "Industrials",
    "Real Estate": "Real Estate",
    "Technology": "Information Technology",
    "Utilities": "Utilities",
}
"""Yahoo's sectors by the names that the limits count in."""


SOURCE = "yfinance"
EXCHANGE = ZoneInfo("America/New_York")
FIGURES = {
    "market_cap": "marketCap",
    "trailing_pe": "trailingPE",
    "forward_pe": "forwardPE",
    "price_to_book": "priceToBook",
    # `dividendYield` is in percent in some answers and a fraction in others.
    "dividend_yield": "trailingAnnualDividendYield",
    "profit_margin": "profitMargins",
    "revenue_growth": "revenueGrowth",
    "beta": "beta",
    "short_of_float": "shortPercentOfFloat",
}
"""Our names of Yahoo's numbers; its parts are fractions."""
REPORTS = ("earningsTimestamp", "earningsTimestampStart", "earningsTimestampEnd")


class History(NamedTuple):
    """Daily bars and the actions that Yahoo lists beside them."""

    bars: Bars
    actions: tuple[CorporateAction, ...]


def read_history(symbol: str, frame: Any) -> History:
    """A daily frame, its days those of the exchange. Raises KeyError or ValueError for a frame without them."""
    days = frame.index.tz_localize(None).to_numpy().astype("datetime64[D]")
    bars = Bars(days, *(frame[name].to_numpy(dtype=np.float64) for name in COLUMNS))
    return History(bars, tuple(_actions(symbol, days, frame)))


def read_minute(symbol: str, frame: Any, as_of: datetime) -> Quote | Dropped:
    """The close of the last minute that was over at a moment."""
    starts = frame.index.tz_convert(None).to_numpy().astype("datetime64[us]")
    over = np.datetime64((as_of - MINUTE).astimezone(UTC).replace(tzinfo=None), "us")
    closes = frame["Close"].to_numpy(dtype=np.float64)
    seen = np.flatnonzero((starts <= over) & ~np.isnan(closes))
    if not len(seen):
        return Dropped(symbol=symbol, code="missing", reason="no minute of it was traded before the moment asked for")
    began: datetime = starts[seen[-1]].item()
    return quote_of(symbol, float(closes[seen[-1]]), began.replace(tzinfo=UTC) + MINUTE)


def quote_of(symbol: str, price: float, at: datetime) -> Quote | Dropped:
    """One price for bid, ask and last, to four decimals: Yahoo's own are floats with noise behind them."""
    last = Decimal(repr(round(price, 4)))
    return read_quote(symbol, (last, last, last), at)


def read_company(symbol: str, info: Mapping[str, Any], known_at: datetime) -> Company:
    """Facts of a company, its numbers and reports in the same answer. Raises KeyError for an answer that has none."""
    kind = info["quoteType"]
    return Company(
        symbol=symbol,
        name=str(info.get("longName") or info.get("shortName") or ""),
        sector="ETF" if kind == "ETF" else GICS.get(str(info.get("sector")), UNKNOWN_SECTOR),
        industry=str(info.get("industry") or ""),
        source=SOURCE,
        known_at=known_at,
        fundamentals=_fundamentals(info, known_at),
        earnings=_earnings(info, known_at),
    )


def _fundamentals(info: Mapping[str, Any], known_at: datetime) -> Fundamentals:
    """The numbers that can be read; Yahoo writes `Infinity` in words, and leaves out what it does not know."""
    told = {name: value for name, key in FIGURES.items() if (value := _number(name, info.get(key))) is not None}
    return Fundamentals(**told, source=SOURCE, known_at=known_at)


def _number(name: str, value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        Fundamentals.model_validate({name: float(value), "source": SOURCE, "known_at": datetime.now(UTC)})
    except (ValidationError, OverflowError):
        return None
    return float(value)


def _earnings(info: Mapping[str, Any], known_at: datetime) -> ReportDays | None:
    """The days of the last report and of the next, which may be a guess of a few days."""
    days = [day for key in REPORTS if (day := _day(info.get(key))) is not None]
    return report_days(days, SOURCE, known_at) if days else None


def _day(seconds: Any) -> date | None:
    """The exchange's day of a moment."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, EXCHANGE).date()
    except (ValueError, OverflowError, OSError):
        return None


def read_news(symbol: str, articles: Sequence[Any], until: datetime) -> tuple[News, ...]:
    """Articles that were out at a moment; unreadable ones are left."""
    items = [_article(symbol, article) for article in articles]
    return tuple(item for item in items if item is not None and item.published_at <= until)


def _article(symbol: str, article: Any) -> News | None:
    try:
        content = article["content"]
        return News(
            symbol=symbol,
            headline=content["title"][:MOST_HEADLINE],
            source=content["provider"]["displayName"],
            published_at=content["pubDate"],
            url=(content.get("canonicalUrl") or {}).get("url") or "",
        )
    except (KeyError, TypeError, AttributeError, ValidationError):
        return None


def _actions(symbol: str, days: Any, frame: Any) -> list[CorporateAction]:
    found: list[CorporateAction] = []
    for name, kind in (("Stock Splits", ActionKind.SPLIT), ("Dividends", ActionKind.DIVIDEND)):
        values = frame[name].to_numpy(dtype=np.float64) if name in frame else np.zeros(len(days))
        for at in np.flatnonzero(values > 0):
            amount = Decimal(repr(round(float(values[at]), 6)))
            if kind is ActionKind.SPLIT and LEAST_RATIO <= amount <= MOST_RATIO:
                found.append(CorporateAction(symbol=symbol, kind=kind, ex_on=days[at].item(), ratio=_ratio(amount)))
            elif kind is ActionKind.DIVIDEND and 0 < amount <= MOST_PRICE:
                found.append(CorporateAction(symbol=symbol, kind=kind, ex_on=days[at].item(), amount_usd=amount))
    return sorted(found, key=lambda action: action.ex_on)


def _ratio(told: Decimal) -> Decimal:
    """The ratio that was meant: 0.333333 is one for three, and nine shares become three."""
    meant = Fraction(told).limit_denominator(int(MOST_RATIO))
    return Decimal(meant.numerator) / meant.denominator
