"""Ratios against a referee's, and that neither a deposit nor a withdrawal is ever a gain or a loss."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.examples import examples
from tests.making import AT
from trading.performance import (
    Valuation,
    compounded,
    daily_returns,
    drawdown_of,
    profit_factor,
    sharpe,
    sortino,
    turnover,
    win_rate,
)

# Seed and length of a series, and what ffn 1.4.1 makes of it: total return, deepest drawdown, Sharpe, Sortino (252).
REFEREE = [
    ((0, 5), (0.011744583975705547, -0.00840352530105426, 5.176781962723321, 12.191483654884843)),
    ((1, 21), (-0.00818678393312311, -0.026935071614198614, -0.5453310451164856, -0.7521382211321547)),
    ((2, 63), (0.17342204443404863, -0.060956555884702834, 4.7215500612032875, 8.401305723975584)),
    ((3, 252), (0.2547105423036038, -0.0793839670966443, 1.6958664658049214, 2.616780119712883)),
    ((4, 252), (0.13809489496086647, -0.1445105063152592, 0.957647595578023, 1.4407902179734058)),
    ((5, 1260), (0.3394583895702177, -0.2917909052312272, 0.49045027838733163, 0.7165763530823)),
]
fractions = st.floats(-0.5, 0.5).filter(lambda one: one == 0 or abs(one) > 1e-6)
moves = st.lists(fractions, min_size=1, max_size=60)


def valued(*equities: str, flows: dict[int, str] | None = None) -> list[Valuation]:
    """Equities of one day after the other; `flows` by the number of the day."""
    known = flows or {}
    return [
        Valuation(AT + timedelta(days=number), Decimal(equity), Decimal(known.get(number, "0")))
        for number, equity in enumerate(equities)
    ]


@pytest.mark.parametrize(("series", "expected"), REFEREE)
def test_a_referee_finds_the_same(series: tuple[int, int], expected: tuple[float, ...]) -> None:
    seed, days = series
    random = Random(seed)
    returns = [(random.random() - 0.48) * 0.03 for _ in range(days)]
    found = (compounded(returns), -drawdown_of(returns).deepest, sharpe(returns), sortino(returns))
    assert found == pytest.approx(expected, rel=1e-12)


@given(moves=moves, flows=st.dictionaries(st.integers(1, 60), st.integers(-90, 400), max_size=20))
@examples(50, 300)
def test_the_return_is_the_same_whatever_is_paid_in_before_a_day_and_taken_out_after_it(
    moves: list[float], flows: dict[int, int]
) -> None:
    """A unit's growth is given; money comes before the day's move, or goes after it: what comes out is the growth."""
    equity = Decimal(100_000)
    series = [Valuation(AT, equity)]
    for number, move in enumerate(moves, start=1):
        grown = Decimal(1) + Decimal(repr(move))
        percent = Decimal(flows.get(number, 0)) / 100
        coming = equity * max(percent, Decimal(0))
        after = (equity + coming) * grown
        going = after * min(percent, Decimal(0))
        equity = after + going
        series.append(Valuation(AT + timedelta(days=number), equity, coming + going))
    assert daily_returns(series) == pytest.approx(moves, abs=1e-9)
    assert compounded(daily_returns(series)) == pytest.approx(compounded(moves), rel=1e-6, abs=1e-9)


@given(returns=st.lists(st.floats(-3, 3), max_size=60))
@example(returns=[-1.0, 5.0])
@examples(50, 300)
def test_a_drawdown_lies_between_nothing_and_everything(returns: list[float]) -> None:
    fallen = drawdown_of(returns)
    assert 0 <= fallen.now <= fallen.deepest <= 1
    assert compounded(returns) >= -1


@given(returns=st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=60), factor=st.floats(0.1, 10))
@examples(50, 200)
def test_neither_ratio_knows_how_much_was_at_stake(returns: list[float], factor: float) -> None:
    for ratio in (sharpe, sortino):
        before, after = ratio(returns), ratio([one * factor for one in returns])
        assume(before is not None and after is not None)
        assert after == pytest.approx(before, rel=1e-6)


def test_a_deposit_is_no_gain_and_a_withdrawal_no_loss() -> None:
    series = valued("1000", "3000", "2700", "700", flows={1: "2000", 3: "-2000"})
    assert daily_returns(series) == pytest.approx([0.0, -0.1, 0.0])


def test_what_shadow_trades_would_have_earned_counts_as_earned() -> None:
    first, second = valued("1000", "1010")
    assert daily_returns([first, second._replace(shadow=Decimal(-20))]) == pytest.approx([-0.01])


def test_without_equity_nothing_is_earned() -> None:
    assert daily_returns(valued("0", "50", "-10", "20")) == pytest.approx([0.0, -1.2, 0.0])


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.01, 0.01]])
def test_there_is_no_ratio_without_risk(returns: list[float]) -> None:
    assert (sharpe(returns), sortino(returns)) == (None, None)


def test_trades_and_turnover() -> None:
    assert (win_rate(3, 1), win_rate(0, 0)) == (0.75, None)
    assert (profit_factor(Decimal(300), Decimal(120)), profit_factor(Decimal(300), Decimal(0))) == (2.5, None)
    assert turnover(Decimal(3000), [Decimal(1000), Decimal(2000)]) == 2.0
    assert (turnover(Decimal(1), []), turnover(Decimal(1), [Decimal(-1)])) == (None, None)
