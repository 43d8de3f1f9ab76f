"""When a strategy does too badly to go on: its own written rule, looked at with each close of a day."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trading.closing import StrategyLine
from trading.money import Record


class StrategyRules(Record):
    """A strategy is judged by every further `min_trades` closed trades; `min_profit_factor` 0 is off."""

    min_trades: Annotated[int, Field(ge=1)] = 20
    min_profit_factor: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] = Decimal("0.8")


def review(line: StrategyLine, rules: StrategyRules) -> tuple[int, str]:
    """The number of the review that is due, and why the strategy fails it; 0 when none is due, no words when it passes.

    A profit factor is what its winning trades gained, by what its losing ones gave up; commission is in both.
    """
    trades = line.won + line.lost + line.even
    number = trades // rules.min_trades
    if not number or line.profit_factor is None or Decimal(str(line.profit_factor)) >= rules.min_profit_factor:
        return number, ""
    earned = f"gained {line.gained} and gave up {line.given_up} in {trades} trades"
    factor = f"a profit factor of {line.profit_factor:.2f}, at least {rules.min_profit_factor}"
    return number, f"strategy {line.strategy_id} {earned}: {factor}"
