"""Reading Alpaca's JSON. What one symbol's numbers are wrong in costs that symbol and no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import ValidationError

from adapters.alpaca_wire import moment
from trading.bars import Bars
from trading.corporate_actions import ActionKind, CorporateAction
from trading.instruments import Instrument
from trading.market import MOST_PRICE, PRICE_STEP, Dropped, Quote, read_quote
from trading.news import MOST_HEADLINE, News
from trading.universes import Listed, listed

NEW_YORK = ZoneInfo("America/New_York")
FUTURE = "future"
VOID_TRADES = frozenset({"canceled", "incorrect"})


def read_bars(symbol: str, rows: object) -> Bars | Dropped:
    """Daily bars, oldest first as they came; a row that is no bar spoils them all: a gap would go unnoticed."""
    if not isinstance(rows, list) or not rows:
        return Dropped(symbol=symbol, code="missing", reason="alpaca has no daily bars of it")
    try:
        days = np.array([moment(row["t"]).astimezone(NEW_YORK).date() for row in rows], dtype="datetime64[D]")
        columns = [np.array([_real(row[name]) for row in rows]) for name in ("o", "h", "l", "c", "v")]
    except (KeyError, TypeError, ValueError):
        return Dropped(symbol=symbol, code="unreadable", reason="a daily bar of alpaca is not one")
    return Bars(days, *columns)


def read_latest(symbol: str, quote: object, trade: object, as_of: datetime) -> Quote | Dropped:
    """A price from a quote and a trade: as old as the older of them, and dropped as `future` when either is newer."""
    if not isinstance(quote, dict) or not isinstance(trade, dict):
        return Dropped(symbol=symbol, code="missing", reason="alpaca has no quote or no trade of it")
    if trade.get("u") in VOID_TRADES:
        return Dropped(symbol=symbol, code="void_trade", reason=f"its last trade is {trade['u']}")
    try:
        prices = (_price(quote["bp"]), _price(quote["ap"]), _price(trade["p"]))
        times = (moment(quote["t"]), moment(trade["t"]))
    except (KeyError, TypeError, ValueError):
        return Dropped(symbol=symbol, code="unreadable", reason="a price or time of alpaca is not one")
    if max(times) > as_of:
        return Dropped(symbol=symbol, code=FUTURE, reason=f"of {max(times).isoformat()}, after the moment asked for")
    return read_quote(symbol, prices, min(times))


def read_volume(row: object, on: date) -> Decimal | None:
    """The shares of a snapshot's daily bar; None when it has none, or not of this day."""
    bar = row.get("dailyBar") if isinstance(row, dict) else None
    try:
        is_of_day = isinstance(bar, dict) and moment(bar["t"]).astimezone(NEW_YORK).date() == on
        volume = _number(bar["v"]) if isinstance(bar, dict) and is_of_day else None
    except (KeyError, TypeError, ValueError):
        return None
    return volume if volume is not None and volume.is_finite() and volume >= 0 else None


def read_assets(rows: object) -> list[Instrument]:
    """What may be traded on an exchange, by name; what trades over the counter or has no ticker of ours is left out."""
    found: dict[str, Instrument] = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or row.get("tradable") is not True or row.get("exchange") in {None, "", "OTC"}:
            continue
        try:
            one = Instrument(symbol=str(row.get("symbol")), name=str(row.get("name") or ""))
        except ValidationError:
            continue
        found[one.symbol] = one
    return [found[symbol] for symbol in sorted(found)]


def read_listed(instruments: Sequence[Instrument], rows: Mapping[str, object], completed_on: date) -> list[Listed]:
    """Price and dollar volume of what has a month of bars, up to the session that was complete."""
    found: list[Listed] = []
    for one in instruments:
        bars = read_bars(one.symbol, rows.get(one.symbol))
        if isinstance(bars, Bars):
            found.extend(known for known in [listed(one, bars.until(completed_on), completed_on)] if known is not None)
    return found


def read_actions(answer: Mapping[str, Any]) -> dict[str, list[CorporateAction]]:
    """Splits, dividends, spin-offs and new names by symbol, oldest first; other kinds and unreadable rows are left."""
    found: dict[str, list[CorporateAction]] = {}
    for kind, rows in answer.items():
        for action in _actions(kind, rows if isinstance(rows, list) else ()):
            found.setdefault(action.symbol, []).append(action)
    return {symbol: sorted(actions, key=lambda action: action.ex_on) for symbol, actions in found.items()}


def read_news(answer: object, until: datetime, symbols: Sequence[str]) -> tuple[News, ...]:
    """Headlines that were out at a moment, one for each symbol asked that they are about; unreadable ones are left."""
    rows = answer.get("news") if isinstance(answer, dict) else None
    items = [item for row in (rows if isinstance(rows, list) else ()) for item in _headlines(row, symbols)]
    return tuple(item for item in items if item.published_at <= until)


def _actions(kind: str, rows: Iterable[Any]) -> Iterable[CorporateAction]:
    for row in rows:
        try:
            action = _action(kind, row)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            continue
        if action is not None:
            yield action


def _action(kind: str, row: Mapping[str, Any]) -> CorporateAction | None:
    if kind in {"forward_splits", "reverse_splits"}:
        ratio = _number(row["new_rate"]) / _number(row["old_rate"])
        return CorporateAction(symbol=row["symbol"], kind=ActionKind.SPLIT, ex_on=_day(row), ratio=ratio)
    if kind == "stock_dividends":
        ratio = 1 + _number(row["rate"])
        return CorporateAction(symbol=row["symbol"], kind=ActionKind.SPLIT, ex_on=_day(row), ratio=ratio)
    if kind == "cash_dividends":
        return CorporateAction(
            symbol=row["symbol"],
            kind=ActionKind.DIVIDEND,
            ex_on=_day(row),
            amount_usd=_price(row["rate"]),
            special=bool(row["special"]),
        )
    if kind == "spin_offs":
        ratio = _number(row["new_rate"]) / _number(row["source_rate"])
        symbol, new = row["source_symbol"], row["new_symbol"]
        return CorporateAction(symbol=symbol, kind=ActionKind.SPIN_OFF, ex_on=_day(row), ratio=ratio, new_symbol=new)
    if kind == "name_changes":
        on, new = date.fromisoformat(row["process_date"]), row["new_symbol"]
        return CorporateAction(symbol=row["old_symbol"], kind=ActionKind.RENAME, ex_on=on, new_symbol=new)
    return None


def _headlines(row: Any, symbols: Sequence[str]) -> list[News]:
    try:
        told = {
            "headline": row["headline"][:MOST_HEADLINE],
            "source": row["source"],
            "published_at": moment(row["created_at"]),
            "url": row.get("url") or "",
        }
        return [News.model_validate({**told, "symbol": symbol}) for symbol in row["symbols"] if symbol in symbols]
    except (KeyError, TypeError, ValueError, AttributeError, ValidationError):
        return []


def _day(row: Mapping[str, Any]) -> date:
    return date.fromisoformat(row["ex_date"])


def _real(value: object) -> float:
    """A number of JSON; a text or a truth in its place is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


def _number(value: object) -> Decimal:
    """The decimal that was written: a float's shortest text is what the JSON said."""
    return Decimal(repr(_real(value)))


def _price(value: object) -> Decimal:
    price = _number(value)
    # A float's shortest text has noise only far beyond what a price is quoted in; what is absurd is left so.
    return price.quantize(PRICE_STEP) if price.is_finite() and abs(price) <= MOST_PRICE else price
