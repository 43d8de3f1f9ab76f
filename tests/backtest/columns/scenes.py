"""Panels made by hand, drawn at random, and read from files; plans over them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from hypothesis import strategies as st

from backtest.data.panel import Column, Panel
from trading.backtest_plan import Frictions, Plan, SizedBy, Sizing
from trading.costs import Costs
from trading.limits import Limits

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
FIRST_ON = np.datetime64("2026-01-05", "D")
FIELDS = ("open", "high", "low", "close", "volume")
FREE = Frictions()
FIVE_BPS = Frictions(costs=Costs(slippage_bps=Decimal(0), commission_bps=Decimal(5)))


def panel(
    closes: Mapping[str, Sequence[float] | Column],
    opens: Mapping[str, Sequence[float] | Column] | None = None,
    sectors: Mapping[str, str] | None = None,
) -> Panel:
    """Bars by symbol, NaN for none; each opens at its close unless said otherwise. Every day is one of the calendar."""
    symbols = tuple(sorted(closes))
    close = np.column_stack([np.array(closes[symbol], np.float64) for symbol in symbols])
    opened = close if opens is None else np.column_stack([np.array(opens[symbol], np.float64) for symbol in symbols])
    return Panel(
        days=FIRST_ON + np.arange(len(close)),
        symbols=symbols,
        open=opened,
        high=np.fmax(opened, close),
        low=np.fmin(opened, close),
        close=close,
        volume=np.where(np.isfinite(close), 1e6, 0.0),
        sectors=tuple((sectors or {}).get(symbol, "Tech") for symbol in symbols),
        data_hash="0" * 64,
    )


def plan(over: Panel, **fields: Any) -> Plan:
    """`sma_cross` over all days and symbols of a panel, free of costs and limits, unless said otherwise."""
    given: dict[str, Any] = {
        "strategy": "sma_cross",
        "symbols": over.symbols,
        "from_on": over.days[0].astype(date),
        "to_on": over.days[-1].astype(date),
        "frictions": FREE if "frictions" in fields else Frictions(costs=Costs(slippage_bps=Decimal(0))),
        "limits": None,
        **fields,
    }
    return Plan(**given)


def fixed(shares: int) -> Sizing:
    return Sizing(by=SizedBy.FIXED, amount=Decimal(shares))


def of_equity(part: str) -> Sizing:
    return Sizing(by=SizedBy.EQUITY, amount=Decimal(part))


def read(bars: Path, sectors: Path) -> Panel:
    """All of a file of daily bars."""
    table = pq.read_table(bars).to_pydict()
    symbols, days = sorted(set(table["symbol"])), sorted(set(table["date"]))
    column, row = {s: i for i, s in enumerate(symbols)}, {d: i for i, d in enumerate(days)}
    at = ([row[day] for day in table["date"]], [column[symbol] for symbol in table["symbol"]])
    filled: dict[str, Any] = {}
    for name in FIELDS:
        filled[name] = np.full((len(days), len(symbols)), 0.0 if name == "volume" else np.nan)
        filled[name][at] = table[name]
        filled[name].flags.writeable = False
    with sectors.open(encoding="utf-8", newline="") as lines:
        of = {line["symbol"]: line["sector"] for line in csv.DictReader(lines)}
    named = tuple(of[symbol] for symbol in symbols)
    return Panel(days=np.array(days, "M8[D]"), symbols=tuple(symbols), sectors=named, data_hash="0" * 64, **filled)


def cut(whole: Panel, days: int) -> Panel:
    """The first days of a panel."""
    rows = {name: getattr(whole, name)[:days] for name in ("days", *FIELDS)}
    return Panel(symbols=whole.symbols, sectors=whole.sectors, data_hash=whole.data_hash, **rows)


def altered(whole: Panel, day: int, factor: float) -> Panel:
    """The same panel with other prices after a day."""
    rows = {name: getattr(whole, name).copy() for name in FIELDS}
    for name in ("open", "high", "low", "close"):
        rows[name][day + 1 :] *= factor
        rows[name][day + 1 :: 2] *= 1.5
    return Panel(days=whole.days, symbols=whole.symbols, sectors=whole.sectors, data_hash="1" * 64, **rows)


@st.composite
def ragged(draw: st.DrawFn) -> Panel:
    """A few symbols that start late, miss days and end early, at prices so coarse that averages are often equal."""
    days, symbols = draw(st.integers(8, 50)), "ABCDEF"[: draw(st.integers(1, 6))]
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    step = draw(st.sampled_from([1.0, 0.25, 0.01]))
    closes, opens = dict[str, Sequence[float] | Column](), dict[str, Sequence[float] | Column]()
    for symbol in symbols:
        walk = 20 + step * np.cumsum(rng.integers(-1, 2, size=days) * rng.integers(0, 4, size=days))
        close = np.maximum(np.round(walk, 2), 1.0)
        late, early = (int(rng.integers(0, days // 2)) * int(rng.integers(0, 2)) for _ in "12")
        close[:late] = np.nan
        close[days - early :] = np.nan
        close[rng.random(days) < draw(st.sampled_from([0.0, 0.1, 0.4]))] = np.nan
        closes[symbol], opens[symbol] = (
            close,
            np.maximum(np.round(close + step * rng.integers(-3, 4, size=days), 2), 0.5),
        )
    return panel(closes, opens, {symbol: draw(st.sampled_from(["Tech", "Health"])) for symbol in symbols})


@st.composite
def plans(draw: st.DrawFn, over: Panel) -> Plan:
    """Any plan that this engine can run over a panel."""
    fast = draw(st.integers(2, 4))
    averages = {"fast": fast, "slow": fast + draw(st.integers(1, 4)), "parts": draw(st.integers(1, 5))}
    strategy = draw(st.sampled_from(["sma_cross", "sma_cross", "sma-crossover", "buy-and-hold"]))
    some = st.sampled_from([Decimal(0), Decimal(5), Decimal(100)])
    costs = Costs(
        slippage_bps=draw(some),
        commission_bps=draw(some),
        commission_per_share=draw(st.sampled_from([Decimal(0), Decimal("0.01")])),
        commission_per_order=draw(st.sampled_from([Decimal(0), Decimal("1.50")])),
    )
    limits = Limits(
        max_position=draw(st.sampled_from([Decimal("0.2"), Decimal("0.5"), Decimal(1)])),
        max_sector=draw(st.sampled_from([Decimal("0.3"), Decimal("0.6"), Decimal(1)])),
        max_positions=draw(st.integers(1, 4)),
    )
    sizes = [fixed(100), of_equity("0.15"), of_equity("0.4"), of_equity("0.95"), None]
    return plan(
        over,
        strategy=strategy,
        parameters={"parts": averages["parts"]} if strategy == "buy-and-hold" else averages,
        cash=draw(st.sampled_from([Decimal(10_000), Decimal("2345.67")])),
        sizing=draw(st.sampled_from(sizes)),
        limits=draw(st.sampled_from([None, limits])),
        fill=draw(st.sampled_from(["next_open", "close"])),
        from_on=over.days[draw(st.integers(0, len(over.days) // 2))].astype(date),
        frictions=Frictions(
            costs=costs, spread_bps=draw(some), cash_rate=draw(st.sampled_from([Decimal(0), Decimal("0.05")]))
        ),
    )
