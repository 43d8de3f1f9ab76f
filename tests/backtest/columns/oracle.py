"""The rules of a run by sma_cross said once more, as slowly and plainly as they can be, to hold the engine against."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor, isfinite

import numpy as np

from backtest.data.panel import Panel
from trading.backtest_plan import FillAt, Plan, SizedBy


@dataclass
class Account:
    cash: float
    shares: dict[int, float] = field(default_factory=dict)
    orders: dict[int, float] = field(default_factory=dict)
    fills: list[tuple[int, int, float]] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    cancelled: int = 0


def replay(panel: Panel, plan: Plan) -> Account:
    """Day by day and symbol by symbol, from the panel itself."""
    fast, slow = int(str(plan.parameters["fast"])), int(str(plan.parameters["slow"]))
    account, last = Account(float(plan.cash)), dict[int, float]()
    closes: list[list[Fraction]] = [[] for _ in panel.symbols]
    rows = [r for r, day in enumerate(panel.days) if day >= np.datetime64(plan.from_on)]
    for row in range(len(panel.days)):
        there = [s for s in range(len(panel.symbols)) if isfinite(panel.close[row, s])]
        if row > rows[0]:
            nights = int((panel.days[row] - panel.days[row - 1]).astype(int))
            account.cash += max(account.cash, 0.0) * (nights * float(plan.frictions.cash_rate) / 365)
        if row >= rows[0] and plan.fill is FillAt.NEXT_OPEN:
            trade(account, plan, row - rows[0], {s: float(panel.open[row, s]) for s in there})
        for s in there:
            last[s] = float(panel.close[row, s])
            closes[s].append(Fraction(repr(last[s])))
        if row >= rows[0]:
            turns = {s: turn(closes[s], fast, slow) for s in there}
            decide(account, plan, panel, turns, last)
            if plan.fill is FillAt.CLOSE:
                trade(account, plan, row - rows[0], {s: last[s] for s in there})
            account.equity.append(worth(account, last))
    return account


def turn(closes: list[Fraction], fast: int, slow: int) -> int:
    if len(closes) <= slow:
        return 0
    now, before = (sum(c[-fast:]) / fast - sum(c[-slow:]) / slow for c in (closes, closes[:-1]))
    return 1 if now > 0 >= before else -1 if now < 0 <= before else 0


def worth(account: Account, last: dict[int, float]) -> float:
    value = 0.0
    for s in sorted(account.shares):
        value += account.shares[s] * last[s]
    return account.cash + value


def trade(account: Account, plan: Plan, day: int, prices: dict[int, float]) -> None:
    costs = plan.frictions.costs
    half, slip = float(plan.frictions.spread_bps) / 2 / 1e4, float(costs.slippage_bps) / 1e4
    for s in sorted(account.orders, key=lambda s: (account.orders[s] > 0, s)):
        if s not in prices:
            continue
        n = account.orders.pop(s)
        price = prices[s] * ((1 + half) * (1 + slip) if n > 0 else (1 - half) * (1 - slip))
        paid = abs(n) * price * float(costs.commission_bps) / 1e4 + abs(n) * float(costs.commission_per_share)
        paid += float(costs.commission_per_order)
        if n > 0 and n * price + paid > account.cash:
            account.cancelled += 1
            continue
        account.cash -= n * price + paid
        account.shares[s] = account.shares.get(s, 0.0) + n
        if not account.shares[s]:
            del account.shares[s]
        account.fills.append((day, s, n))


def decide(account: Account, plan: Plan, panel: Panel, turns: dict[int, int], last: dict[int, float]) -> None:
    equity, costs = worth(account, last), plan.frictions.costs
    rate, each, order = (
        float(c) for c in (costs.commission_bps / 10_000, costs.commission_per_share, costs.commission_per_order)
    )
    for s, at in turns.items():
        if at < 0 and s in account.shares and s not in account.orders:
            account.orders[s] = -account.shares[s]
    entering = [s for s, at in turns.items() if at > 0 and s not in account.shares and s not in account.orders]
    for s in entering:
        price = last[s]
        part = 1 / max(int(str(plan.parameters["parts"])), len(entering))
        if plan.sizing is not None:
            part = float(plan.sizing.amount)
        n = part if plan.sizing is not None and plan.sizing.by is SizedBy.FIXED else floor(part * equity / price)
        if plan.limits is not None:
            buys = {b: m for b, m in account.orders.items() if m > 0}
            if len(account.shares) + len(buys) >= plan.limits.max_positions:
                continue
            sector = sum(
                m * last[b] for b, m in [*account.shares.items(), *buys.items()] if panel.sectors[b] == panel.sectors[s]
            )
            asked = sum(m * last[b] * (1 + rate) + m * each + order for b, m in buys.items())
            cover = 1 + float(plan.limits.collar)
            n = min(
                n,
                floor(float(plan.limits.max_position) * equity / price),
                floor((float(plan.limits.max_sector) * equity - sector) / price),
                floor((account.cash - cover * (asked + order)) / (cover * (price * (1 + rate) + each))),
            )
            if n * price < 0.01 * equity:
                continue
        if n >= 1:
            account.orders[s] = float(n)
