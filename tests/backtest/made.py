"""Results made by hand: closes and fills are given, and all else follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from backtest.measures.measuring import measured
from backtest.results.result import Fills, Result, RunCard
from trading.backtest_plan import Engine, Plan
from trading.metrics import Metrics

FIRST_DAY = date(2016, 1, 4)
CASH = 10_000


class Did(NamedTuple):
    """One fill: on which day, of which symbol, how many shares, at what price, for what commission."""

    day: int
    symbol: int
    shares: float
    price: float
    commission: float = 0.0
    leg: str = "entry"


def days_of(count: int) -> Any:
    """So many weekdays from the first Monday of 2016 on."""
    return np.busday_offset(np.datetime64(FIRST_DAY), np.arange(count)).astype("datetime64[D]")


def made(closes: Sequence[Sequence[float]], did: Sequence[Did] = (), **more: Any) -> Result:
    """A result over these closes, a row a day, whose books follow from the fills; `more` are fields that are other."""
    prices = np.array(closes, np.float64)
    count, wide = prices.shape
    symbols = more.pop("symbols", tuple(f"S{chr(65 + at)}" for at in range(wide)))
    bought, paid = np.zeros((count, wide)), np.zeros(count)
    for one in did:
        bought[one.day, one.symbol] += one.shares
        paid[one.day] += one.shares * one.price + one.commission
    positions = more.pop("positions", bought.cumsum(axis=0))
    cash = CASH - paid.cumsum()
    worth = np.nan_to_num(positions * prices)
    columns = list(zip(*did, strict=True)) or [()] * 6
    fills = Fills(
        day=np.array(columns[0], np.int64),
        symbol=np.array(columns[1], np.int64),
        shares=np.array(columns[2], np.float64),
        price=np.array(columns[3], np.float64),
        commission=np.array(columns[4], np.float64),
        leg=tuple(columns[5]),
    )
    days = days_of(count)
    plan = Plan(
        strategy="sma_cross",
        parameters={"fast": 10, "slow": 30},
        symbols=("AAPL",),
        from_on=days[0].item(),
        to_on=days[-1].item(),
        cash=Decimal(CASH),
        limits=None,
        benchmark="AAPL",
    )
    result = Result(
        plan=plan,
        engine=Engine.COLUMNS,
        days=days,
        symbols=symbols,
        equity=cash + worth.sum(axis=1),
        cash=cash,
        gross=np.abs(worth).sum(axis=1),
        positions=positions,
        closes=prices,
        fills=fills,
    )
    return replace(result, **more)


def card_of(result: Result, **more: Any) -> RunCard:
    """The card of a made result."""
    told: Mapping[str, Any] = {"run_id": "run-1", "code_version": "0.1.0", "data": "by hand", "data_hash": "ab" * 32}
    return RunCard.model_validate({"engine": result.engine, "plan": result.plan, **told, **more})


def metrics_of(result: Result) -> Metrics:
    """All metrics of a made result."""
    return measured(result)


def wavy(count: int = 300, wide: int = 2) -> Result:
    """A result of a year and more with trades of each symbol: bought on every 20th day, sold ten days later."""
    at = np.arange(count)[:, None]
    closes = 100 + 20 * np.sin(at / 15 + np.arange(wide)) + at / 10
    did = [
        Did(
            day,
            symbol,
            10 if day % 20 == 5 else -10,
            float(closes[day, symbol]),
            0.5,
            "entry" if day % 20 == 5 else "exit",
        )
        for day in range(5, count, 10)
        for symbol in range(wide)
    ]
    return made(
        closes.tolist(), did, benchmark=closes[:, 0] * CASH / closes[0, 0], held=closes[:, 1] * CASH / closes[0, 1]
    )
