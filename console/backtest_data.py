"""The bars that a run is about, from files or from a provider, and which of them are traded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from adapters.daily_files import EXCHANGE_ZONE
from backtest.columns import can_run
from backtest.data.loading import Wanted, ask_panel, load_panel
from backtest.data.panel import Caution, Panel
from backtest.data.warm_up import warm_up_of
from console.backtest_wish import MOST_SYMBOLS, Wish
from settings import Settings
from trading.backtest_plan import Engine, Plan
from trading.errors import BadConfiguration, UnknownSymbol

_ANY = ("A",)


async def panel_of(wish: Wish, settings: Settings) -> Panel:
    """The panel of a wish. Raises what `load_panel` and `ask_panel` do, and UnknownSymbol for a benchmark not there."""
    wanted = replace(wish.wanted, warm_up=warm_up_for(wish))
    if wish.data is not None:
        panel = load_panel(wish.data, wanted)  # nothing else is waited for, and a thread would keep memory of its own
    else:
        panel = await _asked(wish.provider or "", wanted, settings)
    if wish.needs_benchmark and wish.benchmark is not None and wish.benchmark not in panel.symbols:
        raise UnknownSymbol(f"no bars of the benchmark {wish.benchmark} between these days in {source_of(wish)}")
    return replace(panel, cautions=(*panel.cautions, *_cautions(wish, panel)))


def plan_of(wish: Wish, panel: Panel) -> Plan:
    """The plan of what was typed over what there is: of the symbols those with bars, from the first session on."""
    named = wish.wanted.symbols
    symbols = panel.symbols if named is None else tuple(one for one in panel.symbols if one in named)
    if len(symbols) > MOST_SYMBOLS:
        raise BadConfiguration(
            f"{len(symbols)} symbols are more than {MOST_SYMBOLS}: name fewer (--symbols, --universe)"
        )
    first = panel.days[0] if wish.wanted.from_on is None else np.datetime64(wish.wanted.from_on, "D")
    traded: list[date] = panel.days[panel.days >= first].astype("datetime64[D]").tolist()
    benchmark = wish.benchmark if wish.benchmark in panel.symbols else None
    return wish.plan(symbols, (traded[0], traded[-1]), benchmark)


def _cautions(wish: Wish, panel: Panel) -> Iterator[Caution]:
    """What the bars alone do not show: days that have not been yet, and a usual benchmark that they do not have."""
    today = datetime.now(ZoneInfo(EXCHANGE_ZONE)).date()
    if panel.days[-1] > np.datetime64(today, "D"):
        yield Caution(
            code="future", reason=f"there are bars to {panel.days[-1]}, and today is {today}: dates are wrong"
        )
    if wish.benchmark is not None and wish.benchmark not in panel.symbols:
        reason = f"no bars of {wish.benchmark}, which results are held against: --benchmark names another, or none"
        yield Caution(code="no_benchmark", reason=reason)


def source_of(wish: Wish) -> str:
    """Where the bars come from, for the run card."""
    return f"the market {wish.provider}" if wish.data is None else str(_absolute(wish.data))


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()


def warm_up_for(wish: Wish) -> int:
    """What was asked for, else what suits the engine that is going to run, as far as that is known without the data."""
    if wish.warm_up is not None:
        return wish.warm_up
    engine = wish.engine
    if engine is None:
        looks = wish.plan(wish.wanted.symbols or _ANY, (date.min, date.max), None)
        engine = Engine.COLUMNS if can_run(looks) is None else Engine.CYCLES
    return warm_up_of(str(wish.fields["strategy"]), engine)


async def _asked(provider: str, wanted: Wanted, settings: Settings) -> Panel:
    from console.watchlist import Prices, watchlist  # noqa: PLC0415  the markets' packages take half a second

    market = settings.market.model_copy(update={"providers": (provider,), "cross_check": False})
    settings = settings.model_copy(update={"market": market})
    prices = Prices.of(settings)
    if wanted.from_on is None:
        raise BadConfiguration(f"--from: the market {prices.market.name} is asked from a day on: name it")
    symbols = await watchlist(settings, prices, wanted.symbols or ())
    to_on = wanted.to_on or (await prices.latest()).date()
    return await ask_panel(prices.market, prices.calendar, replace(wanted, symbols=symbols, to_on=to_on))
