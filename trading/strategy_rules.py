"""When a strategy does too badly to go on: its own written rule, looked at with each close of a day.

| rule | fails |
|---|---|
| profit factor | less was gained by winning trades than so much of what losing ones gave up |
| drawdown | it is so far below its peak, or further |
| Sharpe ratio | the yearly ratio since its beginning is lower, of at least so many sessions |
| losing trades | so many of its newest trades, or more, lost one after the other |

Nothing of it is looked at before a strategy has closed `min_trades` trades, and it fails once for every so many more:
whoever lets it go on gives it as many again.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from trading.closing import Performance, StrategyLine
from trading.money import Fraction, Record

Finite = Annotated[Decimal, Field(allow_inf_nan=False)]


class Failing(StrEnum):
    """What becomes of a strategy that fails: it only closes what it holds, or it is disabled."""

    REDUCING = "reducing"
    DISABLED = "disabled"


class StrategyRules(Record):
    """A strategy is judged by every further `min_trades` closed trades.

    Off are a `min_profit_factor` of 0, a `max_drawdown` of 0, a `min_sharpe` of None, 0 `max_losing_trades`.
    """

    min_trades: Annotated[int, Field(ge=1)] = 20
    min_profit_factor: Annotated[Finite, Field(ge=0)] = Decimal("0.8")
    max_drawdown: Fraction = Decimal("0.25")
    min_sharpe: Finite | None = Decimal(-1)
    sharpe_sessions: Annotated[int, Field(ge=1)] = 60
    max_losing_trades: Annotated[int, Field(ge=0)] = 10
    on_failure: Failing = Failing.REDUCING


def review(line: StrategyLine, rules: StrategyRules) -> tuple[int, str]:
    """The number of the review that is due, and why the strategy fails it; 0 when none is due, no words when it passes.

    A profit factor is what its winning trades gained, by what its losing ones gave up; commission is in both.
    """
    trades = line.won + line.lost + line.even
    number = trades // rules.min_trades
    failed = tuple(_failed(line, rules)) if number else ()
    return number, f"strategy {line.strategy_id}, after {trades} trades: {'; '.join(failed)}" if failed else ""


def as_the_desk(line: StrategyLine, performance: Performance) -> StrategyLine:
    """The line of a desk's only strategy, whose figures are the desk's."""
    figures = ("sessions", "drawdown", "max_drawdown", "sharpe", "sortino", "total_return")
    return line.model_copy(update={name: getattr(performance, name) for name in figures})


def _failed(line: StrategyLine, rules: StrategyRules) -> Iterator[str]:
    factor, fallen, ratio = line.profit_factor, line.drawdown, line.sharpe
    if factor is not None and Decimal(str(factor)) < rules.min_profit_factor:
        earned = f"gained {line.gained}, gave up {line.given_up}"
        yield f"a profit factor of {factor:.2f}, at least {rules.min_profit_factor} ({earned})"
    if rules.max_drawdown and fallen is not None and Decimal(str(fallen)) >= rules.max_drawdown:
        yield f"{fallen:.2%} below its peak, less than {rules.max_drawdown:.2%}"
    known = ratio is not None and line.sessions >= rules.sharpe_sessions
    if known and rules.min_sharpe is not None and Decimal(str(ratio)) < rules.min_sharpe:
        yield f"a Sharpe ratio of {ratio:.2f} over {line.sessions} sessions, at least {rules.min_sharpe}"
    if rules.max_losing_trades and line.lost_in_a_row >= rules.max_losing_trades:
        yield f"{line.lost_in_a_row} losing trades in a row, fewer than {rules.max_losing_trades}"
