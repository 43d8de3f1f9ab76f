"""Views made by hand: closes by symbol, each bar as low as its close and as high, and the strategy's own positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from trading import indicators
from trading.agents.facts import Books, Holding, OpenOrder
from trading.bars import Bars
from trading.histories import history_of
from trading.instruments import Instrument, Side
from trading.market import Adjustment, Quote, Snapshot, SymbolFacts
from trading.rules.view import View

AT = datetime(2026, 11, 20, 21, tzinfo=UTC)
EQUITY = 100_000.0
LAST_ON = np.datetime64("2026-11-20", "D")


def level(price: float, sessions: int = 260) -> list[float]:
    """A price that does not move."""
    return [price] * sessions


def drift(start: float, end: float, sessions: int = 260) -> list[float]:
    """A price that goes in a straight line."""
    return [float(price) for price in np.linspace(start, end, sessions)]


def bars(closes: Sequence[float]) -> Bars:
    """Bars of consecutive days that end on the view's."""
    close = np.array(closes, dtype=np.float64)
    days = LAST_ON - np.arange(len(close))[::-1]
    return Bars(days, close, close, close, close, np.full(len(close), 1e6))


def facts(symbol: str, history: Bars) -> SymbolFacts:
    """All that is known of a symbol with these bars; of few of them, indicators as if it had never moved before."""
    missing = max(indicators.LEAST_BARS - len(history), 0)
    computed = indicators.compute(bars([*level(float(history.close[0]), missing), *history.close.tolist()]))
    last = Decimal(repr(round(float(history.close[-1]), 4)))
    return SymbolFacts(
        instrument=Instrument(symbol=symbol),
        quote=Quote(symbol=symbol, bid=last, ask=last, last=last, quoted_at=AT),
        indicators=computed,
        bars=len(history),
        last_session_on=history.last_session_on,
        average_volume_20=1_000_000,
        history=history_of(history),
    )


def view(
    closes: Mapping[str, Sequence[float]],
    *,
    held: Mapping[str, float] | None = None,
    watched: Sequence[str] | None = None,
    buying: Sequence[str] = (),
) -> View:
    """What a rule sees: `held` are parts of the equity by symbol, `watched` all symbols unless some are named."""
    snapshot = Snapshot(
        provider="hand",
        adjustment=Adjustment.ALL,
        as_of=AT,
        taken_at=AT,
        symbols=tuple(facts(symbol, bars(closes[symbol])) for symbol in sorted(closes)),
    )
    parts = {} if held is None else held
    positions = [
        Holding(symbol=s, sector="Unknown", shares=100 if part > 0 else -100, weight=part, unrealised_return=0.0)
        for s, part in sorted(parts.items())
    ]
    orders = [OpenOrder(symbol=symbol, side=Side.BUY, shares=10) for symbol in buying]
    cash = EQUITY * (1 - sum(parts.values()))
    books = Books(equity=EQUITY, cash=cash, positions=tuple(positions), open_orders=tuple(orders))
    return View.of(snapshot, list(closes) if watched is None else watched, books)
