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
    assert not reason or reason.startswith("strategy agents, after ")


def test_a_floor_of_nothing_is_off() -> None:
    assert review(line(0, 20, 0.0), StrategyRules(min_profit_factor=Decimal(0))) == (1, "")


OFF = StrategyRules(min_trades=10, min_profit_factor=Decimal(0), max_drawdown=Decimal(0), min_sharpe=None)
STRICT = {
    "max_drawdown": Decimal("0.10"),
    "min_sharpe": Decimal("0.5"),
    "sharpe_sessions": 30,
    "max_losing_trades": 4,
}


@pytest.mark.parametrize(
    ("only", "seen", "why"),
    [
        ("max_drawdown", {"drawdown": 0.1}, "10.00% below its peak, less than 10.00%"),
        ("max_drawdown", {"drawdown": 0.0999}, ""),
        ("max_drawdown", {"drawdown": 0.0999, "max_drawdown": 0.5}, ""),
        ("max_drawdown", {"drawdown": None}, ""),
        ("min_sharpe", {"sharpe": 0.49, "sessions": 30}, "a Sharpe ratio of 0.49 over 30 sessions, at least 0.5"),
        ("min_sharpe", {"sharpe": 0.5, "sessions": 30}, ""),
        ("min_sharpe", {"sharpe": 0.49, "sessions": 29}, ""),
        ("min_sharpe", {"sharpe": None, "sessions": 300}, ""),
        ("max_losing_trades", {"lost_in_a_row": 4}, "4 losing trades in a row, fewer than 4"),
        ("max_losing_trades", {"lost_in_a_row": 3}, ""),
    ],
)
def test_each_rule_has_its_edge(only: str, seen: dict[str, object], why: str) -> None:
    rules = OFF.model_copy(update={"max_losing_trades": 0, "sharpe_sessions": 30, only: STRICT[only]})
    known = line(5, 5, 1.0).model_copy(update=seen)
    assert review(known, rules) == (1, f"strategy agents, after 10 trades: {why}" if why else "")
    young = known.model_copy(update={"lost": 4})
    assert review(young, rules) == (0, "")
    assert review(known, OFF) == (1, "")


def test_all_that_fails_is_one_sentence() -> None:
    rules = StrategyRules.model_validate({"min_trades": 10, **STRICT})
    bad = line(5, 5, 0.1).model_copy(update={"drawdown": 0.2, "sharpe": -1.0, "sessions": 40, "lost_in_a_row": 5})
    _, why = review(bad, rules)
    assert why.count(";") == 3
