"""The fast engine: rules that can be told for whole columns, over arrays, compiled or in plain Python."""

from backtest.columns.engine import can_run, pays, run_columns, sweep_columns
from backtest.columns.table import SweepTable

__all__ = ["SweepTable", "can_run", "pays", "run_columns", "sweep_columns"]
