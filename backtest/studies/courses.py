"""Monte Carlo: other courses that a run could have taken, each from its own seed, whoever draws it and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from backtest.data.panel import Column, Panel
from backtest.measures.round_trips import trades_of
from backtest.studies.trials import Engines
from trading.backtest_plan import Engine, Plan
from trading.backtesting import MonteCarloAsked, Resampled, TrialRow
from trading.errors import BadConfiguration
from trading.ratios import returns_of
from trading.trial_scores import course, rows_of, scores

LEAST = 2
TOLD = {
    Resampled.RETURNS: ("final_equity_usd", "total_return", "cagr", "sharpe", "max_drawdown"),
    Resampled.TRADES: ("max_drawdown",),
}
"""What differs from course to course: the same trades in another order end where they ended."""


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """The run as it happened: `start` dollars, equity [D], daily returns from `start` on [D].

    `pnl` [K] dollars of each closed trade, in the order in which they closed.
    """

    start: float
    equity: Column
    returns: Column
    pnl: Column


async def base_of(engines: Engines, panel: Panel, plan: Plan, engine: Engine) -> Base:
    """Run the plan once."""
    result = await engines.run_once(panel, plan, engine)
    start = float(plan.cash)
    trades = trades_of(result)
    returns = returns_of(np.insert(result.equity, 0, start))
    order = np.argsort(trades.left[trades.closed], kind="stable")
    return Base(start, result.equity, returns, trades.pnl[trades.closed][order])


def courses(asked: MonteCarloAsked, base: Base, numbers: Sequence[int]) -> list[TrialRow]:
    """These trials. Raises BadConfiguration where there is nothing to draw from."""
    drawn = base.returns if asked.of is Resampled.RETURNS else base.pnl
    if len(drawn) < LEAST:
        raise BadConfiguration(f"there are {len(drawn)} {asked.of} to draw from: it takes two")
    equity = np.stack([_equity(asked, base, number) for number in numbers])
    measured = rows_of(scores(equity, base.start))
    return [
        TrialRow(run_id=asked.run_id, number=number, metrics={name: row[name] for name in TOLD[asked.of]})
        for number, row in zip(numbers, measured, strict=True)
    ]


def as_it_was(asked: MonteCarloAsked, base: Base) -> TrialRow:
    """The run as it happened, measured as its other courses are: day by day, or from trade to trade."""
    from_trade_to_trade = asked.of is Resampled.TRADES and len(base.pnl) > 0
    equity = base.start + np.cumsum(base.pnl) if from_trade_to_trade else base.equity
    (numbers,) = rows_of(scores(equity[None, :], base.start))
    row = TrialRow(run_id=asked.run_id, number=0, is_test=True, parameters=asked.plan.parameters)
    metrics = numbers if asked.of is Resampled.RETURNS else {name: numbers[name] for name in TOLD[asked.of]}
    return replace(row, metrics=metrics, returns=base.returns.astype("<f4").tobytes())


def _equity(asked: MonteCarloAsked, base: Base, number: int) -> Column:
    generator = np.random.default_rng([asked.seed, number])
    if asked.of is Resampled.TRADES:
        return base.start + np.cumsum(generator.permutation(base.pnl))
    return np.asarray(base.start * np.cumprod(1 + course(base.returns, generator, asked.block)), np.float64)
