"""Which sessions are to be closed now, and what the prices of one are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from trading.adjustments import Adjustment
from trading.bars import Bars
from trading.closing import ClosePlan, Due, Known, Missing
from trading.closing_books import History
from trading.corporate_actions import SAME_ACTION, ActionKind, CorporateAction, effective_at
from trading.market import PRICE_STEP, Dropped, Quote
from trading.orders import Fill
from trading.portfolio import shares_of
from trading.ports import Calendar
from trading.sessions import Session
from trading.snapshots import last_completed
from trading.weeks import monday_of

MOST_SESSIONS = 30
"""Sessions that one run closes; of more that were missed the newest."""
A_WEEK = timedelta(days=7)
_FINELY = 4
"""Decimals of a bar's close, as everywhere a bar is taken for a price."""


def plan(calendar: Calendar, known: Known, present: datetime, until_at: datetime | None) -> ClosePlan:
    """The sessions to be closed at the market's `present`; the newest counts what was until `until_at`, or its bell."""
    session = last_completed(calendar, present)
    since = known.closed_on
    if since is not None and session.session_on <= since:
        return ClosePlan(reason=f"{session.session_on}, the newest session that has ended, is closed already")
    due: list[Due] = []
    while _belongs(session, known):
        # Never before the close before it: what was counted once stays counted.
        until = [session.closes_at, *([until_at] if until_at and not due else []), known.until_at or session.closes_at]
        due.append(Due(session=session, until_at=max(until)))
        session = calendar.last_session(session.opens_at - timedelta(microseconds=1))
    if not due:
        return ClosePlan(reason=f"the desk has opened after {session.session_on}, the newest session that has ended")
    return ClosePlan(due=tuple(reversed(due[:MOST_SESSIONS])), left_out=len(due[MOST_SESSIONS:]))


def no_session(calendar: Calendar, at: datetime, zone: str) -> str:
    """A sentence when the exchange does not trade on this day, else nothing."""
    day = at.astimezone(ZoneInfo(zone)).date()
    return "" if calendar.session(day) else f"{day} is no session of the exchange"


def week_over(calendar: Calendar, present: datetime) -> date:
    """The Monday of the newest week whose sessions have all ended at a moment."""
    newest = last_completed(calendar, present).session_on
    monday = monday_of(newest)
    left = (monday + timedelta(days=number) for number in range(newest.weekday() + 1, 7))
    return monday - A_WEEK if any(calendar.session(day) for day in left) else monday


def sessions_of(calendar: Calendar, monday: date) -> list[date]:
    """The days of a week on which the exchange trades."""
    days = (monday + timedelta(days=number) for number in range(7))
    return [day for day in days if calendar.session(day)]


def closing_price(
    symbol: str, session: Session, bars: Bars | Dropped | None, quote: Quote | Dropped | None
) -> Decimal | Missing:
    """Dollars a share at the bell: the close of the session's bar, else the last trade that was quoted in it."""
    if isinstance(bars, Bars) and len(bars) and bars.last_session_on == session.session_on:
        defect = bars.last(1).defect()
        if defect is None:
            return Decimal(repr(round(float(bars.close[-1]), _FINELY)))
        return Missing(symbol=symbol, reason=defect.reason)
    if isinstance(quote, Quote) and session.opens_at <= quote.quoted_at <= session.closes_at:
        return quote.last
    if isinstance(bars, Dropped):
        return Missing(symbol=symbol, reason=bars.reason)
    if isinstance(bars, Bars) and len(bars):
        return Missing(symbol=symbol, reason=f"its newest bar is of {bars.last_session_on}")
    return Missing(symbol=symbol, reason="the market has no price of that session")


def in_shares_then(
    price: Decimal, symbol: str, session: Session, splits: tuple[Sequence[Adjustment], Sequence[CorporateAction]]
) -> Decimal:
    """A split-adjusted price of the session in the shares of that day: through every split since, booked or listed."""
    booked, listed = splits
    ours = [one for one in booked if one.symbol == symbol and one.ratio is not None]
    ratios = [one.ratio for one in ours if one.effective_at > session.closes_at]
    ratios += [one.ratio for one in _splits(listed) if one.ex_on > session.session_on and not _is_booked(one, ours)]
    for ratio in ratios:
        price *= ratio or 1
    return price.quantize(PRICE_STEP)


def unbooked_split(
    symbol: str, session: Session, history: History, listed: Iterable[CorporateAction]
) -> Missing | None:
    """Why a position cannot be valued: its price is in new shares, its number is not."""
    for split in _splits(listed):
        at = effective_at(split.ex_on)
        ours = [one for one in history.adjustments if one.symbol == symbol and one.ratio is not None]
        if at > session.closes_at or _is_booked(split, ours):
            continue
        before: list[Fill] = [fill for fill in history.fills if fill.filled_at < at]
        if shares_of(symbol, before, [one for one in history.adjustments if one.effective_at < at]):
            reason = f"the split of {split.ratio:f} for 1 of {split.ex_on} is listed, and the broker has not booked it"
            return Missing(symbol=symbol, reason=reason)
    return None


def benchmark_return(bars: Bars, session: Session, base_on: date | None) -> float | None:
    """The benchmark's return from the close of a day (the session before, if none is named) to this session's."""
    days = [day.item() for day in bars.session_on]
    if not days or days[-1] != session.session_on:
        return None
    before = len(days) - 2 if base_on is None else days.index(base_on) if base_on in days else -1
    if before < 0 or not float(bars.close[before]) > 0:
        return None
    change = float(bars.close[-1]) / float(bars.close[before]) - 1
    return change if abs(change) < float("inf") else None


def _belongs(session: Session, known: Known) -> bool:
    if known.closed_on is not None:
        return session.session_on > known.closed_on
    return session.closes_at >= known.begun_at


def _splits(listed: Iterable[CorporateAction]) -> list[CorporateAction]:
    return [one for one in listed if one.kind is ActionKind.SPLIT and one.ratio is not None]


def _is_booked(split: CorporateAction, booked: Iterable[Adjustment]) -> bool:
    near = SAME_ACTION[ActionKind.SPLIT]
    return any(abs(one.effective_at.date() - split.ex_on) <= near for one in booked)
