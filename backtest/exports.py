"""A run as files that other programs read: CSV with every digit, Parquet, JSON, and the tear sheet."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from backtest.result import Result, RunCard
from backtest.tear_sheet.measures import Measure


class Exported(NamedTuple):
    """Where the files are."""

    folder: Path
    equity_csv: Path
    fills_csv: Path
    trades_csv: Path
    refusals_csv: Path
    equity_parquet: Path
    fills_parquet: Path
    trades_parquet: Path
    metrics_json: Path
    card_json: Path
    tear_sheet: Path


def export(result: Result, card: RunCard, metrics: tuple[Measure, ...], folder: Path) -> Exported:
    """Write all of a run; the card is the last, so a folder that has one is whole."""
    raise NotImplementedError
