"""One page that shows what a backtest brought: no network, no script, the same bytes each time."""

from backtest.tear_sheet.sheet import tear_sheet, write_tear_sheet

__all__ = ["tear_sheet", "write_tear_sheet"]
