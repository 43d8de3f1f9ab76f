"""How one market's answers become the snapshot that a whole cycle reasons from; what cannot be trusted says why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trading import indicators
from trading.bars import Bars
from trading.instruments import Instrument
from trading.market import Adjustment, Dropped, Quote, Snapshot, SymbolFacts, distrust
from trading.ports import Calendar
from trading.sessions import Session

MOST_DISAGREEMENT = 0.5
"""The fraction by which a quote may differ from the last close; beyond it, a split or a bad print."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one market answered for one moment, before anything is trusted; mappings are by symbol."""

    provider: str
    adjustment: Adjustment
    synthetic: bool
    as_of: datetime
    taken_at: datetime
    instruments: Mapping[str, Instrument]
    bars: Mapping[str, Bars]
    quotes: Mapping[str, Quote | Dropped]


def assemble(reading: Reading, symbols: Iterable[str], *, completed_on: date, max_quote_age: timedelta) -> Snapshot:
    """The snapshot of these symbols in sorted order.

    `completed_on` is the day of the last session that had closed at the reading's `as_of`: sound bars end there.
    """
    seen = [_judge(reading, symbol, completed_on, max_quote_age) for symbol in sorted(set(symbols))]
    return Snapshot(
        provider=reading.provider,
        adjustment=reading.adjustment,
        as_of=reading.as_of,
        taken_at=reading.taken_at,
        symbols=tuple(facts for facts in seen if isinstance(facts, SymbolFacts)),
        dropped=tuple(dropped for dropped in seen if isinstance(dropped, Dropped)),
        synthetic=reading.synthetic,
    )


def last_completed(calendar: Calendar, at: datetime) -> Session:
    """The newest session whose closing bell has rung; at the bell itself it has."""
    session = calendar.last_session(at)
    if session.closes_at <= at:
        return session
    return calendar.last_session(session.opens_at - timedelta(microseconds=1))


def _judge(reading: Reading, symbol: str, completed_on: date, max_quote_age: timedelta) -> SymbolFacts | Dropped:
    instrument, quote, bars = reading.instruments.get(symbol), reading.quotes.get(symbol), reading.bars.get(symbol)
    if instrument is None:
        return Dropped(symbol=symbol, code="missing", reason="the market does not know it")
    if quote is None or bars is None:
        return Dropped(symbol=symbol, code="missing", reason="no quote" if quote is None else "no daily bars")
    if isinstance(quote, Dropped):
        return quote
    wrong = (
        distrust(quote, as_of=reading.as_of, max_age=max_quote_age)
        or _distrust_bars(symbol, bars, completed_on)
        or _disagreement(quote, bars)
    )
    return wrong or _facts(instrument, quote, bars)


def _distrust_bars(symbol: str, bars: Bars, completed_on: date) -> Dropped | None:
    if len(bars) < indicators.LEAST_BARS:
        reason = f"{len(bars)} daily bars, at least {indicators.LEAST_BARS} are needed"
        return Dropped(symbol=symbol, code="too_few_bars", reason=reason)
    defect = bars.defect()
    if defect is not None:
        return Dropped(symbol=symbol, code=defect.code, reason=defect.reason)
    newest = bars.last_session_on
    if newest < completed_on:
        reason = f"the newest bar is of {newest}, the last completed session is {completed_on}"
        return Dropped(symbol=symbol, code="stale", reason=reason)
    if newest > completed_on:
        return Dropped(symbol=symbol, code="future", reason=f"a bar of {newest}, a session that is not complete")
    return None


def _disagreement(quote: Quote, bars: Bars) -> Dropped | None:
    close = float(bars.close[-1])
    if abs(float(quote.last) / close - 1) <= MOST_DISAGREEMENT:
        return None
    reason = f"last {quote.last} against a last close of {close:g}"
    return Dropped(symbol=quote.symbol, code="inconsistent", reason=reason)


def _facts(instrument: Instrument, quote: Quote, bars: Bars) -> SymbolFacts:
    return SymbolFacts(
        instrument=instrument,
        quote=quote,
        indicators=indicators.compute(bars),
        bars=len(bars),
        last_session_on=bars.last_session_on,
        average_volume_20=round(bars.volume[-20:].mean()),
    )
