"""How one market's answers become the snapshot that a whole cycle reasons from; what cannot be trusted says why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from trading import indicators
from trading.bars import Bars
from trading.corporate_actions import unapplied_split
from trading.fundamentals import EarningsOn, Fundamentals, earnings_at, fundamentals_at
from trading.histories import history_of
from trading.instruments import Instrument
from trading.market import Adjustment, Dropped, Quote, Snapshot, SymbolFacts, distrust
from trading.news import newest
from trading.ports import Calendar
from trading.readings import Reading
from trading.sessions import Session

MOST_DISAGREEMENT = 0.5
"""The fraction by which a quote may differ from the last close; beyond it, a split or a bad print."""


def assemble(
    reading: Reading,
    symbols: Iterable[str],
    *,
    completed_on: date,
    max_quote_age: timedelta,
    history: bool = False,
) -> Snapshot:
    """The snapshot of these symbols in sorted order, with the bars of a year if `history` is asked for.

    `completed_on` is the day of the last session that had closed at the reading's `as_of`: sound bars end there.
    """
    seen = [_judge(reading, symbol, completed_on, max_quote_age) for symbol in sorted(set(symbols))]
    return Snapshot(
        provider=reading.provider,
        adjustment=reading.adjustment,
        as_of=reading.as_of,
        taken_at=reading.taken_at,
        symbols=tuple(
            _with_history(facts, reading) if history else facts for facts in seen if isinstance(facts, SymbolFacts)
        ),
        dropped=tuple(dropped for dropped in seen if isinstance(dropped, Dropped)),
        synthetic=reading.synthetic,
        fallback=reading.fallback,
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
    if isinstance(bars, Dropped):
        return bars
    wrong = (
        distrust(quote, as_of=reading.as_of, max_age=max_quote_age)
        or _distrust_bars(symbol, bars, completed_on)
        or _unadjusted(reading, quote, bars)
        or _disagreement(quote, bars)
    )
    if wrong is not None:
        return wrong
    facts = _facts(instrument, quote, bars)
    return facts.model_copy(update={"news": newest(reading.news, symbol, reading.as_of), **_about(reading, symbol)})


def _about(reading: Reading, symbol: str) -> dict[str, Fundamentals | EarningsOn | None]:
    """What is known of the company by now, if the reading is of now."""
    company = reading.companies.get(symbol)
    if company is None:
        return {}
    return {
        "fundamentals": fundamentals_at(company.fundamentals, reading.as_of),
        "earnings_on": earnings_at(company.earnings, reading.as_of),
    }


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


def _unadjusted(reading: Reading, quote: Quote, bars: Bars) -> Dropped | None:
    if reading.adjustment is Adjustment.RAW:
        return None
    actions = reading.actions.get(quote.symbol, ())
    defect = unapplied_split(bars, actions, quote.last, reading.as_of.date())
    return None if defect is None else Dropped(symbol=quote.symbol, code=defect.code, reason=defect.reason)


def _disagreement(quote: Quote, bars: Bars) -> Dropped | None:
    close = float(bars.close[-1])
    if abs(float(quote.last) / close - 1) <= MOST_DISAGREEMENT:
        return None
    reason = f"last {quote.last} against a last close of {close:g}"
    return Dropped(symbol=quote.symbol, code="inconsistent", reason=reason)


def _with_history(facts: SymbolFacts, reading: Reading) -> SymbolFacts:
    bars = reading.bars[facts.instrument.symbol]
    return facts if isinstance(bars, Dropped) else facts.model_copy(update={"history": history_of(bars)})


def _facts(instrument: Instrument, quote: Quote, bars: Bars) -> SymbolFacts:
    return SymbolFacts(
        instrument=instrument,
        quote=quote,
        indicators=indicators.compute(bars),
        bars=len(bars),
        last_session_on=bars.last_session_on,
        average_volume_20=round(bars.volume[-20:].mean()),
    )
