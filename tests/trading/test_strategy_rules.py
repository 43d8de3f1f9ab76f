"""The rule by which a strategy that does badly stops."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trading.closing import StrategyLine
from trading.strategy_rules import StrategyRules, review

RULES = StrategyRules(min_trades=10, min_profit_factor=Decimal("0.8"))


def line(won: int, lost: int, factor: float | None, even: int = 0) -> StrategyLine:
    return StrategyLine(strategy_id="agents", won=won, lost=lost, even=even, profit_factor=factor)


@pytest.mark.parametrize(
    ("seen", "number", "fails"),
    [
        (line(1, 8, 0.1), 0, False),
        (line(1, 9, 0.1), 1, True),
        (line(1, 8, 0.1, even=1), 1, True),
        (line(4, 15, 0.79), 1, True),
        (line(4, 16, 0.79), 2, True),
        (line(5, 5, 0.8), 1, False),
        (line(10, 0, None), 1, False),
        (line(0, 10, 0.0), 1, True),
    ],
)
def test_a_strategy_is_reviewed_every_so_many_trades(seen: StrategyLine, number: int, *, fails: bool) -> None:
    found, reason = review(seen, RULES)
    assert (found, bool(reason)) == (number, fails)
    assert not reason or reason.startswith("strategy agents gained ")


def test_a_floor_of_nothing_is_off() -> None:
    assert review(line(0, 20, 0.0), StrategyRules(min_profit_factor=Decimal(0))) == (1, "")
