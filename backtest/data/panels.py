"""The bars of a study: loaded once in a process, and the same for every worker."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from backtest.data.loading import Wanted, load_panel
from backtest.data.panel import Panel
from trading.backtest_plan import Plan
from trading.backtesting import Source
from trading.errors import BadConfiguration

Load = Callable[[Source, Plan], Awaitable[Panel]]
KEPT = 2
"""Panels that a process holds: a worker may serve two studies at once, and a panel of a thousand symbols is large."""


async def from_files(source: Source, plan: Plan) -> Panel:
    """The bars of a folder or a file."""
    if not source.data:
        raise BadConfiguration("a study needs a folder or a file of daily bars: --data DIR")
    beside = (plan.benchmark,) if plan.benchmark else ()
    wanted = Wanted(plan.symbols, plan.from_on, plan.to_on, source.warm_up, beside)
    return await asyncio.to_thread(load_panel, Path(source.data), wanted)


class Panels:
    """Panels by what they are of; the same is loaded once, however many ask."""

    def __init__(self, load: Load = from_files) -> None:
        self._load = load
        self._kept: OrderedDict[tuple[Any, ...], asyncio.Task[Panel]] = OrderedDict()

    async def of(self, source: Source, plan: Plan) -> Panel:
        """The panel of a plan."""
        key = (source, plan.symbols, plan.benchmark, plan.from_on, plan.to_on)
        task = self._kept.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._kept[key] = asyncio.ensure_future(self._load(source, plan))
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return await asyncio.shield(task)


def sessions(panel: Panel, plan: Plan) -> list[date]:
    """The days that a plan trades."""
    first, last = np.datetime64(plan.from_on), np.datetime64(plan.to_on)
    days: list[date] = panel.days[(panel.days >= first) & (panel.days <= last)].astype("datetime64[D]").tolist()
    return days
