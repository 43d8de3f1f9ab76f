"""The report of a week: its closes in one, with what the desk decided, found and was told meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from pydantic import AwareDatetime, Field

from trading.agents.budget import Count
from trading.closing import DailyClose, Missing, Performance, Tallies
from trading.events import Event, EventType, Occasion, desk_event
from trading.instruments import Symbol
from trading.money import ZERO, DeskId, Dollars, Identifier, Ratio, Record, Text
from trading.performance import compounded
from trading.trades import Trade

MOST_CHANGES = 20
"""Changes of the trading state that a report tells one by one, the newest."""


class WeekAsked(Record):
    """Report the newest week that is over."""

    desk_id: DeskId
    trace_id: Identifier


class WeekPlan(Record):
    """The Monday of the week to be reported, or why there is none."""

    monday: date | None = None
    reason: Text = ""


class ReportAsked(Record):
    """Report one week."""

    desk_id: DeskId
    trace_id: Identifier
    monday: date


class WeekEnded(Record):
    """What became of the report: the week, what it earned in dollars, or why there is none."""

    monday: date | None = None
    pnl: Dollars | None = None
    reason: Text = ""


class DayLine(Record):
    """One day of the week: dollars earned and the return."""

    session_on: date
    pnl: Dollars
    day_return: Ratio


class TradeLine(Record):
    """One trade that was closed: dollars earned."""

    symbol: Symbol
    pnl: Dollars
    closed_at: AwareDatetime


class ChangeLine(Record):
    """One change of the circuit breaker."""

    changed_at: AwareDatetime
    state: str
    reason: Text


class WeeklyReport(Record):
    """A desk in one week; `unclosed` are its sessions that have no close, `missing` what its closes had no price of.

    `cycles` by outcome, `differences` by case and `alerts` by topic are counts.
    """

    desk_id: DeskId
    monday: date
    last_on: date
    sessions: Count = 0
    unclosed: tuple[date, ...] = ()
    missing: tuple[Missing, ...] = ()
    equity: Dollars | None = None
    pnl: Dollars | None = None
    week_return: Ratio | None = None
    benchmark: str = "none"
    benchmark_return: Ratio | None = None
    best_day: DayLine | None = None
    worst_day: DayLine | None = None
    trades: Count = 0
    won: Count = 0
    lost: Count = 0
    best_trade: TradeLine | None = None
    worst_trade: TradeLine | None = None
    tallies: Tallies = Tallies()
    cycles: dict[str, int] = Field(default_factory=dict)
    changes: tuple[ChangeLine, ...] = ()
    differences: dict[str, int] = Field(default_factory=dict)
    alerts: dict[str, int] = Field(default_factory=dict)
    performance: Performance = Performance()


class WeekFacts(NamedTuple):
    """What the books hold of a week. `before` is the newest close before it; counts are by outcome, case and topic."""

    closes: Sequence[DailyClose]
    before: DailyClose | None
    trades: Sequence[Trade]
    cycles: Mapping[str, int]
    changes: Sequence[ChangeLine]
    differences: Mapping[str, int]
    alerts: Mapping[str, int]


def monday_of(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def report_of(desk_id: str, monday: date, facts: WeekFacts, sessions: Sequence[date]) -> WeeklyReport:
    """One week's closes in one report."""
    closes = facts.closes
    last, priced = closes[-1], [one for one in closes if one.equity is not None]
    days = [_day(one) for one in priced]
    trades = sorted((_trade(one) for one in facts.trades), key=lambda one: one.pnl)
    compared = [one.benchmark.day_return for one in priced if one.benchmark.day_return is not None]
    return WeeklyReport(
        desk_id=desk_id,
        monday=monday,
        last_on=last.session_on,
        sessions=len(closes),
        unclosed=_unclosed(facts, sessions),
        missing=tuple(one for close in closes for one in close.missing),
        equity=last.equity,
        pnl=priced[-1].pnl.week if priced else None,
        week_return=compounded([one.day_return for one in days]) if days else None,
        benchmark=last.benchmark.symbol,
        benchmark_return=compounded(compared) if compared else None,
        best_day=max(days, key=lambda one: one.day_return, default=None),
        worst_day=min(days, key=lambda one: one.day_return, default=None),
        trades=len(trades),
        won=sum(one.pnl > 0 for one in trades),
        lost=sum(one.pnl < 0 for one in trades),
        best_trade=trades[-1] if trades else None,
        worst_trade=trades[0] if trades else None,
        tallies=last.tallies.since(facts.before.tallies if facts.before else Tallies()),
        cycles=dict(facts.cycles),
        changes=tuple(facts.changes),
        differences=dict(facts.differences),
        alerts=dict(facts.alerts),
        performance=(priced or closes)[-1].performance,
    )


def week_reported(report: WeeklyReport, trace_id: str, at: datetime) -> Event:
    """The audit log's words for it."""
    told = {"last_on", "sessions", "unclosed", "equity", "pnl", "week_return", "benchmark_return", "trades", "tallies"}
    data = {"week": report.monday.isoformat(), **report.model_dump(mode="json", include=told)}
    return desk_event(EventType.WEEK_REPORTED, Occasion(report.desk_id, report.monday, at, trace_id), data)


def _unclosed(facts: WeekFacts, sessions: Sequence[date]) -> tuple[date, ...]:
    """The sessions without a close; those before a desk's very first are none of its own."""
    closed = [one.session_on for one in facts.closes]
    first = closed[0] if facts.before is None else date.min
    return tuple(day for day in sessions if day >= first and day not in closed)


def _day(close: DailyClose) -> DayLine:
    earned: Decimal = close.pnl.day or ZERO
    return DayLine(session_on=close.session_on, pnl=earned, day_return=close.day_return or 0.0)


def _trade(trade: Trade) -> TradeLine:
    return TradeLine(symbol=trade.symbol, pnl=trade.realised_pnl, closed_at=trade.closed_at or trade.opened_at)
