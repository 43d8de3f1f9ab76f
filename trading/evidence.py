"""What a strategy has shown on its rung, and whether that is enough for the next one.

Nothing here decides: a person promotes, with these numbers before their eyes and in the event.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import AwareDatetime, Field

from trading.agents.budget import Cost
from trading.money import ZERO, DeskId, Dollars, Fraction, Ratio, Record
from trading.performance import Valuation, compounded, daily_returns, drawdown_of, profit_factor, sharpe, win_rate

Count = Annotated[int, Field(ge=0)]


class Ended(NamedTuple):
    """A trade that is over, real or thought: when, and the dollars that it made after commission."""

    at: datetime
    pnl: Decimal
    shadow: bool = False


class Open(NamedTuple):
    """A trade that is not: the dollars that it has made so far at the newest mark."""

    gain: Decimal
    shadow: bool = False


class RungHistory(NamedTuple):
    """All that the books know of a strategy since it came to its rung. `capital` is its allocation in dollars now."""

    desk_id: str
    since_at: datetime
    capital: Decimal
    days: frozenset[date] = frozenset()
    """Days of UTC on which it had a cycle that looked at the market."""
    ended: tuple[Ended, ...] = ()
    open: tuple[Open, ...] = ()
    cycles: int = 0
    failed: int = 0
    rejected: int = 0
    denied: int = 0
    findings: int = 0
    model_usd: Decimal = ZERO


class Evidence(Record):
    """What a strategy has shown on its rung.

    `trades` and `shadow_trades` are over, `open` not. Dollars `pnl` and `open_gain` after commission; the ratios are of
    the capital that it is allocated now, by day of the trades' end, with what is open as the last day's: who only
    closes what has won would look too good. Unknown is None.
    """

    desk_id: DeskId
    since_at: AwareDatetime
    days: Count
    cycles: Count
    failed_cycles: Count
    trades: Count
    shadow_trades: Count
    open: Count
    pnl: Dollars
    open_gain: Dollars
    total_return: Ratio
    max_drawdown: Ratio
    sharpe: Ratio | None
    hit_rate: Ratio | None
    profit_factor: Ratio | None
    rejected: Count
    denied: Count
    findings: Count
    model_usd: Cost


class PromotionBar(Record):
    """What has to be shown before real money: days with a cycle, trades that are over, a return and a fall."""

    min_days: Count = 20
    min_trades: Count = 20
    max_drawdown: Fraction = Decimal("0.15")
    min_return: Annotated[Decimal, Field(ge=-1, le=10, allow_inf_nan=False)] = ZERO


def evidence_of(history: RungHistory) -> Evidence:
    """The history in numbers."""
    won = [one.pnl for one in history.ended if one.pnl > 0]
    lost = [-one.pnl for one in history.ended if one.pnl < 0]
    returns = daily_returns(list(_valuations(history)))
    shadows = sum(one.shadow for one in history.ended)
    return Evidence(
        desk_id=history.desk_id,
        since_at=history.since_at,
        days=len(history.days),
        cycles=history.cycles,
        failed_cycles=history.failed,
        trades=len(history.ended) - shadows,
        shadow_trades=shadows,
        open=len(history.open),
        pnl=sum((one.pnl for one in history.ended), ZERO),
        open_gain=sum((one.gain for one in history.open), ZERO),
        total_return=compounded(returns),
        max_drawdown=drawdown_of(returns).deepest,
        sharpe=sharpe(returns),
        hit_rate=win_rate(len(won), len(lost)),
        profit_factor=profit_factor(sum(won, ZERO), sum(lost, ZERO)),
        model_usd=history.model_usd,
        **{name: getattr(history, name) for name in ("rejected", "denied", "findings")},
    )


def missing(shown: Evidence, bar: PromotionBar) -> tuple[str, ...]:
    """What is not shown yet, in words with both numbers; nothing when the bar is passed."""
    return tuple(_missing(shown, bar))


def _missing(shown: Evidence, bar: PromotionBar) -> Iterator[str]:
    over = shown.trades + shown.shadow_trades
    if shown.days < bar.min_days:
        yield f"{shown.days} of {bar.min_days} days with a cycle"
    if over < bar.min_trades:
        yield f"{over} of {bar.min_trades} trades that are over"
    if shown.max_drawdown > bar.max_drawdown:
        yield f"a drawdown of {shown.max_drawdown:.1%}, at most {bar.max_drawdown:.1%}"
    if shown.total_return < bar.min_return:
        yield f"a return of {shown.total_return:.2%}, at least {bar.min_return:.2%}"
    if shown.findings:
        yield f"findings of the audit: {shown.findings}"


def _valuations(history: RungHistory) -> Iterator[Valuation]:
    """What the capital would be worth: at the start, after each day, and with what is open."""
    yield Valuation(history.since_at, history.capital)
    made = history.capital
    by_day: dict[date, Decimal] = dict.fromkeys(history.days, ZERO)
    for one in history.ended:
        by_day[one.at.date()] = by_day.get(one.at.date(), ZERO) + one.pnl
    last = max(by_day, default=None)
    for day, pnl in sorted(by_day.items()):
        made += pnl + (sum((one.gain for one in history.open), ZERO) if day == last else ZERO)
        yield Valuation(datetime.combine(day, history.since_at.timetz()), made)
