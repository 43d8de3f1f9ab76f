"""The circuit breaker's rules: their thresholds, what they look at, and where each stands."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.breaker import Rule, Value, Who
from trading.money import ZERO, DeskId, Dollars, Fraction, Identifier, Record, Text
from trading.portfolio import drawdown

STREAKS = frozenset({Rule.LOSING_TRADES, Rule.REJECTIONS, Rule.STALE_DATA, Rule.MODEL_FAILURES})
"""Rules that count from anew when the desk goes on."""
_SMALLEST = Decimal("0.000001")
Count = Annotated[int, Field(ge=0)]


class BreakerRules(Record):
    """Every threshold. Fractions are of equity, streaks are counts, Sharpe ratios are a year's."""

    max_drawdown: Fraction = Decimal("0.20")
    resume_drawdown: Fraction = Decimal("0.15")
    max_daily_loss: Fraction = Decimal("0.05")
    max_weekly_loss: Fraction = Decimal("0.10")
    max_losing_trades: int = 5
    wins_to_resume: int = 3
    min_sharpe: Value = Decimal(-2)
    resume_sharpe: Value = Decimal("0.3")
    resume_sharpe_days: Value = Decimal(7)
    sharpe_sessions: int = 20
    max_rejections: int = 5
    max_stale_cycles: int = 3
    max_model_failures: int = 3
    cool_down_minutes: Value = Decimal(60)
    auto_resume: bool = True
    max_resumes_per_week: int = 2
    probation_trades: int = 5
    probation_size: Fraction = Decimal("0.5")
    shadow: bool = True

    @property
    def cool_down(self) -> timedelta:
        """How long a halt for a streak lasts."""
        return timedelta(minutes=float(self.cool_down_minutes))

    @property
    def sharpe_hold(self) -> timedelta:
        """How long the Sharpe ratio must stay above what it resumes at."""
        return timedelta(days=float(self.resume_sharpe_days))


class BreakerLook(Record):
    """A look at a desk's breaker; days and weeks begin at midnight of `zone`, the exchange's.

    One for a strategy looks at the desk and at that strategy, and answers with what holds for its orders; one for none
    looks at the desk and at all of its strategies, and answers with the desk's.
    """

    desk_id: DeskId
    rules: BreakerRules
    zone: str = "America/New_York"
    at: AwareDatetime
    trace_id: Identifier = "none"
    strategy_id: Identifier | None = None


class Resumption(BreakerLook):
    """A person says that the desk, or the strategy that is named, may go on.

    `change_id` names it within the desk, `force` goes past what holds.
    """

    change_id: Identifier
    by: Who
    reason: Text
    force: bool = False


class Refused(Record):
    """Why a desk, or one of its strategies, is not resumed or halted."""

    because: Text


class SharpeMark(Record):
    """The rolling Sharpe ratio at a session's end; None while too little is known."""

    at: AwareDatetime
    value: Value | None = None


class BreakerFacts(Record):
    """What the books say, of one moment; the desk's log has `event_count` events by then.

    `day_base` and `week_base` are the equity at the last close before this day and week, deposits and withdrawals since
    then included. Streaks count since the desk last went on; `wins` since it was stopped; `entries` are the orders that
    opened something since it went on.
    """

    event_count: Count = 0
    equity: Dollars
    peak_equity: Dollars
    day_base: Dollars | None = None
    week_base: Dollars | None = None
    day_ends_at: AwareDatetime
    week_ends_at: AwareDatetime
    sharpes: tuple[SharpeMark, ...] = ()
    losing_trades: Count = 0
    wins: Count = 0
    rejections: Count = 0
    stale_cycles: Count = 0
    model_failures: Count = 0
    entries: Count = 0


def thresholds(rules: BreakerRules) -> dict[Rule, Decimal]:
    """The value at which each rule trips; the Sharpe ratio below it, all others at or above."""
    return {
        Rule.DRAWDOWN: rules.max_drawdown,
        Rule.DAILY_LOSS: rules.max_daily_loss,
        Rule.WEEKLY_LOSS: rules.max_weekly_loss,
        Rule.LOSING_TRADES: Decimal(rules.max_losing_trades),
        Rule.SHARPE: rules.min_sharpe,
        Rule.REJECTIONS: Decimal(rules.max_rejections),
        Rule.STALE_DATA: Decimal(rules.max_stale_cycles),
        Rule.MODEL_FAILURES: Decimal(rules.max_model_failures),
    }


def values(facts: BreakerFacts) -> dict[Rule, Decimal | None]:
    """Where each rule stands; None while too little is known."""
    return {
        Rule.DRAWDOWN: drawdown(facts.equity, facts.peak_equity),
        Rule.DAILY_LOSS: _loss(facts.equity, facts.day_base),
        Rule.WEEKLY_LOSS: _loss(facts.equity, facts.week_base),
        Rule.LOSING_TRADES: Decimal(facts.losing_trades),
        Rule.SHARPE: facts.sharpes[-1].value if facts.sharpes else None,
        Rule.REJECTIONS: Decimal(facts.rejections),
        Rule.STALE_DATA: Decimal(facts.stale_cycles),
        Rule.MODEL_FAILURES: Decimal(facts.model_failures),
    }


def is_beyond(rule: Rule, value: Decimal | None, threshold: Decimal) -> bool:
    """Whether a value trips the rule."""
    if value is None:
        return False
    return value < threshold if rule is Rule.SHARPE else value >= threshold


def _loss(equity: Decimal, base: Decimal | None) -> Decimal | None:
    if base is None or base <= 0:
        return None
    return max(ZERO, (base - equity) / base).quantize(_SMALLEST, rounding=ROUND_HALF_EVEN)
