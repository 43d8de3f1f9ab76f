"""What the circuit breaker judges by, worked out of what the books hold: marks, flows, trades and the newest events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from trading.breaker import CircuitBreaker
from trading.breaker_rules import BreakerFacts, BreakerLook, SharpeMark
from trading.events import EventType
from trading.money import ZERO, Dollars, Record, cents
from trading.orders import Leg
from trading.performance import Valuation, daily_returns, sharpe

NO_MODEL = "no_model"
"""The code of a cycle that ended because no model answered."""
BY_OPERATOR = "by_operator"
"""The code of a cycle that a person decided: no model was asked."""
STALE_DATA = "stale_data"
"""The code of a cycle that ended because the market had no fresh prices."""
TOLD = (
    EventType.CYCLE_COMPLETED,
    EventType.CYCLE_SKIPPED,
    EventType.CYCLE_FAILED,
    EventType.ORDER_INTENDED,
    EventType.ORDER_ACCEPTED,
    EventType.ORDER_REJECTED,
    EventType.TRADE_EXECUTED,
    EventType.SHADOW_CLOSED,
)
"""The kinds of events that the breaker counts."""
# Days a session, holidays included, that a rolling ratio reaches back; and a quarter for a halt that lasts.
DAYS_A_SESSION = 1.6
HALTED_FOR = timedelta(days=90)
One = TypeVar("One")
# Tuples, for a look asks thousands of times: to hash an enum costs more than to compare it with three.
_CYCLES = (EventType.CYCLE_COMPLETED, EventType.CYCLE_SKIPPED, EventType.CYCLE_FAILED)
_TAKEN = (EventType.ORDER_ACCEPTED, EventType.TRADE_EXECUTED)
# A cycle that never came to the question whether there are prices, or a model, says nothing about it.
_SILENT_ON_DATA = frozenset(
    {
        *("market_closed", "halted", "before_the_books", "future", "missed", "nothing_new", "not_asked"),
        *("no_symbols", "strategy_disabled", "unknown_strategy"),
    }
)


class EquityMark(Record):
    """Equity at a moment; `flow_count` deposits and withdrawals since the opening came before it."""

    marked_at: AwareDatetime
    equity: Dollars
    flow_count: int = 0


class Told(NamedTuple):
    """An event, as far as the breaker counts it."""

    sequence: int
    type: EventType
    code: str = ""
    pnl: Decimal = ZERO
    occurred_at: datetime | None = None
    strategy_id: str = ""


class Most(NamedTuple):
    """How many of the newest events and closed trades are looked at."""

    told: int
    closings: int


OF_DESK = Most(told=2000, closings=1000)
# A desk may have two hundred: of each less is read than of the desk.
OF_STRATEGY = Most(told=500, closings=200)


class Closing(NamedTuple):
    """A trade that was closed: where in the log, and what it earned in dollars."""

    sequence: int
    pnl: Decimal


class Known(NamedTuple):
    """What the books hold. Marks are the last of each day, oldest first; flows likewise; events newest first."""

    event_count: int
    equity: Decimal
    peak_equity: Decimal
    marked_at: datetime | None
    opening_cash: Decimal
    marks: Sequence[EquityMark]
    flows: Sequence[Decimal]
    closings: Sequence[Closing]
    told: Sequence[Told]


def reaches_back(marked_at: datetime | None, look: BreakerLook) -> datetime:
    """The moment from which each day's mark is looked at, and of those before it the newest."""
    return (marked_at or look.at) - look.rules.sharpe_sessions * timedelta(days=DAYS_A_SESSION) - HALTED_FOR


def facts_of(known: Known, breaker: CircuitBreaker, look: BreakerLook) -> BreakerFacts:
    """The facts of one look."""
    zone = ZoneInfo(look.zone)
    today = (known.marked_at or look.at).astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    told = [one for one in known.told if one.sequence > breaker.counted_from]
    closings = [one for one in known.closings if one.sequence > breaker.counted_from]
    cycles = [one for one in told if one.type in _CYCLES]
    return BreakerFacts(
        event_count=known.event_count,
        equity=known.equity,
        peak_equity=known.peak_equity,
        day_base=_base(known, today, zone),
        week_base=_base(known, monday, zone),
        day_ends_at=_midnight(look.at.astimezone(zone).date() + timedelta(days=1), zone),
        week_ends_at=_midnight(_next_monday(look.at.astimezone(zone).date()), zone),
        sharpes=sharpes(known, look.rules.sharpe_sessions, zone),
        losing_trades=_run(closings, lambda one: one.pnl < 0),
        wins=_wins(known, breaker),
        rejections=_rejections(told),
        stale_cycles=_least_run([one for one in cycles if one.code not in _SILENT_ON_DATA], STALE_DATA),
        model_failures=_least_run([one for one in cycles if _met_a_model(one)], NO_MODEL),
        entries=sum(one.type is EventType.ORDER_INTENDED and one.code == Leg.ENTRY for one in told),
    )


