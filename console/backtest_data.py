"""The bars that a run is about, from files or from a provider, and which of them are traded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from backtest.data import ask_panel, load_panel
from backtest.panel import Panel
from console.backtest_wish import Wish
from console.watchlist import Prices, watchlist
from settings import Settings
from trading.backtest_plan import Plan
from trading.errors import BadConfiguration, UnknownSymbol


async def panel_of(wish: Wish, settings: Settings) -> Panel:
    """The panel of a wish. Raises what `load_panel` and `ask_panel` do, and UnknownSymbol for a benchmark not there."""
    if wish.data is not None:
        panel = await asyncio.to_thread(load_panel, wish.data, wish.wanted)
    else:
        panel = await _asked(wish, settings)
    if wish.needs_benchmark and wish.benchmark is not None and wish.benchmark not in panel.symbols:
        raise UnknownSymbol(f"no bars of the benchmark {wish.benchmark} between these days in {source_of(wish)}")
    return panel


def plan_of(wish: Wish, panel: Panel) -> Plan:
    """The plan of what was typed over what there is: of the symbols those with bars, from the first session on."""
    named = wish.wanted.symbols
    symbols = panel.symbols if named is None else tuple(one for one in panel.symbols if one in named)
    first = panel.days[0] if wish.wanted.from_on is None else np.datetime64(wish.wanted.from_on, "D")
    traded: list[date] = panel.days[panel.days >= first].astype("datetime64[D]").tolist()
    benchmark = wish.benchmark if wish.benchmark in panel.symbols else None
    return wish.plan(symbols, (traded[0], traded[-1]), benchmark)


def source_of(wish: Wish) -> str:
    """Where the bars come from, for the run card."""
    return f"the market {wish.provider}" if wish.data is None else str(_absolute(wish.data))


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()


async def _asked(wish: Wish, settings: Settings) -> Panel:
    market = settings.market.model_copy(update={"providers": (wish.provider,), "cross_check": False})
    settings = settings.model_copy(update={"market": market})
    prices = Prices.of(settings)
    if wish.wanted.from_on is None:
        raise BadConfiguration(f"--from: the market {prices.market.name} is asked from a day on: name it")
    symbols = await watchlist(settings, prices, wish.wanted.symbols or ())
    to_on = wish.wanted.to_on or (await prices.latest()).date()
    return await ask_panel(prices.market, prices.calendar, replace(wish.wanted, symbols=symbols, to_on=to_on))
