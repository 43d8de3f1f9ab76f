"""One page that shows what a backtest brought: no network, no script, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

from backtest.result import Result, RunCard
from backtest.tear_sheet.measures import Measure


def write_tear_sheet(result: Result, card: RunCard, metrics: tuple[Measure, ...], path: Path) -> None:
    """Write the page; what is at the path is replaced once it is whole."""
    raise NotImplementedError