def sharpes(known: Known, sessions: int, zone: ZoneInfo) -> tuple[SharpeMark, ...]:
    """The rolling Sharpe ratio at each day's last mark, of what was earned and what shadow trades would have earned."""
    shadow: dict[date, Decimal] = {}
    for one in known.told:
        if one.type is EventType.SHADOW_CLOSED and one.occurred_at is not None:
            day = one.occurred_at.astimezone(zone).date()
            shadow[day] = shadow.get(day, ZERO) + one.pnl
    returns = daily_returns([_valued(known, number, zone, shadow) for number in range(len(known.marks))])
    found: list[SharpeMark] = []
    for number, mark in enumerate(known.marks[1:], start=1):
        ratio = _ratio(tuple(returns[max(number - sessions, 0) : number])) if number >= sessions else None
        found.append(SharpeMark(at=mark.marked_at, value=ratio))
    return tuple(found)


@lru_cache(maxsize=1024)
def _ratio(returns: tuple[float, ...]) -> Decimal | None:
    """Kept, because each look asks anew for every day of a quarter, and all but the newest are as they were."""
    ratio = sharpe(returns)
    return None if ratio is None else Decimal(f"{ratio:.6f}")


def _valued(known: Known, number: int, zone: ZoneInfo, shadow: Mapping[date, Decimal]) -> Valuation:
    """One mark, with what was paid in since the one before and what shadow trades would have earned on its day."""
    mark, before = known.marks[number], known.marks[max(number - 1, 0)]
    flowed = sum(known.flows[before.flow_count : mark.flow_count], ZERO)
    return Valuation(mark.marked_at, mark.equity, flowed, shadow.get(mark.marked_at.astimezone(zone).date(), ZERO))


def _base(known: Known, day: date, zone: ZoneInfo) -> Decimal:
    """The equity at the last mark before a day, with what was paid in and out since; at the opening, if none is.

    What was taken out had its part in the loss: that part leaves with it, so that a loss of one in a hundred stays one
    however much is taken out after it.
    """
    earlier = [mark for mark in known.marks if mark.marked_at.astimezone(zone).date() < day]
    base, flows = (earlier[-1].equity, known.flows[earlier[-1].flow_count :]) if earlier else _opening(known)
    before = base + sum((flow for flow in flows if flow > 0), ZERO)
    after = before + sum((flow for flow in flows if flow < 0), ZERO)
    if after == before or before <= 0:
        return after
    kept = 1 - (after - known.equity) / before
    return cents(known.equity / kept) if kept > 0 else after


def _opening(known: Known) -> tuple[Decimal, Sequence[Decimal]]:
    return known.opening_cash, known.flows


def _wins(known: Known, breaker: CircuitBreaker) -> int:
    """Wins in a row since the desk was stopped, of shadow trades and of exits."""
    since = min((trip.counted_from for trip in breaker.trips), default=0)
    shadow = [Closing(one.sequence, one.pnl) for one in known.told if one.type is EventType.SHADOW_CLOSED]
    closed = sorted((one for one in (*known.closings, *shadow) if one.sequence > since), reverse=True)
    return _run(closed, lambda one: one.pnl > 0)


def _rejections(told: Sequence[Told]) -> int:
    """Orders that the broker rejected, since it last took one."""
    answers = (one for one in told if one.type in _TAKEN or one.type is EventType.ORDER_REJECTED)
    return _run(answers, lambda one: one.type is EventType.ORDER_REJECTED)


def _least_run(newest_first: Sequence[Told], code: str) -> int:
    """How many of the newest cycles of each strategy ended so, the least of them.

    One look of many strategies at a market without prices is no long row of failures, and a strategy whose own model
    is away is not the desk's affair while others have theirs. Who has not run within a day has no say.
    """
    newest = newest_first[0].occurred_at if newest_first else None
    recent = {
        one.strategy_id
        for one in newest_first
        if newest is None or one.occurred_at is None or newest - one.occurred_at <= timedelta(days=1)
    }
    by_strategy = ([one for one in newest_first if one.strategy_id == name] for name in recent)
    return min((_run(cycles, lambda one: one.code == code) for cycles in by_strategy), default=0)


def _met_a_model(told: Told) -> bool:
    """A skipped cycle asked nobody, nor did one that a person decided."""
    return told.type is not EventType.CYCLE_SKIPPED and told.code != BY_OPERATOR


def _run(newest_first: Iterable[One], is_one: Callable[[One], bool]) -> int:
    """How many of the newest are such, without a break."""
    count = 0
    for one in newest_first:
        if not is_one(one):
            break
        count += 1
    return count


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _next_monday(day: date) -> date:
    return day + timedelta(days=7 - day.weekday())
