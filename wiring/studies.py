"""What runs studies, by the settings."""

from __future__ import annotations

from backtest.data.panels import Panels
from backtest.studies.runs import Studies
from backtest.studies.trials import Engines
from settings import Settings
from trading.backtest_ports import RunRows
from wiring.strategies import rules_of


def studies_of(settings: Settings, rows: RunRows, panels: Panels | None = None) -> Studies:
    """Studies over files of bars, with rules of the desk's and of one's own."""
    return Studies(rows, panels, Engines(rules_of(settings.strategies)))
