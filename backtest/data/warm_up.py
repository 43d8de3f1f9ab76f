"""How many sessions before the first one a strategy is shown."""

from __future__ import annotations

from trading.backtest_plan import Engine

LOOKED_BACK = 300
"""Sessions that the desk's own cycles ask the market for."""

COLD = frozenset({"sma-cross"})
"""Rules that are defined from a run's first bar on: what crossed before it did not happen."""


def warm_up_of(strategy: str, engine: Engine) -> int:
    """As many as the desk's own cycles look back on; none where the rule itself begins with the run.

    Whole cycles need them in any case: a desk looks at no symbol of which it knows less than a year.
    """
    return 0 if strategy.replace("_", "-") in COLD and engine is Engine.COLUMNS else LOOKED_BACK
